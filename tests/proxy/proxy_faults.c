/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxy_faults PORT CERTS PLAN: a device uploads to the collector at PORT of the loopback through a
 * relay that does one wrong thing in each exchange; behind it the way is clear until all records
 * are accepted. Plans:
 *
 *   none COUNT                     that many exchanges, and nothing wrong
 *   some SECONDS                   faults drawn by TALLY_SEED, for that long
 *   cuts | rest                    the connection cut in front of every byte; everything else
 *   one KIND CONNECTION DIRECTION AT    as a failure prints it
 *
 * Each exchange brings one record of an error whose code is the number of the exchange. The last
 * line is JSON: what the device counted.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device.h"
#include "dice.h"
#include "relay.h"

enum {
    QUIET_MS = 20,     /* so long nothing stirs behind a fault: then nothing will */
    SILENT_MS = 30000, /* real time without a word on a clear way: the run has failed */
    PAUSE_MS = 5000,   /* below every deadline of the uplink */
    APART_MS = 5001,   /* between two errors that get records of their own */
    TURNS_MOST = 200000,
    BEHIND_END = 8, /* exchanges differ by some bytes */
    BLOCKS = 32,
    SAMPLE = 5, /* of the kinds that are not played at every byte */
};

/* A fault meets the first exchange of a connection, with a full handshake or a resumed one, or a
 * later exchange. */
enum connection { FULL, RESUMED, KEPT, CONNECTIONS };

static const char *const kind_names[RELAY_KINDS] = {"none",  "end",     "reset",   "stall",
                                                    "pause", "reorder", "corrupt", "drip"};
static const char *const connection_names[CONNECTIONS] = {"full", "resumed", "kept"};
static const char *const direction_names[RELAY_DIRECTIONS] = {"to-server", "to-device"};

static device_t device;
static relay_t relay;
static dice_t dice;
static uint32_t lengths[CONNECTIONS][RELAY_DIRECTIONS]; /* of an exchange */
static int32_t told;
static uint32_t applied;
static uint32_t noticed; /* by the device, of the faults that were applied */

/* ---- one exchange --------------------------------------------------------------------------- */

