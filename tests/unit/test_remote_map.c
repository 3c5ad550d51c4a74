/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration says, key by key: each refusal beside what differs only in it. */
#include <stdio.h>
#include <string.h>

#include "metrics.h"
#include "remote_rig.h"
#include "test.h"

#define BYTES(s) s, sizeof(s) - 1
#define KEY(k)   "\x61" k
#define O                                                                                          \
    KEY("o")                                                                                       \
    "\x64"                                                                                         \
    "acme"
#define V KEY("v") "\x07"

static int set_up(void **state) {
    (void)state;
    remote_rig_init();
    return 0;
}

#define ASSERT_TAKEN(map)      assert_int_equal(remote_read_payload(BYTES(map)), TALLY_OK)
#define ASSERT_REFUSED(map, e) assert_int_equal(remote_read_payload(BYTES(map)), TALLY_E_##e)

static const tally_remote_t provisioned = {
    .version = 7,
    .daily_bytes = UINT32_MAX,
    .sampling_ppm = 1000000,
};

static void test_remote_map_what_is_not_said_stays_as_provisioned(void **state) {
    (void)state;
    tally_remote_t none;
    tally_remote_none(&none);
    ASSERT_TAKEN("\xA2" O V);
    assert_same_remote(&remote_read, &provisioned);
    none.version = 7;
    assert_same_remote(&none, &provisioned);
}

static void test_remote_map_all_keys_together(void **state) {
    (void)state;
    static const tally_remote_t expected = {
        .version = 7,
        .heartbeat_ms = 30000,
        .upload_ms = 120000,
        .daily_bytes = 1048576,
        .sampling_ppm = 10000,
        .stop_until_s = 1778384896,
        .groups_off = 1u << TALLY_G_LEVEL | 1u << TALLY_G_MEDIA,
        .endpoint = 1,
        .thresholds = 2,
        .threshold = {{TALLY_M_PLAY_TIME, 1000}, {TALLY_M_RTP_LOSS_EVENTS, 5}},
    };
    ASSERT_TAKEN("\xAB" KEY("b") "\x1A\x00\x10\x00\x00" KEY("d") "\x65stb-1" KEY(
        "e") "\x69"
             "b.example" KEY("g") "\x62lm" KEY("h") "\x19\x75\x30" O
                     KEY("p") "\x19\x27\x10" KEY("s") "\x1A\x6A\x00\x00\x00" KEY(
                         "t") "\xA2\x62pt\x19\x03\xE8\x62r3\x05" KEY("u") "\x1A\x00\x01\xD4\xC0" V);
    assert_same_remote(&remote_read, &expected);
}

/* --- the map as such ------------------------------------------------------------------------ */

static void test_remote_map_is_one_map_and_nothing_else(void **state) {
    (void)state;
    ASSERT_TAKEN("\xA2" O V);
    ASSERT_REFUSED("", CBOR);
    ASSERT_REFUSED("\xA2" O V "\x00", CBOR);
    ASSERT_REFUSED("\xA1" O V, CBOR);
    ASSERT_REFUSED("\xA3" O V, CBOR);
    ASSERT_REFUSED("\x84" O V, CBOR);
    ASSERT_REFUSED("\xB8\x02" O V, CBOR);
    ASSERT_REFUSED("\xBF" O V "\xFF", CBOR);
    ASSERT_REFUSED("\xBA\xFF\xFF\xFF\xFF" O V, CBOR);
    ASSERT_REFUSED("\xD9\xD9\xF7\xA2" O V, CBOR);
}

