/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conformance kit on a board: its port, its stores and, in the first run, TCP over lwIP. A
 * typed line says which run it is and where the peers listen on the host: "first ECHO ENDING
 * REFUSING" or "again". A first run ends with waiting for the power to be cut, a second one with
 * the number of rules that failed as QEMU's exit code.
 */
#include <stddef.h>
#include <string.h>

#include "board.h"
#include "console.h"
#include "network.h"
#include "platform.h"
#include "semihost.h"
#include "tally_conformance.h"
#include "tally_lwip.h"
#include "tally_lwip_tcp.h"

#define LINE_BYTES    48u
#define LONG_MS       1000u
#define SCRATCH_BYTES (256u * 1024u + TALLY_CONFORMANCE_SCRATCH_GUARD)
#define START_FAILED  125u

/* Counters that the board's own clock does not use, and that miss nothing when QEMU's host is busy,
 * as ticks do. */
#if __ARM_ARCH_PROFILE == 'A'
#define TIMER2                ((volatile uint32_t *)(uintptr_t)0x10012000u) /* SP804, 1 MHz down */
#define TIMER2_CONTROL        TIMER2[2]
#define TIMER2_RUNS           0x82u /* enabled, of 32 bits */
#define OTHER_CLOCK           (~TIMER2[1])
#define OTHER_CLOCK_PER_10_MS 10000u
#else
#define OTHER_CLOCK           (*(volatile uint32_t *)(uintptr_t)0x40028014u) /* FPGAIO, CLK100HZ */
#define OTHER_CLOCK_PER_10_MS 1u
#endif

static tally_lwip_tcp_t tcp;
static uint8_t scratch[SCRATCH_BYTES];
static void (*volatile other)(void *argument);
static void *volatile other_argument;
static uint32_t unmasked; /* what board_mask() returns when interrupts may come */
static uint32_t before_mask;

void board_on_tick(void) {
    network_tick();
    if (other != NULL) {
        other(other_argument);
    }
}

/* ---- helpers of the kit --------------------------------------------------------------------- */

static void put(void *unused, const char *text) {
    (void)unused;
    board_feed_watchdog();
    console_text(text);
}

static uint32_t other_clock_ms(void) {
    return OTHER_CLOCK / OTHER_CLOCK_PER_10_MS * 10u;
}

/* By the other clock, but for what is not worth judging a clock by. */
static uint32_t wait_ms(void *unused, uint32_t ms) {
    (void)unused;
    board_feed_watchdog();
    if (ms < BOARD_TICK_MS) {
        const uint64_t end_us = board_now_us() + ms * UINT64_C(1000);
        while (board_now_us() < end_us) {
        }
        return ms;
    }
    const uint32_t begin_ms = other_clock_ms();
    while (other_clock_ms() - begin_ms < ms) {
    }
    return other_clock_ms() - begin_ms;
}

static void sleep_ms(void *unused, uint32_t most_ms) {
    (void)unused;
    board_feed_watchdog();
    board_sleep(board_now_ms() + most_ms);
}

static int32_t begin_others(void *unused, void (*turn)(void *argument), void *argument) {
    (void)unused;
    other_argument = argument;
    other = turn;
    return TALLY_OK;
}

static void end_others(void *unused) {
    (void)unused;
    other = NULL;
}

static void mask(void *unused, bool masked) {
    (void)unused;
    if (masked) {
        before_mask = board_mask();
    } else {
        board_unmask(before_mask);
    }
}

static bool is_masked(void *unused) {
    (void)unused;
    const uint32_t state = board_mask();
    board_unmask(state);
    return state != unmasked;
}

static void wait_for_power_cut(void *unused) {
    (void)unused;
    for (;;) {
        board_feed_watchdog();
        board_sleep(board_now_ms() + LONG_MS);
    }
}

/* ---- the run -------------------------------------------------------------------------------- */

static void read_line(char line[LINE_BYTES]) {
    uint32_t bytes = 0;
    int32_t character = 0;
    while (character != '\n') {
        board_feed_watchdog();
        board_sleep(board_now_ms() + LONG_MS);
        for (character = board_console_get(); character >= 0 && character != '\n';
             character = board_console_get()) {
            if (bytes < LINE_BYTES - 1u) {
                line[bytes++] = (char)character;
            }
        }
    }
    line[bytes] = '\0';
}

/* The number behind the next space; `*at` moves on to it. */
static uint16_t next_number(const char **at) {
    uint32_t value = 0;
    while (**at != ' ' && **at != '\0') {
        (*at)++;
    }
    while (**at == ' ') {
        (*at)++;
    }
    for (const char *digit = *at; *digit >= '0' && *digit <= '9'; digit++) {
        value = value * 10u + (uint32_t)(*digit - '0');
    }
    return (uint16_t)value;
}

static uint32_t run(const char *line) {
    static const char host[] = "10.0.2.2";
    const char *at = line;
    const tally_peer_t echo = {host, next_number(&at)};
    const tally_peer_t ending = {host, next_number(&at)};
    const tally_peer_t refusing = {host, next_number(&at)};
    const tally_peer_t silent = {"192.0.2.1", 7};
    tally_conformance_store_t stores[2] = {{.name = "spool", .blocks_least = 6},
                                           {.name = "settings", .blocks_least = 2}};
    if (board_stores(&stores[0].store, &stores[1].store) != TALLY_OK) {
        return START_FAILED;
    }
    const bool again = line[0] == 'a';
    const tally_conformance_setup_t setup = {
        .put = put,
        .wait_ms = wait_ms,
        .scratch = scratch,
        .scratch_bytes = sizeof scratch,
        .run = again ? TALLY_CONFORMANCE_AFTER_RESTART : TALLY_CONFORMANCE_FIRST_RUN,
        .port = &platform_port,
        .stores = stores,
        .store_count = stores[1].store != NULL ? 2 : 1,
        .transport = again ? NULL : tally_lwip_tcp_transport(&tcp),
        .echo = &echo,
        .ending = &ending,
        .refusing = &refusing,
        .silent = &silent,
        .sleep = sleep_ms,
        .begin_others = begin_others,
        .end_others = end_others,
        .mask = mask,
        .is_masked = is_masked,
        .restart = wait_for_power_cut,
    };
    static tally_conformance_result_t result;
    return (uint32_t)tally_conformance_run(&result, &setup);
}

int main(void) {
    static char line[LINE_BYTES];
    board_init();
#ifdef TIMER2
    TIMER2[0] = UINT32_MAX;
    TIMER2_CONTROL = TIMER2_RUNS;
#endif
    unmasked = board_mask();
    board_unmask(unmasked);
    if (network_start("tally-test") != TALLY_OK) {
        semihost_exit(START_FAILED);
    }
    tally_lwip_tcp_init(&tcp, &platform_port);
    while (!tally_lwip_is_up()) {
        (void)wait_ms(NULL, BOARD_TICK_MS);
    }
    console_text("conformance: which run, and where are the peers?\n");
    read_line(line);
    semihost_exit(run(line));
}
