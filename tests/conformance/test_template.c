/* SPDX-License-Identifier: Apache-2.0 */
/* The template, which has nothing yet, is told what it lacks: each thing by its rule. */
#include "test.h"

#include <string.h>

#include "tally_conformance.h"
#include "tally_template.h"

static char said[32 * 1024];
static uint8_t scratch[TALLY_CONFORMANCE_SCRATCH_LEAST];

static void put(void *ctx, const char *text) {
    (void)ctx;
    assert_true(strlen(said) + strlen(text) < sizeof said);
    (void)strcat(said, text);
}

static uint32_t wait_ms(void *ctx, uint32_t ms) {
    (void)ctx;
    return ms;
}

static bool is_one_of(enum tally_conformance_rule rule, const enum tally_conformance_rule *rules,
                      size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (rules[i] == rule) {
            return true;
        }
    }
    return false;
}

static void the_template_is_told_what_it_lacks(void **state) {
    (void)state;
    static const enum tally_conformance_rule broken[] = {
        TALLY_RULE_CLOCK_ADVANCES, TALLY_RULE_WALL_SET, TALLY_RULE_RANDOM_STATUS,
        TALLY_RULE_STORE_STATUS, TALLY_RULE_TRANSPORT_OPENS};
    static const enum tally_conformance_rule sound[] = {
        TALLY_RULE_PORT_COMPLETE,  TALLY_RULE_WALL_QUALITY,        TALLY_RULE_WALL_UNKNOWN,
        TALLY_RULE_WALL_UNPROVED,  TALLY_RULE_LOG_LEVELS,          TALLY_RULE_LOG_NO_TEXT,
        TALLY_RULE_STORE_COMPLETE, TALLY_RULE_STORE_PROGRAM_BYTES, TALLY_RULE_STORE_BLOCK_BYTES,
        TALLY_RULE_STORE_BLOCKS,   TALLY_RULE_TRANSPORT_COMPLETE,  TALLY_RULE_TRANSPORT_PROVED};
    const tally_peer_t echo = {"localhost", 7};
    tally_template_t board;
    tally_template_init(&board);
    const tally_conformance_store_t store = {
        .store = tally_template_store(&board), .name = "flash", .blocks_least = 6};
    const tally_conformance_setup_t setup = {
        .put = put,
        .wait_ms = wait_ms,
        .scratch = scratch,
        .scratch_bytes = sizeof scratch,
        .port = tally_template_port(&board),
        .stores = &store,
        .store_count = 1,
        .transport = tally_template_transport(&board),
        .echo = &echo,
    };
    tally_conformance_result_t result;
    assert_int_equal(tally_conformance_run(&result, &setup), sizeof broken / sizeof broken[0]);
    for (int i = TALLY_RULE_NONE + 1; i < TALLY_RULE_END; i++) {
        const enum tally_conformance_rule rule = (enum tally_conformance_rule)i;
        const bool is_broken = is_one_of(rule, broken, sizeof broken / sizeof broken[0]);
        const bool is_sound = is_one_of(rule, sound, sizeof sound / sizeof sound[0]);
        assert_int_equal(result.verdicts[rule], is_broken  ? TALLY_CONFORMANCE_FAILED
                                                : is_sound ? TALLY_CONFORMANCE_PASSED
                                                           : TALLY_CONFORMANCE_NOT_CHECKED);
        assert_true(!is_broken || strstr(said, tally_conformance_rule_wrong(rule)) != NULL);
    }
}

/* Exactly what README.md shows. */
static void the_lines_are_those_of_the_readme(void **state) {
    (void)state;
    assert_non_null(strstr(said, "conformance: clock_advances ... FAILED: monotonic_ms() stands "
                                 "still\n"
                                 "    port.h: Milliseconds since any fixed point\n"
                                 "    seen: the same all the time: 0\n"
                                 "conformance: clock_forward ... not checked: needs "
                                 "clock_advances\n"));
    assert_non_null(strstr(said, "conformance: 12 passed, 5 failed, 72 not checked\n"));
}

static void numbers_that_are_no_rule_have_no_name(void **state) {
    (void)state;
    assert_null(tally_conformance_rule_name(TALLY_RULE_NONE));
    assert_null(tally_conformance_rule_wrong(TALLY_RULE_END));
    assert_null(tally_conformance_rule_words((enum tally_conformance_rule)(TALLY_RULE_END + 1)));
    assert_string_equal(tally_conformance_rule_name(TALLY_RULE_WAKE_KEPT), "wake_kept");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_template_is_told_what_it_lacks),
        cmocka_unit_test(the_lines_are_those_of_the_readme),
        cmocka_unit_test(numbers_that_are_no_rule_have_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
