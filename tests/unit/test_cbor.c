/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor.h"

#include <string.h>

#include "test.h"

#define MOST     INT64_C(9007199254740992) /* 2^53 */
#define ROOM     64u
#define GUARD    0xA5
#define BYTES(s) s, sizeof(s) - 1

/* What the writer makes of one integer is exactly these bytes. */
static void assert_integer(int64_t value, const char *expected, uint32_t bytes) {
    uint8_t buffer[16];
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, buffer, sizeof buffer);
    tally_cbor_integer(&cbor, value);
    assert_false(tally_cbor_overflowed(&cbor));
    assert_int_equal(cbor.used, bytes);
    assert_memory_equal(buffer, expected, bytes);
}

static void test_cbor_integers_of_rfc8949_appendix_a(void **state) {
    (void)state;
    assert_integer(0, BYTES("\x00"));
    assert_integer(1, BYTES("\x01"));
    assert_integer(10, BYTES("\x0A"));
    assert_integer(23, BYTES("\x17"));
    assert_integer(24, BYTES("\x18\x18"));
    assert_integer(25, BYTES("\x18\x19"));
    assert_integer(100, BYTES("\x18\x64"));
    assert_integer(1000, BYTES("\x19\x03\xE8"));
    assert_integer(1000000, BYTES("\x1A\x00\x0F\x42\x40"));
    assert_integer(1000000000000, BYTES("\x1B\x00\x00\x00\xE8\xD4\xA5\x10\x00"));
    assert_integer(-1, BYTES("\x20"));
    assert_integer(-10, BYTES("\x29"));
    assert_integer(-100, BYTES("\x38\x63"));
    assert_integer(-1000, BYTES("\x39\x03\xE7"));
}

static void test_cbor_integers_take_the_shortest_form(void **state) {
    (void)state;
    assert_integer(255, BYTES("\x18\xFF"));
    assert_integer(256, BYTES("\x19\x01\x00"));
    assert_integer(65535, BYTES("\x19\xFF\xFF"));
    assert_integer(65536, BYTES("\x1A\x00\x01\x00\x00"));
    assert_integer(4294967295, BYTES("\x1A\xFF\xFF\xFF\xFF"));
    assert_integer(4294967296, BYTES("\x1B\x00\x00\x00\x01\x00\x00\x00\x00"));
    assert_integer(-24, BYTES("\x37"));
    assert_integer(-25, BYTES("\x38\x18"));
    assert_integer(-256, BYTES("\x38\xFF"));
    assert_integer(-257, BYTES("\x39\x01\x00"));
    assert_integer(-65536, BYTES("\x39\xFF\xFF"));
    assert_integer(-65537, BYTES("\x3A\x00\x01\x00\x00"));
    assert_integer(-4294967296, BYTES("\x3A\xFF\xFF\xFF\xFF"));
    assert_integer(-4294967297, BYTES("\x3B\x00\x00\x00\x01\x00\x00\x00\x00"));
}

static void test_cbor_integers_stop_where_json_would_round(void **state) {
    (void)state;
    assert_integer(MOST - 1, BYTES("\x1B\x00\x1F\xFF\xFF\xFF\xFF\xFF\xFF"));
    assert_integer(MOST, BYTES("\x1B\x00\x20\x00\x00\x00\x00\x00\x00"));
    assert_integer(MOST + 1, BYTES("\x1B\x00\x20\x00\x00\x00\x00\x00\x00"));
    assert_integer(INT64_MAX, BYTES("\x1B\x00\x20\x00\x00\x00\x00\x00\x00"));
    assert_integer(-MOST, BYTES("\x3B\x00\x1F\xFF\xFF\xFF\xFF\xFF\xFF"));
    assert_integer(-MOST - 1, BYTES("\x3B\x00\x1F\xFF\xFF\xFF\xFF\xFF\xFF"));
    assert_integer(INT64_MIN, BYTES("\x3B\x00\x1F\xFF\xFF\xFF\xFF\xFF\xFF"));
}

static void assert_text(const char *text, const char *expected, uint32_t bytes) {
    uint8_t buffer[16];
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, buffer, sizeof buffer);
    tally_cbor_text(&cbor, text, (uint32_t)strlen(text));
    assert_int_equal(cbor.used, bytes);
    assert_memory_equal(buffer, expected, bytes);
}

static void test_cbor_texts_of_rfc8949_appendix_a(void **state) {
    (void)state;
    assert_text("", BYTES("\x60"));
    assert_text("a", BYTES("\x61\x61"));
    assert_text("IETF", BYTES("\x64\x49\x45\x54\x46"));
    assert_text("\"\\", BYTES("\x62\x22\x5C"));
    assert_text("\xC3\xBC", BYTES("\x62\xC3\xBC"));
    assert_text("\xE6\xB0\xB4", BYTES("\x63\xE6\xB0\xB4"));
    assert_text("\xF0\x90\x85\x91", BYTES("\x64\xF0\x90\x85\x91"));
}

