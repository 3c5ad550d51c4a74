/* SPDX-License-Identifier: Apache-2.0 */
/* Every input lies in a buffer of its own size: the sanitizers see what is read beyond it. */
#include "cbor_read.h"

#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "test.h"

#define BYTES(s) s, sizeof(s) - 1

typedef struct {
    const char *bytes;
    uint32_t size;
} vector_t;

#define VECTOR(s)                                                                                  \
    { s, sizeof(s) - 1 }
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint8_t *input;
static tally_cbor_reader_t reader;

static int tear_down(void **state) {
    (void)state;
    free(input);
    input = NULL;
    return 0;
}

static void given(const char *bytes, uint32_t size) {
    free(input);
    input = malloc(size);
    assert_true(size == 0 || input != NULL);
    if (size > 0) {
        memcpy(input, bytes, size);
    }
    tally_cbor_read_begin(&reader, input, size);
}

/* --- numbers -------------------------------------------------------------------------------- */

static void assert_head(enum tally_cbor_major major, uint32_t expected, const char *bytes,
                        uint32_t size) {
    given(bytes, size);
    assert_int_equal(tally_cbor_read_head(&reader, major), expected);
    assert_false(reader.failed);
    assert_int_equal(reader.left, 0);
    assert_ptr_equal(reader.at, input + size);
}

static void assert_no_head(enum tally_cbor_major major, const char *bytes, uint32_t size) {
    given(bytes, size);
    assert_int_equal(tally_cbor_read_head(&reader, major), 0);
    assert_true(reader.failed);
}

static void test_cbor_read_integers_of_rfc8949_appendix_a(void **state) {
    (void)state;
    assert_head(TALLY_CBOR_UNSIGNED, 0, BYTES("\x00"));
    assert_head(TALLY_CBOR_UNSIGNED, 1, BYTES("\x01"));
    assert_head(TALLY_CBOR_UNSIGNED, 10, BYTES("\x0A"));
    assert_head(TALLY_CBOR_UNSIGNED, 23, BYTES("\x17"));
    assert_head(TALLY_CBOR_UNSIGNED, 24, BYTES("\x18\x18"));
    assert_head(TALLY_CBOR_UNSIGNED, 25, BYTES("\x18\x19"));
    assert_head(TALLY_CBOR_UNSIGNED, 100, BYTES("\x18\x64"));
    assert_head(TALLY_CBOR_UNSIGNED, 1000, BYTES("\x19\x03\xE8"));
    assert_head(TALLY_CBOR_UNSIGNED, 1000000, BYTES("\x1A\x00\x0F\x42\x40"));
    assert_head(TALLY_CBOR_NEGATIVE, 0, BYTES("\x20")); /* -1 */
    assert_head(TALLY_CBOR_NEGATIVE, 9, BYTES("\x29"));
    assert_head(TALLY_CBOR_NEGATIVE, 99, BYTES("\x38\x63"));
    assert_head(TALLY_CBOR_NEGATIVE, 999, BYTES("\x39\x03\xE7"));
}

static void test_cbor_read_numbers_have_their_shortest_form(void **state) {
    (void)state;
    assert_no_head(TALLY_CBOR_UNSIGNED, BYTES("\x18\x17"));
    assert_head(TALLY_CBOR_UNSIGNED, 255, BYTES("\x18\xFF"));
    assert_no_head(TALLY_CBOR_UNSIGNED, BYTES("\x19\x00\xFF"));
    assert_head(TALLY_CBOR_UNSIGNED, 256, BYTES("\x19\x01\x00"));
    assert_head(TALLY_CBOR_UNSIGNED, 65535, BYTES("\x19\xFF\xFF"));
    assert_no_head(TALLY_CBOR_UNSIGNED, BYTES("\x1A\x00\x00\xFF\xFF"));
    assert_head(TALLY_CBOR_UNSIGNED, 65536, BYTES("\x1A\x00\x01\x00\x00"));
    assert_head(TALLY_CBOR_UNSIGNED, 16777216, BYTES("\x1A\x01\x00\x00\x00"));
    assert_head(TALLY_CBOR_UNSIGNED, UINT32_MAX, BYTES("\x1A\xFF\xFF\xFF\xFF"));
    assert_no_head(TALLY_CBOR_UNSIGNED, BYTES("\x1B\x00\x00\x00\x00\xFF\xFF\xFF\xFF"));
}