static void test_remote_map_keys_ascend(void **state) {
    (void)state;
    ASSERT_TAKEN("\xA4" O KEY("p") "\x01" KEY("u") "\x19\x27\x10" V);
    ASSERT_REFUSED("\xA4" O KEY("u") "\x19\x27\x10" KEY("p") "\x01" V, CBOR);
    ASSERT_REFUSED("\xA4" O KEY("p") "\x01" KEY("p") "\x01" V, CBOR);
    ASSERT_REFUSED("\xA2" V O, CBOR);
    ASSERT_REFUSED("\xA3" O V V, CBOR);
    ASSERT_REFUSED("\xA4" O V KEY("z") "\x01" KEY("z") "\x01", CBOR); /* unknown ones as well */
    ASSERT_REFUSED("\xA4" O V KEY("z") "\x01" KEY("y") "\x01", CBOR);
    ASSERT_TAKEN("\xA4" O V KEY("y") "\x01" KEY("z") "\x01");
}

static void test_remote_map_keys_are_texts_of_one_letter(void **state) {
    (void)state;
    ASSERT_TAKEN("\xA3" O V KEY("w") "\x01");
    ASSERT_REFUSED("\xA3" O V "\x62wx\x01", CBOR);
    ASSERT_REFUSED("\xA3\x60\x01" O V, CBOR);
    ASSERT_REFUSED("\xA3\x01\x01" O V, CBOR);
    ASSERT_REFUSED("\xA3" O V "\x41w\x01", CBOR);
    ASSERT_REFUSED("\xA3" O V "\x62\xC3\xBC\x01", CBOR);
    ASSERT_REFUSED("\xA3" O V "\x61\xFF\x01", CBOR);
}

static void test_remote_map_unknown_keys_are_passed_over(void **state) {
    (void)state;
    ASSERT_TAKEN("\xA3" KEY("a") "\x01" O V);
    assert_same_remote(&remote_read, &provisioned);
    ASSERT_TAKEN("\xA3" KEY("a") "\x1B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF" O V);
    ASSERT_TAKEN("\xA3" KEY("a") "\x38\x63" O V);
    ASSERT_TAKEN("\xA3" KEY("a") "\x42\x00\xFF" O V);
    ASSERT_TAKEN("\xA3" KEY("a") "\x82\x01\xA1\x61x\x80" O V);
    assert_same_remote(&remote_read, &provisioned);
    ASSERT_REFUSED("\xA3" KEY("a") "\xF5" O V, CBOR);
    ASSERT_REFUSED("\xA3" KEY("a") "\xC1\x01" O V, CBOR);
    ASSERT_REFUSED("\xA3" KEY("a") "\x61\xFF" O V, CBOR);
    ASSERT_REFUSED("\xA3" KEY("a") "\x18\x17" O V, CBOR);
    ASSERT_REFUSED("\xA3" KEY("a") "\x82\x01" O V, CBOR);
}

/* --- numbers -------------------------------------------------------------------------------- */

/* A map with that number at that key is read. */
static void given_number(char key, uint32_t value) {
    char map[32];
    const char number[] = {
        0x61, key, 0x1A, (char)(value >> 24), (char)(value >> 16), (char)(value >> 8), (char)value};
    const bool is_early = key < 'o';
    assert_true(value > UINT16_MAX);
    memcpy(map, "\xA3" O O V, 18);
    memcpy(map + (is_early ? 1 : 8), number, sizeof number);
    memcpy(map + (is_early ? 8 : 1), O, 7);
    assert_int_equal(remote_read_payload(map, 18), TALLY_OK);
}

static void test_remote_map_heartbeat_is_clamped(void **state) {
    (void)state;
    ASSERT_TAKEN("\xA3" KEY("h") "\x00" O V);
    assert_int_equal(remote_read.heartbeat_ms, 1000);
    ASSERT_TAKEN("\xA3" KEY("h") "\x19\x03\xE7" O V);
    assert_int_equal(remote_read.heartbeat_ms, 1000);
    ASSERT_TAKEN("\xA3" KEY("h") "\x19\x03\xE9" O V);
    assert_int_equal(remote_read.heartbeat_ms, 1001);
    given_number('h', 3600000);
    assert_int_equal(remote_read.heartbeat_ms, 3600000);
    given_number('h', 3600001);
    assert_int_equal(remote_read.heartbeat_ms, 3600000);
    given_number('h', UINT32_MAX);
    assert_int_equal(remote_read.heartbeat_ms, 3600000);
}

