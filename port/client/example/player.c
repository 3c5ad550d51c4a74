/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A player that plays nothing and tells tallyd all about it: a film from the request to the end,
 * with a stall, a change of rendition, a pause, a seek and the frames on its screen.
 *
 *     player [SECONDS]     how long it plays; 3 if not said
 *
 * Exit code 0 once tallyd has acknowledged all of it, 1 if there is no tallyd.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <tally_client.h>

#define FRAMES_A_SECOND 50u
#define FRAME_MS        (1000u / FRAMES_A_SECOND)

static void sleep_ms(uint32_t ms) {
    const struct timespec time = {.tv_sec = (time_t)(ms / 1000),
                                  .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&time, NULL);
}

static uint32_t now_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u);
}

/* What is known before the first byte is asked for. */
static void describe(tally_t *tally, tally_session_id_t film) {
    (void)tally_hook_text(tally, film, TALLY_M_CONTENT_ID, "film-42");
    (void)tally_hook_text(tally, film, TALLY_M_CONTENT_TITLE, "Alps");
    (void)tally_hook_text(tally, film, TALLY_M_SOURCE, "https://cdn.example/film-42/index.mpd");
    (void)tally_hook_text(tally, film, TALLY_M_VIDEO_CODEC, "avc1.640028");
    (void)tally_hook_set(tally, film, TALLY_M_DELIVERY, TALLY_DELIVERY_DASH);
    (void)tally_hook_set(tally, film, TALLY_M_PLAYBACK_TYPE, TALLY_PLAYBACK_VOD);
}

static void start(tally_t *tally, tally_session_id_t film) {
    (void)tally_hook_play(tally, film);
    (void)tally_hook_source(tally, film);
    sleep_ms(40);
    (void)tally_hook_connected(tally, film);
    (void)tally_hook_first_data(tally, film);
    (void)tally_hook_rendition(tally, film, 800, TALLY_CAUSE_AUTO);
    sleep_ms(60);
    (void)tally_hook_playable(tally, film);
    (void)tally_hook_first_frame(tally, film);
    (void)tally_hook_playing(tally, film);
}

/* The decoder's and the sink's threads call these; no session is named, no clock is read. */
static void show_frame(tally_frames_t *frames, bool is_key) {
    tally_frames_received(frames, 1);
    tally_frames_decoded(frames, is_key);
    tally_frames_rendered(frames, now_us());
}

static void play(tally_t *tally, tally_session_id_t film, tally_frames_t *frames,
                 uint32_t seconds) {
    for (uint32_t frame = 0; frame < seconds * FRAMES_A_SECOND; frame++) {
        show_frame(frames, frame % FRAMES_A_SECOND == 0);
        if (frame % FRAMES_A_SECOND == 0) {
            (void)tally_hook_set(tally, film, TALLY_M_POSITION, (int64_t)frame * FRAME_MS);
            (void)tally_hook_add(tally, film, TALLY_M_DOWNLOADS, 1);
            (void)tally_hook_add(tally, film, TALLY_M_DOWNLOAD_BYTES, 250000);
        }
        sleep_ms(FRAME_MS);
    }
}

static void stall(tally_t *tally, tally_session_id_t film) {
    (void)tally_hook_buffering_begin(tally, film);
    sleep_ms(300);
    (void)tally_hook_buffering_end(tally, film);
    (void)tally_hook_rendition(tally, film, 250, TALLY_CAUSE_AUTO);
}

/* While held, no gap between frames is a freeze. */
static void pause_and_seek(tally_t *tally, tally_session_id_t film, tally_frames_t *frames) {
    (void)tally_hook_pause(tally, film);
    tally_frames_hold(frames, true, now_us());
    sleep_ms(200);
    (void)tally_hook_seek_begin(tally, film);
    sleep_ms(100);
    (void)tally_hook_seek_end(tally, film);
    tally_frames_hold(frames, false, now_us());
    (void)tally_hook_resume(tally, film);
}

int main(int count, char **arguments) {
    const uint32_t seconds = count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 3;
    tally_t *const tally = tally_client_open(NULL);
    if (tally == NULL) {
        (void)fprintf(stderr, "player: no memory\n");
        return 1;
    }

    const tally_session_id_t film = tally_hook_open(tally);
    describe(tally, film);
    start(tally, film);
    tally_frames_t frames;
    tally_frames_init(&frames);
    tally_frames_size(&frames, 1920, 1080);
    (void)tally_attach_frames(tally, film, &frames);
    play(tally, film, &frames, seconds);
    stall(tally, film);
    pause_and_seek(tally, film, &frames);
    play(tally, film, &frames, 1);
    (void)tally_detach(tally, &frames); /* before the close, and before it goes out of scope */
    (void)tally_hook_end(tally, film);
    (void)tally_hook_close(tally, film, TALLY_STOP_COMPLETED);

    tally_client_stats_t stats = {0};
    for (uint32_t i = 0; i < 50; i++) { /* a player would not wait; this one wants to know */
        sleep_ms(20);
        tally_client_stats(tally, &stats);
        if (stats.is_connected && stats.waiting == 0) {
            break;
        }
    }
    tally_client_close(tally);
    (void)printf("player: %u messages sent, %u waiting, %u dropped, %u refused\n",
                 (unsigned)stats.sent, (unsigned)stats.waiting, (unsigned)stats.dropped,
                 (unsigned)stats.refused);
    return stats.is_connected && stats.waiting == 0 ? 0 : 1;
}