static void test_cbor_read_numbers_from_2_to_the_32_on_are_not_given(void **state) {
    (void)state;
    assert_head(TALLY_CBOR_UNSIGNED, UINT32_MAX, BYTES("\x1A\xFF\xFF\xFF\xFF"));
    assert_no_head(TALLY_CBOR_UNSIGNED, BYTES("\x1B\x00\x00\x00\x01\x00\x00\x00\x00"));
    assert_no_head(TALLY_CBOR_BYTES, BYTES("\x5B\x00\x00\x00\x01\x00\x00\x00\x00"));
    assert_no_head(TALLY_CBOR_UNSIGNED, BYTES("\x1B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"));
}

static void test_cbor_read_an_item_of_another_type_is_refused(void **state) {
    (void)state;
    static const uint8_t majors[] = {0, 1, 2, 3, 4, 5, 6, 7};
    for (uint32_t is = 0; is < sizeof majors; is++) {
        for (uint32_t asked = TALLY_CBOR_UNSIGNED; asked <= TALLY_CBOR_TAG; asked++) {
            const char head = (char)(majors[is] << 5 | 7);
            if (is == asked) {
                assert_head((enum tally_cbor_major)asked, 7, &head, 1);
            } else {
                assert_no_head((enum tally_cbor_major)asked, &head, 1);
            }
        }
    }
}

static void test_cbor_read_reserved_and_indefinite_heads_are_refused(void **state) {
    (void)state;
    for (uint32_t major = TALLY_CBOR_UNSIGNED; major <= TALLY_CBOR_TAG; major++) {
        for (uint32_t info = 28; info <= 31; info++) {
            char bytes[256];
            memset(bytes, 1, sizeof bytes);
            bytes[0] = (char)(major << 5 | info);
            assert_no_head((enum tally_cbor_major)major, bytes, sizeof bytes);
            given(bytes, sizeof bytes);
            tally_cbor_read_skip(&reader);
            assert_true(reader.failed);
        }
    }
}

static void test_cbor_read_a_head_that_is_cut_is_refused(void **state) {
    (void)state;
    static const vector_t heads[] = {VECTOR("\x18\x18"), VECTOR("\x19\x01\x00"),
                                     VECTOR("\x1A\x00\x01\x00\x00"),
                                     VECTOR("\x1B\x00\x00\x00\x01\x00\x00\x00\x00")};
    for (uint32_t i = 0; i < COUNT(heads); i++) {
        for (uint32_t cut = 0; cut < heads[i].size; cut++) {
            assert_no_head(TALLY_CBOR_UNSIGNED, heads[i].bytes, cut);
            given(heads[i].bytes, cut);
            tally_cbor_read_skip(&reader);
            assert_true(reader.failed);
        }
        given(heads[i].bytes, heads[i].size);
        tally_cbor_read_skip(&reader);
        assert_false(reader.failed);
    }
}

static void test_cbor_read_nothing_follows_a_failure(void **state) {
    (void)state;
    uint32_t bytes = 7;
    assert_no_head(TALLY_CBOR_TEXT, BYTES("\x01\x02\x41\x03"));
    assert_int_equal(tally_cbor_read_head(&reader, TALLY_CBOR_UNSIGNED), 0);
    assert_null(tally_cbor_read_string(&reader, TALLY_CBOR_BYTES, &bytes));
    assert_int_equal(bytes, 0);
    const uint8_t *const stands = reader.at;
    tally_cbor_read_skip(&reader);
    assert_ptr_equal(reader.at, stands);
    assert_true(reader.failed);
}

static void test_cbor_read_nothing_follows_what_the_caller_refused(void **state) {
    (void)state;
    given(BYTES("\x01\x18\x18\x02"));
    assert_int_equal(tally_cbor_read_head(&reader, TALLY_CBOR_UNSIGNED), 1);
    reader.failed = true;
    assert_int_equal(tally_cbor_read_head(&reader, TALLY_CBOR_UNSIGNED), 0);
    assert_true(reader.failed);
    tally_cbor_read_skip(&reader);
    assert_true(reader.failed);
    assert_int_equal(reader.left, 3);
}

/* --- strings -------------------------------------------------------------------------------- */

static void assert_string(enum tally_cbor_major major, const char *expected, uint32_t length,
                          const char *bytes, uint32_t size) {
    uint32_t told = UINT32_MAX;
    given(bytes, size);
    const uint8_t *const string = tally_cbor_read_string(&reader, major, &told);
    assert_false(reader.failed);
    assert_non_null(string);
    assert_int_equal(told, length);
    assert_memory_equal(string, expected, length);
    assert_int_equal(reader.left, 0);
}