static void test_remote_map_upload_period_is_clamped(void **state) {
    (void)state;
    ASSERT_TAKEN("\xA3" O KEY("u") "\x00" V);
    assert_int_equal(remote_read.upload_ms, 10000);
    ASSERT_TAKEN("\xA3" O KEY("u") "\x19\x27\x0F" V);
    assert_int_equal(remote_read.upload_ms, 10000);
    ASSERT_TAKEN("\xA3" O KEY("u") "\x19\x27\x11" V);
    assert_int_equal(remote_read.upload_ms, 10001);
    given_number('u', 86400000);
    assert_int_equal(remote_read.upload_ms, 86400000);
    given_number('u', 86400001);
    assert_int_equal(remote_read.upload_ms, 86400000);
}

static void test_remote_map_budget_is_nothing_or_enough(void **state) {
    (void)state;
    ASSERT_TAKEN("\xA3" KEY("b") "\x00" O V);
    assert_int_equal(remote_read.daily_bytes, 0);
    ASSERT_TAKEN("\xA3" KEY("b") "\x01" O V);
    assert_int_equal(remote_read.daily_bytes, 65536);
    ASSERT_TAKEN("\xA3" KEY("b") "\x19\xFF\xFF" O V);
    assert_int_equal(remote_read.daily_bytes, 65536);
    given_number('b', 65537);
    assert_int_equal(remote_read.daily_bytes, 65537);
    given_number('b', UINT32_MAX); /* which would mean: as provisioned */
    assert_int_equal(remote_read.daily_bytes, UINT32_MAX - 1);
}

static void test_remote_map_sampling_is_of_a_million(void **state) {
    (void)state;
    ASSERT_TAKEN("\xA3" O KEY("p") "\x00" V);
    assert_int_equal(remote_read.sampling_ppm, 0);
    given_number('p', 999999);
    assert_int_equal(remote_read.sampling_ppm, 999999);
    given_number('p', 1000001);
    assert_int_equal(remote_read.sampling_ppm, 1000000);
}

static void test_remote_map_stop_is_a_time(void **state) {
    (void)state;
    ASSERT_TAKEN("\xA3" O KEY("s") "\x00" V);
    assert_int_equal(remote_read.stop_until_s, 0);
    given_number('s', UINT32_MAX);
    assert_int_equal(remote_read.stop_until_s, UINT32_MAX);
}

static void test_remote_map_has_a_version_from_1(void **state) {
    (void)state;
    ASSERT_TAKEN("\xA2" O KEY("v") "\x01");
    assert_int_equal(remote_read.version, 1);
    ASSERT_TAKEN("\xA2" O KEY("v") "\x1A\xFF\xFF\xFF\xFF");
    assert_int_equal(remote_read.version, UINT32_MAX);
    ASSERT_REFUSED("\xA2" O KEY("v") "\x00", CBOR);
    ASSERT_REFUSED("\xA2" O KEY("v") "\x1B\x00\x00\x00\x01\x00\x00\x00\x00", CBOR);
    ASSERT_REFUSED("\xA1" O, CBOR);
}

