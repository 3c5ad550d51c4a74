/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A player that does what it is told: a command a line on standard input, a JSON object a line on
 * standard output.
 *
 *     begin [SOCKET] | end                            a client, closed again
 *     open | zap S | event S NAME CODE | title S TEXT | flood S COUNT | pour S COUNT
 *     frames S | render COUNT | detach | webrtc S | unwebrtc
 *     stats | play_time S | sessions | self
 *     fork | fork-end | cycle COUNT | second [SOCKET] | close-all
 */
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tally/tally.h"
#include "tally_client.h"

static tally_t *tally;
static tally_frames_t frames;
static tally_webrtc_t track;

static bool is(const char *word, const char *command) {
    return strcmp(word, command) == 0;
}

static uint64_t now_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void nap(void) {
    static const struct timespec one_ms = {.tv_nsec = 1000000};
    (void)nanosleep(&one_ms, NULL);
}

static tally_t *begin(const char *socket) {
    const tally_client_options_t options = {.socket = socket[0] != '\0' ? socket : NULL};
    return tally_client_open(&options);
}

static void do_begin(const char *socket) {
    const uint64_t before_us = now_us();
    tally = begin(socket);
    printf("{\"open\": %d, \"us\": %" PRIu64 "}\n", tally != NULL, now_us() - before_us);
}

static void do_end(void) {
    const uint64_t before_us = now_us();
    tally_client_close(tally);
    tally = NULL;
    printf("{\"us\": %" PRIu64 "}\n", now_us() - before_us);
}

static void do_stats(void) {
    tally_client_stats_t stats;
    tally_client_stats(tally, &stats);
    printf("{\"is_connected\": %d, \"connections\": %u, \"sent\": %u, \"waiting\": %u, "
           "\"dropped\": %u, \"refused\": %u}\n",
           stats.is_connected, (unsigned)stats.connections, (unsigned)stats.sent,
           (unsigned)stats.waiting, (unsigned)stats.dropped, (unsigned)stats.refused);
}

/* Hooks as fast as they go, or one in a millisecond, and again if there was no room. */
static void do_many(tally_session_id_t session, uint32_t count, bool waits) {
    uint32_t refused = 0;
    uint32_t told = 0;
    while (told < count) {
        const bool is_full = tally_hook_custom(tally, session, (int32_t)told, 0) == TALLY_E_FULL;
        refused += is_full ? 1 : 0;
        told += is_full && waits ? 0 : 1;
        if (waits) {
            nap();
        }
    }
    printf("{\"refused\": %u}\n", (unsigned)refused);
}

/* Everything a child could still do with what it has from its parent. */
static void be_a_child(bool closes) {
    const tally_session_id_t session = tally_hook_open(tally);
    for (uint32_t i = 0; i < 2000; i++) {
        (void)tally_hook_text(tally, session, TALLY_M_CONTENT_TITLE, "of a child");
        (void)tally_hook_play(tally, session);
    }
    tally_frames_init(&frames);
    (void)tally_attach_frames(tally, session, &frames);
    (void)tally_detach(tally, &frames);
    (void)tally_sessions(tally, NULL, 0);
    if (closes) {
        tally_client_close(tally);
    }
    _exit(0);
}

static void do_fork(bool closes) {
    (void)fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        be_a_child(closes);
    }
    int status = 0;
    (void)waitpid(child, &status, 0);
    printf("{\"child\": %d}\n", status);
}

static void do_cycle(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        tally = begin("");
        const tally_session_id_t session = tally_hook_open(tally);
        (void)tally_hook_play(tally, session);
        tally_client_close(tally);
    }
    tally = NULL;
    printf("{}\n");
}

static void do_self(void) {
    sigset_t mask;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
    struct sigaction pipe_action;
    (void)sigaction(SIGPIPE, NULL, &pipe_action);
    uint32_t blocked = 0;
    for (int i = 1; i < 65; i++) {
        blocked += sigismember(&mask, i) == 1 ? 1 : 0;
    }
    printf("{\"pid\": %d, \"blocked\": %u, \"pipe_is_default\": %d}\n", (int)getpid(),
           (unsigned)blocked, pipe_action.sa_handler == SIG_DFL);
}

static void do_play_time(tally_session_id_t session) {
    int64_t value = 0;
    const int32_t status = tally_query(tally, session, TALLY_M_PLAY_TIME, &value);
    printf("{\"status\": %d, \"value\": %" PRId64 "}\n", (int)status, value);
}

static void do_second(const char *socket) {
    tally_t *const first = tally;
    tally = begin(socket);
    const tally_session_id_t session = tally_hook_open(tally);
    (void)tally_hook_text(tally, session, TALLY_M_CONTENT_TITLE, "second");
    (void)tally_hook_play(tally, session);
    do_end();
    tally = first;
}

