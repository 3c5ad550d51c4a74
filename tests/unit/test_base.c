/* SPDX-License-Identifier: Apache-2.0 */
/* What every stage may use and fits one page: texts and check sums. */
#include "crc32.h"
#include "tally/status.h"
#include "text.h"

#include "test.h"

/* --- text ----------------------------------------------------------------------------------- */

static void test_text_length_is_in_bytes(void **state) {
    (void)state;
    assert_int_equal(tally_text_length("", 64), 0);
    assert_int_equal(tally_text_length("Das Erste HD", 64), 12);
    assert_int_equal(tally_text_length("\xC3\xA9", 64), 2);         /* e acute */
    assert_int_equal(tally_text_length("\xE2\x82\xAC", 64), 3);     /* euro sign */
    assert_int_equal(tally_text_length("\xF0\x9F\x93\xBA", 64), 4); /* television */
    assert_int_equal(tally_text_length("A\xC3\xA9\xE2\x82\xAC", 64), 6);
}

static void test_text_must_be_shorter_than_its_limit(void **state) {
    (void)state;
    static const char no_end[] = {'a', 'b', 'c', 'd'};
    assert_int_equal(tally_text_length("abc", 4), 3);
    assert_int_equal(tally_text_length("abc", 3), TALLY_E_TOO_BIG);
    assert_int_equal(tally_text_length("abc", 0), TALLY_E_TOO_BIG);
    assert_int_equal(tally_text_length(no_end, sizeof no_end), TALLY_E_TOO_BIG);
}

static void test_text_is_not_read_beyond_its_limit(void **state) {
    (void)state;
    static const char cut_character[] = {'a', 'b', '\xE2', '\x82'};
    assert_int_equal(tally_text_length(cut_character, sizeof cut_character), TALLY_E_TOO_BIG);
}

static void test_text_first_and_last_of_each_utf8_length(void **state) {
    (void)state;
    assert_int_equal(tally_text_length("\x01\x7F", 8), 2);
    assert_int_equal(tally_text_length("\xC2\x80\xDF\xBF", 8), 4);
    assert_int_equal(tally_text_length("\xE0\xA0\x80\xEF\xBF\xBF", 8), 6);
    assert_int_equal(tally_text_length("\xED\x9F\xBF\xEE\x80\x80", 8), 6); /* around surrogates */
    assert_int_equal(tally_text_length("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", 16), 8);
}

static void assert_refused(const char *text) {
    assert_int_equal(tally_text_length(text, 64), TALLY_E_TEXT);
}

static void test_text_overlong_forms_are_refused(void **state) {
    (void)state;
    assert_refused("\xC0\x80"); /* NUL that would hide in a C string */
    assert_refused("\xC1\xBF");
    assert_refused("\xE0\x9F\xBF");
    assert_refused("\xF0\x8F\xBF\xBF");
}

static void test_text_surrogates_are_refused(void **state) {
    (void)state;
    assert_refused("\xED\xA0\x80");
    assert_refused("\xED\xBF\xBF");
}

static void test_text_beyond_unicode_is_refused(void **state) {
    (void)state;
    assert_refused("\xF4\x90\x80\x80");
    assert_refused("\xF5\x80\x80\x80");
    assert_refused("\xFF");
}

static void test_text_broken_sequences_are_refused(void **state) {
    (void)state;
    assert_refused("\x80"); /* a second byte without a first */
    assert_refused("\xC3"); /* ended by the NUL */
    assert_refused("\xE2\x82");
    assert_refused("\xF0\x9F\x93");
    assert_refused("\xE2\x82z"); /* ended by a letter */
    assert_refused("Caf\xE9");   /* Latin-1 */
}

/* --- crc32 ---------------------------------------------------------------------------------- */

static void test_crc32_check_value_of_iso_hdlc(void **state) {
    (void)state;
    assert_int_equal(tally_crc32(0, (const uint8_t *)"123456789", 9), 0xCBF43926);
}

static void test_crc32_of_nothing_and_of_single_bytes(void **state) {
    (void)state;
    assert_int_equal(tally_crc32(0, NULL, 0), 0);
    assert_int_equal(tally_crc32(0, (const uint8_t *)"\x00", 1), 0xD202EF8D);
    assert_int_equal(tally_crc32(0, (const uint8_t *)"\xFF", 1), 0xFF000000);
}

static void test_crc32_goes_on_at_any_split(void **state) {
    (void)state;
    const uint8_t *const digits = (const uint8_t *)"123456789";
    for (uint32_t split = 0; split <= 9; split++) {
        const uint32_t crc = tally_crc32(0, digits, split);
        assert_int_equal(tally_crc32(crc, digits + split, 9 - split), 0xCBF43926);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_length_is_in_bytes),
        cmocka_unit_test(test_text_must_be_shorter_than_its_limit),
        cmocka_unit_test(test_text_is_not_read_beyond_its_limit),
        cmocka_unit_test(test_text_first_and_last_of_each_utf8_length),
        cmocka_unit_test(test_text_overlong_forms_are_refused),
        cmocka_unit_test(test_text_surrogates_are_refused),
        cmocka_unit_test(test_text_beyond_unicode_is_refused),
        cmocka_unit_test(test_text_broken_sequences_are_refused),
        cmocka_unit_test(test_crc32_check_value_of_iso_hdlc),
        cmocka_unit_test(test_crc32_of_nothing_and_of_single_bytes),
        cmocka_unit_test(test_crc32_goes_on_at_any_split),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