/* Numbers that no clamp is for: negative, of 64 bits, and what is no number at all. */
static void test_remote_map_numbers_are_32_bits(void **state) {
    (void)state;
    static const char keys[] = "bhpsuv";
    static const struct {
        const char *bytes;
        uint32_t size;
    } values[] = {{BYTES("\x20")},
                  {BYTES("\x1B\x00\x00\x00\x01\x00\x00\x00\x00")},
                  {BYTES("\x61"
                         "7")},
                  {BYTES("\x41\x07")},
                  {BYTES("\xF5")},
                  {BYTES("\x81\x07")},
                  {BYTES("\xA0")},
                  {BYTES("\xF9\x47\x00")},
                  {BYTES("\x18\x07")},
                  {BYTES("\x07")}};
    for (uint32_t i = 0; i < sizeof keys - 1; i++) {
        for (uint32_t j = 0; j < sizeof values / sizeof values[0]; j++) {
            char map[64] = {(char)(keys[i] == 'v' ? 0xA2 : 0xA3)};
            uint32_t size = 1;
            for (const char *key = "bhopsuv"; *key != '\0'; key++) {
                if (*key == 'o') {
                    memcpy(map + size, O, 7);
                    size += 7;
                } else if (*key == keys[i] || *key == 'v') {
                    const bool is_it = *key == keys[i];
                    map[size++] = 0x61;
                    map[size++] = *key;
                    memcpy(map + size, is_it ? values[j].bytes : "\x07",
                           is_it ? values[j].size : 1);
                    size += is_it ? values[j].size : 1;
                }
            }
            const bool is_good = j + 1 == sizeof values / sizeof values[0];
            assert_int_equal(remote_read_payload(map, size), is_good ? TALLY_OK : TALLY_E_CBOR);
        }
    }
}

/* --- whom it is for ------------------------------------------------------------------------- */

static void test_remote_map_names_the_operator(void **state) {
    (void)state;
    ASSERT_TAKEN("\xA2" KEY("o") "\x64"
                                 "acme" V);
    ASSERT_REFUSED("\xA2" KEY("o") "\x64"
                                   "acmf" V,
                   AUDIENCE);
    ASSERT_REFUSED("\xA2" KEY("o") "\x63"
                                   "acm" V,
                   AUDIENCE);
    ASSERT_REFUSED("\xA2" KEY("o") "\x65"
                                   "acme2" V,
                   AUDIENCE);
    ASSERT_REFUSED("\xA2" KEY("o") "\x64"
                                   "ACME" V,
                   AUDIENCE);
    ASSERT_REFUSED("\xA2" KEY("o") "\x60" V, AUDIENCE);
    ASSERT_REFUSED("\xA1" V, AUDIENCE);
    ASSERT_REFUSED("\xA2" KEY("o") "\x44"
                                   "acme" V,
                   CBOR);
    ASSERT_REFUSED("\xA2" KEY("o") "\x01" V, CBOR);
    ASSERT_REFUSED("\xA2" KEY("o") "\x65"
                                   "acme\x00" V,
                   CBOR);
}

static void test_remote_map_may_name_a_device(void **state) {
    (void)state;
    ASSERT_TAKEN("\xA3" KEY("d") "\x65"
                                 "stb-1" O V);
    ASSERT_REFUSED("\xA3" KEY("d") "\x65"
                                   "stb-2" O V,
                   AUDIENCE);
    ASSERT_REFUSED("\xA3" KEY("d") "\x66"
                                   "stb-10" O V,
                   AUDIENCE);
    ASSERT_REFUSED("\xA3" KEY("d") "\x60" O V, AUDIENCE);
    ASSERT_REFUSED("\xA3" KEY("d") "\x45"
                                   "stb-1" O V,
                   CBOR);
    ASSERT_REFUSED("\xA3" KEY("d") "\x65"
                                   "stb-1" KEY("o") "\x64"
                                                    "acmf" V,
                   AUDIENCE);
}

static void test_remote_map_chooses_among_provisioned_endpoints(void **state) {
    (void)state;
    ASSERT_TAKEN("\xA3" KEY("e") "\x69"
                                 "a.example" O V);
    assert_int_equal(remote_read.endpoint, 0);
    ASSERT_TAKEN("\xA3" KEY("e") "\x69"
                                 "b.example" O V);
    assert_int_equal(remote_read.endpoint, 1); /* the first of that name */
    ASSERT_REFUSED("\xA3" KEY("e") "\x69"
                                   "c.example" O V,
                   CONFIG);
    ASSERT_REFUSED("\xA3" KEY("e") "\x68"
                                   "b.exampl" O V,
                   CONFIG);
    ASSERT_REFUSED("\xA3" KEY("e") "\x6A"
                                   "b.example." O V,
                   CONFIG);
    ASSERT_REFUSED("\xA3" KEY("e") "\x60" O V, CONFIG);
    ASSERT_REFUSED("\xA3" KEY("e") "\x49"
                                   "b.example" O V,
                   CBOR);
    ASSERT_REFUSED("\xA3" KEY("e") "\x01" O V, CBOR);
}

