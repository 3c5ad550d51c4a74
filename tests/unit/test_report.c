/* SPDX-License-Identifier: Apache-2.0 */
/* Records, byte for byte. */
#include <string.h>

#include "fakes.h"
#include "records.h"
#include "report.h"
#include "test.h"

static fake_port_t port;
static fake_store_t store;
static tally_spool_t spool;
static tally_report_t report;
static uint64_t declared[TALLY_GROUPS];

static uint64_t every_bit(enum tally_group group) {
    const tally_group_info_t *const info = &tally_group_infos[group];
    return (UINT64_C(1) << (info->end - info->first)) - 1;
}

/* Records made 5,000 ms after boot by a device that does not know what time it is and declares
 * everything. */
static int set_up(void **state) {
    (void)state;
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        declared[i] = every_bit((enum tally_group)i);
    }
    fake_port_init(&port);
    fake_store_init(&store, 4096, 4, 1);
    assert_int_equal(tally_spool_init(&spool, &store.store, 0, 1), TALLY_OK);
    tally_report_init(&report, &port.port, &tally_report_to_spool, &spool, declared, 1000000);
    tally_report_set_time(&report, 1005000, (tally_wall_t){.quality = TALLY_WALL_UNKNOWN});
    return 0;
}

static void expect_spool(const uint8_t *bytes, uint32_t size) {
    uint8_t found[4096];
    tally_batch_t batch;
    (void)tally_spool_plan(&spool, sizeof found, &batch);
    assert_int_equal(tally_spool_read(&spool, &batch, found, sizeof found), size);
    assert_memory_equal(found, bytes, size);
}

#define EXPECT(...)                                                                                \
    do {                                                                                           \
        static const uint8_t expected[] = {__VA_ARGS__};                                           \
        expect_spool(expected, sizeof expected);                                                   \
    } while (0)

static void make(enum tally_record kind, uint32_t session, const tally_view_t *views,
                 uint32_t count) {
    tally_report_make(&report, TALLY_URGENT, kind, session, views, count);
}

static void make_event(void) {
    const tally_value_t values[TALLY_EVENT_METRICS] = {{0}};
    const tally_view_t event = {
        .values = values, .present = TALLY_CAN(EVENT, EVENT_TYPE), .group = TALLY_G_EVENT};
    make(TALLY_RECORD_EVENT, 7, &event, 1);
}

static uint32_t at(enum tally_metric metric, enum tally_metric first) {
    return (uint32_t)metric - (uint32_t)first;
}

/* --- one of each kind ----------------------------------------------------------------------- */

/* clang-format off */
static void test_report_boot(void **state) {
    (void)state;
    memset(declared, 0, sizeof declared);
    declared[TALLY_G_BOOT] = TALLY_CAN(BOOT, FIRMWARE) | TALLY_CAN(BOOT, RESET_REASON);
    declared[TALLY_G_RTP] = 3;
    tally_value_t values[TALLY_BOOT_METRICS] = {{0}};
    values[at(TALLY_M_FIRMWARE, TALLY_M_BOOT_FIRST)].text = "1.2";
    values[at(TALLY_M_RESET_REASON, TALLY_M_BOOT_FIRST)].number = TALLY_RESET_WATCHDOG;
    make(TALLY_RECORD_BOOT, 0, &(tally_view_t){
        .values = values, .present = declared[TALLY_G_BOOT], .group = TALLY_G_BOOT}, 1);
    EXPECT(0xA5,
           0x61, 'b', 0xA2,
               0x62, 'f', 'w', 0x63, '1', '.', '2',
               0x62, 'r', 'e', 0x03,
           0x61, 'c', 0xA2,
               0x61, 'b', 0x19, 0x09, 0x00, /* bits 8 and 11 */
               0x61, 'r', 0x03,
           0x61, 'k', 0x61, 'b',
           0x61, 'q', 0x00,
           0x61, 'u', 0x19, 0x13, 0x88);
}

static void test_report_clock(void **state) {
    (void)state;
    tally_report_set_time(&report, 1005000, (tally_wall_t){
        .unix_ms = 1700000000000, .quality = TALLY_WALL_UNAUTHENTICATED});
    make(TALLY_RECORD_CLOCK, 0, NULL, 0);
    EXPECT(0xA4,
           0x61, 'k', 0x61, 'c',
           0x61, 'q', 0x00,
           0x61, 'u', 0x19, 0x13, 0x88,
           0x61, 'w', 0x1B, 0x00, 0x00, 0x01, 0x8B, 0xCF, 0xE5, 0x68, 0x00);
}

