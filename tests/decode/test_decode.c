/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "names.h"
#include "record.h"
#include "tally/metrics.h"

#define INPUT_MAX        4096u
#define TEXT_OF(number)  #number
#define VALUE_OF(number) TEXT_OF(number)

/* What decoding gave: the lines, and the error with its place. */
typedef struct {
    char *lines;
    const char *error;
    size_t error_at;
} outcome_t;

/* In memory of exactly this size, so that the sanitizer sees the first byte read beyond. */
static outcome_t decode(const uint8_t *data, size_t size) {
    outcome_t outcome = {NULL, NULL, 0};
    size_t length = 0;
    uint8_t *const exact = malloc(size > 0 ? size : 1);
    FILE *const out = open_memstream(&outcome.lines, &length);
    assert_non_null(exact);
    assert_non_null(out);
    memcpy(exact, data, size);
    cbor_reader_t reader = {.data = exact, .size = size};
    while (reader.at < reader.size && record_print_next(out, &reader)) {
    }
    fclose(out);
    free(exact);
    outcome.error = reader.error;
    outcome.error_at = reader.error_at;
    return outcome;
}

static uint8_t nibble(char digit) {
    return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'A' + 10);
}

/* `A1 'k' 'pt'`: bytes in hexadecimal, and texts in quotes that get their head. */
static size_t bytes_of(const char *notation, uint8_t *out) {
    size_t size = 0;
    for (const char *at = notation; *at != '\0'; at++) {
        assert_true(size + 64 < INPUT_MAX);
        if (*at == '\'') {
            const size_t length = strcspn(at + 1, "'");
            assert_true(length < 24);
            out[size++] = (uint8_t)(0x60 + length);
            memcpy(out + size, at + 1, length);
            size += length;
            at += length + 1;
        } else if (*at != ' ') {
            out[size++] = (uint8_t)(nibble(at[0]) << 4 | nibble(at[1]));
            at++;
        }
    }
    return size;
}

static outcome_t decode_notation(const char *notation) {
    uint8_t data[INPUT_MAX];
    return decode(data, bytes_of(notation, data));
}

static void gives(const char *notation, const char *lines) {
    const outcome_t outcome = decode_notation(notation);
    assert_null(outcome.error);
    assert_string_equal(outcome.lines, lines);
    free(outcome.lines);
}

static void refused(const char *notation, size_t at, const char *error) {
    const outcome_t outcome = decode_notation(notation);
    assert_non_null(outcome.error);
    assert_string_equal(outcome.error, error);
    assert_int_equal(outcome.error_at, at);
    assert_string_equal(outcome.lines, "");
    free(outcome.lines);
}

/* ---- what is read --------------------------------------------------------------------------- */

#define HEARTBEAT                                                                                  \
    "A6 'k' 'h' 'p' A3 'pt' 1904B0 'se' 02 'zz' 8120 'q' 03 's' 01 'u' 190578"                     \
    " 'w' 1B0000019A00000000"
#define HEARTBEAT_LINE                                                                             \
    "\"seq\":3,\"kind\":\"heartbeat\",\"session\":1,\"uptime_ms\":1400,"                           \
    "\"wall_ms\":1760936591360,"                                                                   \
    "\"playback\":{\"play_time_ms\":1200,\"state\":\"playing\",\"zz\":[-1]}}\n"
#define HEAD      "'v' 01 'd' 'box-1' 'o' 'acme' 'b' 1B00123456789ABCDE "
#define HEAD_LINE "{\"device\":\"box-1\",\"boot\":\"123456789abcde\","
#define CLOCK     "A3 'k' 'c' 'q' 04 'u' 05"

static void test_a_bare_record(void **state) {
    (void)state;
    gives(HEARTBEAT, "{" HEARTBEAT_LINE);
}

static void test_a_body_tells_device_and_boot_of_its_records(void **state) {
    (void)state;
    gives("A5" HEAD "'r' 9F" HEARTBEAT CLOCK "FF",
          HEAD_LINE HEARTBEAT_LINE HEAD_LINE "\"seq\":4,\"kind\":\"clock\",\"uptime_ms\":5}\n");
    gives("A7" HEAD "'m' 07 't' 1B0000019A00000000 'r' 9F FF", "");
}