static void
test_remote_map_form_is_judged_before_audience_and_that_before_the_endpoint(void **state) {
    (void)state;
    ASSERT_REFUSED("\xA3" KEY("e") "\x61"
                                   "x" KEY("o") "\x61"
                                                "x" V,
                   AUDIENCE);
    ASSERT_REFUSED("\xA3" KEY("e") "\x61"
                                   "x" O V,
                   CONFIG);
    ASSERT_REFUSED("\xA3" KEY("e") "\x61"
                                   "x" KEY("o") "\x61"
                                                "x" KEY("v") "\x00",
                   CBOR);
    ASSERT_REFUSED("\xA3" KEY("e") "\x61"
                                   "x" KEY("o") "\x61"
                                                "x" KEY("v") "\xF6",
                   CBOR);
}

/* --- groups --------------------------------------------------------------------------------- */

static uint32_t groups_off_of(const char *letters) {
    char map[64];
    const int size = snprintf(map, sizeof map, "\xA3" KEY("g") "%c%s" O V,
                              (char)(0x60 + strlen(letters)), letters);
    assert_int_equal(remote_read_payload(map, (uint32_t)size), TALLY_OK);
    return remote_read.groups_off;
}

static void test_remote_map_groups_are_switched_off_by_letter(void **state) {
    (void)state;
    assert_int_equal(groups_off_of(""), 0);
    assert_int_equal(groups_off_of("l"), 1u << TALLY_G_LEVEL);
    assert_int_equal(groups_off_of("lm"), 1u << TALLY_G_LEVEL | 1u << TALLY_G_MEDIA);
    assert_int_equal(groups_off_of("ml"), 1u << TALLY_G_LEVEL | 1u << TALLY_G_MEDIA);
}

static void test_remote_map_every_group_is_off_but_what_tells_who_and_what(void **state) {
    (void)state;
    for (uint32_t group = 0; group < TALLY_GROUPS; group++) {
        const char letters[] = {tally_group_infos[group].letter, '\0'};
        const bool always = strchr("abdp", letters[0]) != NULL;
        assert_int_equal(groups_off_of(letters), always ? 0 : 1u << group);
    }
    assert_int_equal(groups_off_of("abdp"), 0);
}

static void test_remote_map_unknown_groups_are_passed_over(void **state) {
    (void)state;
    for (char letter = 'a'; letter <= 'z'; letter++) {
        uint32_t group = 0;
        while (group < TALLY_GROUPS && tally_group_infos[group].letter != letter) {
            group++;
        }
        const char letters[] = {letter, '\0'};
        if (group == TALLY_GROUPS) {
            assert_int_equal(groups_off_of(letters), 0);
        }
    }
    assert_int_equal(groups_off_of("clw"), 1u << TALLY_G_LEVEL);
}

static void test_remote_map_groups_are_letters_each_once(void **state) {
    (void)state;
    ASSERT_TAKEN("\xA3" KEY("g") "\x62"
                                 "lm" O V);
    ASSERT_REFUSED("\xA3" KEY("g") "\x62"
                                   "ll" O V,
                   CBOR);
    ASSERT_REFUSED("\xA3" KEY("g") "\x63"
                                   "lml" O V,
                   CBOR);
    ASSERT_REFUSED("\xA3" KEY("g") "\x62"
                                   "ww" O V,
                   CBOR);
    ASSERT_REFUSED("\xA3" KEY("g") "\x62"
                                   "aa" O V,
                   CBOR);
    ASSERT_REFUSED("\xA3" KEY("g") "\x61"
                                   "L" O V,
                   CBOR);
    ASSERT_REFUSED("\xA3" KEY("g") "\x61"
                                   "{" O V,
                   CBOR);
    ASSERT_REFUSED("\xA3" KEY("g") "\x61"
                                   "`" O V,
                   CBOR);
    ASSERT_REFUSED("\xA3" KEY("g") "\x62"
                                   "\xC3\xBC" O V,
                   CBOR);
    ASSERT_REFUSED("\xA3" KEY("g") "\x42"
                                   "lm" O V,
                   CBOR);
    ASSERT_REFUSED("\xA3" KEY("g") "\x82\x61l\x61m" O V, CBOR);
}