static void test_report_start(void **state) {
    (void)state;
    tally_value_t values[TALLY_DIMENSION_METRICS] = {{0}};
    values[at(TALLY_M_CONTENT_ID, TALLY_M_DIMENSION_FIRST)].text = "\xC3\xBC";
    values[at(TALLY_M_DELIVERY, TALLY_M_DIMENSION_FIRST)].number = TALLY_DELIVERY_RTP;
    memset(declared, 0, sizeof declared);
    declared[TALLY_G_DIMENSION] = TALLY_CAN(DIMENSION, CONTENT_ID) | TALLY_CAN(DIMENSION, DELIVERY);
    declared[TALLY_G_PLAYBACK] = 0x107;
    make(TALLY_RECORD_START, 7, &(tally_view_t){
        .values = values, .present = declared[TALLY_G_DIMENSION], .group = TALLY_G_DIMENSION}, 1);
    EXPECT(0xA6,
           0x61, 'c', 0xA2,
               0x61, 'd', 0x1A, 0x40, 0x00, 0x20, 0x00, /* bits 13 and 30 */
               0x61, 'p', 0x19, 0x01, 0x07,
           0x61, 'd', 0xA2,
               0x62, 'c', 'i', 0x62, 0xC3, 0xBC,
               0x62, 'd', 'y', 0x03,
           0x61, 'k', 0x61, 's',
           0x61, 'q', 0x00,
           0x61, 's', 0x07,
           0x61, 'u', 0x19, 0x13, 0x88);
}

/* Groups on both sides of the record's own keys; one of them has nothing to say. */
static void test_report_heartbeat(void **state) {
    (void)state;
    tally_value_t ads[TALLY_ADS_METRICS] = {{0}};
    tally_value_t levels[TALLY_LEVEL_METRICS] = {{0}};
    const tally_value_t media[TALLY_MEDIA_METRICS] = {{0}};
    tally_value_t playback[TALLY_PLAYBACK_METRICS] = {{0}};
    const tally_level_t buffer = {
        .weighted = 7000000, .time_ms = 2000, .last = 3000, .least = -1, .most = 4000};
    ads[at(TALLY_M_AD_BREAKS, TALLY_M_ADS_FIRST)].number = 24;
    levels[at(TALLY_M_BUFFER_LENGTH, TALLY_M_LEVEL_FIRST)].level = &buffer;
    playback[at(TALLY_M_PLAY_TIME, TALLY_M_PLAYBACK_FIRST)].number = 1000;
    playback[at(TALLY_M_STATE, TALLY_M_PLAYBACK_FIRST)].number = TALLY_STATE_PLAYING;
    const tally_view_t views[] = {
        {.values = ads, .group = TALLY_G_ADS},
        {.values = levels, .present = TALLY_CAN(LEVEL, BUFFER_LENGTH), .group = TALLY_G_LEVEL},
        {.values = media, .group = TALLY_G_MEDIA},
        {.values = playback, .present = TALLY_CAN(PLAYBACK, STATE), .group = TALLY_G_PLAYBACK},
    };
    make(TALLY_RECORD_HEARTBEAT, 300, views, 4);
    EXPECT(0xA7,
           0x61, 'i', 0xA1,
               0x62, 'i', 'b', 0x18, 0x18,
           0x61, 'k', 0x61, 'h',
           0x61, 'l', 0xA1,
               0x62, 'l', 'b', 0x85, 0x19, 0x0B, 0xB8, 0x20, 0x19, 0x0F, 0xA0,
                                     0x19, 0x0D, 0xAC, 0x19, 0x07, 0xD0,
           0x61, 'p', 0xA2,
               0x62, 'p', 't', 0x19, 0x03, 0xE8,
               0x62, 's', 'e', 0x02,
           0x61, 'q', 0x00,
           0x61, 's', 0x19, 0x01, 0x2C,
           0x61, 'u', 0x19, 0x13, 0x88);
}

