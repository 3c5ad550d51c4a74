/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four players in four threads of one process, each with sessions one after the other, and a fifth
 * thread that asks how it goes; for so many seconds.
 *
 *     crowd SOCKET SECONDS
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tally/tally.h"
#include "tally_client.h"

#define PLAYERS 4

static tally_t *tally;
static atomic_bool is_over;
static atomic_uint sessions;

static void nap(void) {
    static const struct timespec one_ms = {.tv_nsec = 1000000};
    (void)nanosleep(&one_ms, NULL);
}

static void play(tally_session_id_t session, tally_frames_t *frames, tally_webrtc_t *track) {
    tally_frames_init(frames);
    (void)tally_attach_frames(tally, session, frames);
    (void)tally_webrtc_init(track, TALLY_G_WEBRTC_INBOUND, 64);
    (void)tally_attach_webrtc(tally, session, track);
    for (uint32_t i = 0; i < 60; i++) {
        tally_frames_decoded(frames, i == 0);
        tally_frames_rendered(frames, i * 20000);
        (void)tally_hook_set(tally, session, TALLY_M_POSITION, (int64_t)i * 20);
        if (i % 20 == 10) {
            (void)tally_hook_buffering_begin(tally, session);
            (void)tally_hook_buffering_end(tally, session);
            (void)tally_hook_text(tally, session, TALLY_M_CONTENT_TITLE, "Alps");
        }
        nap();
    }
    while (tally_detach_webrtc(tally, track) == 1) {
        nap();
    }
    (void)tally_detach(tally, frames);
}

static void *be_a_player(void *argument) {
    tally_frames_t frames;
    tally_webrtc_t track;
    (void)argument;
    while (!atomic_load(&is_over)) {
        const tally_session_id_t session = tally_hook_open(tally);
        (void)tally_hook_text(tally, session, TALLY_M_CONTENT_TITLE, "Alps");
        (void)tally_hook_play(tally, session);
        (void)tally_hook_first_frame(tally, session);
        play(session, &frames, &track);
        (void)tally_hook_close(tally, session, TALLY_STOP_USER);
        atomic_fetch_add(&sessions, 1);
    }
    return NULL;
}

static void *be_curious(void *argument) {
    (void)argument;
    while (!atomic_load(&is_over)) {
        tally_client_stats_t stats;
        tally_session_id_t open[PLAYERS];
        int64_t played_ms;
        tally_client_stats(tally, &stats);
        if (tally_sessions(tally, open, PLAYERS) > 0) {
            (void)tally_query(tally, open[0], TALLY_M_PLAY_TIME, &played_ms);
        }
        nap();
    }
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 3) {
        return 2;
    }
    const tally_client_options_t options = {.socket = arguments[1]};
    pthread_t threads[PLAYERS + 1];
    tally = tally_client_open(&options);
    if (tally == NULL) {
        return 2;
    }
    for (uint32_t i = 0; i <= PLAYERS; i++) {
        if (pthread_create(&threads[i], NULL, i < PLAYERS ? be_a_player : be_curious, NULL) != 0) {
            return 2;
        }
    }
    const struct timespec time = {.tv_sec = (time_t)strtol(arguments[2], NULL, 10)};
    (void)nanosleep(&time, NULL);
    atomic_store(&is_over, true);
    for (uint32_t i = 0; i <= PLAYERS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    tally_client_close(tally);
    (void)printf("%u\n", (unsigned)atomic_load(&sessions));
    return 0;
}
