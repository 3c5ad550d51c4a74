/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any Cortex-M with its SysTick, picolibc below it and a debugger, or QEMU, beside it: what random
 * numbers there are come from there, which is for the bench only.
 */
#include <stdio.h>

#include "acme_port.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SYST_CSR          REGISTER(0xE000E010u)
#define SYST_RVR          REGISTER(0xE000E014u)
#define SYST_CVR          REGISTER(0xE000E018u)

enum { TICK_MS = 10, CLOCK_HZ = 25000000, TICK_CYCLES = CLOCK_HZ / 1000 * TICK_MS };

static volatile uint32_t ticks_low; /* one writer, the tick */
static volatile uint32_t ticks_high;
static volatile bool is_woken;

void arm_systick_isr(void); /* its place in the vector table of picolibc's start */

void arm_systick_isr(void) {
    ticks_low++;
    if (ticks_low == 0) {
        ticks_high++;
    }
}

static uint32_t mask(void) {
    uint32_t before;
    __asm volatile("mrs %0, primask\n cpsid i" : "=r"(before)::"memory");
    return before;
}

static void unmask(uint32_t before) {
    __asm volatile("msr primask, %0" ::"r"(before) : "memory");
}

void acme_start(void) {
    SYST_RVR = TICK_CYCLES - 1;
    SYST_CVR = 0;
    SYST_CSR = 7; /* the processor's clock, with the interrupt, on */
    __asm volatile("cpsie i");
}

static uint64_t monotonic_ms(void *ctx) {
    (void)ctx;
    const uint32_t state = mask();
    const uint64_t ticks = (uint64_t)ticks_high << 32 | ticks_low;
    unmask(state);
    return ticks * TICK_MS;
}

static tally_wall_t wall(void *ctx) {
    (void)ctx;
    return (tally_wall_t){.quality = TALLY_WALL_UNKNOWN};
}

static void set_wall(void *ctx, int64_t unix_ms) {
    (void)ctx;
    (void)unix_ms; /* told to nobody: this box keeps no time */
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
    printf("tally %d: %u %s %d\n", (int)level, (unsigned)id, text, (int)value);
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
