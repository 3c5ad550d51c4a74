/* SPDX-License-Identifier: Apache-2.0 */
/* What a board samples of its device, up to the record of each upload period. */
#include "device.h"

#include <string.h>

#include "dice.h"
#include "test.h"

#define CAN(metric) TALLY_CAN(DEVICE, metric)

static device_t device;
static tally_device_t sample;

static int set_up(void **state) {
    (void)state;
    device_boot(&device);
    memset(&sample, 0, sizeof sample);
    return 0;
}

/* The next record of the device. */
static record_t tell(void) {
    (void)device_tell_agent(&device);
    return device_last(&device, 'd');
}

static void take(void) {
    assert_int_equal(tally_device_sample(&device.agent, &sample), TALLY_OK);
}

static void refuse(void) {
    const tally_machine_t before = device.agent.machine;
    assert_int_equal(tally_device_sample(&device.agent, &sample), TALLY_E_ARGUMENT);
    assert_memory_equal(&device.agent.machine, &before, sizeof before);
}

/* --- records -------------------------------------------------------------------------------- */

static void test_agent_device_is_told_in_the_units_of_the_registry(void **state) {
    (void)state;
    sample = (tally_device_t){
        .known = TALLY_CAN_ALL(DEVICE) & ~CAN(BOOT_TO_PICTURE),
        .cpu_load_permille = 437,
        .memory_used_kib = 262144,
        .memory_total_kib = 524288,
        .storage_used_kib = 3,
        .storage_total_kib = UINT32_MAX,
        .temperature_millicelsius = -5250,
        .wifi_rssi_dbm = -61,
        .wifi_bitrate_kbps = 433300,
        .hdmi_connected = true,
        .hdmi_changes = 4,
        .hdcp_failures = 2,
        .tuner_snr_millidecibel = 31500,
        .tuner_ber_ppb = 200000,
        .tuner_locked = true,
        .tuner_unlocks = 9,
        .net_bytes_received = 5000000000,
        .net_bytes_sent = 77,
    };
    take();
    const record_t record = tell();
    static const struct {
        const char *path;
        int64_t value;
    } told[] = {
        {"v.va", 437},
        {"v.vb", 268435456},
        {"v.vc", 536870912},
        {"v.vd", 3072},
        {"v.ve", 4398046510080},
        {"v.vf", -5250},
        {"v.vg", -61},
        {"v.vh", 433300},
        {"v.vj", 1},
        {"v.vk", 4},
        {"v.vl", 2},
        {"v.vn", 31500},
        {"v.vo", 200000},
        {"v.vp", 1},
        {"v.vq", 9},
        {"v.vr", 5000000000},
        {"v.vs", 77},
    };
    assert_int_equal(record_keys(record, "v"), 17);
    for (uint32_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        assert_int_equal(record_number(record, told[i].path), told[i].value);
    }
    assert_false(record_has(record, "s"));
}

static void test_agent_device_is_told_in_periods_with_a_sample_only(void **state) {
    (void)state;
    (void)device_wait(&device, 300000);
    device_expect_kinds(&device, "bav");
    sample.known = CAN(CPU_LOAD);
    sample.cpu_load_permille = 0;
    take();
    take();
    (void)device_wait(&device, 300000);
    device_expect_kinds(&device, "bavavd");
    assert_int_equal(record_keys(device_last(&device, 'd'), "v"), 1);
    assert_int_equal(record_number(device_last(&device, 'd'), "v.va"), 0);
    (void)device_wait(&device, 300000);
    device_expect_kinds(&device, "bavavdav");
}

static void test_agent_device_that_declares_nothing_tells_nothing(void **state) {
    (void)state;
    device_prepare(&device);
    device.options.capabilities[TALLY_G_DEVICE] = 0;
    assert_int_equal(device_init(&device), TALLY_OK);
    sample.known = CAN(TEMPERATURE);
    take();
    (void)device_wait(&device, 300000);
    device_expect_kinds(&device, "bav");
}

static void test_agent_device_keeps_what_a_sample_does_not_know(void **state) {
    (void)state;
    sample.known = CAN(TEMPERATURE) | CAN(WIFI_RSSI);
    sample.temperature_millicelsius = 48000;
    sample.wifi_rssi_dbm = -50;
    take();
    sample.known = CAN(WIFI_RSSI);
    sample.temperature_millicelsius = 9;
    sample.wifi_rssi_dbm = -70;
    take();
    const record_t record = tell();
    assert_int_equal(record_number(record, "v.vf"), 48000);
    assert_int_equal(record_number(record, "v.vg"), -70);
    assert_int_equal(record_keys(record, "v"), 2);
}