/* --- thresholds ----------------------------------------------------------------------------- */

#define WITH_T(map) "\xA3" O KEY("t") map V

static void test_remote_map_thresholds_are_of_known_metrics(void **state) {
    (void)state;
    ASSERT_TAKEN(WITH_T("\xA0"));
    assert_int_equal(remote_read.thresholds, 0);
    ASSERT_TAKEN(WITH_T("\xA1\x62pt\x1A\xFF\xFF\xFF\xFF"));
    assert_int_equal(remote_read.thresholds, 1);
    assert_int_equal(remote_read.threshold[0].metric, TALLY_M_PLAY_TIME);
    assert_int_equal(remote_read.threshold[0].rise, UINT32_MAX);
}

static void test_remote_map_a_rise_is_at_least_1(void **state) {
    (void)state;
    ASSERT_TAKEN(WITH_T("\xA1\x62pt\x00"));
    assert_int_equal(remote_read.threshold[0].rise, 1);
    ASSERT_TAKEN(WITH_T("\xA1\x62pt\x02"));
    assert_int_equal(remote_read.threshold[0].rise, 2);
}

static void test_remote_map_unknown_thresholds_are_passed_over(void **state) {
    (void)state;
    ASSERT_TAKEN(WITH_T("\xA2\x62pt\x03\x62zz\x05"));
    assert_int_equal(remote_read.thresholds, 1);
    ASSERT_TAKEN(WITH_T("\xA2\x62!!\x81\x20\x62pt\x03"));
    assert_int_equal(remote_read.thresholds, 1);
    assert_int_equal(remote_read.threshold[0].rise, 3);
    ASSERT_REFUSED(WITH_T("\xA1\x62!!\xF6"), CBOR);
}

static void test_remote_map_at_most_4_thresholds(void **state) {
    (void)state;
    ASSERT_TAKEN(WITH_T("\xA4\x62!!\x01\x62!\"\x01\x62!#\x01\x62pt\x01"));
    assert_int_equal(remote_read.thresholds, 1);
    ASSERT_REFUSED(WITH_T("\xA5\x62!!\x01\x62!\"\x01\x62!#\x01\x62!$\x01\x62pt\x01"), CBOR);
    ASSERT_REFUSED(WITH_T("\xBA\xFF\xFF\xFF\xFF"), CBOR);
}

static void test_remote_map_threshold_keys_ascend_and_have_two_letters(void **state) {
    (void)state;
    ASSERT_TAKEN(WITH_T("\xA2\x62pt\x01\x62r3\x01"));
    ASSERT_REFUSED(WITH_T("\xA2\x62r3\x01\x62pt\x01"), CBOR);
    ASSERT_REFUSED(WITH_T("\xA2\x62pt\x01\x62pt\x01"), CBOR);
    ASSERT_REFUSED(WITH_T("\xA2\x62pt\x01\x61"
                          "z\x01"),
                   CBOR);
    ASSERT_REFUSED(WITH_T("\xA2\x62pt\x01\x63zzz\x01"), CBOR);
    ASSERT_REFUSED(WITH_T("\xA2\x62pt\x01\x42r3\x01"), CBOR);
}