static uint32_t open_descriptors(void) {
    DIR *const folder = opendir("/proc/self/fd");
    uint32_t count = 0;
    while (folder != NULL && readdir(folder) != NULL) {
        count++;
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    return count;
}

static const tally_uplink_stats_t *stats(void) {
    return &device.agent.uplink.stats;
}

static uint32_t failures(void) {
    return stats()->rejected + stats()->failed_net + stats()->failed_tls + stats()->failed_http;
}

static bool is_idle(void) {
    return tally_uplink_is_idle(&device.agent.uplink);
}

/* Nothing stirs: time passes until something is due. False if the server has fallen silent. */
static bool pass_time(uint32_t wait_ms) {
    if (is_idle() || wait_ms == 0) {
        device_skip(&device, wait_ms);
        return true;
    }
    if (!relay.disturbed) {
        return false;
    }
    const bool pauses = relay.fault.kind == RELAY_PAUSE;
    if (pauses) {
        device_skip(&device, PAUSE_MS);
        (void)tally_step(&device.agent);
    }
    if (!relay_release(&relay)) {
        device_skip(&device, wait_ms);
    }
    return true;
}

static bool turn(void) {
    const uint32_t wait_ms = tally_step(&device.agent);
    const bool moved = relay_pump(&relay);
    struct pollfd fds[RELAY_FDS + 1];
    relay_poll(&relay, fds);
    fds[RELAY_FDS] = tally_posix_tcp_poll(&device.tcp);
    uint32_t patience_ms = relay.disturbed ? QUIET_MS : SILENT_MS;
    if (moved || is_idle() || wait_ms == 0) {
        patience_ms = 0;
    }
    const int32_t ready = tally_posix_wait(&device.posix, patience_ms, fds, RELAY_FDS + 1);
    return moved || ready != 0 || pass_time(wait_ms);
}

/* Until the server has accepted all there is. */
static bool deliver(void) {
    for (uint32_t i = 0; i < TURNS_MOST; i++) {
        if (!turn()) {
            return false;
        }
        if (tally_pending(&device.agent) == 0 && is_idle()) {
            return true;
        }
    }
    return false;
}

/* The kinds that only take time fail nothing; of the others the books balance. */
static bool is_accounted(relay_fault_t fault, uint32_t failures_before) {
    const bool balanced = stats()->attempts == stats()->accepted + failures() &&
                          stats()->bytes == (uint32_t)device.clear.sent;
    const bool harmless = fault.kind == RELAY_NONE || fault.kind == RELAY_PAUSE ||
                          fault.kind == RELAY_DRIP || !relay.applied;
    return balanced && (!harmless || failures() == failures_before);
}

static bool play(relay_fault_t fault, enum connection connection) {
    const uint32_t failures_before = failures();
    const uint32_t connections_before = relay.accepted;
    if (connection != KEPT) {
        relay_hang_up(&relay);
        (void)tally_step(&device.agent); /* sees it */
    }
    if (connection == FULL && !device_forget(&device)) {
        return false;
    }
    device_skip(&device, APART_MS);
    (void)tally_hook_tell(&device.agent, device.session, TALLY_HOOK_ERROR, ++told, 0);
    (void)tally_step(&device.agent);
    tally_flush(&device.agent);
    relay_arm(&relay, fault);
    const bool is_good = deliver() && is_accounted(fault, failures_before);
    applied += relay.applied;
    noticed += relay.applied && (failures() != failures_before ||
                                 relay.accepted > connections_before + (connection != KEPT));
    if (!is_good) {
        printf("failed: one %s %s %s %u; attempts %u accepted %u failures %u pending %u\n",
               kind_names[fault.kind], connection_names[connection],
               direction_names[fault.direction], (unsigned)fault.at, (unsigned)stats()->attempts,
               (unsigned)stats()->accepted, (unsigned)failures(),
               (unsigned)tally_pending(&device.agent));
    }
    return is_good;
}

/* ---- plans ---------------------------------------------------------------------------------- */

static bool play_clear(enum connection connection) {
    if (!play((relay_fault_t){.kind = RELAY_NONE}, connection)) {
        return false;
    }
    for (unsigned i = 0; i < RELAY_DIRECTIONS; i++) {
        lengths[connection][i] = relay.way[i].passed;
    }
    return true;
}

/* A fault behind which the connection may be gone: a kept one has had an exchange first. */
static bool play_at(enum relay_kind kind, enum connection connection,
                    enum relay_direction direction, uint32_t at) {
    const relay_fault_t fault = {.kind = kind, .direction = direction, .at = at};
    const bool is_open = relay.side[RELAY_TO_SERVER] >= 0;
    return (connection != KEPT || is_open || play_clear(RESUMED)) && play(fault, connection);
}

static bool play_each(enum relay_kind kind, uint32_t step) {
    for (unsigned c = 0; c < CONNECTIONS; c++) {
        for (unsigned d = 0; d < RELAY_DIRECTIONS; d++) {
            for (uint32_t at = 0; at < lengths[c][d] + BEHIND_END; at += step) {
                if (!play_at(kind, (enum connection)c, (enum relay_direction)d, at)) {
                    return false;
                }
            }
        }
    }
    return true;
}

static bool play_drips(void) {
    return play_at(RELAY_DRIP, FULL, RELAY_TO_SERVER, 0) &&
           play_at(RELAY_DRIP, RESUMED, RELAY_TO_SERVER, 0) &&
           play_at(RELAY_DRIP, KEPT, RELAY_TO_SERVER, 0);
}

static bool play_rest(void) {
    bool good = play_each(RELAY_CORRUPT, 1);
    for (unsigned kind = RELAY_STALL; kind <= RELAY_REORDER; kind++) {
        good = good && play_each((enum relay_kind)kind, SAMPLE);
    }
    return good && play_drips();
}

static bool play_drawn(void) {
    const enum relay_kind kind = (enum relay_kind)(1 + dice_roll(&dice, RELAY_DRIP - 1));
    const enum connection connection = (enum connection)dice_roll(&dice, CONNECTIONS);
    const enum relay_direction direction = (enum relay_direction)dice_roll(&dice, RELAY_DIRECTIONS);
    const uint32_t at = dice_roll(&dice, lengths[connection][direction] + BEHIND_END);
    return play_at(kind, connection, direction, at);
}

static bool play_some(uint32_t seconds) {
    const time_t end = time(NULL) + (time_t)seconds;
    bool good = play_drips();
    while (good && time(NULL) < end) {
        good = play_drawn();
    }
    return good;
}

static uint32_t find(const char *name, const char *const *names, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            return i;
        }
    }
    return 0;
}