static void assert_no_string(enum tally_cbor_major major, const char *bytes, uint32_t size) {
    uint32_t told = UINT32_MAX;
    given(bytes, size);
    assert_null(tally_cbor_read_string(&reader, major, &told));
    assert_true(reader.failed);
    assert_int_equal(told, 0);
}

static void test_cbor_read_strings_of_rfc8949_appendix_a(void **state) {
    (void)state;
    assert_string(TALLY_CBOR_BYTES, BYTES(""), BYTES("\x40"));
    assert_string(TALLY_CBOR_BYTES, BYTES("\x01\x02\x03\x04"), BYTES("\x44\x01\x02\x03\x04"));
    assert_string(TALLY_CBOR_TEXT, BYTES(""), BYTES("\x60"));
    assert_string(TALLY_CBOR_TEXT, BYTES("a"), BYTES("\x61\x61"));
    assert_string(TALLY_CBOR_TEXT, BYTES("IETF"), BYTES("\x64\x49\x45\x54\x46"));
    assert_string(TALLY_CBOR_TEXT, BYTES("\"\\"), BYTES("\x62\x22\x5C"));
    assert_string(TALLY_CBOR_TEXT, BYTES("\xC3\xBC"), BYTES("\x62\xC3\xBC"));
    assert_string(TALLY_CBOR_TEXT, BYTES("\xE6\xB0\xB4"), BYTES("\x63\xE6\xB0\xB4"));
    assert_string(TALLY_CBOR_TEXT, BYTES("\xF0\x90\x85\x91"), BYTES("\x64\xF0\x90\x85\x91"));
}

static void test_cbor_read_a_string_ends_where_its_bytes_do(void **state) {
    (void)state;
    assert_string(TALLY_CBOR_BYTES, BYTES("abc"), BYTES("\x43\x61\x62\x63"));
    assert_no_string(TALLY_CBOR_BYTES, BYTES("\x44\x61\x62\x63"));
    assert_no_string(TALLY_CBOR_TEXT, BYTES("\x64\x61\x62\x63"));
    assert_no_string(TALLY_CBOR_BYTES, BYTES("\x5A\xFF\xFF\xFF\xFF\x61"));
    assert_no_string(TALLY_CBOR_TEXT, BYTES("\x7A\xFF\xFF\xFF\xFF\x61"));
}

static void test_cbor_read_bytes_are_no_text_and_text_is_no_bytes(void **state) {
    (void)state;
    assert_no_string(TALLY_CBOR_TEXT, BYTES("\x41\x61"));
    assert_no_string(TALLY_CBOR_BYTES, BYTES("\x61\x61"));
}

static void test_cbor_read_a_text_is_utf8_without_nul(void **state) {
    (void)state;
    assert_string(TALLY_CBOR_BYTES, BYTES("\xC3\x28"), BYTES("\x42\xC3\x28"));
    assert_no_string(TALLY_CBOR_TEXT, BYTES("\x62\xC3\x28"));
    assert_no_string(TALLY_CBOR_TEXT, BYTES("\x61\xC3"));             /* cut */
    assert_no_string(TALLY_CBOR_TEXT, BYTES("\x61\xC3\xBC"));         /* its rest lies behind */
    assert_no_string(TALLY_CBOR_TEXT, BYTES("\x62\xC0\x80"));         /* overlong */
    assert_no_string(TALLY_CBOR_TEXT, BYTES("\x63\xED\xA0\x80"));     /* a surrogate */
    assert_no_string(TALLY_CBOR_TEXT, BYTES("\x64\xF4\x90\x80\x80")); /* beyond U+10FFFF */
    assert_no_string(TALLY_CBOR_TEXT, BYTES("\x61\x80"));
    assert_no_string(TALLY_CBOR_TEXT, BYTES("\x63\x61\x00\x62"));
}

/* --- skipping ------------------------------------------------------------------------------- */

/* Followed by a 7, which is read afterwards. */
static void assert_skips(const char *bytes, uint32_t size) {
    char longer[64];
    assert_true(size < sizeof longer);
    memcpy(longer, bytes, size);
    longer[size] = 7;
    given(longer, size + 1);
    tally_cbor_read_skip(&reader);
    assert_false(reader.failed);
    assert_int_equal(tally_cbor_read_head(&reader, TALLY_CBOR_UNSIGNED), 7);
    assert_int_equal(reader.left, 0);
    given(bytes, size);
    tally_cbor_read_skip(&reader);
    assert_false(reader.failed);
    for (uint32_t cut = 0; cut < size; cut++) {
        given(bytes, cut);
        tally_cbor_read_skip(&reader);
        assert_true(reader.failed);
    }
}