static void test_bodies_and_records_one_after_another(void **state) {
    (void)state;
    gives("A5" HEAD "'r' 9F" HEARTBEAT "FF" CLOCK,
          HEAD_LINE HEARTBEAT_LINE "{\"seq\":4,\"kind\":\"clock\",\"uptime_ms\":5}\n");
    gives("", "");
}

static void test_units_stand_behind_names_once(void **state) {
    (void)state;
    gives("A5 'a' A3 'ab' 05 'ah' 06 'ai' 07 'k' 'h' 'p' A2 'bm' 08 'br' 09 'q' 00 'u' 00",
          "{\"seq\":0,\"kind\":\"heartbeat\",\"uptime_ms\":0,"
          "\"agent\":{\"upload_bytes\":5,\"tls_heap_high_bytes\":6,\"events_illegal\":7},"
          "\"playback\":{\"bitrate_media_bits\":8,\"bitrate_kbps\":9}}\n");
    gives("A4 'k' 'r' 'q' 00 'r' A2 'rh' 1A00015F90 'rj' 09 'u' 00",
          "{\"seq\":0,\"kind\":\"rtp\",\"uptime_ms\":0,"
          "\"rtp\":{\"rtp_clock_rate_hz\":90000,\"rtp_jitter_us\":9}}\n");
}

static void test_enumerations_in_words_where_there_is_one(void **state) {
    (void)state;
    gives("A4 'a' A2 'le' 29 'wq' 02 'k' 'a' 'q' 00 'u' 00",
          "{\"seq\":0,\"kind\":\"agent\",\"uptime_ms\":0,"
          "\"agent\":{\"last_error\":\"input or output failed\","
          "\"wall_quality\":\"authenticated\"}}\n");
    gives("A4 'k' 'x' 'p' A1 'se' 1863 'q' 00 'u' 00",
          "{\"seq\":0,\"kind\":\"end\",\"uptime_ms\":0,\"playback\":{\"state\":99}}\n");
}

static void test_capabilities_in_names(void **state) {
    (void)state;
    gives("A4 'c' A3 'e' 03 't' 181C 'z' 05 'k' 's' 'q' 00 'u' 00",
          "{\"seq\":0,\"kind\":\"start\",\"uptime_ms\":0,\"capabilities\":"
          "{\"event\":[\"event_code\",\"event_detail\"],"
          "\"ts\":[\"ts_null_packets\",\"ts_psi_packets\",\"ts_delay_factor\"],\"z\":5}}\n");
    gives("A4 'c' A1 'e' 10 'k' 's' 'q' 00 'u' 00",
          "{\"seq\":0,\"kind\":\"start\",\"uptime_ms\":0,\"capabilities\":{\"event\":[4]}}\n");
}

static void test_a_level_has_names_for_its_five_numbers(void **state) {
    (void)state;
    gives("A5 'k' 'h' 'l' A1 'lr' 85 190320 3903E7 1907D0 1903F2 192710 'q' 00 's' 01 'u' 00",
          "{\"seq\":0,\"kind\":\"heartbeat\",\"session\":1,\"uptime_ms\":0,\"level\":"
          "{\"playback_rate_permille\":{\"last\":800,\"least\":-1000,\"most\":2000,"
          "\"mean\":1010,\"time_ms\":10000}}}\n");
}

/* At scale 1 bucket 13 ends at 2^(14/2): 90.5 to 128. */
static void test_a_histogram_tells_the_bounds_of_its_buckets(void **state) {
    (void)state;
    gives("A4 'h' A2 'ha' 86 01 02 0D 01 00 03 'hb' 84 21 00 20 01 'k' 'v' 'q' 00 'u' 00",
          "{\"seq\":0,\"kind\":\"viewing\",\"uptime_ms\":0,\"histogram\":"
          "{\"startup_histogram_ms\":{\"scale\":1,\"zeros\":2,\"offset\":13,"
          "\"counts\":[1,0,3],\"above\":90.5097,\"to\":256},"
          "\"stall_histogram_ms\":{\"scale\":-2,\"zeros\":0,\"offset\":-1,"
          "\"counts\":[1],\"above\":0.0625,\"to\":1}}}\n");
    gives("A4 'h' A1 'hc' 83 03 05 00 'k' 'v' 'q' 00 'u' 00",
          "{\"seq\":0,\"kind\":\"viewing\",\"uptime_ms\":0,\"histogram\":"
          "{\"seek_histogram_ms\":{\"scale\":3,\"zeros\":5,\"offset\":0,\"counts\":[]}}}\n");
}