static void test_report_event(void **state) {
    (void)state;
    tally_value_t values[TALLY_EVENT_METRICS] = {{0}};
    values[at(TALLY_M_EVENT_CODE, TALLY_M_EVENT_FIRST)].number = -400;
    values[at(TALLY_M_EVENT_TYPE, TALLY_M_EVENT_FIRST)].number = TALLY_EVENT_STALL_END;
    make(TALLY_RECORD_EVENT, 7, &(tally_view_t){
        .values = values,
        .present = TALLY_CAN(EVENT, EVENT_CODE) | TALLY_CAN(EVENT, EVENT_TYPE),
        .group = TALLY_G_EVENT}, 1);
    EXPECT(0xA5,
           0x61, 'e', 0xA2,
               0x62, 'e', 'c', 0x39, 0x01, 0x8F,
               0x62, 'e', 't', 0x03,
           0x61, 'k', 0x61, 'e',
           0x61, 'q', 0x00,
           0x61, 's', 0x07,
           0x61, 'u', 0x19, 0x13, 0x88);
}

/* The second histogram is empty. */
static void test_report_viewing(void **state) {
    (void)state;
    tally_value_t viewing[TALLY_VIEWING_METRICS] = {{0}};
    tally_value_t histograms[TALLY_HISTOGRAM_METRICS] = {{0}};
    tally_histogram_t stalls;
    tally_histogram_t zaps;
    tally_histogram_init(&stalls);
    tally_histogram_init(&zaps);
    tally_histogram_add(&stalls, 0);
    tally_histogram_add(&stalls, 1);
    viewing[at(TALLY_M_VIEWING_SESSIONS, TALLY_M_VIEWING_FIRST)].number = 70000;
    histograms[at(TALLY_M_STALL_HISTOGRAM, TALLY_M_HISTOGRAM_FIRST)].histogram = &stalls;
    histograms[at(TALLY_M_ZAP_HISTOGRAM, TALLY_M_HISTOGRAM_FIRST)].histogram = &zaps;
    const tally_view_t views[] = {
        {.values = viewing, .group = TALLY_G_VIEWING},
        {.values = histograms,
         .present = TALLY_CAN(HISTOGRAM, STALL_HISTOGRAM) | TALLY_CAN(HISTOGRAM, ZAP_HISTOGRAM),
         .group = TALLY_G_HISTOGRAM},
    };
    make(TALLY_RECORD_VIEWING, 0, views, 2);
    EXPECT(0xA5,
           0x61, 'g', 0xA1,
               0x62, 'g', 'o', 0x1A, 0x00, 0x01, 0x11, 0x70,
           0x61, 'h', 0xA1,
               0x62, 'h', 'b', 0x84, 0x03, 0x01, 0x20, 0x01, /* 1 is in (base^-1, base^0] */
           0x61, 'k', 0x61, 'v',
           0x61, 'q', 0x00,
           0x61, 'u', 0x19, 0x13, 0x88);
}
/* clang-format on */

/* --- what is absent ------------------------------------------------------------------------- */

static record_t only_record(void) {
    static records_t records;
    records_load(&records, &spool);
    assert_int_equal(records.count, 1);
    return records.list[0];
}

static void make_heartbeat(const tally_value_t *values, uint64_t present) {
    const tally_view_t view = {.values = values, .present = present, .group = TALLY_G_PLAYBACK};
    make(TALLY_RECORD_HEARTBEAT, 7, &view, 1);
}

static void test_report_leaves_out_groups_without_a_value(void **state) {
    (void)state;
    const tally_value_t values[TALLY_PLAYBACK_METRICS] = {{0}};
    make_heartbeat(values, 0);
    assert_false(record_has(only_record(), "p"));
}

static void test_report_sends_gauges_enums_and_signed_values_at_0(void **state) {
    (void)state;
    const tally_value_t values[TALLY_PLAYBACK_METRICS] = {{0}};
    make_heartbeat(values, every_bit(TALLY_G_PLAYBACK));
    const record_t record = only_record();
    static const char *const paths[] = {"p.br", "p.eg", "p.eo", "p.fi", "p.fu",
                                        "p.ml", "p.mx", "p.pp", "p.se", "p.sr",
                                        "p.su", "p.sv", "p.sy", "p.sz", "p.zp"};
    for (uint32_t i = 0; i < 15; i++) {
        assert_int_equal(record_number(record, paths[i]), 0);
    }
    assert_int_equal(record_keys(record, "p"), 15); /* and no counter or duration */
}