static void assert_no_skip(const char *bytes, uint32_t size) {
    given(bytes, size);
    tally_cbor_read_skip(&reader);
    assert_true(reader.failed);
}

static void test_cbor_read_passes_over_items_of_rfc8949_appendix_a(void **state) {
    (void)state;
    assert_skips(BYTES("\x00"));
    assert_skips(BYTES("\x18\x64"));
    assert_skips(BYTES("\x1A\x00\x0F\x42\x40"));
    assert_skips(BYTES("\x1B\x00\x00\x00\xE8\xD4\xA5\x10\x00"));
    assert_skips(BYTES("\x1B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"));
    assert_skips(BYTES("\x3B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"));
    assert_skips(BYTES("\x39\x03\xE7"));
    assert_skips(BYTES("\x44\x01\x02\x03\x04"));
    assert_skips(BYTES("\x63\xE6\xB0\xB4"));
    assert_skips(BYTES("\x80"));
    assert_skips(BYTES("\x83\x01\x02\x03"));
    assert_skips(BYTES("\x83\x01\x82\x02\x03\x82\x04\x05"));
    assert_skips(BYTES("\x98\x19\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F\x10"
                       "\x11\x12\x13\x14\x15\x16\x17\x18\x18\x18\x19"));
    assert_skips(BYTES("\xA0"));
    assert_skips(BYTES("\xA2\x01\x02\x03\x04"));
    assert_skips(BYTES("\xA2\x61\x61\x01\x61\x62\x82\x02\x03"));
    assert_skips(BYTES("\x82\x61\x61\xA1\x61\x62\x61\x63"));
    assert_skips(BYTES("\xA5\x61\x61\x61\x41\x61\x62\x61\x42\x61\x63\x61\x43\x61\x64\x61\x44"
                       "\x61\x65\x61\x45"));
}

static void test_cbor_read_what_tally_has_not_is_not_passed_over(void **state) {
    (void)state;
    static const vector_t others[] = {
        VECTOR("\xF4"),                                         /* false */
        VECTOR("\xF5"),                                         /* true */
        VECTOR("\xF6"),                                         /* null */
        VECTOR("\xF7"),                                         /* undefined */
        VECTOR("\xF0"),                                         /* simple(16) */
        VECTOR("\xF8\xFF"),                                     /* simple(255) */
        VECTOR("\xF9\x3C\x00"),                                 /* 1.0 */
        VECTOR("\xFA\x47\xC3\x50\x00"),                         /* 100000.0 */
        VECTOR("\xFB\x3F\xF1\x99\x99\x99\x99\x99\x9A"),         /* 1.1 */
        VECTOR("\xC1\x1A\x51\x4B\x67\xB0"),                     /* 1(1363896240) */
        VECTOR("\xC2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00"), /* 2^64 */
        VECTOR("\xD7\x44\x01\x02\x03\x04"),                     /* 23(h'01020304') */
        VECTOR("\x5F\x42\x01\x02\xFF"),                         /* (_ h'0102') */
        VECTOR("\x7F\x61\x61\xFF"),                             /* (_ "a") */
        VECTOR("\x9F\xFF"),                                     /* [_ ] */
        VECTOR("\xBF\xFF"),                                     /* {_ } */
        VECTOR("\xFF"),
    };
    for (uint32_t i = 0; i < COUNT(others); i++) {
        char inside[32] = {'\x81'};
        assert_no_skip(others[i].bytes, others[i].size);
        memcpy(inside + 1, others[i].bytes, others[i].size);
        assert_no_skip(inside, others[i].size + 1);
    }
}

static void test_cbor_read_longer_forms_are_not_passed_over(void **state) {
    (void)state;
    assert_no_skip(BYTES("\x18\x17"));
    assert_no_skip(BYTES("\x39\x00\xFF"));
    assert_no_skip(BYTES("\x1A\x00\x00\xFF\xFF"));
    assert_no_skip(BYTES("\x1B\x00\x00\x00\x00\xFF\xFF\xFF\xFF"));
    assert_no_skip(BYTES("\x58\x01\x61"));
    assert_no_skip(BYTES("\x98\x01\x61"));
    assert_no_skip(BYTES("\xB8\x00"));
}