static void test_group_boot_does_not_hide_the_boot(void **state) {
    (void)state;
    gives("A4 'b' A2 'os' 'Linux' 're' 05 'k' 'b' 'q' 00 'u' 00",
          "{\"seq\":0,\"kind\":\"boot\",\"uptime_ms\":0,"
          "\"boot_group\":{\"os\":\"Linux\",\"reset_reason\":\"process_start\"}}\n");
}

static void test_what_the_registry_does_not_have_is_kept(void **state) {
    (void)state;
    gives("A6 'k' 'Z' 'p' 07 'q' 00 'u' 00 'z' A1 'fa' F5 'zz' 82 A0 8101",
          "{\"seq\":0,\"kind\":\"Z\",\"uptime_ms\":0,\"p\":7,\"z\":{\"fa\":true},"
          "\"zz\":[{},[1]]}\n");
}

static void test_texts_are_escaped(void **state) {
    (void)state;
    gives("A4 'd' A1 'ct' 69 225C0A007FC3A43C2F 'k' 's' 'q' 00 'u' 00",
          "{\"seq\":0,\"kind\":\"start\",\"uptime_ms\":0,\"dimension\":"
          "{\"content_title\":\"\\\"\\\\\\u000a\\u0000\\u007f\xC3\xA4</\"}}\n");
}

static void test_the_ends_of_the_integers(void **state) {
    (void)state;
    gives("A4 'k' 'e' 'q' 1B0020000000000000 'u' 00 'zz' 3B001FFFFFFFFFFFFF",
          "{\"seq\":9007199254740992,\"kind\":\"event\",\"uptime_ms\":0,"
          "\"zz\":-9007199254740992}\n");
}

/* ---- what is refused ------------------------------------------------------------------------ */

static void test_cut_short_anywhere_is_an_error(void **state) {
    (void)state;
    static const char body[] = "A7" HEAD "'m' 07 't' 1B0000019A00000000 'r' 9F" HEARTBEAT "FF";
    uint8_t data[INPUT_MAX];
    const size_t size = bytes_of(body, data);
    for (size_t cut = 1; cut < size; cut++) {
        const outcome_t outcome = decode(data, cut);
        assert_string_equal(outcome.error, "cut short");
        assert_true(outcome.error_at <= cut);
        assert_string_equal(outcome.lines, cut < size - 1 ? "" : HEAD_LINE HEARTBEAT_LINE);
        free(outcome.lines);
    }
}

static void test_no_damaged_byte_does_harm(void **state) {
    (void)state;
    static const char body[] = "A5" HEAD "'r' 9F" HEARTBEAT "FF";
    uint8_t data[INPUT_MAX];
    const size_t size = bytes_of(body, data);
    for (size_t at = 0; at < size; at++) {
        const uint8_t good = data[at];
        for (uint32_t value = 0; value < 256; value++) {
            data[at] = (uint8_t)value;
            /* The sanitizers are the judges; a line is whole or not there. */
            const outcome_t outcome = decode(data, size);
            const size_t length = strlen(outcome.lines);
            assert_true(length == 0 || outcome.lines[length - 1] == '\n');
            free(outcome.lines);
        }
        data[at] = good;
    }
}

static void test_depth_is_bounded(void **state) {
    (void)state;
    refused("A4 'k' 'h' 'q' 00 'u' 00 'zz' 81818181 8101", 18, "nested too deep");
    uint8_t bomb[INPUT_MAX];
    const size_t head = bytes_of("A4 'k' 'h' 'q' 00 'u' 00 'zz'", bomb);
    memset(bomb + head, 0x81, sizeof bomb - head);
    const outcome_t outcome = decode(bomb, sizeof bomb);
    assert_string_equal(outcome.error, "nested too deep");
    free(outcome.lines);
}