static void test_report_never_sends_what_is_not_declared(void **state) {
    (void)state;
    tally_value_t values[TALLY_PLAYBACK_METRICS];
    for (uint32_t i = 0; i < TALLY_PLAYBACK_METRICS; i++) {
        values[i].number = 5;
    }
    declared[TALLY_G_PLAYBACK] = TALLY_CAN(PLAYBACK, STALLS) | TALLY_CAN(PLAYBACK, STATE);
    make_heartbeat(values, every_bit(TALLY_G_PLAYBACK));
    const record_t record = only_record();
    assert_int_equal(record_number(record, "p.sc"), 5);
    assert_int_equal(record_number(record, "p.se"), 5);
    assert_int_equal(record_keys(record, "p"), 2);
}

static void test_report_needs_no_values_of_a_group_that_is_not_declared(void **state) {
    (void)state;
    declared[TALLY_G_PLAYBACK] = 0;
    make_heartbeat(NULL, UINT64_MAX);
    assert_int_equal(record_keys(only_record(), ""), 4); /* k q s u */
}

static void test_report_of_more_than_23_metrics_in_a_group(void **state) {
    (void)state;
    static const uint32_t pairs[] = {23, 24, 25};
    static records_t records;
    tally_value_t values[TALLY_PLAYBACK_METRICS];
    for (uint32_t i = 0; i < TALLY_PLAYBACK_METRICS; i++) {
        values[i].number = i % 16 + 1; /* more than one byte in no list and no text */
    }
    for (uint32_t i = 0; i < 3; i++) {
        declared[TALLY_G_PLAYBACK] = (UINT64_C(1) << pairs[i]) - 1;
        make_heartbeat(values, UINT64_MAX);
    }
    records_load(&records, &spool);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(record_keys(records.list[i], "p"), pairs[i]);
        assert_int_equal(record_number(records.list[i], "p.bd"), 1);
        assert_int_equal(record_number(records.list[i], "p.ps"), 23 % 16);
    }
}

static void test_report_knows_the_wall_time_or_says_nothing(void **state) {
    (void)state;
    report.wall.unix_ms = 1700000000000; /* of unknown quality */
    make_event();
    assert_false(record_has(only_record(), "w"));
}

static void test_report_numbers_its_records(void **state) {
    (void)state;
    static records_t records;
    for (uint32_t i = 0; i < 30; i++) {
        make_event();
    }
    records_load(&records, &spool);
    for (uint32_t i = 0; i < 30; i++) {
        assert_int_equal(record_number(records.list[i], "q"), i);
    }
}

/* --- what does not get into the spool ------------------------------------------------------- */

static void test_report_oversized_record_is_counted_and_leaves_no_trace(void **state) {
    (void)state;
    static char text[TALLY_RECORD_BYTES + 1];
    memset(text, 'x', sizeof text - 1);
    tally_value_t values[TALLY_BOOT_METRICS] = {{0}};
    values[at(TALLY_M_FIRMWARE, TALLY_M_BOOT_FIRST)].text = text;
    make(TALLY_RECORD_BOOT, 0,
         &(tally_view_t){
             .values = values, .present = TALLY_CAN(BOOT, FIRMWARE), .group = TALLY_G_BOOT},
         1);
    assert_int_equal(report.lost, 1);
    assert_int_equal(tally_spool_waiting(&spool), 0);
    make_event();
    assert_int_equal(record_number(only_record(), "q"), 0);
}

static void test_report_record_that_the_store_refuses_is_counted(void **state) {
    (void)state;
    store.program_fails_in = 1;
    store.programs_fail_more = UINT32_MAX;
    make_event();
    assert_int_equal(report.lost, 1);
    store.program_fails_in = 0;
    make_event();
    assert_int_equal(record_number(only_record(), "q"), 1); /* 0 is the lost one's for ever */
    assert_int_equal(report.lost, 1);
}

static void test_report_record_survives_a_store_that_fails_once(void **state) {
    (void)state;
    store.program_fails_in = 1;
    make_event();
    assert_int_equal(record_number(only_record(), "q"), 0);
    assert_int_equal(report.lost, 0);
}

/* --- the order of keys ---------------------------------------------------------------------- */

