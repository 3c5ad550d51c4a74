/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of the registry, and its past: agent/registry.ledger has every key that was ever on the
 * wire, one a line, with what must never change about it:
 *
 *     key symbol kind unit group [retired]
 *
 * tally-schema writes it and looks after its hash; here the agent's own tables are held against it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "metrics.h"
#include "tally/enums.h"
#include "test.h"

enum { LINE_MOST = 128, LINES_MOST = 2048 };

typedef struct {
    const char *symbol;
    const char *key;
    const char *kind;
    const char *unit;
    const char *group; /* its letter */
    const char *meaning;
} row_t;

/* The letter of a metric's group stands in the line of the group, above it. */
static const struct {
    const char *letter;
    const char *meaning;
} groups[] = {
#define TALLY_GROUP(group, group_letter, group_meaning)                                            \
    {.letter = (const char[]){group_letter, '\0'}, .meaning = (group_meaning)},
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning)
#define TALLY_GROUP_END(group)
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
};

static row_t rows[] = {
#define TALLY_GROUP(group, letter, meaning)
#define TALLY_METRIC(row_symbol, row_key, row_kind, row_unit, role, privacy, row_meaning)          \
    {.symbol = #row_symbol,                                                                        \
     .key = (row_key),                                                                             \
     .kind = #row_kind,                                                                            \
     .unit = #row_unit,                                                                            \
     .meaning = (row_meaning)},
#define TALLY_GROUP_END(group)
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
};

/* The ledger's lines, read once. */
static char ledger[LINES_MOST][LINE_MOST];
static uint32_t ledger_lines;

static int read_ledger(void) {
    FILE *const file = fopen(REGISTRY_LEDGER, "r");
    assert_non_null(file);
    while (fgets(ledger[ledger_lines], LINE_MOST, file) != NULL) {
        char *const line = ledger[ledger_lines];
        line[strcspn(line, "\n")] = '\0';
        ledger_lines++;
        assert_true(ledger_lines < LINES_MOST);
    }
    return fclose(file);
}

static int set_up(void **state) {
    (void)state;
    for (uint32_t group = 0; group < TALLY_GROUPS; group++) {
        for (uint32_t i = tally_group_infos[group].first; i < tally_group_infos[group].end; i++) {
            rows[i].group = groups[group].letter;
        }
    }
    return read_ledger();
}

static bool is_key_character(char character) {
    return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9');
}

/* --- rules ---------------------------------------------------------------------------------- */

static void test_registry_keys_are_a_letter_and_a_letter_or_digit(void **state) {
    (void)state;
    for (uint32_t i = 0; i < TALLY_METRICS; i++) {
        if (strlen(rows[i].key) != 2 || !is_key_character(rows[i].key[1]) || rows[i].key[0] < 'a' ||
            rows[i].key[0] > 'z') {
            fail_msg("%s: key \"%s\"", rows[i].symbol, rows[i].key);
        }
    }
}

static void test_registry_keys_are_unique(void **state) {
    (void)state;
    for (uint32_t i = 0; i < TALLY_METRICS; i++) {
        for (uint32_t j = i + 1; j < TALLY_METRICS; j++) {
            if (strcmp(rows[i].key, rows[j].key) == 0) {
                fail_msg("%s: key of %s and %s", rows[i].key, rows[i].symbol, rows[j].symbol);
            }
        }
    }
}

static void test_registry_keys_are_in_order_within_their_group(void **state) {
    (void)state;
    for (uint32_t i = 1; i < TALLY_METRICS; i++) {
        if (strcmp(rows[i - 1].group, rows[i].group) == 0 &&
            strcmp(rows[i - 1].key, rows[i].key) >= 0) {
            fail_msg("%s stands before %s", rows[i - 1].key, rows[i].key);
        }
    }
}

static void test_registry_groups_are_in_order_of_their_letters(void **state) {
    (void)state;
    for (uint32_t i = 1; i < TALLY_GROUPS; i++) {
        assert_true(groups[i - 1].letter[0] < groups[i].letter[0]);
    }
}

static void test_registry_letters_are_not_those_of_a_records_own_keys(void **state) {
    (void)state;
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        assert_in_range(groups[i].letter[0], 'a', 'z');
        assert_null(strchr("ckqsuw", groups[i].letter[0]));
    }
}

