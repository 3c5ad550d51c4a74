/* SPDX-License-Identifier: Apache-2.0 */
#include "tally_template.h"

/* ---- tally_port_t -----------------------------------------------------------------------------
 */

/*
 * A hardware timer or the RTOS tick, extended to 64 bits. Traps: a 32-bit tick in milliseconds
 * wraps after 49 days; a tick that stops in standby makes a night look like a second.
 */
static uint64_t template_monotonic_ms(void *ctx) {
    (void)ctx;
    return 0;
}

/*
 * The broadcast's time table, SNTP or an RTC. Say TALLY_WALL_AUTHENTICATED only for a source that
 * an attacker on the network cannot forge. 0 without quality: no time.
 */
static tally_wall_t template_wall(void *ctx) {
    (void)ctx;
    return (tally_wall_t){.unix_ms = 0, .quality = TALLY_WALL_UNKNOWN};
}

/*
 * Keep it beside the monotonic time of this call: template_wall() then tells it with what has
 * passed since. An RTC can be set from it.
 */
static void template_set_wall(void *ctx, int64_t unix_ms) {
    (void)ctx;
    (void)unix_ms;
}

/*
 * A hardware generator, conditioned (a DRBG) when it delivers raw noise: TLS uses these bytes as
 * they are. rand() or a serial number here gives every key of the device away.
 */
static int32_t template_random(void *ctx, uint8_t *out, uint32_t size) {
    (void)ctx;
    (void)out;
    (void)size;
    return TALLY_E_RANDOM;
}

/*
 * Bare metal: mask interrupts and return the mask as it was (PRIMASK). RTOS: a mutex with
 * priority inheritance when no hook runs in an ISR, else its ISR-safe critical section. Needs
 * nothing while one context alone calls hooks and tally_step().
 */
static uint32_t template_critical_enter(void *ctx) {
    (void)ctx;
    return 0;
}

static void template_critical_leave(void *ctx, uint32_t state) {
    (void)ctx;
    (void)state;
}

/*
 * Notifies the agent task: a binary semaphore or task notification, in its ISR variant too.
 * Needs nothing while the task calls tally_step() in a loop without sleeping.
 */
static void template_wake(void *ctx) {
    (void)ctx;
}

/* The board's own log or a UART with a buffer. Nowhere is a valid place. */
static void template_log(void *ctx, enum tally_log_level level, uint32_t id, const char *text,
                         int32_t value) {
    (void)ctx;
    (void)level;
    (void)id;
    (void)text;
    (void)value;
}

/* ---- tally_transport_t ------------------------------------------------------------------------
 */

/*
 * The first call starts to resolve peer->host, later calls look how far it has come: resolve,
 * connect, done. For TLS hand this transport to tally_tls_init() of port/mbedtls.
 */
static int32_t template_open(void *ctx, const tally_peer_t *peer) {
    (void)ctx;
    (void)peer;
    return TALLY_E_CONNECT;
}

/* Non-blocking: hand over what the stack takes, 0 when its buffers are full. */
static int32_t template_send(void *ctx, const uint8_t *data, uint32_t size) {
    (void)ctx;
    (void)data;
    (void)size;
    return TALLY_E_IO;
}

/* Non-blocking: 0 when nothing is there; TALLY_E_CLOSED only for an orderly end. */
static int32_t template_receive(void *ctx, uint8_t *data, uint32_t size) {
    (void)ctx;
    (void)data;
    (void)size;
    return TALLY_E_IO;
}

/* Called in any state, also before open() and twice. A lookup under way must not come back later
 * and find its memory reused. */
static void template_close(void *ctx) {
    (void)ctx;
}

/* ---- tally_store_t ----------------------------------------------------------------------------
 */

/* Blocks are those of the partition set aside for tally, counted from 0. */
static int32_t template_read(void *ctx, uint32_t block, uint32_t offset, uint8_t *out,
                             uint32_t size) {
    (void)ctx;
    (void)block;
    (void)offset;
    (void)out;
    (void)size;
    return TALLY_E_IO;
}

/* Split at the flash's page boundaries; what is written is read back by tally. Zeros come for
 * places that hold something too: a driver that first looks whether the place is erased lets them
 * pass. */
static int32_t template_program(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                                uint32_t size) {
    (void)ctx;
    (void)block;
    (void)offset;
    (void)data;
    (void)size;
    return TALLY_E_IO;
}

static int32_t template_erase(void *ctx, uint32_t block) {
    (void)ctx;
    (void)block;
    return TALLY_E_IO;
}

/* Raw flash has nothing to do here. A file needs fdatasync(), and its folder fsync() once. */
static int32_t template_sync(void *ctx) {
    (void)ctx;
    return TALLY_E_IO;
}

/* ------------------------------------------------------------------------------------------------
 */

void tally_template_init(tally_template_t *board) {
    board->port = (tally_port_t){
        .ctx = board,
        .monotonic_ms = template_monotonic_ms,
        .wall = template_wall,
        .set_wall = template_set_wall,
        .random = template_random,
        .critical_enter = template_critical_enter,
        .critical_leave = template_critical_leave,
        .wake = template_wake,
        .log = template_log,
    };
    board->transport = (tally_transport_t){
        .ctx = board,
        .open = template_open,
        .send = template_send,
        .receive = template_receive,
        .close = template_close,
    };
    /* The geometry of a common serial NOR flash: 64 KiB in sectors of 4 KiB. */
    board->store = (tally_store_t){
        .ctx = board,
        .block_bytes = 4096,
        .blocks = 16,
        .program_bytes = 1,
        .read = template_read,
        .program = template_program,
        .erase = template_erase,
        .sync = template_sync,
    };
}

const tally_port_t *tally_template_port(const tally_template_t *board) {
    return &board->port;
}

const tally_transport_t *tally_template_transport(const tally_template_t *board) {
    return &board->transport;
}

const tally_store_t *tally_template_store(const tally_template_t *board) {
    return &board->store;
}
