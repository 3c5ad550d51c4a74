/* SPDX-License-Identifier: Apache-2.0 */
/* wake() and log(): what the agent task waits for, and what makes it wait. */
#include <stddef.h>

#include "kit.h"

#define SLEEP_MS      1000u
#define ENDED_MS      900u /* slept for less: it was ended */
#define IN_SLEEP_MS   50u  /* when the other wakes */
#define TRIES         3u
#define WAKES         1000u
#define NAP_MS        30u
#define NAPS          20u
#define NAPS_CUT_MOST 5u
#define DRAIN_TRIES   5u
#define LINES         5u
#define LINE_MOST_MS  100u

static uint64_t slept_ms(const tally_kit_t *kit, uint32_t most_ms) {
    const uint64_t begin_ms = tally_kit_now_ms(kit);
    kit->setup->sleep(kit->setup->ctx, most_ms);
    return tally_kit_now_ms(kit) - begin_ms;
}

/* Uses up the wakes of whoever was there before. */
static void drain(const tally_kit_t *kit) {
    for (uint32_t i = 0; i < DRAIN_TRIES && slept_ms(kit, NAP_MS) < NAP_MS / 2u; i++) {
    }
}

/* Whether a wake ends the sleep after it; once is enough, other things may hold the device up. */
static bool ends_sleep(tally_kit_t *kit, void (*wake)(const tally_kit_t *kit)) {
    uint64_t slept = 0;
    for (uint32_t i = 0; i < TRIES; i++) {
        drain(kit);
        wake(kit);
        slept = slept_ms(kit, SLEEP_MS);
        if (slept < ENDED_MS) {
            return true;
        }
    }
    return tally_kit_saw(kit, "ms slept of 1,000:", (int64_t)slept);
}

static void wake_plainly(const tally_kit_t *kit) {
    kit->port->wake(kit->port->ctx);
}

uint8_t tally_check_wake_kept(tally_kit_t *kit) {
    if (kit->setup->sleep == NULL) {
        return tally_kit_unchecked(kit, "no helper sleep");
    }
    return tally_kit_judge(ends_sleep(kit, wake_plainly));
}

static void wake_inside(const tally_kit_t *kit) {
    const uint32_t state = kit->port->critical_enter(kit->port->ctx);
    kit->port->wake(kit->port->ctx);
    kit->port->critical_leave(kit->port->ctx, state);
}

uint8_t tally_check_wake_in_critical(tally_kit_t *kit) {
    return tally_kit_judge(ends_sleep(kit, wake_inside));
}

typedef struct {
    const tally_kit_t *kit;
    volatile uint64_t due_ms;
    volatile bool is_armed;
    volatile bool has_woken;
} alarm_t;

static void ring(void *argument) {
    alarm_t *const alarm = argument;
    if (alarm->is_armed && tally_kit_now_ms(alarm->kit) >= alarm->due_ms) {
        alarm->is_armed = false;
        alarm->has_woken = true;
        alarm->kit->port->wake(alarm->kit->port->ctx);
    }
}

uint8_t tally_check_wake_elsewhere(tally_kit_t *kit) {
    const tally_conformance_setup_t *const setup = kit->setup;
    if (setup->begin_others == NULL || setup->end_others == NULL) {
        return tally_kit_unchecked(kit, "no helper begin_others");
    }
    alarm_t alarm = {.kit = kit};
    if (setup->begin_others(setup->ctx, ring, &alarm) != TALLY_OK) {
        return tally_kit_unchecked(kit, "begin_others() failed");
    }
    uint64_t slept = SLEEP_MS;
    for (uint32_t i = 0; i < TRIES && slept >= ENDED_MS; i++) {
        drain(kit);
        alarm.due_ms = tally_kit_now_ms(kit) + IN_SLEEP_MS;
        alarm.is_armed = true;
        slept = slept_ms(kit, SLEEP_MS);
        alarm.is_armed = false;
    }
    setup->end_others(setup->ctx);
    if (!alarm.has_woken) {
        return tally_kit_unchecked(kit, "begin_others() did not call");
    }
    (void)tally_kit_saw(kit, "ms slept of 1,000:", (int64_t)slept);
    return tally_kit_judge(slept < ENDED_MS);
}

uint8_t tally_check_wake_many(tally_kit_t *kit) {
    drain(kit);
    for (uint32_t i = 0; i < WAKES; i++) {
        kit->port->wake(kit->port->ctx);
    }
    uint32_t cut = 0;
    for (uint32_t i = 0; i < NAPS; i++) {
        cut += slept_ms(kit, NAP_MS) < NAP_MS / 2u ? 1u : 0u;
    }
    if (cut > NAPS_CUT_MOST) {
        return tally_kit_failed(kit, "of 20 sleeps were cut short:", cut);
    }
    return TALLY_CONFORMANCE_PASSED;
}

/* ---- log ------------------------------------------------------------------------------------ */

static void log_all(const tally_kit_t *kit, const char *text) {
    static const int32_t values[] = {0, 1, INT32_MAX, TALLY_E_IO, INT32_MIN};
    for (int level = TALLY_LOG_ERROR; level <= TALLY_LOG_DEBUG; level++) {
        for (uint32_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            kit->port->log(kit->port->ctx, (enum tally_log_level)level, i, text, values[i]);
        }
    }
}

uint8_t tally_check_log_levels(tally_kit_t *kit) {
    log_all(kit, "a line of the conformance kit");
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_log_no_text(tally_kit_t *kit) {
    log_all(kit, NULL);
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_log_waits(tally_kit_t *kit) {
    uint64_t shortest_ms = UINT64_MAX;
    for (uint32_t i = 0; i < LINES; i++) {
        const uint64_t begin_ms = tally_kit_now_ms(kit);
        kit->port->log(kit->port->ctx, TALLY_LOG_WARNING, 0, "a line that should not wait", 0);
        const uint64_t took_ms = tally_kit_now_ms(kit) - begin_ms;
        shortest_ms = took_ms < shortest_ms ? took_ms : shortest_ms;
    }
    if (shortest_ms > LINE_MOST_MS) {
        return tally_kit_failed(kit, "ms for a line:", (int64_t)shortest_ms);
    }
    return TALLY_CONFORMANCE_PASSED;
}