static void test_a_key_twice_or_out_of_order(void **state) {
    (void)state;
    static const char why[] = "a key that is there twice or out of order";
    refused("A4 'k' 'h' 'q' 00 'q' 00 'u' 00", 8, why);
    refused("A3 'q' 00 'k' 'h' 'u' 00", 4, why);
    refused("A4 'k' 'h' 'p' A2 'pt' 01 'pt' 01 'q' 00 'u' 00", 12, why);
    refused("A4 'k' 'h' 'p' A2 'pt' 01 'p' 01 'q' 00 'u' 00", 12, why);
}

static void test_types_the_wire_does_not_have(void **state) {
    (void)state;
    static const char simple[] = "a float, a null or a simple value";
    static const char foreign[] = "a byte string or a tag";
    refused("A4 'k' 'h' 'q' 00 'u' 00 'z' F93C00", 13, simple);
    refused("A4 'k' 'h' 'q' 00 'u' 00 'z' F6", 13, simple);
    refused("A4 'k' 'h' 'q' 00 'u' 00 'z' 4100", 13, foreign);
    refused("A4 'k' 'h' 'q' 00 'u' 00 'z' C100", 13, foreign);
    refused("A4 'k' 'h' 'q' 00 'u' 00 'z' BFFF", 13, "indefinite length");
    refused("A4 'k' 'h' 'q' 00 'u' 00 'z' 9FFF", 13, "a break or an indefinite length");
    refused("A4 'k' 'h' 'q' 00 'u' 00 'z' FF", 13, "a break or an indefinite length");
    refused("A4 'k' 'h' 'q' 00 'u' 00 'z' 1C", 13, "reserved length of an argument");
    refused("A1 0101", 1, "a key that is not a text");
}

static void test_forms_that_are_not_the_shortest(void **state) {
    (void)state;
    static const char why[] = "not in its shortest form";
    refused("A3 'k' 'h' 'q' 1817 'u' 00", 7, why);
    refused("A3 'k' 'h' 'q' 1900FF 'u' 00", 7, why);
    refused("A3 'k' 'h' 'q' 1A0000FFFF 'u' 00", 7, why);
    refused("A3 'k' 'h' 'q' 1B00000000FFFFFFFF 'u' 00", 7, why);
    refused("A3 'k' 780168 'q' 00 'u' 00", 3, why);
}

static void test_integers_out_of_range(void **state) {
    (void)state;
    refused("A3 'k' 'h' 'q' 1B0020000000000001 'u' 00", 7, "an integer beyond 2^53");
    refused("A4 'k' 'h' 'q' 00 'u' 00 'z' 3B0020000000000000", 13, "an integer beyond 2^53");
    refused("A3 'k' 'h' 'q' 20 'u' 00", 7, "a count below 0");
}

/* A record with this value as its level, or as its histogram; the value begins at byte 11 or 7. */
static void refused_level(const char *value, size_t at, const char *why) {
    char notation[256];
    (void)snprintf(notation, sizeof notation, "A5 'k' 'h' 'l' A1 'lb' %s 'q' 00 's' 01 'u' 00",
                   value);
    refused(notation, at, why);
}

static void refused_histogram(const char *value, size_t at, const char *why) {
    char notation[256];
    (void)snprintf(notation, sizeof notation, "A4 'h' A1 'ha' %s 'k' 'v' 'q' 00 'u' 00", value);
    refused(notation, at, why);
}