static void test_registry_groups_fit_a_capability_set(void **state) {
    (void)state;
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        const uint32_t count = (uint32_t)tally_group_infos[i].end - tally_group_infos[i].first;
        assert_in_range(count, 1, 53);
    }
}

static void test_registry_everything_has_a_meaning(void **state) {
    (void)state;
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        assert_true(strlen(groups[i].meaning) > 0);
    }
    for (uint32_t i = 0; i < TALLY_METRICS; i++) {
        if (strlen(rows[i].meaning) == 0) {
            fail_msg("%s has no meaning", rows[i].symbol);
        }
    }
}

/* --- lists of values ------------------------------------------------------------------------ */

typedef struct {
    int32_t value;
    const char *name;
    const char *meaning;
} item_t;

#define ITEM(symbol, item_value, item_name, item_meaning)                                          \
    {.value = (item_value), .name = (item_name), .meaning = (item_meaning)},

/* The values of a list count from 0 without a gap: the agent checks them by the last one. */
static void check_list(const char *list, const item_t *items, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].value != (int32_t)i || strlen(items[i].name) == 0 ||
            strlen(items[i].meaning) == 0) {
            fail_msg("%s: value %u is %d, \"%s\": \"%s\"", list, (unsigned)i, (int)items[i].value,
                     items[i].name, items[i].meaning);
        }
        for (uint32_t j = i + 1; j < count; j++) {
            if (strcmp(items[i].name, items[j].name) == 0) {
                fail_msg("%s: %s is there twice", list, items[i].name);
            }
        }
    }
}

#define CHECK_LIST(symbol, list)                                                                   \
    {                                                                                              \
        static const item_t items[] = {list(ITEM)};                                                \
        check_list(#symbol, items, sizeof items / sizeof items[0]);                                \
    }

static void test_registry_lists_count_from_0_and_have_no_name_twice(void **state) {
    (void)state;
    TALLY_LISTS(CHECK_LIST)
    CHECK_LIST(SWITCH, TALLY_SWITCHES)
    CHECK_LIST(AD_END, TALLY_AD_ENDS)
    CHECK_LIST(CAUSE, TALLY_CAUSES)
}

/* --- records -------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    const char *groups;
    const char *meaning;
    char letter;
} kind_t;

static const kind_t kinds[] = {
#define KIND(symbol, kind_letter, kind_name, kind_groups, kind_meaning)                            \
    {.name = (kind_name),                                                                          \
     .groups = (kind_groups),                                                                      \
     .meaning = (kind_meaning),                                                                    \
     .letter = (kind_letter)},
    TALLY_RECORDS(KIND)
#undef KIND
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void test_registry_kinds_of_records_are_told_apart(void **state) {
    (void)state;
    for (uint32_t i = 0; i < KINDS; i++) {
        assert_in_range(kinds[i].letter, 'a', 'z');
        assert_true(strlen(kinds[i].meaning) > 0);
        for (uint32_t j = i + 1; j < KINDS; j++) {
            assert_int_not_equal(kinds[i].letter, kinds[j].letter);
            assert_string_not_equal(kinds[i].name, kinds[j].name);
        }
    }
}

static bool is_group(char letter) {
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        if (groups[i].letter[0] == letter) {
            return true;
        }
    }
    return letter == 'z'; /* a vendor's, on boards that have one */
}

static void test_registry_groups_of_records_are_known_and_in_order(void **state) {
    (void)state;
    for (uint32_t i = 0; i < KINDS; i++) {
        for (const char *letter = kinds[i].groups; *letter != '\0'; letter++) {
            if (!is_group(*letter) || (letter[1] != '\0' && letter[0] >= letter[1])) {
                fail_msg("%s: groups \"%s\"", kinds[i].name, kinds[i].groups);
            }
        }
    }
}

/* --- the past ------------------------------------------------------------------------------- */

static void write_line(const row_t *row, char line[LINE_MOST]) {
    (void)snprintf(line, LINE_MOST, "%s %s %s %s %s", row->key, row->symbol, row->kind, row->unit,
                   row->group);
}