/* --- out of range --------------------------------------------------------------------------- */

static void test_agent_device_takes_no_value_out_of_range_and_nothing_beside_it(void **state) {
    (void)state;
    static const tally_device_t wrong[] = {
        {.known = CAN(CPU_LOAD), .cpu_load_permille = 1001},
        {.known = CAN(TEMPERATURE), .temperature_millicelsius = -273151},
        {.known = CAN(TEMPERATURE), .temperature_millicelsius = 1000001},
        {.known = CAN(WIFI_RSSI), .wifi_rssi_dbm = -201},
        {.known = CAN(WIFI_RSSI), .wifi_rssi_dbm = 101},
        {.known = CAN(TUNER_SNR), .tuner_snr_millidecibel = 100001},
        {.known = CAN(TUNER_SNR), .tuner_snr_millidecibel = -100001},
        {.known = CAN(TUNER_BER), .tuner_ber_ppb = 1000000001},
        {.known = CAN(NET_BYTES_RECEIVED), .net_bytes_received = UINT64_C(9007199254740993)},
        {.known = CAN(NET_BYTES_SENT), .net_bytes_sent = UINT64_C(9007199254740993)},
        {.known = CAN(NET_BYTES_SENT),
         .wraps = CAN(NET_BYTES_SENT),
         .net_bytes_sent = UINT64_C(4294967296)},
        {.known = CAN(BOOT_TO_PICTURE)},
        {.known = UINT64_C(1) << TALLY_DEVICE_METRICS},
        {.known = UINT64_C(1) << 63},
        {.wraps = CAN(CPU_LOAD)},
        {.wraps = UINT64_C(1) << 63},
    };
    for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        sample = wrong[i];
        sample.known |= CAN(MEMORY_USED) | CAN(HDCP_FAILURES);
        sample.memory_used_kib = 5;
        sample.hdcp_failures = 5;
        refuse();
    }
    assert_int_equal(tally_device_sample(&device.agent, NULL), TALLY_E_ARGUMENT);
    (void)device_wait(&device, 300000);
    device_expect_kinds(&device, "bav");
}

static void test_agent_device_takes_values_at_the_ends_of_their_ranges(void **state) {
    (void)state;
    sample = (tally_device_t){
        .known = CAN(CPU_LOAD) | CAN(TEMPERATURE) | CAN(WIFI_RSSI) | CAN(TUNER_SNR) |
                 CAN(TUNER_BER) | CAN(NET_BYTES_RECEIVED) | CAN(NET_BYTES_SENT),
        .wraps = CAN(NET_BYTES_SENT),
        .cpu_load_permille = 1000,
        .temperature_millicelsius = 1000000,
        .wifi_rssi_dbm = 100,
        .tuner_snr_millidecibel = 100000,
        .tuner_ber_ppb = 1000000000,
        .net_bytes_received = UINT64_C(9007199254740992),
        .net_bytes_sent = UINT32_MAX,
    };
    take();
    sample.temperature_millicelsius = -273150;
    sample.wifi_rssi_dbm = -200;
    sample.tuner_snr_millidecibel = -100000;
    take();
    const record_t record = tell();
    assert_int_equal(record_number(record, "v.vf"), -273150);
    assert_int_equal(record_number(record, "v.vg"), -200);
    assert_int_equal(record_number(record, "v.vn"), -100000);
    assert_int_equal(record_number(record, "v.vr"), 9007199254740992);
    assert_int_equal(record_number(record, "v.vs"), 4294967295);
}

/* Only what is known is looked at. */
static void test_agent_device_value_that_is_not_known_may_be_any(void **state) {
    (void)state;
    memset(&sample, 0x7F, sizeof sample);
    sample.hdmi_connected = false;
    sample.tuner_locked = false;
    sample.wraps = 0;
    sample.known = CAN(MEMORY_TOTAL);
    sample.memory_total_kib = 1;
    take();
    assert_int_equal(record_keys(tell(), "v"), 1);
}

/* --- counters ------------------------------------------------------------------------------- */

static int64_t received(uint64_t bytes, bool wraps) {
    sample.known = CAN(NET_BYTES_RECEIVED);
    sample.wraps = wraps ? CAN(NET_BYTES_RECEIVED) : 0;
    sample.net_bytes_received = bytes;
    take();
    return record_number(tell(), "v.vr");
}