static void assert_head_of_text(uint32_t length, const char *expected, uint32_t bytes) {
    static char text[65536];
    static uint8_t buffer[65536 + 5];
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, buffer, sizeof buffer);
    tally_cbor_text(&cbor, text, length);
    assert_int_equal(cbor.used, bytes + length);
    assert_memory_equal(buffer, expected, bytes);
}

static void test_cbor_text_lengths_take_the_shortest_form(void **state) {
    (void)state;
    assert_head_of_text(23, BYTES("\x77"));
    assert_head_of_text(24, BYTES("\x78\x18"));
    assert_head_of_text(255, BYTES("\x78\xFF"));
    assert_head_of_text(256, BYTES("\x79\x01\x00"));
    assert_head_of_text(65535, BYTES("\x79\xFF\xFF"));
    assert_head_of_text(65536, BYTES("\x7A\x00\x01\x00\x00"));
}

static void test_cbor_map_heads(void **state) {
    (void)state;
    static const uint8_t expected[] = {0xA0, 0xB7, 0xB8, 24};
    uint8_t buffer[sizeof expected];
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, buffer, sizeof buffer);
    tally_cbor_map(&cbor, 0);
    tally_cbor_map(&cbor, 23);
    tally_cbor_map(&cbor, 24);
    assert_int_equal(cbor.used, sizeof expected);
    assert_memory_equal(buffer, expected, sizeof expected);
}

/* A map of `pairs` fields between a 7 and an 8. */
static void assert_counted_map(uint32_t pairs, const char *head, uint32_t head_bytes) {
    uint8_t buffer[1024];
    tally_cbor_t cbor;
    memset(buffer, GUARD, sizeof buffer);
    tally_cbor_begin(&cbor, buffer, sizeof buffer);
    tally_cbor_integer(&cbor, 7);
    const uint32_t map = tally_cbor_map_open(&cbor);
    for (uint32_t i = 0; i < pairs; i++) {
        tally_cbor_field(&cbor, TALLY_CBOR_KEY('a', 'b'), 23);
    }
    tally_cbor_map_close(&cbor, map, pairs);
    tally_cbor_integer(&cbor, 8);
    assert_int_equal(cbor.used, 2 + head_bytes + 4 * pairs);
    assert_int_equal(buffer[0], 7);
    assert_memory_equal(buffer + 1, head, head_bytes);
    for (uint32_t i = 0; i < pairs; i++) {
        assert_memory_equal(buffer + 1 + head_bytes + (size_t)4 * i, "\x62\x61\x62\x17", 4);
    }
    assert_int_equal(buffer[cbor.used - 1], 8);
    assert_int_equal(buffer[cbor.used], GUARD);
}

static void test_cbor_maps_whose_pairs_are_counted_while_they_are_written(void **state) {
    (void)state;
    assert_counted_map(0, BYTES("\xA0"));
    assert_counted_map(23, BYTES("\xB7"));
    assert_counted_map(24, BYTES("\xB8\x18"));
    assert_counted_map(53, BYTES("\xB8\x35"));
}

/* With room for the largest field, where bytes are written at once, and with only just enough. */
static void assert_field(int64_t value, const char *expected, uint32_t bytes) {
    for (uint32_t size = bytes; size < bytes + 16; size++) {
        uint8_t buffer[ROOM];
        tally_cbor_t cbor;
        memset(buffer, GUARD, sizeof buffer);
        tally_cbor_begin(&cbor, buffer, size);
        tally_cbor_field(&cbor, TALLY_CBOR_KEY('z', 'p'), value);
        assert_int_equal(cbor.used, bytes);
        assert_memory_equal(buffer, expected, bytes);
        assert_int_equal(buffer[size], GUARD);
    }
}

static void test_cbor_fields_are_a_key_and_an_integer(void **state) {
    (void)state;
    assert_field(0, BYTES("\x62zp\x00"));
    assert_field(23, BYTES("\x62zp\x17"));
    assert_field(24, BYTES("\x62zp\x18\x18"));
    assert_field(-1, BYTES("\x62zp\x20"));
    assert_field(70000, BYTES("\x62zp\x1A\x00\x01\x11\x70"));
    assert_field(INT64_MAX, BYTES("\x62zp\x1B\x00\x20\x00\x00\x00\x00\x00\x00"));
    assert_field(INT64_MIN, BYTES("\x62zp\x3B\x00\x1F\xFF\xFF\xFF\xFF\xFF\xFF"));
}

/* 24 fields of 4 bytes behind a head of 2, in any room that is too small. */
static void test_cbor_counted_map_never_writes_beyond_any_size(void **state) {
    (void)state;
    for (uint32_t size = 0; size < 98; size++) {
        uint8_t buffer[128];
        tally_cbor_t cbor;
        memset(buffer, GUARD, sizeof buffer);
        tally_cbor_begin(&cbor, buffer, size);
        const uint32_t map = tally_cbor_map_open(&cbor);
        for (uint32_t i = 0; i < 24; i++) {
            tally_cbor_field(&cbor, TALLY_CBOR_KEY('a', 'b'), 1);
        }
        tally_cbor_map_close(&cbor, map, 24);
        assert_int_equal(cbor.used, 98);
        assert_true(tally_cbor_overflowed(&cbor));
        for (uint32_t i = size; i < sizeof buffer; i++) {
            assert_int_equal(buffer[i], GUARD);
        }
    }
}