static void do_frames(tally_session_id_t session) {
    tally_frames_init(&frames);
    printf("{\"status\": %d}\n", (int)tally_attach_frames(tally, session, &frames));
}

static void do_render(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        tally_frames_decoded(&frames, false);
        tally_frames_rendered(&frames, (uint32_t)now_us());
    }
    printf("{}\n");
}

static void do_webrtc(tally_session_id_t session) {
    tally_webrtc_inbound_t stats;
    (void)tally_webrtc_init(&track, TALLY_G_WEBRTC_INBOUND, 64);
    tally_webrtc_no_inbound(&stats);
    (void)tally_webrtc_inbound(&track, &stats, NULL, (uint32_t)(now_us() / 1000));
    printf("{\"status\": %d}\n", (int)tally_attach_webrtc(tally, session, &track));
}

static void do_unwebrtc(void) {
    uint32_t naps = 0;
    while (tally_detach_webrtc(tally, &track) == 1) {
        nap();
        naps++;
    }
    printf("{\"naps\": %u}\n", (unsigned)naps);
}

static void do_event(const char *line) {
    static const struct {
        const char *name;
        enum tally_hook hook;
    } hooks[] = {
        {"play", TALLY_HOOK_PLAY},     {"first_frame", TALLY_HOOK_FIRST_FRAME},
        {"pause", TALLY_HOOK_PAUSE},   {"resume", TALLY_HOOK_RESUME},
        {"custom", TALLY_HOOK_CUSTOM}, {"close", TALLY_HOOK_CLOSE},
    };
    char name[16] = "";
    uint32_t session = 0;
    int32_t code = 0;
    (void)sscanf(line, "%*s %" SCNu32 " %15s %" SCNd32, &session, name, &code);
    int32_t status = TALLY_E_ARGUMENT;
    for (uint32_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
        if (is(name, hooks[i].name)) {
            status = tally_hook_event(tally, session, hooks[i].hook, code);
        }
    }
    printf("{\"status\": %d}\n", (int)status);
}

static void do_with_numbers(const char *command, const char *text, uint32_t one, uint32_t two) {
    if (is(command, "flood") || is(command, "pour")) {
        do_many(one, two, is(command, "pour"));
    } else if (is(command, "frames")) {
        do_frames(one);
    } else if (is(command, "render")) {
        do_render(one);
    } else if (is(command, "webrtc")) {
        do_webrtc(one);
    } else if (is(command, "play_time")) {
        do_play_time(one);
    } else if (is(command, "cycle")) {
        do_cycle(one);
    } else if (is(command, "zap")) {
        printf("{\"session\": %u}\n", (unsigned)tally_hook_zap(tally, one));
    } else if (is(command, "title")) {
        printf("{\"status\": %d}\n", (int)tally_hook_text(tally, one, TALLY_M_CONTENT_TITLE, text));
    } else {
        printf("{\"error\": \"no such command\"}\n");
    }
}

static void obey(const char *line) {
    char command[16] = "";
    char text[200] = "";
    uint32_t one = 0;
    uint32_t two = 0;
    (void)sscanf(line, "%15s %" SCNu32 " %" SCNu32, command, &one, &two);
    (void)sscanf(line, "%*s %199s", text);
    if (is(command, "title")) {
        (void)sscanf(line, "%*s %*s %199s", text);
    }
    if (is(command, "begin")) {
        do_begin(text);
    } else if (is(command, "end")) {
        do_end();
    } else if (is(command, "second")) {
        do_second(text);
    } else if (is(command, "open")) {
        printf("{\"session\": %u}\n", (unsigned)tally_hook_open(tally));
    } else if (is(command, "event")) {
        do_event(line);
    } else if (is(command, "detach")) {
        printf("{\"status\": %d}\n", (int)tally_detach(tally, &frames));
    } else if (is(command, "unwebrtc")) {
        do_unwebrtc();
    } else if (is(command, "stats")) {
        do_stats();
    } else if (is(command, "sessions")) {
        printf("{\"count\": %u}\n", (unsigned)tally_sessions(tally, NULL, 0));
    } else if (is(command, "close-all")) {
        printf("{\"status\": %d}\n", close_range(STDERR_FILENO + 1, UINT32_MAX, 0));
    } else if (is(command, "self")) {
        do_self();
    } else if (is(command, "fork") || is(command, "fork-end")) {
        do_fork(is(command, "fork-end"));
    } else {
        do_with_numbers(command, text, one, two);
    }
}

int main(void) {
    char line[256];
    while (fgets(line, sizeof line, stdin) != NULL) {
        obey(line);
        (void)fflush(stdout);
    }
    return 0;
}