static void test_remote_map_a_rise_is_a_number(void **state) {
    (void)state;
    ASSERT_TAKEN(WITH_T("\xA1\x62pt\x01"));
    ASSERT_REFUSED(WITH_T("\xA1\x62pt\x20"), CBOR);
    ASSERT_REFUSED(WITH_T("\xA1\x62pt\x61"
                          "1"),
                   CBOR);
    ASSERT_REFUSED(WITH_T("\xA1\x62pt\x1B\x00\x00\x00\x01\x00\x00\x00\x00"), CBOR);
    ASSERT_REFUSED(WITH_T("\x80"), CBOR);
    ASSERT_REFUSED(WITH_T("\x01"), CBOR);
}

/* Each metric of the registry: cumulative ones of sessions and of their streams, no others. */
static void test_remote_map_thresholds_rise(void **state) {
    (void)state;
    uint32_t taken = 0;
    for (uint32_t metric = 0; metric < TALLY_METRICS; metric++) {
        const tally_metric_info_t *const info = &tally_metric_infos[metric];
        const enum tally_group group = tally_metrics_group((enum tally_metric)metric);
        const bool is_good =
            strchr("fijmprtz", tally_group_infos[group].letter) != NULL &&
            (info->kind == TALLY_KIND_COUNTER || info->kind == TALLY_KIND_DURATION);
        const uint32_t letters = tally_cbor_letters(info->key);
        char map[32];
        const int size = snprintf(map, sizeof map, WITH_T("\xA1\x62%c%c\x09"),
                                  (int)(letters & 0xFF), (int)(letters >> 8));
        assert_int_equal(remote_read_payload(map, (uint32_t)size),
                         is_good ? TALLY_OK : TALLY_E_CBOR);
        if (is_good) {
            assert_int_equal(remote_read.threshold[0].metric, metric);
            taken++;
        }
    }
    assert_in_range(taken, 50, TALLY_METRICS - 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remote_map_what_is_not_said_stays_as_provisioned),
        cmocka_unit_test(test_remote_map_all_keys_together),
        cmocka_unit_test(test_remote_map_is_one_map_and_nothing_else),
        cmocka_unit_test(test_remote_map_keys_ascend),
        cmocka_unit_test(test_remote_map_keys_are_texts_of_one_letter),
        cmocka_unit_test(test_remote_map_unknown_keys_are_passed_over),
        cmocka_unit_test(test_remote_map_heartbeat_is_clamped),
        cmocka_unit_test(test_remote_map_upload_period_is_clamped),
        cmocka_unit_test(test_remote_map_budget_is_nothing_or_enough),
        cmocka_unit_test(test_remote_map_sampling_is_of_a_million),
        cmocka_unit_test(test_remote_map_stop_is_a_time),
        cmocka_unit_test(test_remote_map_has_a_version_from_1),
        cmocka_unit_test(test_remote_map_numbers_are_32_bits),
        cmocka_unit_test(test_remote_map_names_the_operator),
        cmocka_unit_test(test_remote_map_may_name_a_device),
        cmocka_unit_test(test_remote_map_chooses_among_provisioned_endpoints),
        cmocka_unit_test(
            test_remote_map_form_is_judged_before_audience_and_that_before_the_endpoint),
        cmocka_unit_test(test_remote_map_groups_are_switched_off_by_letter),
        cmocka_unit_test(test_remote_map_every_group_is_off_but_what_tells_who_and_what),
        cmocka_unit_test(test_remote_map_unknown_groups_are_passed_over),
        cmocka_unit_test(test_remote_map_groups_are_letters_each_once),
        cmocka_unit_test(test_remote_map_thresholds_are_of_known_metrics),
        cmocka_unit_test(test_remote_map_a_rise_is_at_least_1),
        cmocka_unit_test(test_remote_map_unknown_thresholds_are_passed_over),
        cmocka_unit_test(test_remote_map_at_most_4_thresholds),
        cmocka_unit_test(test_remote_map_threshold_keys_ascend_and_have_two_letters),
        cmocka_unit_test(test_remote_map_a_rise_is_a_number),
        cmocka_unit_test(test_remote_map_thresholds_rise),
    };
    return cmocka_run_group_tests_name("remote_map", tests, set_up, NULL);
}
