/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "kit.h"

#define SAMPLES         20000u
#define ROUNDS          5u
#define MEASURED_MS     300u
#define GRANULARITY_MS  20u
#define OTHERS_LIMIT_MS 2000u

uint8_t tally_check_port_complete(tally_kit_t *kit) {
    const tally_port_t *const port = kit->port;
    if (port == NULL) {
        return tally_kit_unchecked(kit, "no port given");
    }
    const struct {
        bool is_there;
        const char *name;
    } callbacks[] = {
        {port->monotonic_ms != NULL, "monotonic_ms"},
        {port->wall != NULL, "wall"},
        {port->set_wall != NULL, "set_wall"},
        {port->random != NULL, "random"},
        {port->critical_enter != NULL, "critical_enter"},
        {port->critical_leave != NULL, "critical_leave"},
        {port->wake != NULL, "wake"},
        {port->log != NULL, "log"},
    };
    for (uint32_t i = 0; i < sizeof callbacks / sizeof callbacks[0]; i++) {
        if (!callbacks[i].is_there) {
            kit->note = callbacks[i].name;
            return TALLY_CONFORMANCE_FAILED;
        }
    }
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_clock_advances(tally_kit_t *kit) {
    const uint64_t begin_ms = tally_kit_now_ms(kit);
    for (uint32_t round = 0; round < 2u * ROUNDS; round++) {
        (void)tally_kit_wait(kit, GRANULARITY_MS);
        if (tally_kit_now_ms(kit) != begin_ms) {
            return TALLY_CONFORMANCE_PASSED;
        }
    }
    return tally_kit_failed(kit, "the same all the time:", (int64_t)begin_ms);
}

uint8_t tally_check_clock_forward(tally_kit_t *kit) {
    uint64_t last_ms = tally_kit_now_ms(kit);
    for (uint32_t sample = 0; sample < SAMPLES; sample++) {
        const uint64_t now_ms = tally_kit_now_ms(kit);
        if (now_ms < last_ms) {
            return tally_kit_failed(kit, "ms back:", (int64_t)(last_ms - now_ms));
        }
        last_ms = now_ms;
        if (sample % (SAMPLES / ROUNDS) == 0) {
            (void)tally_kit_wait(kit, GRANULARITY_MS);
        }
    }
    return TALLY_CONFORMANCE_PASSED;
}

static bool is_near(uint64_t told_ms, uint64_t true_ms) {
    const uint64_t slack_ms = true_ms / 10u + GRANULARITY_MS;
    return told_ms + slack_ms >= true_ms && told_ms <= true_ms + slack_ms;
}

/* One round may be spoiled by what else the device does between two clocks, but not all. */
uint8_t tally_check_clock_milliseconds(tally_kit_t *kit) {
    uint64_t told_ms = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const uint64_t begin_ms = tally_kit_now_ms(kit);
        const uint32_t true_ms = tally_kit_wait(kit, MEASURED_MS);
        told_ms = tally_kit_now_ms(kit) - begin_ms;
        if (is_near(told_ms, true_ms)) {
            return TALLY_CONFORMANCE_PASSED;
        }
    }
    return tally_kit_failed(kit, "for 300 ms of the other clock it told", (int64_t)told_ms);
}

uint8_t tally_check_clock_in_critical(tally_kit_t *kit) {
    for (uint32_t round = 0; round < ROUNDS; round++) {
        (void)tally_kit_wait(kit, GRANULARITY_MS);
        const uint64_t before_ms = tally_kit_now_ms(kit);
        const uint32_t state = kit->port->critical_enter(kit->port->ctx);
        const uint64_t inside_ms = tally_kit_now_ms(kit);
        kit->port->critical_leave(kit->port->ctx, state);
        if (inside_ms < before_ms || inside_ms > tally_kit_now_ms(kit)) {
            return tally_kit_failed(kit, "ms off:", (int64_t)(inside_ms - before_ms));
        }
    }
    return TALLY_CONFORMANCE_PASSED;
}