static bool play_plan(int argc, char **argv) {
    const char *const plan = argv[3];
    const uint32_t number = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 0;
    if (strcmp(plan, "some") == 0) {
        return play_some(number);
    }
    if (strcmp(plan, "cuts") == 0) {
        return play_each(RELAY_END, 1) && play_each(RELAY_RESET, 1);
    }
    if (strcmp(plan, "rest") == 0) {
        return play_rest();
    }
    if (strcmp(plan, "one") == 0 && argc == 8) {
        return play_at((enum relay_kind)find(argv[4], kind_names, RELAY_KINDS),
                       (enum connection)find(argv[5], connection_names, CONNECTIONS),
                       (enum relay_direction)find(argv[6], direction_names, RELAY_DIRECTIONS),
                       (uint32_t)strtoul(argv[7], NULL, 10));
    }
    bool good = strcmp(plan, "none") == 0;
    for (uint32_t i = 0; good && i < number; i++) {
        good = play_clear((enum connection)(i % CONNECTIONS));
    }
    return good;
}

/* ---- the program ---------------------------------------------------------------------------- */

/* A connection and a second exchange over it: what is open and in use behind them is always the
 * same. */
static bool play_around(uint32_t *descriptors, uint32_t *heap) {
    const bool good = play_clear(RESUMED) && play_clear(KEPT);
    *descriptors = open_descriptors();
    *heap = tally_tls_stats(&device.tls).heap_used;
    return good;
}

static bool play_all(int argc, char **argv) {
    uint32_t descriptors[2];
    uint32_t heap[2];
    if (!play_clear(FULL) || !play_around(&descriptors[0], &heap[0]) || !play_plan(argc, argv) ||
        !play_clear(RESUMED) || !play_around(&descriptors[1], &heap[1])) {
        return false;
    }
    const bool leaks = descriptors[1] > descriptors[0] || heap[1] > heap[0];
    if (leaks) {
        printf("leaked: descriptors %u, then %u; TLS heap %u, then %u\n", (unsigned)descriptors[0],
               (unsigned)descriptors[1], (unsigned)heap[0], (unsigned)heap[1]);
    }
    return !leaks;
}

static void print_counts(void) {
    printf(
        "{\"told\": %d, \"applied\": %u, \"noticed\": %u, \"made\": %u, \"pending\": %u, "
        "\"attempts\": %u, \"accepted\": %u, \"rejected\": %u, \"failed_net\": %u, "
        "\"failed_tls\": %u, \"failed_http\": %u, \"refused\": %u, \"dropped\": %u, "
        "\"lost\": %u, \"connects\": %u, \"connections\": %u}\n",
        (int)told, (unsigned)applied, (unsigned)noticed, (unsigned)device.agent.spool.made,
        (unsigned)tally_pending(&device.agent), (unsigned)stats()->attempts,
        (unsigned)stats()->accepted, (unsigned)stats()->rejected, (unsigned)stats()->failed_net,
        (unsigned)stats()->failed_tls, (unsigned)stats()->failed_http, (unsigned)stats()->refused,
        (unsigned)(device.agent.spool.dropped[0] + device.agent.spool.dropped[1]),
        (unsigned)device.agent.report.lost, (unsigned)stats()->connects, (unsigned)relay.accepted);
}

static bool boot(const char *certs) {
    static uint8_t memory[BLOCKS * DEVICE_BLOCK_BYTES];
    const device_setup_t setup = {
        .certs = certs,
        .port = relay.port,
        .upload_ms = 30000, /* connections are kept for no longer than that */
        .heartbeat_ms = 3600000,
        .capabilities =
            {[TALLY_G_EVENT] = TALLY_CAN_ALL(EVENT), [TALLY_G_PLAYBACK] = TALLY_CAN_ALL(PLAYBACK)},
        .memory = memory,
        .blocks = BLOCKS,
    };
    return device_boot(&device, &setup);
}

int main(int argc, char **argv) {
    if (argc < 4) {
        (void)fprintf(stderr, "usage: proxy_faults PORT CERTS PLAN, see the source\n");
        return 2;
    }
    dice = dice_from_environment();
    if (!relay_open(&relay, (uint16_t)strtoul(argv[1], NULL, 10)) || !boot(argv[2])) {
        return 2;
    }
    const bool good = play_all(argc, argv);
    print_counts();
    device_stop(&device);
    relay_close(&relay);
    return good ? 0 : 1;
}
