/* SPDX-License-Identifier: Apache-2.0 */
/*
 * posix FOLDER first|again|unlocked ECHO ENDING REFUSING: the kit with the ports for Linux. FOLDER
 * holds the store from the first run for the second; the others are TCP ports of peer.py on this
 * machine. `unlocked` leaves the critical section empty. Exits with the number of rules that
 * failed.
 */
#include <psa/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "tally_conformance.h"
#include "tally_posix.h"
#include "tally_posix_store.h"
#include "tally_posix_tcp.h"
#include "tally_ram_store.h"
#include "tally_sealed_store.h"
#include "verifier.h"

enum { BLOCK_BYTES = 4096, BLOCKS = 16, RAM_BLOCK_BYTES = 8192, RAM_BLOCKS = 4, FILES_MOST = 64 };
enum { GRANULE_BYTES = 8, SLOTS = 150 };

static tally_posix_t posix;
static tally_posix_tcp_t tcp;
static tally_posix_store_t file;
static tally_ram_store_t ram;
static tally_sealed_store_t sealed;
static psa_key_id_t key;
static uint8_t entry[TALLY_SEALED_BUFFER_BYTES];
static uint8_t memory[RAM_BLOCKS * RAM_BLOCK_BYTES];
static char path[512];
static uint8_t scratch[RAM_BLOCK_BYTES + TALLY_CONFORMANCE_SCRATCH_GUARD];

/* ---- helpers -------------------------------------------------------------------------------- */

static void put(void *ctx, const char *text) {
    (void)ctx;
    (void)fputs(text, stdout);
    (void)fflush(stdout);
}

static uint64_t raw_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static uint32_t wait_ms(void *ctx, uint32_t ms) {
    (void)ctx;
    const uint64_t begin_ms = raw_ms();
    const struct timespec span = {.tv_sec = ms / 1000u, .tv_nsec = (long)(ms % 1000u) * 1000000};
    (void)nanosleep(&span, NULL);
    return (uint32_t)(raw_ms() - begin_ms);
}

static void sleep_ms(void *ctx, uint32_t most_ms) {
    (void)ctx;
    (void)tally_posix_wait(&posix, most_ms, NULL, 0);
}

static struct {
    pthread_t thread;
    atomic_bool ends;
    void (*turn)(void *argument);
    void *argument;
} others;

static void *run_others(void *unused) {
    (void)unused;
    while (!atomic_load(&others.ends)) {
        others.turn(others.argument);
        (void)sched_yield();
    }
    return NULL;
}

static int32_t begin_others(void *ctx, void (*turn)(void *argument), void *argument) {
    (void)ctx;
    others.turn = turn;
    others.argument = argument;
    atomic_store(&others.ends, false);
    return pthread_create(&others.thread, NULL, run_others, NULL) == 0 ? TALLY_OK : TALLY_E_IO;
}

static void end_others(void *ctx) {
    (void)ctx;
    atomic_store(&others.ends, true);
    (void)pthread_join(others.thread, NULL);
}

static int32_t open_file(void) {
    return tally_posix_store_open(&file, path, BLOCK_BYTES, BLOCKS, 1);
}

static int32_t reopen_file(void *ctx) {
    (void)ctx;
    tally_posix_store_close(&file);
    return open_file();
}

static void fail_file(void *ctx, bool fails) {
    static int sound_fd;
    (void)ctx;
    if (fails) {
        sound_fd = file.fd;
        file.fd = -1;
    } else {
        file.fd = sound_fd;
    }
}

static int32_t reopen_ram(void *ctx) {
    (void)ctx;
    return tally_ram_store_init(&ram, memory, RAM_BLOCK_BYTES, RAM_BLOCKS, GRANULE_BYTES);
}

/* A key that this process alone knows: what it finds, it has written itself. */
static int32_t make_key(void) {
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_AES);
    psa_set_key_bits(&attributes, 128);
    psa_set_key_algorithm(&attributes, PSA_ALG_GCM);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT);
    return psa_generate_key(&attributes, &key) == PSA_SUCCESS ? TALLY_OK : TALLY_E_IO;
}

static int32_t reopen_sealed(void *ctx) {
    (void)ctx;
    return tally_sealed_store_init(&sealed, tally_ram_store(&ram), key, SLOTS, entry, sizeof entry);
}

static uint32_t enter_nothing(void *ctx) {
    (void)ctx;
    return 0;
}