static void test_levels_that_no_agent_makes(void **state) {
    (void)state;
    refused_level("05", 11, "not an array, as this key wants");
    refused_level("84 01 01 01 01", 11, "a level that is not five numbers");
    refused_level("86 01 01 01 01 01 01", 11, "a level that is not five numbers");
    refused_level("85 01 01 'x' 01 01", 14, "not an integer, as this array wants");
    refused_level("85 01 01 1A80000000 01 01", 11, "a level beyond 32 bits");
    refused_level("85 01 01 01 01 20", 11, "a level beyond 32 bits");
    refused_level("85 01 01 01 01 1B0000000100000000", 11, "a level beyond 32 bits");
    refused_level("85 04 01 03 02 01", 11, "a level outside its own least and most");
    refused_level("85 00 01 03 02 01", 11, "a level outside its own least and most");
    refused_level("85 02 01 03 04 01", 11, "a level outside its own least and most");
    refused_level("85 02 01 03 00 01", 11, "a level outside its own least and most");
}

static void test_histograms_that_no_agent_makes(void **state) {
    (void)state;
    static const char out_of_scale[] = "a histogram of a scale or offset that does not exist";
    static const char hollow[] = "a histogram with a first or last bucket that is empty";
    refused_histogram("A0", 7, "not an array, as this key wants");
    refused_histogram("82 00 01", 7, "a histogram without scale, zeros or offset");
    refused_histogram("83 00 00 00", 7, "an empty histogram");
    refused_histogram("83 00 01 01", 7, "an empty histogram");
    refused_histogram("84 04 00 00 01", 7, out_of_scale);
    refused_histogram("84 22 00 00 01", 7, out_of_scale);
    refused_histogram("84 00 00 21 01", 7, out_of_scale);
    refused_histogram("84 00 00 190200 01", 7, out_of_scale);
    refused_histogram("84 00 20 00 01", 7, "a histogram with a count beyond 32 bits");
    refused_histogram("84 00 00 00 1B0000000100000000", 7,
                      "a histogram with a count beyond 32 bits");
    refused_histogram("85 00 00 00 00 01", 7, hollow);
    refused_histogram("85 00 00 00 01 00", 7, hollow);
    refused_histogram(
        "98 18 00 00 00 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01", 7,
        "more buckets than a histogram has");
}

static void test_texts_that_are_not_utf8(void **state) {
    (void)state;
    static const char *const bad[] = {
        "6180",       "62C080",     "62C1BF",     "63E08080", "63EDA080",
        "64F08080BF", "64F4908080", "64F5808080", "61C3",     "62C33F",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char notation[64];
        (void)snprintf(notation, sizeof notation, "A4 'k' 'h' 'q' 00 'u' 00 'z' %s", bad[i]);
        refused(notation, 13, "a text that is not UTF-8");
    }
}

static void test_lengths_that_lie(void **state) {
    (void)state;
    refused("A4 'k' 'h' 'q' 00 'u' 00 'z' 7B7FFFFFFFFFFFFFFF 00", 13, "cut short");
    refused("A4 'k' 'h' 'q' 00 'u' 00 'z' 9BFFFFFFFFFFFFFFFF 00", 13, "cut short");
    refused("A4 'k' 'h' 'q' 00 'u' 00 'z' BA7FFFFFFF 00", 13, "cut short");
}

static void test_records_that_lack_something(void **state) {
    (void)state;
    refused("A2 'k' 'h' 'q' 00", 0, "a record without k, q or u");
    refused("A2 'q' 00 'u' 00", 0, "a record without k, q or u");
    refused("A0", 0, "a record without k, q or u");
    refused("01", 0, "a record that is not a map");
    refused("A3 'k' 'hh' 'q' 00 'u' 00", 3, "a kind that is not one letter");
    refused("A3 'k' 05 'q' 00 'u' 00", 3, "a kind that is not a text");
    refused("A3 'k' 'h' 'q' 'x' 'u' 00", 7, "not an integer, as this key wants");
}

static void test_a_record_with_too_many_keys(void **state) {
    (void)state;
    char notation[512] = "B8 21";
    for (char key = '!'; key < '!' + 33; key++) {
        char pair[8];
        (void)snprintf(pair, sizeof pair, "61%02X 00", (unsigned)key);
        strcat(notation, pair);
    }
    refused(notation, 2 + 32 * 3, "more keys than a record has");
}