static void test_cbor_array_heads(void **state) {
    (void)state;
    static const uint8_t expected[] = {0x80, 0x97, 0x98, 24};
    uint8_t buffer[sizeof expected];
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, buffer, sizeof buffer);
    tally_cbor_array(&cbor, 0);
    tally_cbor_array(&cbor, 23);
    tally_cbor_array(&cbor, 24);
    assert_int_equal(cbor.used, sizeof expected);
    assert_memory_equal(buffer, expected, sizeof expected);
}

/* {"k": "h", "p": {"bt": -1, "st": 300}, "r": [_ 7]} uses every call there is. */
static void write_nested(tally_cbor_t *cbor) {
    tally_cbor_map(cbor, 3);
    tally_cbor_letter(cbor, 'k');
    tally_cbor_letter(cbor, 'h');
    tally_cbor_letter(cbor, 'p');
    tally_cbor_map(cbor, 2);
    tally_cbor_key(cbor, TALLY_CBOR_KEY('b', 't'));
    tally_cbor_integer(cbor, -1);
    tally_cbor_key(cbor, TALLY_CBOR_KEY('s', 't'));
    tally_cbor_integer(cbor, 300);
    tally_cbor_letter(cbor, 'r');
    tally_cbor_array_open(cbor);
    tally_cbor_integer(cbor, 7);
    tally_cbor_array_close(cbor);
}

static const uint8_t nested[] = {
    0xA3,                                                    /* map of 3 */
    0x61, 'k', 0x61, 'h',                                    /* "k": "h" */
    0x61, 'p', 0xA2,                                         /* "p": map of 2 */
    0x62, 'b', 't',  0x20, 0x62, 's', 't', 0x19, 0x01, 0x2C, /* "bt": -1, "st": 300 */
    0x61, 'r', 0x9F, 0x07, 0xFF,                             /* "r": [_ 7] */
};

static void test_cbor_maps_nest(void **state) {
    (void)state;
    uint8_t buffer[ROOM];
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, buffer, sizeof buffer);
    write_nested(&cbor);
    assert_int_equal(cbor.used, sizeof nested);
    assert_memory_equal(buffer, nested, sizeof nested);
}

static void test_cbor_size_pass_without_a_buffer_counts_the_same(void **state) {
    (void)state;
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, NULL, 0);
    write_nested(&cbor);
    assert_int_equal(cbor.used, 23);
    assert_true(tally_cbor_overflowed(&cbor));
}

static void test_cbor_never_writes_beyond_any_size(void **state) {
    (void)state;
    for (uint32_t size = 0; size < sizeof nested; size++) {
        uint8_t buffer[ROOM];
        tally_cbor_t cbor;
        memset(buffer, GUARD, sizeof buffer);
        tally_cbor_begin(&cbor, buffer, size);
        write_nested(&cbor);
        assert_int_equal(cbor.used, 23);
        assert_true(tally_cbor_overflowed(&cbor));
        for (uint32_t i = size; i < sizeof buffer; i++) {
            assert_int_equal(buffer[i], GUARD);
        }
    }
}

static void test_cbor_nothing_follows_what_did_not_fit(void **state) {
    (void)state;
    uint8_t buffer[4] = {GUARD, GUARD, GUARD, GUARD};
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, buffer, 3);
    tally_cbor_integer(&cbor, 1);
    tally_cbor_integer(&cbor, 65536);
    tally_cbor_integer(&cbor, 2);
    assert_memory_equal(buffer, "\x01\xA5\xA5\xA5", 4);
    assert_int_equal(cbor.used, 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cbor_integers_of_rfc8949_appendix_a),
        cmocka_unit_test(test_cbor_integers_take_the_shortest_form),
        cmocka_unit_test(test_cbor_integers_stop_where_json_would_round),
        cmocka_unit_test(test_cbor_texts_of_rfc8949_appendix_a),
        cmocka_unit_test(test_cbor_text_lengths_take_the_shortest_form),
        cmocka_unit_test(test_cbor_map_heads),
        cmocka_unit_test(test_cbor_maps_whose_pairs_are_counted_while_they_are_written),
        cmocka_unit_test(test_cbor_fields_are_a_key_and_an_integer),
        cmocka_unit_test(test_cbor_counted_map_never_writes_beyond_any_size),
        cmocka_unit_test(test_cbor_array_heads),
        cmocka_unit_test(test_cbor_maps_nest),
        cmocka_unit_test(test_cbor_size_pass_without_a_buffer_counts_the_same),
        cmocka_unit_test(test_cbor_never_writes_beyond_any_size),
        cmocka_unit_test(test_cbor_nothing_follows_what_did_not_fit),
    };
    return cmocka_run_group_tests_name("cbor", tests, NULL, NULL);
}