/* Whether the ledger has this line, and whether it has its key. */
static bool is_in_ledger(const char *wanted, bool *key_known) {
    bool found = false;
    *key_known = false;
    for (uint32_t i = 0; i < ledger_lines; i++) {
        found = found || strcmp(ledger[i], wanted) == 0;
        *key_known = *key_known || strncmp(ledger[i], wanted, 3) == 0;
    }
    return found;
}

static void test_registry_metrics_are_as_the_ledger_has_them(void **state) {
    (void)state;
    for (uint32_t i = 0; i < TALLY_METRICS; i++) {
        char line[LINE_MOST];
        bool key_known;
        write_line(&rows[i], line);
        const bool found = is_in_ledger(line, &key_known);
        if (!found && key_known) {
            fail_msg("a key never changes and is never used again: \"%s\"", line);
        }
        if (!found) {
            fail_msg("new key; in the same commit, run make schema for it: \"%s\"", line);
        }
    }
}

static bool is_retired(const char *ledger_line) {
    static const char mark[] = " retired";
    const size_t length = strlen(ledger_line);
    return length > strlen(mark) && strcmp(ledger_line + length - strlen(mark), mark) == 0;
}

static bool is_in_registry(const char *ledger_line) {
    for (uint32_t i = 0; i < TALLY_METRICS; i++) {
        char line[LINE_MOST];
        write_line(&rows[i], line);
        if (strcmp(line, ledger_line) == 0) {
            return true;
        }
    }
    return false;
}

static void test_registry_no_metric_of_the_ledger_is_missing(void **state) {
    (void)state;
    assert_true(ledger_lines > TALLY_METRICS);
    for (uint32_t i = 0; i < ledger_lines; i++) {
        const char *const line = ledger[i];
        if (line[0] != '#' && !is_retired(line) && !is_in_registry(line)) {
            fail_msg("\"%s\" is gone from metrics.def: make schema retires it", line);
        }
    }
}

static void test_registry_ledger_is_of_this_version(void **state) {
    (void)state;
    char wanted[LINE_MOST];
    bool found = false;
    (void)snprintf(wanted, sizeof wanted, "# registry version %d, hash ", TALLY_REGISTRY_VERSION);
    for (uint32_t i = 0; i < ledger_lines; i++) {
        found = found || strncmp(ledger[i], wanted, strlen(wanted)) == 0;
    }
    assert_true(found);
}

/* --- the hash ------------------------------------------------------------------------------- */

/* FNV-1a as its authors give it, over key and kind of every metric. */
static void test_registry_hash_is_fnv_1a_of_keys_and_kinds(void **state) {
    (void)state;
    uint32_t hash = 0x811C9DC5;
    for (uint32_t i = 0; i < TALLY_METRICS; i++) {
        hash = (hash ^ (uint8_t)rows[i].key[0]) * 0x01000193;
        hash = (hash ^ (uint8_t)rows[i].key[1]) * 0x01000193;
        hash = (hash ^ tally_metric_infos[i].kind) * 0x01000193;
    }
    assert_int_equal(tally_metrics_hash(), hash);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry_keys_are_a_letter_and_a_letter_or_digit),
        cmocka_unit_test(test_registry_keys_are_unique),
        cmocka_unit_test(test_registry_keys_are_in_order_within_their_group),
        cmocka_unit_test(test_registry_groups_are_in_order_of_their_letters),
        cmocka_unit_test(test_registry_letters_are_not_those_of_a_records_own_keys),
        cmocka_unit_test(test_registry_groups_fit_a_capability_set),
        cmocka_unit_test(test_registry_everything_has_a_meaning),
        cmocka_unit_test(test_registry_lists_count_from_0_and_have_no_name_twice),
        cmocka_unit_test(test_registry_kinds_of_records_are_told_apart),
        cmocka_unit_test(test_registry_groups_of_records_are_known_and_in_order),
        cmocka_unit_test(test_registry_metrics_are_as_the_ledger_has_them),
        cmocka_unit_test(test_registry_no_metric_of_the_ledger_is_missing),
        cmocka_unit_test(test_registry_ledger_is_of_this_version),
        cmocka_unit_test(test_registry_hash_is_fnv_1a_of_keys_and_kinds),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