static void leave_nothing(void *ctx, uint32_t state) {
    (void)ctx;
    (void)state;
}

/* ---- runs ----------------------------------------------------------------------------------- */

static tally_conformance_setup_t bare_setup(enum tally_conformance_run which) {
    return (tally_conformance_setup_t){
        .put = put,
        .wait_ms = wait_ms,
        .scratch = scratch,
        .scratch_bytes = sizeof scratch,
        .run = which,
    };
}

static int32_t run_all(enum tally_conformance_run which, const uint16_t ports[3]) {
    static const char loopback[] = "127.0.0.1";
    const tally_peer_t echo = {loopback, ports[0]};
    const tally_peer_t ending = {loopback, ports[1]};
    const tally_peer_t refusing = {loopback, ports[2]};
    const tally_peer_t silent = {"192.0.2.1", 7};
    const tally_peer_t unresolved = {"tally..invalid", 7}; /* needs nobody's opinion */
    const tally_verifier_t verifier = conformance_verifier();
    const tally_conformance_store_t store = {
        .store = tally_posix_store(&file),
        .name = "file",
        .blocks_least = 6,
        .reopen = reopen_file,
        .fail = fail_file,
    };
    tally_conformance_setup_t setup = bare_setup(which);
    setup.port = tally_posix_port(&posix);
    setup.stores = &store;
    setup.store_count = 1;
    setup.transport = tally_posix_tcp_transport(&tcp);
    setup.verifier = &verifier;
    setup.echo = &echo;
    setup.ending = &ending;
    setup.refusing = &refusing;
    setup.silent = &silent;
    setup.unresolved = &unresolved;
    setup.cycles = 2 * FILES_MOST;
    setup.sleep = sleep_ms;
    setup.begin_others = begin_others;
    setup.end_others = end_others;
    tally_conformance_result_t result;
    return tally_conformance_run(&result, &setup);
}

/* One after the other, in the same RAM. */
static int32_t run_ram(void) {
    tally_conformance_store_t store = {
        .store = tally_ram_store(&ram),
        .name = "ram",
        .blocks_least = 3,
        .is_volatile = true,
        .reopen = reopen_ram,
    };
    tally_conformance_setup_t setup = bare_setup(TALLY_CONFORMANCE_FIRST_RUN);
    setup.stores = &store;
    setup.store_count = 1;
    tally_conformance_result_t result;
    const int32_t failed = tally_conformance_run(&result, &setup);
    if (make_key() != TALLY_OK || reopen_sealed(NULL) != TALLY_OK) {
        return failed + 1;
    }
    store.store = tally_sealed_store(&sealed);
    store.name = "sealed";
    store.reopen = reopen_sealed;
    return failed + tally_conformance_run(&result, &setup);
}

static int32_t run_unlocked(void) {
    tally_port_t port = *tally_posix_port(&posix);
    port.critical_enter = enter_nothing;
    port.critical_leave = leave_nothing;
    tally_conformance_setup_t setup = bare_setup(TALLY_CONFORMANCE_FIRST_RUN);
    setup.port = &port;
    setup.begin_others = begin_others;
    setup.end_others = end_others;
    tally_conformance_result_t result;
    return tally_conformance_run(&result, &setup);
}

int main(int argc, char **argv) {
    const struct rlimit few = {FILES_MOST, FILES_MOST};
    if (argc != 6) {
        return 125;
    }
    (void)snprintf(path, sizeof path, "%s/store", argv[1]);
    const uint16_t ports[] = {(uint16_t)atoi(argv[3]), (uint16_t)atoi(argv[4]),
                              (uint16_t)atoi(argv[5])};
    const bool again = strcmp(argv[2], "again") == 0;
    if (tally_posix_init(&posix, TALLY_LOG_DEBUG) != TALLY_OK || open_file() != TALLY_OK ||
        reopen_ram(NULL) != TALLY_OK || setrlimit(RLIMIT_NOFILE, &few) != 0) {
        return 125;
    }
    tally_posix_tcp_init(&tcp, tally_posix_port(&posix));
    const bool unlocked = strcmp(argv[2], "unlocked") == 0;
    const int32_t failed =
        unlocked ? run_unlocked()
                 : run_all(again ? TALLY_CONFORMANCE_AFTER_RESTART : TALLY_CONFORMANCE_FIRST_RUN,
                           ports) +
                       run_ram();
    tally_posix_store_close(&file);
    tally_posix_close(&posix);
    return (int)failed;
}
