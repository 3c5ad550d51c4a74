/* SPDX-License-Identifier: Apache-2.0 */
/* The run: one rule after the other, and a line for each. */
#include "kit.h"

#include <stddef.h>
#include <string.h>

#define ALIGNMENT 16u

typedef struct {
    const char *name;
    const char *wrong;
    const char *words;
    uint8_t (*check)(tally_kit_t *kit);
    uint8_t needs;
} rule_t;

static const rule_t rules[TALLY_RULE_END] = {
#define ROW(symbol, name, needs, wrong, words)                                                     \
    [TALLY_RULE_##symbol] = {#name, wrong, words, tally_check_##name, TALLY_RULE_##needs},
    TALLY_CONFORMANCE_RULES(ROW)
#undef ROW
};

_Static_assert((int)TALLY_RULE_END <= UINT8_MAX, "rules are kept in bytes");

static const rule_t *rule_of(enum tally_conformance_rule rule) {
    return rule > TALLY_RULE_NONE && rule < TALLY_RULE_END ? &rules[rule] : NULL;
}

const char *tally_conformance_rule_name(enum tally_conformance_rule rule) {
    const rule_t *const row = rule_of(rule);
    return row != NULL ? row->name : NULL;
}

const char *tally_conformance_rule_wrong(enum tally_conformance_rule rule) {
    const rule_t *const row = rule_of(rule);
    return row != NULL ? row->wrong : NULL;
}

const char *tally_conformance_rule_words(enum tally_conformance_rule rule) {
    const rule_t *const row = rule_of(rule);
    return row != NULL ? row->words : NULL;
}

/* ---- for the checks ------------------------------------------------------------------------- */

bool tally_kit_saw(tally_kit_t *kit, const char *note, int64_t value) {
    kit->note = note;
    kit->value = value;
    kit->has_value = true;
    return false;
}

uint8_t tally_kit_failed(tally_kit_t *kit, const char *note, int64_t value) {
    (void)tally_kit_saw(kit, note, value);
    return TALLY_CONFORMANCE_FAILED;
}

uint8_t tally_kit_unchecked(tally_kit_t *kit, const char *note) {
    kit->note = note;
    kit->has_value = false;
    return TALLY_CONFORMANCE_NOT_CHECKED;
}

uint8_t tally_kit_judge(bool is_right) {
    return is_right ? TALLY_CONFORMANCE_PASSED : TALLY_CONFORMANCE_FAILED;
}

uint64_t tally_kit_now_ms(const tally_kit_t *kit) {
    return kit->port->monotonic_ms(kit->port->ctx);
}

/* Never 0, so that who adds up what it waited comes to an end. */
uint32_t tally_kit_wait(const tally_kit_t *kit, uint32_t ms) {
    const uint32_t waited_ms = kit->setup->wait_ms(kit->setup->ctx, ms);
    return waited_ms > 0 ? waited_ms : 1u;
}

void tally_kit_guard(const tally_kit_t *kit, uint32_t size, uint8_t fill) {
    memset(kit->data - TALLY_KIT_GUARD, fill, size + 2u * TALLY_KIT_GUARD);
}

bool tally_kit_guarded(const tally_kit_t *kit, uint32_t size, uint8_t fill) {
    bool whole = true;
    for (uint32_t i = 0; i < TALLY_KIT_GUARD; i++) {
        whole = whole && kit->data[size + i] == fill && *(kit->data - 1u - i) == fill;
    }
    return whole;
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void put(const tally_kit_t *kit, const char *text) {
    kit->setup->put(kit->setup->ctx, text);
}

static void put_number(const tally_kit_t *kit, int64_t value) {
    char text[24];
    size_t at = sizeof text - 1u;
    uint64_t left = value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
    text[at] = '\0';
    do {
        text[--at] = (char)('0' + (char)(left % 10u));
        left /= 10u;
    } while (left != 0);
    if (value < 0) {
        text[--at] = '-';
    }
    put(kit, &text[at]);
}

static void put_note(const tally_kit_t *kit) {
    if (kit->note == NULL) {
        return;
    }
    put(kit, kit->note);
    if (kit->has_value) {
        put(kit, " ");
        put_number(kit, kit->value);
    }
}

static void put_verdict(const tally_kit_t *kit, const rule_t *rule, uint8_t verdict) {
    switch (verdict) {
    case TALLY_CONFORMANCE_PASSED: put(kit, "passed\n"); break;
    case TALLY_CONFORMANCE_FAILED:
        put(kit, "FAILED: ");
        put(kit, rule->wrong);
        put(kit, "\n    port.h: ");
        put(kit, rule->words);
        put(kit, "\n    seen: ");
        put_note(kit);
        put(kit, "\n");
        break;
    default:
        put(kit, "not checked: ");
        put_note(kit);
        put(kit, "\n");
    }
}

/* ---- the run -------------------------------------------------------------------------------- */

static uint8_t check(tally_kit_t *kit, const rule_t *rule) {
    kit->note = NULL;
    kit->has_value = false;
    if (rule->needs == TALLY_RULE_NONE || kit->now[rule->needs] == TALLY_CONFORMANCE_PASSED) {
        return rule->check(kit);
    }
    put(kit, "not checked: needs ");
    put(kit, rules[rule->needs].name);
    put(kit, "\n");
    return TALLY_CONFORMANCE_NOT_CHECKED;
}

/* The first rule of the part that a rule belongs to: whether it is given, and has all callbacks. */
static enum tally_conformance_rule part_of(uint32_t number) {
    if (number < TALLY_RULE_STORE_COMPLETE || number >= TALLY_RULE_RANDOM_BOOTS) {
        return TALLY_RULE_PORT_COMPLETE;
    }
    if (number < TALLY_RULE_TRANSPORT_COMPLETE) {
        return TALLY_RULE_STORE_COMPLETE;
    }
    return number < TALLY_RULE_VERIFIER_COMPLETE ? TALLY_RULE_TRANSPORT_COMPLETE
                                                 : TALLY_RULE_VERIFIER_COMPLETE;
}

static void run_rule(tally_kit_t *kit, uint32_t number) {
    const rule_t *const rule = &rules[number];
    const enum tally_conformance_rule part = part_of(number);
    if (number != part && kit->now[part] == TALLY_CONFORMANCE_NOT_CHECKED) {
        kit->now[number] = TALLY_CONFORMANCE_NOT_CHECKED;
        return;
    }
    put(kit, "conformance: ");
    put(kit, rule->name);
    if (kit->place != NULL) {
        put(kit, " (");
        put(kit, kit->place->name);
        put(kit, ")");
    }
    put(kit, " ... ");
    const uint8_t verdict = check(kit, rule);
    kit->now[number] = verdict;
    if (verdict != TALLY_CONFORMANCE_NOT_CHECKED || kit->note != NULL) {
        put_verdict(kit, rule, verdict);
    }
}

/* Failed with one store is failed; not checked with one is not passed. */
static uint8_t both(uint8_t one, uint8_t other) {
    if (one == TALLY_CONFORMANCE_FAILED || other == TALLY_CONFORMANCE_FAILED) {
        return TALLY_CONFORMANCE_FAILED;
    }
    return one < other ? one : other;
}

static void run_rules(tally_kit_t *kit, tally_conformance_result_t *result, uint32_t first,
                      uint32_t end) {
    for (uint32_t number = first; number < end; number++) {
        run_rule(kit, number);
        result->verdicts[number] = kit->now[number];
    }
}

static void run_stores(tally_kit_t *kit, tally_conformance_result_t *result) {
    const uint32_t first = TALLY_RULE_STORE_COMPLETE;
    const uint32_t end = TALLY_RULE_TRANSPORT_COMPLETE;
    const uint32_t count = kit->setup->stores != NULL ? kit->setup->store_count : 0;
    if (count == 0) {
        run_rules(kit, result, first, end);
    }
    uint8_t all[TALLY_RULE_END];
    memset(all, TALLY_CONFORMANCE_PASSED, sizeof all);
    for (uint32_t i = 0; i < count; i++) {
        kit->place = &kit->setup->stores[i];
        kit->store = kit->place->store;
        run_rules(kit, result, first, end);
        for (uint32_t number = first; number < end; number++) {
            all[number] = both(all[number], kit->now[number]);
            result->verdicts[number] = all[number];
        }
        tally_kit_leave_mark(kit);
    }
    kit->place = NULL;
    kit->store = NULL;
}

static void count(tally_conformance_result_t *result) {
    for (uint32_t number = TALLY_RULE_NONE + 1u; number < TALLY_RULE_END; number++) {
        switch (result->verdicts[number]) {
        case TALLY_CONFORMANCE_PASSED: result->passed++; break;
        case TALLY_CONFORMANCE_FAILED: result->failed++; break;
        default: result->not_checked++;
        }
    }
}

static void put_result(const tally_kit_t *kit, const tally_conformance_result_t *result) {
    put(kit, "conformance: ");
    put_number(kit, result->passed);
    put(kit, " passed, ");
    put_number(kit, result->failed);
    put(kit, " failed, ");
    put_number(kit, result->not_checked);
    put(kit, " not checked\n");
}

static bool is_usable(const tally_conformance_setup_t *setup) {
    return setup->put != NULL && setup->wait_ms != NULL && setup->scratch != NULL &&
           setup->scratch_bytes >= TALLY_CONFORMANCE_SCRATCH_LEAST &&
           setup->store_count <= TALLY_KIT_STORES_MOST;
}

static void begin(tally_kit_t *kit, const tally_conformance_setup_t *setup) {
    memset(kit, 0, sizeof *kit);
    kit->setup = setup;
    kit->port = setup->port;
    const uintptr_t start = (uintptr_t)setup->scratch + TALLY_KIT_GUARD;
    const uint32_t skipped = (uint32_t)((ALIGNMENT - start % ALIGNMENT) % ALIGNMENT);
    kit->data = setup->scratch + TALLY_KIT_GUARD + skipped;
    kit->room = setup->scratch_bytes - skipped - 2u * TALLY_KIT_GUARD;
}

/* Before anything else draws some: a boot may always begin with the same. */
static void draw_first(tally_kit_t *kit) {
    if (kit->port == NULL || kit->port->random == NULL) {
        return;
    }
    put(kit, "conformance: the first random numbers of this boot\n");
    (void)kit->port->random(kit->port->ctx, kit->random_now, sizeof kit->random_now);
}

int32_t tally_conformance_run(tally_conformance_result_t *result,
                              const tally_conformance_setup_t *setup) {
    if (result == NULL || setup == NULL || !is_usable(setup)) {
        return TALLY_E_ARGUMENT;
    }
    tally_kit_t kit;
    begin(&kit, setup);
    memset(result, 0, sizeof *result);
    draw_first(&kit);
    run_rules(&kit, result, TALLY_RULE_PORT_COMPLETE, TALLY_RULE_STORE_COMPLETE);
    run_stores(&kit, result);
    run_rules(&kit, result, TALLY_RULE_TRANSPORT_COMPLETE, TALLY_RULE_END);
    count(result);
    put_result(&kit, result);
    if (setup->run == TALLY_CONFORMANCE_FIRST_RUN && setup->restart != NULL) {
        put(&kit, "conformance: restart\n");
        setup->restart(setup->ctx);
    }
    return (int32_t)result->failed;
}
