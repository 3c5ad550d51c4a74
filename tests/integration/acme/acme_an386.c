/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arm MPS2 AN386 (Cortex-M4), with picolibc, and a debugger or QEMU beside it: what random numbers
 * there are come from there, which is for the bench only. Time is a counter, timer 0; the tick
 * makes 64 bits of its 32, and ends sleep.
 */
#include <stddef.h>
#include <stdio.h>

#include "acme_port.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SYST_CSR          REGISTER(0xE000E010u)
#define SYST_RVR          REGISTER(0xE000E014u)
#define SYST_CVR          REGISTER(0xE000E018u)
#define TIMER_CONTROL     REGISTER(0x40000000u)
#define TIMER_VALUE       REGISTER(0x40000004u) /* counts down */
#define TIMER_RELOAD      REGISTER(0x40000008u)

#define CYCLES_PER_MS 25000u
#define TICK_MS       10u

static uint64_t counted; /* cycles up to the last look at the timer */
static uint32_t last_look;
static volatile bool is_woken;
static void (*volatile on_tick)(void *argument);
static void *volatile tick_argument;

static uint32_t mask(void) {
    uint32_t before;
    __asm volatile("mrs %0, primask\n cpsid i" : "=r"(before)::"memory");
    return before;
}

static void unmask(uint32_t before) {
    __asm volatile("msr primask, %0" ::"r"(before) : "memory");
}

void acme_start(void) {
    TIMER_RELOAD = UINT32_MAX;
    TIMER_VALUE = UINT32_MAX;
    last_look = UINT32_MAX;
    TIMER_CONTROL = 1; /* on */
    SYST_RVR = TICK_MS * CYCLES_PER_MS - 1u;
    SYST_CVR = 0;
    SYST_CSR = 7; /* the processor's clock, with the interrupt, on */
    __asm volatile("cpsie i");
}

static uint64_t monotonic_ms(void *ctx) {
    (void)ctx;
    const uint32_t state = mask();
    const uint32_t look = TIMER_VALUE;
    counted += last_look - look;
    last_look = look;
    const uint64_t cycles = counted;
    unmask(state);
    return cycles / CYCLES_PER_MS;
}

void arm_systick_isr(void); /* its place in the vector table of picolibc's start */

void arm_systick_isr(void) {
    (void)monotonic_ms(NULL); /* the timer runs around in 171 s */
    if (on_tick != NULL) {
        on_tick(tick_argument);
    }
}

/* What a server has told, and when by the clock above. */
static tally_wall_t learned;
static uint64_t learned_at_ms;

static tally_wall_t wall(void *ctx) {
    (void)ctx;
    tally_wall_t now = learned;
    now.unix_ms += (int64_t)(monotonic_ms(NULL) - learned_at_ms);
    return now;
}

static void set_wall(void *ctx, int64_t unix_ms) {
    (void)ctx;
    learned = (tally_wall_t){.unix_ms = unix_ms, .quality = TALLY_WALL_AUTHENTICATED};
    learned_at_ms = monotonic_ms(NULL);
}

static int32_t random_bytes(void *ctx, uint8_t *out, uint32_t size) {
    (void)ctx;
    FILE *const source = fopen("/dev/urandom", "rb");
    const bool filled = source != NULL && fread(out, 1, size, source) == size;
    if (source != NULL) {
        fclose(source);
    }
    return filled ? TALLY_OK : TALLY_E_RANDOM;
}

static uint32_t critical_enter(void *ctx) {
    (void)ctx;
    return mask();
}

static void critical_leave(void *ctx, uint32_t state) {
    (void)ctx;
    unmask(state);
}

static void wake(void *ctx) {
    (void)ctx;
    is_woken = true;
}

static void log_line(void *ctx, enum tally_log_level level, uint32_t id, const char *text,
                     int32_t value) {
    (void)ctx;
    printf("tally %d: %u %s %d\n", (int)level, (unsigned)id, text != NULL ? text : "", (int)value);
}

void acme_every_tick(void (*turn)(void *argument), void *argument) {
    const uint32_t state = mask();
    tick_argument = argument;
    on_tick = turn;
    unmask(state);
}

/* The debugger's clock, in nanoseconds (semihosting, SYS_ELAPSED). */
static uint64_t elapsed_ns(void) {
    uint32_t words[2] = {0, 0};
    register uint32_t operation __asm("r0") = 0x30;
    register const uint32_t *parameter __asm("r1") = words;
    __asm volatile("bkpt 0xAB" : "+r"(operation) : "r"(parameter) : "memory");
    return (uint64_t)words[1] << 32 | words[0];
}

uint32_t acme_wait_ms(uint32_t ms) {
    const uint64_t began_ns = elapsed_ns();
    uint32_t waited_ms = 0;
    while (waited_ms < ms) {
        __asm volatile("wfi");
        waited_ms = (uint32_t)((elapsed_ns() - began_ns) / 1000000u);
    }
    return waited_ms;
}

void acme_sleep(uint32_t most_ms) {
    const uint64_t until_ms = monotonic_ms(NULL) + most_ms;
    while (!is_woken && monotonic_ms(NULL) < until_ms) {
        __asm volatile("wfi"); /* at most until the next tick */
    }
    is_woken = false;
}

const tally_port_t acme_port = {
    .monotonic_ms = monotonic_ms,
    .wall = wall,
    .set_wall = set_wall,
    .random = random_bytes,
    .critical_enter = critical_enter,
    .critical_leave = critical_leave,
    .wake = wake,
    .log = log_line,
};