static void test_bodies_that_are_not_in_order(void **state) {
    (void)state;
    static const char order[] = "not the key that a body has here";
    refused("A4 'v' 01 'o' 'acme' 'b' 00 'r' 9F FF", 4, order);
    refused("A5 'v' 01 'o' 'acme' 'd' 'box-1' 'b' 00 'r' 9F FF", 4, order);
    refused("A6" HEAD "'t' 01 'm' 01 'r' 9F FF", 33, order);
    refused("A4" HEAD "'r' 9F FF", 30, order);
    refused("A6" HEAD "'r' 9F FF 'x' 00", 34, "more keys than a body has");
    refused("A5" HEAD "'r' 80", 32, "an array of definite length");
    refused("A5" HEAD "'r' A0", 32, "records that are not in an array");
    refused("A5" HEAD "'r' 9F 01 FF", 33, "a record that is not a map");
    refused("A5 'v' 01 'd' 05 00000000000000", 6, "a device that is not a text");
    refused("A5 'v' 01 'd' 'x' 'o' 05 00000000000000", 10, "an operator that is not a text");
}

/* ---- the registry --------------------------------------------------------------------------- */

static void test_the_registry_has_all_its_words(void **state) {
    (void)state;
    char *text = NULL;
    size_t length = 0;
    FILE *const out = open_memstream(&text, &length);
    assert_non_null(out);
    names_print_registry(out);
    fclose(out);
    static const char *const parts[] = {
        "{\"version\":" VALUE_OF(
            TALLY_REGISTRY_VERSION) ",\n\"kinds\":{\"a\":\"agent\",\"b\":\"boot\",",
        "\n\"groups_of\":{\"a\":\"an\",\"b\":\"b\",\"c\":\"\",",
        "\n\"groups\":{\"a\":\"agent\",",
        "\"mv\":{\"name\":\"volume\",\"group\":\"m\",\"kind\":\"gauge\",\"unit\":\"percent\","
        "\"role\":\"field\",\"privacy\":\"none\",\"meaning\":\"volume\",\"most\":100}",
        "\"pt\":{\"name\":\"play_time\",\"group\":\"p\",\"kind\":\"duration\",\"unit\":\"ms\","
        "\"role\":\"field\",\"privacy\":\"none\","
        "\"meaning\":\"time in which media advanced on screen, ads included\"}",
        "\"values\":{\"0\":\"completed\",\"1\":\"user\",",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        assert_non_null(strstr(text, parts[i]));
    }
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bare_record),
        cmocka_unit_test(test_a_body_tells_device_and_boot_of_its_records),
        cmocka_unit_test(test_bodies_and_records_one_after_another),
        cmocka_unit_test(test_units_stand_behind_names_once),
        cmocka_unit_test(test_enumerations_in_words_where_there_is_one),
        cmocka_unit_test(test_capabilities_in_names),
        cmocka_unit_test(test_a_level_has_names_for_its_five_numbers),
        cmocka_unit_test(test_a_histogram_tells_the_bounds_of_its_buckets),
        cmocka_unit_test(test_group_boot_does_not_hide_the_boot),
        cmocka_unit_test(test_what_the_registry_does_not_have_is_kept),
        cmocka_unit_test(test_texts_are_escaped),
        cmocka_unit_test(test_the_ends_of_the_integers),
        cmocka_unit_test(test_cut_short_anywhere_is_an_error),
        cmocka_unit_test(test_no_damaged_byte_does_harm),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_a_key_twice_or_out_of_order),
        cmocka_unit_test(test_types_the_wire_does_not_have),
        cmocka_unit_test(test_forms_that_are_not_the_shortest),
        cmocka_unit_test(test_integers_out_of_range),
        cmocka_unit_test(test_levels_that_no_agent_makes),
        cmocka_unit_test(test_histograms_that_no_agent_makes),
        cmocka_unit_test(test_texts_that_are_not_utf8),
        cmocka_unit_test(test_lengths_that_lie),
        cmocka_unit_test(test_records_that_lack_something),
        cmocka_unit_test(test_a_record_with_too_many_keys),
        cmocka_unit_test(test_bodies_that_are_not_in_order),
        cmocka_unit_test(test_the_registry_has_all_its_words),
    };
    return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
