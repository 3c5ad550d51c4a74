/* SPDX-License-Identifier: Apache-2.0 */
/* What a daemon may answer, and everything else. */
#include "dice.h"
#include "test.h"

#include <string.h>

#include "answer.h"

#define READ(out, ...)                                                                             \
    tally_answer_read((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), (out))

static void test_answer_says_how_many_are_dealt_with(void **state) {
    (void)state;
    tally_answer_t answer;
    assert_true(READ(&answer, 0xA1, 0x61, 'n', 0x00));
    assert_int_equal(answer.done, 0);
    assert_true(READ(&answer, 0xA1, 0x61, 'n', 0x17));
    assert_int_equal(answer.done, 23);
    assert_true(READ(&answer, 0xA1, 0x61, 'n', 0x18, 0x18));
    assert_int_equal(answer.done, 24);
    assert_true(READ(&answer, 0xA1, 0x61, 'n', 0x19, 0x01, 0x00));
    assert_int_equal(answer.done, 256);
    assert_true(READ(&answer, 0xA1, 0x61, 'n', 0x1A, 0xFF, 0xFF, 0xFF, 0xFF));
    assert_int_equal(answer.done, UINT32_MAX);
    assert_int_equal(answer.refused, 0);
}

static void test_answer_says_how_many_of_them_are_refused(void **state) {
    (void)state;
    tally_answer_t answer;
    assert_true(READ(&answer, 0xA2, 0x61, 'n', 0x18, 0x40, 0x61, 'z', 0x02));
    assert_int_equal(answer.done, 64);
    assert_int_equal(answer.refused, 2);
    assert_true(READ(&answer, 0xA2, 0x61, 'n', 0x02, 0x61, 'z', 0x02));
    assert_false(READ(&answer, 0xA2, 0x61, 'n', 0x02, 0x61, 'z', 0x03));
}

static void test_answer_in_another_form_is_none(void **state) {
    (void)state;
    tally_answer_t answer;
    assert_false(tally_answer_read((const uint8_t *)"", 0, &answer));
    assert_false(READ(&answer, 0xA0));
    assert_false(READ(&answer, 0xA1, 0x61, 'z', 0x00));
    assert_false(READ(&answer, 0xA2, 0x61, 'n', 0x01));
    assert_false(READ(&answer, 0xA2, 0x61, 'z', 0x01, 0x61, 'n', 0x01)); /* order */
    assert_false(READ(&answer, 0xA2, 0x61, 'n', 0x01, 0x61, 'n', 0x01)); /* twice */
    assert_false(READ(&answer, 0xA1, 0x61, 'n', 0x18, 0x17));            /* longer than needed */
    assert_false(READ(&answer, 0xA1, 0x61, 'n', 0x19, 0x00, 0xFF));
    assert_false(READ(&answer, 0xA1, 0x61, 'n', 0x1A, 0x00, 0x00, 0xFF, 0xFF));
    assert_false(READ(&answer, 0xA1, 0x61, 'n', 0x1B, 0, 0, 0, 1, 0, 0, 0, 0)); /* 64 bits */
    assert_false(READ(&answer, 0xA1, 0x61, 'n', 0x20));                         /* negative */
    assert_false(READ(&answer, 0xBF, 0x61, 'n', 0x01, 0xFF));                   /* indefinite */
    assert_false(READ(&answer, 0xA1, 0x61, 'n', 0x01, 0x00));                   /* and more */
}

/* Cut anywhere an answer is none, and bytes behind the cut are not looked at: the sanitizer sees.
 */
static void test_answer_that_is_cut_is_none(void **state) {
    (void)state;
    static const uint8_t whole[TALLY_ANSWER_BYTES] = {
        0xA2, 0x61, 'n', 0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0x61, 'z', 0x1A, 0x00, 0x01, 0x00, 0x00};
    tally_answer_t answer;
    assert_true(tally_answer_read(whole, sizeof whole, &answer));
    for (uint32_t size = 0; size < sizeof whole; size++) {
        uint8_t *const cut = test_malloc(size);
        memcpy(cut, whole, size);
        assert_false(tally_answer_read(cut, size, &answer));
        test_free(cut);
    }
}

static uint32_t write_number(uint8_t *out, uint32_t number) {
    const uint32_t bytes = number < 24 ? 0 : number < 0x100 ? 1 : number < 0x10000 ? 2 : 4;
    out[0] = (uint8_t)(bytes == 0 ? number : bytes == 1 ? 24 : bytes == 2 ? 25 : 26);
    for (uint32_t i = 0; i < bytes; i++) {
        out[1 + i] = (uint8_t)(number >> (8 * (bytes - 1 - i)));
    }
    return 1 + bytes;
}

static uint32_t write_answer(uint8_t *out, const tally_answer_t *answer) {
    const bool has_refused = out[0] == 0xA2;
    out[1] = 0x61;
    out[2] = 'n';
    uint32_t size = 3 + write_number(out + 3, answer->done);
    if (has_refused) {
        out[size++] = 0x61;
        out[size++] = 'z';
        size += write_number(out + size, answer->refused);
    }
    return size;
}

/* Whatever is taken for an answer is, byte for byte, what the two numbers are written as. */
static void test_answer_has_one_form_only(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    uint32_t taken = 0;
    for (uint32_t round = 0; round < 300000; round++) {
        uint8_t bytes[32] = {0};
        tally_answer_t answer = {.done = (uint32_t)(dice_bits(&dice) >> dice_roll(&dice, 64)),
                                 .refused = (uint32_t)(dice_bits(&dice) >> dice_roll(&dice, 64))};
        bytes[0] = dice_roll(&dice, 2) == 0 ? 0xA1 : 0xA2;
        const uint32_t size = write_answer(bytes, &answer);
        for (uint32_t flips = dice_roll(&dice, 3); flips > 0; flips--) {
            bytes[dice_roll(&dice, size)] ^= (uint8_t)(1u << dice_roll(&dice, 8));
        }
        if (tally_answer_read(bytes, size, &answer)) {
            uint8_t again[32] = {bytes[0]};
            assert_int_equal(write_answer(again, &answer), size);
            assert_memory_equal(again, bytes, size);
            taken++;
        }
    }
    assert_in_range(taken, 300000 / 20, 300000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer_says_how_many_are_dealt_with),
        cmocka_unit_test(test_answer_says_how_many_of_them_are_refused),
        cmocka_unit_test(test_answer_in_another_form_is_none),
        cmocka_unit_test(test_answer_that_is_cut_is_none),
        cmocka_unit_test(test_answer_has_one_form_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