static int64_t failures(uint32_t failures_told, bool wraps) {
    sample.known = CAN(HDCP_FAILURES);
    sample.wraps = wraps ? CAN(HDCP_FAILURES) : 0;
    sample.hdcp_failures = failures_told;
    take();
    return record_number(tell(), "v.vl");
}

static void test_agent_device_counter_that_restarts_goes_on(void **state) {
    (void)state;
    assert_int_equal(received(1000, false), 1000);
    assert_int_equal(received(1700, false), 1700);
    assert_int_equal(received(300, false), 2000);
    assert_int_equal(received(300, false), 2000);
    assert_int_equal(failures(7, false), 7);
    assert_int_equal(failures(2, false), 9);
    assert_int_equal(failures(4, false), 11);
}

/* It counted beyond 32 bits before it was said to wrap there. */
static void test_agent_device_counter_that_became_short_has_restarted(void **state) {
    (void)state;
    assert_int_equal(received(8589934591, false), 8589934591);
    assert_int_equal(received(4, true), 8589934595);
}

static void test_agent_device_counter_of_32_bits_wraps(void **state) {
    (void)state;
    assert_int_equal(received(4294967000, true), 4294967000);
    assert_int_equal(received(4, true), 4294967300);
    assert_int_equal(received(3221225472, true), 7516192768);
    assert_int_equal(received(1073741823, true),
                     9663676415); /* from the last quarter to the first */
    assert_int_equal(received(3221225471, true), 11811160063);
    assert_int_equal(received(1000, true), 11811161063); /* below the last quarter: a restart */
    assert_int_equal(received(4294967295, true), 16106127358);
    assert_int_equal(received(1073741824, true), 17179869182); /* beyond the first: a restart */
}

static void test_agent_device_counter_near_2_32_restarts_if_it_is_wider(void **state) {
    (void)state;
    assert_int_equal(received(4294967000, false), 4294967000);
    assert_int_equal(received(4, false), 4294967004);
}

static void test_agent_device_counter_that_can_count_no_further_stands_still(void **state) {
    (void)state;
    assert_int_equal(failures(UINT32_MAX - 1, false), 4294967294);
    assert_int_equal(failures(5, false), 4294967295);
    assert_int_equal(failures(9, false), 4294967295);
    assert_int_equal(received(UINT64_C(9007199254740990), false), 9007199254740990);
    assert_int_equal(received(5, false), 9007199254740992);
    assert_int_equal(received(9, false), 9007199254740992);
}

/* A source of its own counts in 64 bits; it is read through 32 or whole, and may restart. */
static void test_agent_device_totals_follow_their_source(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    uint64_t counted = 0;
    uint64_t source = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        const uint32_t more = dice_roll(&dice, 1u << 30);
        source += more;
        counted += more;
        sample.known = CAN(NET_BYTES_SENT);
        sample.wraps = CAN(NET_BYTES_SENT);
        sample.net_bytes_sent = (uint32_t)source;
        take();
        assert_int_equal(device.agent.machine.bytes[1], counted);
    }
    assert_true(counted > UINT64_C(100) << 32);
}

/* --- states --------------------------------------------------------------------------------- */

static void connect(bool on) {
    sample.known |= CAN(HDMI_CONNECTED);
    sample.hdmi_connected = on;
    take();
}

static void lock(bool on) {
    sample.known |= CAN(TUNER_LOCKED);
    sample.tuner_locked = on;
    take();
}

static void test_agent_device_counts_displays_connected_and_taken_off(void **state) {
    (void)state;
    connect(true);
    assert_false(record_has(tell(), "v.vk")); /* it was so */
    connect(false);
    connect(false);
    connect(true);
    assert_int_equal(record_number(tell(), "v.vk"), 2);
    assert_int_equal(record_number(tell(), "v.vj"), 1);
}

static void test_agent_device_counts_losses_of_lock(void **state) {
    (void)state;
    lock(false);
    lock(true);
    lock(true);
    assert_false(record_has(tell(), "v.vq"));
    lock(false);
    lock(false);
    lock(true);
    lock(false);
    assert_int_equal(record_number(tell(), "v.vq"), 2);
    assert_int_equal(record_number(tell(), "v.vp"), 0);
}

static void test_agent_device_changes_that_the_board_counts_are_the_boards(void **state) {
    (void)state;
    sample.known = CAN(HDMI_CHANGES) | CAN(TUNER_UNLOCKS);
    sample.hdmi_changes = 10;
    sample.tuner_unlocks = 20;
    connect(true);
    lock(true);
    connect(false);
    lock(false);
    sample.hdmi_changes = 13;
    sample.tuner_unlocks = 21;
    connect(true);
    const record_t record = tell();
    assert_int_equal(record_number(record, "v.vk"), 13);
    assert_int_equal(record_number(record, "v.vq"), 21);
}

