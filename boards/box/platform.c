/* SPDX-License-Identifier: Apache-2.0 */
#include "platform.h"

#include <stddef.h>

#include "board.h"
#include "console.h"

static uint64_t monotonic_ms(void *unused) {
    (void)unused;
    return board_now_ms();
}

/* There is no clock but the server's. */
static tally_wall_t learned;
static uint64_t learned_at_ms;

static tally_wall_t wall(void *unused) {
    (void)unused;
    tally_wall_t now = learned;
    now.unix_ms += (int64_t)(board_now_ms() - learned_at_ms);
    return now;
}

static void set_wall(void *unused, int64_t unix_ms) {
    (void)unused;
    learned = (tally_wall_t){.unix_ms = unix_ms, .quality = TALLY_WALL_AUTHENTICATED};
    learned_at_ms = board_now_ms();
}

static int32_t random_bytes(void *unused, uint8_t *out, uint32_t size) {
    (void)unused;
    return board_random(out, size) ? TALLY_OK : TALLY_E_RANDOM;
}

static uint32_t critical_enter(void *unused) {
    (void)unused;
    return board_mask();
}

static void critical_leave(void *unused, uint32_t state) {
    (void)unused;
    board_unmask(state);
}

static void wake(void *unused) {
    (void)unused;
    board_wake();
}

static void log_line(void *unused, enum tally_log_level level, uint32_t id, const char *text,
                     int32_t value) {
    (void)unused;
    console_time(board_now_ms());
    console_put("?EWID"[(uint32_t)level % 5u]);
    console_put(' ');
    if (text != NULL) {
        console_text(text);
    } else {
        console_unsigned(id);
    }
    console_put(' ');
    /* Counts and times are never negative; what is, has a name. */
    if (value < 0) {
        console_text(tally_status_name(value));
    } else {
        console_unsigned((uint32_t)value);
    }
    console_text("\n");
}

const tally_port_t platform_port = {
    .ctx = NULL,
    .monotonic_ms = monotonic_ms,
    .wall = wall,
    .set_wall = set_wall,
    .random = random_bytes,
    .critical_enter = critical_enter,
    .critical_leave = critical_leave,
    .wake = wake,
    .log = log_line,
};
