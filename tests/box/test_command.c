/* SPDX-License-Identifier: Apache-2.0 */
/* Commands from a console where anybody may type anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "command.h"
#include "dice.h"

static const uint8_t *typed;
static size_t left;
static uint32_t asked; /* times a character was asked for */

static int32_t get(void) {
    asked++;
    if (left == 0) {
        return -1;
    }
    left--;
    return *typed++;
}

static void type(const void *data, size_t bytes) {
    typed = data;
    left = bytes;
}

static enum command next(command_reader_t *reader, const char *text) {
    type(text, strlen(text));
    return command_next(reader, get);
}

static void test_every_word_is_its_command(void **state) {
    (void)state;
    command_reader_t reader = {0};
#define IS_KNOWN(symbol, word) assert_int_equal(next(&reader, word "\n"), COMMAND_##symbol);
    COMMANDS(IS_KNOWN)
#undef IS_KNOWN
}

static void test_a_product_does_not_break_itself(void **state) {
    (void)state;
    command_reader_t reader = {0};
#if TALLY_PRODUCT
#define IS_OF_BENCH(symbol, word) assert_int_equal(next(&reader, word "\n"), COMMAND_UNKNOWN);
#else
#define IS_OF_BENCH(symbol, word) assert_int_equal(next(&reader, word "\n"), COMMAND_##symbol);
#endif
    COMMANDS_OF_BENCH(IS_OF_BENCH)
#undef IS_OF_BENCH
}

static void test_a_command_may_come_in_pieces_and_with_any_end_of_line(void **state) {
    (void)state;
    command_reader_t reader = {0};
    assert_int_equal(next(&reader, "\r\n\n\r"), COMMAND_NONE);
    assert_int_equal(next(&reader, "z"), COMMAND_NONE);
    assert_int_equal(next(&reader, "ap"), COMMAND_NONE);
    assert_int_equal(next(&reader, "\r"), COMMAND_ZAP);
    assert_int_equal(next(&reader, "\nflush\r\n"), COMMAND_FLUSH);
    assert_int_equal(command_next(&reader, get), COMMAND_NONE);
}

static void test_two_commands_are_two_calls(void **state) {
    (void)state;
    command_reader_t reader = {0};
    assert_int_equal(next(&reader, "zap\nresume\n"), COMMAND_ZAP);
    assert_int_equal(command_next(&reader, get), COMMAND_RESUME);
    assert_int_equal(command_next(&reader, get), COMMAND_NONE);
}

static void test_what_only_resembles_a_command_is_none(void **state) {
    (void)state;
    static const char *const lines[] = {"za\n",        "zapp\n",   "ZAP\n",      " zap\n",
                                        "zap \n",      "zapzap\n", "restart!\n", "restartx\n",
                                        "restart  \n", "\x80zap\n"};
    command_reader_t reader = {0};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(next(&reader, lines[i]), COMMAND_UNKNOWN);
    }
    type("zap\0\n", 5);
    assert_int_equal(command_next(&reader, get), COMMAND_UNKNOWN);
    type("\0\n", 2);
    assert_int_equal(command_next(&reader, get), COMMAND_UNKNOWN);
    assert_int_equal(next(&reader, "zap\n"), COMMAND_ZAP);
}

/* The line is one unknown command, when it ends; each call reads a part of it only. */
static void test_an_endless_line_costs_one_command_and_bounded_calls(void **state) {
    (void)state;
    static char line[10001];
    command_reader_t reader = {0};
    memset(line, 'z', sizeof line - 1);
    line[sizeof line - 1] = '\n';
    type(line, sizeof line);
    uint32_t calls = 0;
    enum command command = COMMAND_NONE;
    while (command == COMMAND_NONE && calls < sizeof line) {
        asked = 0;
        command = command_next(&reader, get);
        assert_true(asked <= 64);
        calls++;
    }
    assert_int_equal(command, COMMAND_UNKNOWN);
    assert_int_equal(left, 0);
    assert_int_equal(next(&reader, "zap\n"), COMMAND_ZAP);
}

static void test_after_any_rubbish_a_command_is_understood(void **state) {
    (void)state;
    static uint8_t rubbish[200];
    command_reader_t reader = {0};
    dice_t dice = dice_from_environment();
    for (uint32_t round = 0; round < 2000; round++) {
        for (size_t i = 0; i < sizeof rubbish; i++) {
            rubbish[i] = (uint8_t)dice_bits(&dice);
        }
        rubbish[sizeof rubbish - 1] = '\n';
        type(rubbish, sizeof rubbish);
        while (left > 0) {
            const enum command command = command_next(&reader, get);
            assert_true(command == COMMAND_NONE || command == COMMAND_UNKNOWN);
        }
        assert_int_equal(next(&reader, "standby\n"), COMMAND_STANDBY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_word_is_its_command),
        cmocka_unit_test(test_a_product_does_not_break_itself),
        cmocka_unit_test(test_a_command_may_come_in_pieces_and_with_any_end_of_line),
        cmocka_unit_test(test_two_commands_are_two_calls),
        cmocka_unit_test(test_what_only_resembles_a_command_is_none),
        cmocka_unit_test(test_an_endless_line_costs_one_command_and_bounded_calls),
        cmocka_unit_test(test_after_any_rubbish_a_command_is_understood),
    };
    return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