/* --- the first picture ---------------------------------------------------------------------- */

static void show_picture(uint64_t after_ms) {
    const tally_session_id_t session = tally_hook_open(&device.agent);
    assert_int_equal(tally_hook_play(&device.agent, session), TALLY_OK);
    device.port.now_ms += after_ms;
    assert_int_equal(tally_hook_first_picture(&device.agent, session), TALLY_OK);
    (void)device_wait(&device, 250); /* when the agent gets to run is not when it came */
}

static void test_agent_device_first_picture_is_told_once_a_boot(void **state) {
    (void)state;
    show_picture(1700);
    show_picture(900);
    const record_t record = tell();
    assert_int_equal(record_number(record, "v.vu"), 1700);
    assert_int_equal(record_keys(record, "v"), 1);
    (void)device_wait(&device, 300000);
    assert_int_equal(device_count(&device, 'd'), 1);
}

static void test_agent_device_picture_that_makes_no_sense_is_none(void **state) {
    (void)state;
    const tally_session_id_t session = tally_hook_open(&device.agent);
    assert_int_equal(tally_hook_first_picture(&device.agent, session),
                     TALLY_OK); /* not asked for */
    (void)device_wait(&device, 300000);
    assert_int_equal(device_count(&device, 'd'), 0);
}

static void test_agent_device_boot_may_lie_before_the_agents_init(void **state) {
    (void)state;
    device_prepare(&device);
    device.options.booted_ms = 8000;
    assert_int_equal(device_init(&device), TALLY_OK);
    show_picture(1500);
    assert_int_equal(record_number(tell(), "v.vu"), 9500);
}

static void test_agent_device_picture_of_a_board_that_does_not_declare_it_is_no_news(void **state) {
    (void)state;
    device_prepare(&device);
    device.options.capabilities[TALLY_G_DEVICE] = CAN(CPU_LOAD);
    assert_int_equal(device_init(&device), TALLY_OK);
    show_picture(1500);
    (void)device_wait(&device, 300000);
    assert_int_equal(device_count(&device, 'd'), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_agent_device_is_told_in_the_units_of_the_registry, set_up),
        cmocka_unit_test_setup(test_agent_device_is_told_in_periods_with_a_sample_only, set_up),
        cmocka_unit_test_setup(test_agent_device_that_declares_nothing_tells_nothing, set_up),
        cmocka_unit_test_setup(test_agent_device_keeps_what_a_sample_does_not_know, set_up),
        cmocka_unit_test_setup(test_agent_device_takes_no_value_out_of_range_and_nothing_beside_it,
                               set_up),
        cmocka_unit_test_setup(test_agent_device_takes_values_at_the_ends_of_their_ranges, set_up),
        cmocka_unit_test_setup(test_agent_device_value_that_is_not_known_may_be_any, set_up),
        cmocka_unit_test_setup(test_agent_device_counter_that_restarts_goes_on, set_up),
        cmocka_unit_test_setup(test_agent_device_counter_that_became_short_has_restarted, set_up),
        cmocka_unit_test_setup(test_agent_device_counter_of_32_bits_wraps, set_up),
        cmocka_unit_test_setup(test_agent_device_counter_near_2_32_restarts_if_it_is_wider, set_up),
        cmocka_unit_test_setup(test_agent_device_counter_that_can_count_no_further_stands_still,
                               set_up),
        cmocka_unit_test_setup(test_agent_device_totals_follow_their_source, set_up),
        cmocka_unit_test_setup(test_agent_device_counts_displays_connected_and_taken_off, set_up),
        cmocka_unit_test_setup(test_agent_device_counts_losses_of_lock, set_up),
        cmocka_unit_test_setup(test_agent_device_changes_that_the_board_counts_are_the_boards,
                               set_up),
        cmocka_unit_test_setup(test_agent_device_first_picture_is_told_once_a_boot, set_up),
        cmocka_unit_test_setup(test_agent_device_picture_that_makes_no_sense_is_none, set_up),
        cmocka_unit_test_setup(test_agent_device_boot_may_lie_before_the_agents_init, set_up),
        cmocka_unit_test_setup(
            test_agent_device_picture_of_a_board_that_does_not_declare_it_is_no_news, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