static void test_report_keys_of_all_groups_are_in_order(void **state) {
    (void)state;
    static tally_value_t values[TALLY_GROUPS][TALLY_METRICS];
    static const tally_level_t level;
    static tally_histogram_t histogram;
    tally_histogram_init(&histogram);
    tally_histogram_add(&histogram, 7);
    tally_view_t views[TALLY_GROUPS];
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        for (uint32_t j = tally_group_infos[i].first; j < tally_group_infos[i].end; j++) {
            tally_value_t *const value = &values[i][j - tally_group_infos[i].first];
            switch (tally_metric_infos[j].kind) {
            case TALLY_KIND_TEXT: value->text = "text"; break;
            case TALLY_KIND_LEVEL: value->level = &level; break;
            case TALLY_KIND_HISTOGRAM: value->histogram = &histogram; break;
            default: value->number = 1; break;
            }
        }
        views[i] = (tally_view_t){.values = values[i], .present = UINT64_MAX, .group = (uint8_t)i};
    }
    uint8_t bytes[8192];
    const tally_wall_t wall = {.unix_ms = 1, .quality = TALLY_WALL_AUTHENTICATED};
    const tally_record_t record = {.kind = TALLY_RECORD_START,
                                   .session = 1,
                                   .wall = &wall,
                                   .declared = declared,
                                   .views = views,
                                   .count = TALLY_GROUPS};
    const uint32_t size = tally_record_encode(&record, 0, bytes, sizeof bytes);
    const record_t found = record_read(bytes, sizeof bytes); /* fails if they are not */
    assert_int_equal(found.size, size);
    assert_int_equal(record_keys(found, ""), TALLY_GROUPS + 6); /* c k q s u w */
    assert_int_equal(record_keys(found, "c"), TALLY_GROUPS);
}

/* One group has something to say, the other begins and takes itself back. */
static void test_report_writes_nothing_beyond_its_room(void **state) {
    (void)state;
    const tally_value_t values[TALLY_EVENT_METRICS] = {{.number = -400}};
    const tally_value_t empty[TALLY_SINCE_METRICS] = {{0}};
    const tally_view_t views[] = {
        {.values = values, .present = TALLY_CAN(EVENT, EVENT_CODE), .group = TALLY_G_EVENT},
        {.values = empty, .group = TALLY_G_SINCE}};
    const tally_wall_t wall = {.quality = TALLY_WALL_UNKNOWN};
    const tally_record_t record = {.kind = TALLY_RECORD_EVENT,
                                   .wall = &wall,
                                   .uptime_ms = 5000,
                                   .declared = declared,
                                   .views = views,
                                   .count = 2};
    for (uint32_t room = 0; room < 28; room++) {
        uint8_t bytes[32];
        memset(bytes, 0xA5, sizeof bytes);
        assert_int_equal(tally_record_encode(&record, 0, bytes, room), 22);
        for (uint32_t i = room; i < sizeof bytes; i++) {
            assert_int_equal(bytes[i], 0xA5);
        }
    }
    assert_int_equal(tally_record_encode(&record, 0, NULL, 0), 22);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_report_boot, set_up),
        cmocka_unit_test_setup(test_report_clock, set_up),
        cmocka_unit_test_setup(test_report_start, set_up),
        cmocka_unit_test_setup(test_report_heartbeat, set_up),
        cmocka_unit_test_setup(test_report_event, set_up),
        cmocka_unit_test_setup(test_report_viewing, set_up),
        cmocka_unit_test_setup(test_report_leaves_out_groups_without_a_value, set_up),
        cmocka_unit_test_setup(test_report_sends_gauges_enums_and_signed_values_at_0, set_up),
        cmocka_unit_test_setup(test_report_never_sends_what_is_not_declared, set_up),
        cmocka_unit_test_setup(test_report_needs_no_values_of_a_group_that_is_not_declared, set_up),
        cmocka_unit_test_setup(test_report_of_more_than_23_metrics_in_a_group, set_up),
        cmocka_unit_test_setup(test_report_knows_the_wall_time_or_says_nothing, set_up),
        cmocka_unit_test_setup(test_report_numbers_its_records, set_up),
        cmocka_unit_test_setup(test_report_oversized_record_is_counted_and_leaves_no_trace, set_up),
        cmocka_unit_test_setup(test_report_record_that_the_store_refuses_is_counted, set_up),
        cmocka_unit_test_setup(test_report_record_survives_a_store_that_fails_once, set_up),
        cmocka_unit_test_setup(test_report_keys_of_all_groups_are_in_order, set_up),
        cmocka_unit_test_setup(test_report_writes_nothing_beyond_its_room, set_up),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
