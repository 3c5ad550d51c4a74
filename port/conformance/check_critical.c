/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "kit.h"

#define ROUNDS          30u
#define HELD_MS         3u
#define CALLS_MOST      200000u
#define OTHERS_LIMIT_MS 2000u

/* What an interrupt or another thread finds at the section, one turn after the other. */
typedef struct {
    const tally_port_t *port;
    volatile uint32_t attempts;
    volatile uint32_t passes;
    volatile bool is_inside;       /* the agent task is */
    volatile bool other_is_inside; /* the other is */
    volatile bool has_met;
} section_t;

static void turn(void *argument) {
    section_t *const section = argument;
    section->attempts++;
    const uint32_t state = section->port->critical_enter(section->port->ctx);
    section->other_is_inside = true;
    if (section->is_inside) {
        section->has_met = true;
    }
    section->passes++;
    section->other_is_inside = false;
    section->port->critical_leave(section->port->ctx, state);
}

static bool begin_others(tally_kit_t *kit, section_t *section) {
    const tally_conformance_setup_t *const setup = kit->setup;
    if (setup->begin_others == NULL || setup->end_others == NULL) {
        kit->note = "no helper begin_others";
        return false;
    }
    if (setup->begin_others(setup->ctx, turn, section) != TALLY_OK) {
        kit->note = "begin_others() failed";
        return false;
    }
    return true;
}

/* Whether `counter` has moved on within the limit. */
static bool moves(const tally_kit_t *kit, const volatile uint32_t *counter) {
    const uint32_t before = *counter;
    for (uint32_t ms = 0; ms < OTHERS_LIMIT_MS && *counter == before; ms++) {
        (void)tally_kit_wait(kit, 1);
    }
    return *counter != before;
}

uint8_t tally_check_critical_leaves(tally_kit_t *kit) {
    section_t section = {.port = kit->port};
    if (!begin_others(kit, &section)) {
        return tally_kit_unchecked(kit, kit->note);
    }
    const bool there_are = moves(kit, &section.passes);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const uint32_t state = kit->port->critical_enter(kit->port->ctx);
        kit->port->critical_leave(kit->port->ctx, state);
    }
    const bool get_in = moves(kit, &section.passes);
    kit->setup->end_others(kit->setup->ctx);
    if (!there_are) {
        return tally_kit_unchecked(kit, "begin_others() did not call");
    }
    if (!get_in) {
        return tally_kit_failed(kit, "turns of the others before they stopped:", section.passes);
    }
    return TALLY_CONFORMANCE_PASSED;
}

/* How often the clock can be read in HELD_MS: in the section time may stand still. */
static uint32_t calls_while_held(const tally_kit_t *kit) {
    const uint64_t begin_ms = tally_kit_now_ms(kit);
    uint32_t calls = 0;
    while (calls < CALLS_MOST && tally_kit_now_ms(kit) < begin_ms + HELD_MS) {
        calls++;
    }
    return calls;
}

/* Stays in the section for as long as it takes the others to come, or for some milliseconds. */
static void hold(const tally_kit_t *kit, section_t *section, uint32_t calls) {
    const uint32_t state = kit->port->critical_enter(kit->port->ctx);
    section->is_inside = true;
    for (uint32_t call = 0; call < calls && !section->has_met; call++) {
        section->has_met = section->other_is_inside;
        (void)tally_kit_now_ms(kit);
    }
    section->is_inside = false;
    kit->port->critical_leave(kit->port->ctx, state);
}

uint8_t tally_check_critical_excludes(tally_kit_t *kit) {
    section_t section = {.port = kit->port};
    const uint32_t calls = calls_while_held(kit);
    if (!begin_others(kit, &section)) {
        return tally_kit_unchecked(kit, kit->note);
    }
    uint32_t held = 0;
    while (held < ROUNDS && !section.has_met) {
        hold(kit, &section, calls);
        (void)moves(kit, &section.passes);
        held++;
    }
    kit->setup->end_others(kit->setup->ctx);
    if (section.has_met) {
        return tally_kit_failed(kit, "met in round", held);
    }
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_critical_restores(tally_kit_t *kit) {
    const tally_conformance_setup_t *const setup = kit->setup;
    if (setup->mask == NULL || setup->is_masked == NULL) {
        return tally_kit_unchecked(kit, "no helper mask");
    }
    setup->mask(setup->ctx, true);
    const bool was_masked = setup->is_masked(setup->ctx);
    const uint32_t state = kit->port->critical_enter(kit->port->ctx);
    kit->port->critical_leave(kit->port->ctx, state);
    const bool stayed_masked = setup->is_masked(setup->ctx);
    setup->mask(setup->ctx, false);
    if (!was_masked) {
        return tally_kit_unchecked(kit, "mask() did not mask");
    }
    if (!stayed_masked) {
        return tally_kit_failed(kit, "state given to critical_leave():", state);
    }
    return TALLY_CONFORMANCE_PASSED;
}