typedef struct {
    const tally_kit_t *kit;
    volatile uint64_t told_ms;
    volatile bool has_told;
} elsewhere_t;

static void tell_time(void *argument) {
    elsewhere_t *const elsewhere = argument;
    if (!elsewhere->has_told) {
        elsewhere->told_ms = tally_kit_now_ms(elsewhere->kit);
        elsewhere->has_told = true;
    }
}

uint8_t tally_check_clock_elsewhere(tally_kit_t *kit) {
    const tally_conformance_setup_t *const setup = kit->setup;
    if (setup->begin_others == NULL || setup->end_others == NULL) {
        return tally_kit_unchecked(kit, "no helper begin_others");
    }
    (void)tally_kit_wait(kit, MEASURED_MS);
    elsewhere_t elsewhere = {.kit = kit};
    const uint64_t before_ms = tally_kit_now_ms(kit);
    if (setup->begin_others(setup->ctx, tell_time, &elsewhere) != TALLY_OK) {
        return tally_kit_unchecked(kit, "begin_others() failed");
    }
    for (uint32_t ms = 0; ms < OTHERS_LIMIT_MS && !elsewhere.has_told; ms++) {
        (void)tally_kit_wait(kit, 1);
    }
    setup->end_others(setup->ctx);
    if (!elsewhere.has_told) {
        return tally_kit_unchecked(kit, "begin_others() did not call");
    }
    if (elsewhere.told_ms < before_ms || elsewhere.told_ms > tally_kit_now_ms(kit)) {
        return tally_kit_failed(kit, "ms off:", (int64_t)(elsewhere.told_ms - before_ms));
    }
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_clock_standby(tally_kit_t *kit) {
    const tally_conformance_setup_t *const setup = kit->setup;
    if (setup->standby_ms == NULL) {
        return tally_kit_unchecked(kit, "no helper standby_ms");
    }
    const uint64_t begin_ms = tally_kit_now_ms(kit);
    const uint32_t away_ms = setup->standby_ms(setup->ctx, 10u * MEASURED_MS);
    const uint64_t told_ms = tally_kit_now_ms(kit) - begin_ms;
    if (told_ms + away_ms / 10u + GRANULARITY_MS < away_ms) {
        return tally_kit_failed(kit, "ms missing:", (int64_t)(away_ms - told_ms));
    }
    return TALLY_CONFORMANCE_PASSED;
}

/* Where counters of 31 and 32 bits end that count milliseconds, microseconds and ticks of 10 ms. */
uint8_t tally_check_clock_wraps(tally_kit_t *kit) {
    static const uint64_t ends_ms[] = {UINT64_C(0x100000000) / 1000u, UINT64_C(0x80000000),
                                       UINT64_C(0x100000000), UINT64_C(0x100000000) * 10u};
    const tally_conformance_setup_t *const setup = kit->setup;
    if (setup->put_clock == NULL) {
        return tally_kit_unchecked(kit, "no helper put_clock");
    }
    for (uint32_t i = 0; i < sizeof ends_ms / sizeof ends_ms[0]; i++) {
        if (tally_kit_now_ms(kit) + MEASURED_MS > ends_ms[i]) {
            continue;
        }
        setup->put_clock(setup->ctx, ends_ms[i] - GRANULARITY_MS);
        const uint64_t before_ms = tally_kit_now_ms(kit);
        (void)tally_kit_wait(kit, MEASURED_MS);
        const uint64_t after_ms = tally_kit_now_ms(kit);
        if (before_ms + GRANULARITY_MS < ends_ms[i] || after_ms < ends_ms[i]) {
            return tally_kit_failed(kit, "after this many ms:", (int64_t)ends_ms[i]);
        }
    }
    return TALLY_CONFORMANCE_PASSED;
}
