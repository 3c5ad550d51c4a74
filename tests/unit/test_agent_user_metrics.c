/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics of a vendor's own: the folder user_metrics/ is all that is added to the agent. Its
 * records are as small as its configuration allows, which shows where capabilities are refused.
 */
#include <string.h>

#include "device.h"
#include "test.h"

static device_t device;
static tally_session_id_t film;

static void prepare(void) {
    device_prepare(&device);
    memset(device.options.capabilities, 0, sizeof device.options.capabilities);
}

static int set_up(void **state) {
    (void)state;
    prepare();
    device.options.capabilities[TALLY_G_USER] = TALLY_CAN_ALL(USER);
    device.options.capabilities[TALLY_G_PLAYBACK] = TALLY_CAN(PLAYBACK, PLAY_TIME);
    assert_int_equal(device_init(&device), TALLY_OK);
    film = device_play(&device);
    (void)device_wait(&device, 0);
    return 0;
}

static void set(enum tally_metric metric, int64_t value) {
    assert_int_equal(tally_hook_set(&device.agent, film, metric, value), TALLY_OK);
}

static void add(enum tally_metric metric, int64_t amount) {
    assert_int_equal(tally_hook_add(&device.agent, film, metric, amount), TALLY_OK);
}

static void test_user_metrics_are_told_with_each_heartbeat_and_the_end(void **state) {
    (void)state;
    add(TALLY_M_CHANNEL_SCANS, 1);
    add(TALLY_M_CHANNEL_SCANS, 2);
    add(TALLY_M_SHOP_TIME, 5000);
    set(TALLY_M_LOUDNESS, -3500);
    set(TALLY_M_BACKLIGHT, 80);
    set(TALLY_M_BACKLIGHT, 0);
    (void)device_wait(&device, 60000);
    const record_t heartbeat = device_last(&device, 'h');
    assert_int_equal(record_keys(heartbeat, "z"), 4);
    assert_int_equal(record_number(heartbeat, "z.za"), 3);
    assert_int_equal(record_number(heartbeat, "z.zb"), 5000);
    assert_int_equal(record_number(heartbeat, "z.zc"), -3500);
    assert_int_equal(record_number(heartbeat, "z.ze"), 0);
    assert_int_equal(record_number(heartbeat, "p.pt"), 60000);
    add(TALLY_M_CHANNEL_SCANS, 1);
    assert_int_equal(tally_hook_close(&device.agent, film, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    assert_int_equal(record_number(device_last(&device, 'x'), "z.za"), 4);
    assert_int_equal(record_number(device_last(&device, 'x'), "z.zc"), -3500);
}

static void test_user_metrics_without_a_value_are_absent(void **state) {
    (void)state;
    (void)device_wait(&device, 60000);
    assert_false(record_has(device_last(&device, 'h'), "z"));
}

static void test_user_metrics_are_of_one_session(void **state) {
    (void)state;
    const tally_session_id_t other = device_play(&device);
    add(TALLY_M_CHANNEL_SCANS, 3);
    (void)device_wait(&device, 0);
    int64_t scans = -1;
    assert_int_equal(tally_query(&device.agent, film, TALLY_M_CHANNEL_SCANS, &scans), TALLY_OK);
    assert_int_equal(scans, 3);
    assert_int_equal(tally_query(&device.agent, other, TALLY_M_CHANNEL_SCANS, &scans), TALLY_OK);
    assert_int_equal(scans, 0);
    assert_int_equal(tally_query(&device.agent, film, TALLY_M_BACKLIGHT, &scans), TALLY_E_EMPTY);
}

static void test_user_metrics_name_their_vendor_at_boot(void **state) {
    (void)state;
    const record_t boot = device_last(&device, 'b');
    assert_int_equal(record_number(boot, "b.bv"), 32473);
    assert_int_equal(record_number(boot, "c.z"), 15);
}

static void test_user_metrics_keep_to_their_kinds_and_units(void **state) {
    (void)state;
    tally_t *const agent = &device.agent;
    assert_int_equal(tally_hook_set(agent, film, TALLY_M_CHANNEL_SCANS, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_set(agent, film, TALLY_M_SHOP_TIME, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_set(agent, film, TALLY_M_BACKLIGHT, 101), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_set(agent, film, TALLY_M_BACKLIGHT, -1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_add(agent, film, TALLY_M_BACKLIGHT, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_add(agent, film, TALLY_M_LOUDNESS, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_add(agent, film, TALLY_M_CHANNEL_SCANS, -1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_text(agent, film, TALLY_M_BACKLIGHT, "on"), TALLY_E_ARGUMENT);
}

/* --- records that could be too large -------------------------------------------------------- */

static int32_t init_with(uint64_t viewing, uint64_t histogram) {
    prepare();
    device.options.capabilities[TALLY_G_VIEWING] = viewing;
    device.options.capabilities[TALLY_G_HISTOGRAM] = histogram;
    return device_init(&device);
}

/* A record of all sessions takes at most 1 for its head, 4 for k, 7 each for q and s, 11 each for u
 * and w; 3 for each group's key and head; 12 for a number with its key, 113 for a histogram: with 2
 * and 5 of them 41 + 3 + 24 + 3 + 565 = 636. */
static void test_user_board_takes_capabilities_to_the_last_byte_of_a_record(void **state) {
    (void)state;
    _Static_assert(TALLY_RECORD_BYTES == 636, "worked out for this");
    assert_int_equal(init_with(3, 31), TALLY_OK);
    assert_int_equal(init_with(7, 31), TALLY_E_CONFIG);
    assert_int_equal(init_with(0x7FF, 15), TALLY_OK);
    assert_int_equal(init_with(0xFFF, 15), TALLY_E_CONFIG);
}

/* A heartbeat, the same way, with all 8 levels of 29 and 29 numbers and a bool of group MEDIA,
 * whose head then takes one more: 41 + 3 + 232 + 4 + 348 + 4 = 632. A bool with its key takes 4
 * bytes more, a percentage 5. */
static void test_user_board_refuses_one_byte_too_many(void **state) {
    (void)state;
    /* bits 2-9, 11-15, 17-21, 23, 24, 27 and 30-37 */
    const uint64_t numbers = UINT64_C(0x3FC9BEFBFC) | TALLY_CAN(MEDIA, LOOP);
    prepare();
    device.options.capabilities[TALLY_G_LEVEL] = TALLY_CAN_ALL(LEVEL);
    device.options.capabilities[TALLY_G_MEDIA] = numbers | TALLY_CAN(MEDIA, FULLSCREEN);
    assert_int_equal(device_init(&device), TALLY_OK);
    device.options.capabilities[TALLY_G_MEDIA] = numbers | TALLY_CAN(MEDIA, VIEWABLE);
    assert_int_equal(device_init(&device), TALLY_E_CONFIG);
}

static void test_user_board_refuses_too_much_for_any_kind_of_record(void **state) {
    (void)state;
    static const enum tally_group too_much[] = {TALLY_G_BOOT, TALLY_G_NETWORK};
    for (uint32_t i = 0; i < sizeof too_much / sizeof too_much[0]; i++) {
        const enum tally_group group = too_much[i];
        prepare();
        device.options.capabilities[group] =
            (UINT64_C(1) << (tally_group_infos[group].end - tally_group_infos[group].first)) - 1;
        assert_int_equal(device_init(&device), TALLY_E_CONFIG);
    }
    prepare();
    device.options.capabilities[TALLY_G_LEVEL] = TALLY_CAN_ALL(LEVEL); /* 8 x 29 */
    assert_int_equal(device_init(&device), TALLY_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_user_metrics_are_told_with_each_heartbeat_and_the_end, set_up),
        cmocka_unit_test_setup(test_user_metrics_without_a_value_are_absent, set_up),
        cmocka_unit_test_setup(test_user_metrics_are_of_one_session, set_up),
        cmocka_unit_test_setup(test_user_metrics_name_their_vendor_at_boot, set_up),
        cmocka_unit_test_setup(test_user_metrics_keep_to_their_kinds_and_units, set_up),
        cmocka_unit_test(test_user_board_takes_capabilities_to_the_last_byte_of_a_record),
        cmocka_unit_test(test_user_board_refuses_one_byte_too_many),
        cmocka_unit_test(test_user_board_refuses_too_much_for_any_kind_of_record),
    };
    return cmocka_run_group_tests_name("agent_user_metrics", tests, NULL, NULL);
}
