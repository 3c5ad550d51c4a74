/* SPDX-License-Identifier: Apache-2.0 */
/* Records, byte for byte. */
#include <string.h>

#include "fakes.h"
#include "records.h"
#include "report.h"
#include "test.h"

#define MOST INT64_C(9007199254740992) /* 2^53 */

static fake_port_t port;
static fake_store_t store;
static tally_spool_t spool;
static tally_report_t report;
static uint64_t capabilities[TALLY_GROUPS];

/* Records made 5,000 ms after boot by a device that does not know what time it is. */
static int set_up(void **state) {
    (void)state;
    memset(capabilities, 0, sizeof capabilities);
    fake_port_init(&port);
    fake_store_init(&store, 4096, 4, 1);
    assert_int_equal(tally_spool_init(&spool, &store.store), TALLY_OK);
    tally_report_init(&report, &port.port, &spool, capabilities, 1000000);
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

static uint32_t at(enum tally_metric metric, enum tally_metric first) {
    return (uint32_t)metric - (uint32_t)first;
}

/* --- one of each kind ----------------------------------------------------------------------- */

/* clang-format off */
static void test_report_boot(void **state) {
    (void)state;
    tally_value_t values[TALLY_BOOT_METRICS] = {{0}};
    values[at(TALLY_M_FIRMWARE, TALLY_M_BOOT_FIRST)].text = "1.2";
    values[at(TALLY_M_RESET_REASON, TALLY_M_BOOT_FIRST)].number = TALLY_RESET_WATCHDOG;
    tally_report_boot(&report, &(tally_view_t){
        .values = values, .present = TALLY_CAN(BOOT, FIRMWARE) | TALLY_CAN(BOOT, RESET_REASON)});
    EXPECT(0xA5,
           0x61, 'b', 0xA2,
               0x62, 'f', 'w', 0x63, '1', '.', '2',
               0x62, 'r', 'e', 0x03,
           0x61, 'c', 0xA0,
           0x61, 'k', 0x61, 'b',
           0x61, 'q', 0x00,
           0x61, 'u', 0x19, 0x13, 0x88);
}

static void test_report_clock(void **state) {
    (void)state;
    tally_report_set_time(&report, 1005000, (tally_wall_t){
        .unix_ms = 1700000000000, .quality = TALLY_WALL_UNAUTHENTICATED});
    tally_report_clock(&report);
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
    capabilities[TALLY_G_PLAYBACK] = 0x107;
    capabilities[TALLY_G_RTP] = 1;
    tally_report_start(&report, 7, &(tally_view_t){
        .values = values,
        .present = TALLY_CAN(DIMENSION, CONTENT_ID) | TALLY_CAN(DIMENSION, DELIVERY)});
    EXPECT(0xA6,
           0x61, 'c', 0xA2,
               0x61, 'p', 0x19, 0x01, 0x07,
               0x61, 'r', 0x01,
           0x61, 'd', 0xA2,
               0x62, 'c', 'i', 0x62, 0xC3, 0xBC,
               0x62, 'd', 'y', 0x03,
           0x61, 'k', 0x61, 's',
           0x61, 'q', 0x00,
           0x61, 's', 0x07,
           0x61, 'u', 0x19, 0x13, 0x88);
}

static void test_report_heartbeat(void **state) {
    (void)state;
    tally_value_t values[TALLY_PLAYBACK_METRICS] = {{0}};
    values[at(TALLY_M_PLAY_TIME, TALLY_M_PLAYBACK_FIRST)].number = 1000;
    values[at(TALLY_M_STATE, TALLY_M_PLAYBACK_FIRST)].number = TALLY_STATE_PLAYING;
    tally_report_heartbeat(&report, 7, &(tally_view_t){
        .values = values, .present = TALLY_CAN(PLAYBACK, STATE)});
    EXPECT(0xA5,
           0x61, 'k', 0x61, 'h',
           0x61, 'p', 0xA2,
               0x62, 'p', 't', 0x19, 0x03, 0xE8,
               0x62, 's', 'e', 0x02,
           0x61, 'q', 0x00,
           0x61, 's', 0x07,
           0x61, 'u', 0x19, 0x13, 0x88);
}

static void test_report_event(void **state) {
    (void)state;
    tally_report_event(&report, 7, TALLY_EVENT_STALL_END, 400);
    EXPECT(0xA5,
           0x61, 'e', 0xA2,
               0x62, 'e', 'c', 0x19, 0x01, 0x90,
               0x62, 'e', 't', 0x03,
           0x61, 'k', 0x61, 'e',
           0x61, 'q', 0x00,
           0x61, 's', 0x07,
           0x61, 'u', 0x19, 0x13, 0x88);
}

static void test_report_end(void **state) {
    (void)state;
    tally_value_t dimensions[TALLY_DIMENSION_METRICS] = {{0}};
    tally_value_t playback[TALLY_PLAYBACK_METRICS] = {{0}};
    playback[at(TALLY_M_STOP_REASON, TALLY_M_PLAYBACK_FIRST)].number = TALLY_STOP_USER;
    tally_report_end(&report, 300,
        &(tally_view_t){.values = dimensions},
        &(tally_view_t){.values = playback, .present = TALLY_CAN(PLAYBACK, STOP_REASON)});
    EXPECT(0xA6,
           0x61, 'd', 0xA0,
           0x61, 'k', 0x61, 'x',
           0x61, 'p', 0xA1,
               0x62, 's', 'r', 0x01,
           0x61, 'q', 0x00,
           0x61, 's', 0x19, 0x01, 0x2C,
           0x61, 'u', 0x19, 0x13, 0x88);
}

static void test_report_rtp_stream(void **state) {
    (void)state;
    tally_stream_t stream = {
        .session = 7, .group = TALLY_G_RTP, .present = TALLY_CAN(RTP, RTP_LOST)};
    stream.totals[at(TALLY_M_RTP_LOST, TALLY_M_RTP_FIRST)].number = -2;
    stream.totals[at(TALLY_M_RTP_RECEIVED, TALLY_M_RTP_FIRST)].number = 100;
    tally_report_stream(&report, &stream);
    EXPECT(0xA5,
           0x61, 'k', 0x61, 'r',
           0x61, 'q', 0x00,
           0x61, 'r', 0xA2,
               0x62, 'r', 'l', 0x21,
               0x62, 'r', 'r', 0x18, 0x64,
           0x61, 's', 0x07,
           0x61, 'u', 0x19, 0x13, 0x88);
}

static void test_report_ts_stream(void **state) {
    (void)state;
    tally_stream_t stream = {.session = 7, .group = TALLY_G_TS};
    stream.totals[at(TALLY_M_TS_PACKETS, TALLY_M_TS_FIRST)].number = 70000;
    tally_report_stream(&report, &stream);
    EXPECT(0xA5,
           0x61, 'k', 0x61, 't',
           0x61, 'q', 0x00,
           0x61, 's', 0x07,
           0x61, 't', 0xA1,
               0x62, 't', 'p', 0x1A, 0x00, 0x01, 0x11, 0x70,
           0x61, 'u', 0x19, 0x13, 0x88);
}

static void test_report_frames_of_a_video(void **state) {
    (void)state;
    tally_stream_t stream = {.session = 7, .group = TALLY_G_FRAMES};
    stream.totals[at(TALLY_M_FREEZE_TIME, TALLY_M_FRAMES_FIRST)].number = 800;
    stream.totals[at(TALLY_M_FRAMES_RENDERED, TALLY_M_FRAMES_FIRST)].number = 5;
    tally_report_stream(&report, &stream);
    EXPECT(0xA5,
           0x61, 'f', 0xA2,
               0x62, 'f', 'o', 0x19, 0x03, 0x20,
               0x62, 'f', 'r', 0x05,
           0x61, 'k', 0x61, 'f',
           0x61, 'q', 0x00,
           0x61, 's', 0x07,
           0x61, 'u', 0x19, 0x13, 0x88);
}

static void test_report_agent(void **state) {
    (void)state;
    tally_value_t values[TALLY_AGENT_METRICS] = {{0}};
    values[at(TALLY_M_LAST_ERROR, TALLY_M_AGENT_FIRST)].number = TALLY_E_TLS_NAME;
    const tally_view_t agent = {
        .values = values,
        .present = TALLY_CAN(AGENT, LAST_ERROR) | TALLY_CAN(AGENT, WALL_QUALITY)};
    tally_report_agent(&report, &agent, &(tally_view_t){.values = NULL});
    EXPECT(0xA4,
           0x61, 'a', 0xA2,
               0x62, 'l', 'e', 0x32, /* -19 */
               0x62, 'w', 'q', 0x00,
           0x61, 'k', 0x61, 'a',
           0x61, 'q', 0x00,
           0x61, 'u', 0x19, 0x13, 0x88);
}

static void test_report_agent_with_a_network_stack(void **state) {
    (void)state;
    const tally_value_t agent[TALLY_AGENT_METRICS] = {{0}};
    tally_value_t network[TALLY_NETWORK_METRICS] = {{0}};
    network[at(TALLY_M_NET_TCP_FAILED, TALLY_M_NETWORK_FIRST)].number = 2;
    tally_report_agent(&report, &(tally_view_t){.values = agent},
        &(tally_view_t){.values = network, .present = TALLY_CAN(NETWORK, NET_UDP_HIGH)});
    EXPECT(0xA5,
           0x61, 'a', 0xA0,
           0x61, 'k', 0x61, 'a',
           0x61, 'n', 0xA2,
               0x62, 'c', 'f', 0x02,
               0x62, 'u', 'h', 0x00,
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

static void test_report_leaves_out_counters_at_0_and_absent_gauges(void **state) {
    (void)state;
    const tally_value_t values[TALLY_PLAYBACK_METRICS] = {{0}};
    tally_report_heartbeat(&report, 7, &(tally_view_t){.values = values});
    assert_int_equal(record_keys(only_record(), "p"), 0);
}

static void test_report_sends_gauges_enums_and_signed_values_at_0(void **state) {
    (void)state;
    const tally_value_t values[TALLY_PLAYBACK_METRICS] = {{0}};
    const uint64_t every_bit = (UINT64_C(1) << TALLY_PLAYBACK_METRICS) - 1;
    tally_report_heartbeat(&report, 7, &(tally_view_t){.values = values, .present = every_bit});
    const record_t record = only_record();
    assert_int_equal(record_number(record, "p.br"), 0);
    assert_int_equal(record_number(record, "p.eo"), 0);
    assert_int_equal(record_number(record, "p.mx"), 0);
    assert_int_equal(record_number(record, "p.pp"), 0);
    assert_int_equal(record_number(record, "p.se"), 0);
    assert_int_equal(record_number(record, "p.sr"), 0);
    assert_int_equal(record_number(record, "p.su"), 0);
    assert_int_equal(record_number(record, "p.fi"), 0);
    assert_int_equal(record_keys(record, "p"), 8); /* and no counter or duration */
}

static void test_report_knows_the_wall_time_or_says_nothing(void **state) {
    (void)state;
    report.wall.unix_ms = 1700000000000; /* of unknown quality */
    tally_report_event(&report, 7, TALLY_EVENT_ERROR, -1);
    assert_false(record_has(only_record(), "w"));
}

static void test_report_numbers_its_records(void **state) {
    (void)state;
    static records_t records;
    for (uint32_t i = 0; i < 30; i++) {
        tally_report_event(&report, 7, TALLY_EVENT_ERROR, 0);
    }
    records_load(&records, &spool);
    for (uint32_t i = 0; i < 30; i++) {
        assert_int_equal(record_number(records.list[i], "q"), i);
    }
}

/* --- large ones ----------------------------------------------------------------------------- */

/* Every metric of a group present and as long as it gets: numbers of 9 bytes, texts as given. */
static tally_view_t largest(enum tally_group group, tally_value_t *values, const char *text) {
    const tally_group_info_t *const info = &tally_group_infos[group];
    const uint32_t count = (uint32_t)info->end - info->first;
    for (uint32_t i = 0; i < count; i++) {
        if (tally_metric_infos[info->first + i].kind == TALLY_KIND_TEXT) {
            values[i].text = text;
        } else {
            values[i].number = MOST;
        }
    }
    return (tally_view_t){.values = values, .present = (UINT64_C(1) << count) - 1};
}

static void set_largest_frame(void) {
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        capabilities[i] = (UINT64_C(1) << 53) - 1;
    }
    report.boot_ms = 0;
    tally_report_set_time(&report, (uint64_t)MOST, (tally_wall_t){.unix_ms = MOST, .quality = 2});
    spool.next_sequence = UINT32_MAX;
}

static const char *text_of(uint32_t length) {
    static char text[TALLY_RECORD_BYTES];
    memset(text, 'x', length);
    text[length] = '\0';
    return text;
}

static void test_report_largest_end_fits(void **state) {
    (void)state;
    tally_value_t dimensions[TALLY_DIMENSION_METRICS];
    tally_value_t playback[TALLY_PLAYBACK_METRICS];
    set_largest_frame();
    tally_view_t texts = largest(TALLY_G_DIMENSION, dimensions, "");
    const tally_view_t numbers = largest(TALLY_G_PLAYBACK, playback, NULL);
    /* 63 + 63 + 61 bytes and five NULs: the session's 192 are full. */
    const char *const long_text = text_of(63);
    dimensions[at(TALLY_M_CONTENT_ID, TALLY_M_DIMENSION_FIRST)].text = long_text;
    dimensions[at(TALLY_M_CONTENT_TITLE, TALLY_M_DIMENSION_FIRST)].text = long_text;
    dimensions[at(TALLY_M_VIEWER, TALLY_M_DIMENSION_FIRST)].text = long_text + 2;
    tally_report_end(&report, UINT32_MAX, &texts, &numbers);
    assert_int_equal(report.lost, 0);
    const record_t record = only_record();
    assert_int_equal(record_keys(record, "p"), TALLY_PLAYBACK_METRICS);
    assert_int_equal(record_keys(record, "d"), TALLY_DIMENSION_METRICS);
}

static void test_report_largest_boot_fits(void **state) {
    (void)state;
    tally_value_t values[TALLY_BOOT_METRICS];
    set_largest_frame();
    const tally_view_t boot = largest(TALLY_G_BOOT, values, text_of(63));
    tally_report_boot(&report, &boot);
    assert_int_equal(report.lost, 0);
    assert_int_equal(record_keys(only_record(), "b"), TALLY_BOOT_METRICS);
}

static void test_report_largest_agent_fits(void **state) {
    (void)state;
    tally_value_t agent[TALLY_AGENT_METRICS];
    tally_value_t network[TALLY_NETWORK_METRICS];
    set_largest_frame();
    const tally_view_t agent_view = largest(TALLY_G_AGENT, agent, NULL);
    const tally_view_t network_view = largest(TALLY_G_NETWORK, network, NULL);
    tally_report_agent(&report, &agent_view, &network_view);
    assert_int_equal(report.lost, 0);
    assert_int_equal(record_keys(only_record(), "a"), TALLY_AGENT_METRICS);
    assert_int_equal(record_keys(only_record(), "n"), TALLY_NETWORK_METRICS);
}

static void test_report_oversized_record_is_counted_and_leaves_no_trace(void **state) {
    (void)state;
    tally_value_t values[TALLY_BOOT_METRICS];
    const tally_view_t boot = largest(TALLY_G_BOOT, values, text_of(300));
    tally_report_boot(&report, &boot);
    assert_int_equal(report.lost, 1);
    assert_int_equal(tally_spool_waiting(&spool), 0);
    tally_report_clock(&report);
    assert_int_equal(record_number(only_record(), "q"), 0);
}

static void test_report_record_that_the_store_refuses_is_counted(void **state) {
    (void)state;
    store.program_fails_in = 1;
    tally_report_clock(&report);
    assert_int_equal(report.lost, 1);
    tally_report_clock(&report);
    assert_int_equal(record_number(only_record(), "q"), 0);
    assert_int_equal(report.lost, 1);
}

/* --- the order of keys ---------------------------------------------------------------------- */

static void test_report_keys_of_all_groups_are_in_order(void **state) {
    (void)state;
    static tally_value_t values[TALLY_GROUPS][TALLY_METRICS];
    uint8_t bytes[4096];
    const tally_wall_t wall = {.unix_ms = MOST, .quality = TALLY_WALL_AUTHENTICATED};
    tally_record_t record = {
        .kind = TALLY_RECORD_END, .session = 1, .wall = &wall, .capabilities = capabilities};
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        capabilities[i] = 1;
        record.groups[i] = largest((enum tally_group)i, values[i], "text");
    }
    const uint32_t size = tally_record_encode(&record, 0, bytes, sizeof bytes);
    const record_t found = record_read(bytes, sizeof bytes); /* fails if they are not */
    assert_int_equal(found.size, size);
    assert_int_equal(record_keys(found, ""), TALLY_GROUPS + 6); /* c k q s u w */
    assert_int_equal(record_keys(found, "c"), TALLY_GROUPS);
}

static void test_report_writes_nothing_beyond_its_room(void **state) {
    (void)state;
    const tally_wall_t wall = {.quality = TALLY_WALL_UNKNOWN};
    const tally_record_t record = {.kind = TALLY_RECORD_CLOCK, .wall = &wall, .uptime_ms = 5000};
    for (uint32_t room = 0; room < 14; room++) {
        uint8_t bytes[16];
        memset(bytes, 0xA5, sizeof bytes);
        assert_int_equal(tally_record_encode(&record, 0, bytes, room), 13);
        assert_int_equal(bytes[room], 0xA5);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_report_boot, set_up),
        cmocka_unit_test_setup(test_report_clock, set_up),
        cmocka_unit_test_setup(test_report_start, set_up),
        cmocka_unit_test_setup(test_report_heartbeat, set_up),
        cmocka_unit_test_setup(test_report_event, set_up),
        cmocka_unit_test_setup(test_report_end, set_up),
        cmocka_unit_test_setup(test_report_rtp_stream, set_up),
        cmocka_unit_test_setup(test_report_ts_stream, set_up),
        cmocka_unit_test_setup(test_report_frames_of_a_video, set_up),
        cmocka_unit_test_setup(test_report_agent, set_up),
        cmocka_unit_test_setup(test_report_agent_with_a_network_stack, set_up),
        cmocka_unit_test_setup(test_report_leaves_out_counters_at_0_and_absent_gauges, set_up),
        cmocka_unit_test_setup(test_report_sends_gauges_enums_and_signed_values_at_0, set_up),
        cmocka_unit_test_setup(test_report_knows_the_wall_time_or_says_nothing, set_up),
        cmocka_unit_test_setup(test_report_numbers_its_records, set_up),
        cmocka_unit_test_setup(test_report_largest_end_fits, set_up),
        cmocka_unit_test_setup(test_report_largest_boot_fits, set_up),
        cmocka_unit_test_setup(test_report_largest_agent_fits, set_up),
        cmocka_unit_test_setup(test_report_oversized_record_is_counted_and_leaves_no_trace, set_up),
        cmocka_unit_test_setup(test_report_record_that_the_store_refuses_is_counted, set_up),
        cmocka_unit_test_setup(test_report_keys_of_all_groups_are_in_order, set_up),
        cmocka_unit_test_setup(test_report_writes_nothing_beyond_its_room, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