static void test_cbor_read_counts_beyond_the_bytes_end_at_once(void **state) {
    (void)state;
    assert_no_skip(BYTES("\x82\x01"));
    assert_no_skip(BYTES("\xA1\x01"));
    assert_no_skip(BYTES("\x9A\xFF\xFF\xFF\xFF\x01"));
    assert_no_skip(BYTES("\xBA\x80\x00\x00\x00\x01")); /* pairs whose items count 2^32, */
    assert_no_skip(BYTES("\xBA\xFF\xFF\xFF\xFF\x01"));
    assert_no_skip(BYTES("\x82\xBA\x7F\xFF\xFF\xFF\x01\x01")); /* with one more, 2^32 - 1 */
    assert_no_skip(BYTES("\x9B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"));
    assert_no_skip(BYTES("\xBB\x80\x00\x00\x00\x00\x00\x00\x00\x01"));
}

static void test_cbor_read_depth_costs_nothing(void **state) {
    (void)state;
    static char nested[32768];
    memset(nested, '\x81', sizeof nested);
    assert_no_skip(nested, sizeof nested);
    nested[sizeof nested - 1] = 0;
    given(nested, sizeof nested);
    tally_cbor_read_skip(&reader);
    assert_false(reader.failed);
    assert_int_equal(reader.left, 0);
}

/* --- chance --------------------------------------------------------------------------------- */

/* Whatever is read of whatever bytes, `at` and `left` mean the same end. */
static void test_cbor_read_random_calls_stay_inside_random_bytes(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    const uint32_t rounds = dice_share(50000);
    for (uint32_t i = 0; i < rounds; i++) {
        char bytes[24];
        const uint32_t size = dice_roll(&dice, sizeof bytes + 1);
        for (uint32_t j = 0; j < size; j++) {
            bytes[j] =
                (char)(dice_roll(&dice, 3) == 0 ? dice_bits(&dice)
                                                : dice_roll(&dice, 7) << 5 | dice_roll(&dice, 4));
        }
        given(bytes, size);
        while (!reader.failed) {
            uint32_t length;
            const uint32_t before = reader.left;
            const enum tally_cbor_major major = (enum tally_cbor_major)dice_roll(&dice, 7);
            switch (dice_roll(&dice, 3)) {
            case 0: (void)tally_cbor_read_head(&reader, major); break;
            case 1: (void)tally_cbor_read_string(&reader, major, &length); break;
            default: tally_cbor_read_skip(&reader); break;
            }
            assert_true(reader.failed || reader.left < before);
            assert_ptr_equal(reader.at + reader.left, input + size);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cbor_read_integers_of_rfc8949_appendix_a),
        cmocka_unit_test(test_cbor_read_numbers_have_their_shortest_form),
        cmocka_unit_test(test_cbor_read_numbers_from_2_to_the_32_on_are_not_given),
        cmocka_unit_test(test_cbor_read_an_item_of_another_type_is_refused),
        cmocka_unit_test(test_cbor_read_reserved_and_indefinite_heads_are_refused),
        cmocka_unit_test(test_cbor_read_a_head_that_is_cut_is_refused),
        cmocka_unit_test(test_cbor_read_nothing_follows_a_failure),
        cmocka_unit_test(test_cbor_read_nothing_follows_what_the_caller_refused),
        cmocka_unit_test(test_cbor_read_strings_of_rfc8949_appendix_a),
        cmocka_unit_test(test_cbor_read_a_string_ends_where_its_bytes_do),
        cmocka_unit_test(test_cbor_read_bytes_are_no_text_and_text_is_no_bytes),
        cmocka_unit_test(test_cbor_read_a_text_is_utf8_without_nul),
        cmocka_unit_test(test_cbor_read_passes_over_items_of_rfc8949_appendix_a),
        cmocka_unit_test(test_cbor_read_what_tally_has_not_is_not_passed_over),
        cmocka_unit_test(test_cbor_read_longer_forms_are_not_passed_over),
        cmocka_unit_test(test_cbor_read_counts_beyond_the_bytes_end_at_once),
        cmocka_unit_test(test_cbor_read_depth_costs_nothing),
        cmocka_unit_test(test_cbor_read_random_calls_stay_inside_random_bytes),
    };
    return cmocka_run_group_tests_name("cbor_read", tests, NULL, tear_down);
}
