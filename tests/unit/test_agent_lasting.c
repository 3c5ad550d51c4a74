/* SPDX-License-Identifier: Apache-2.0 */
/* Records that outlive the boot that made them: how they are uploaded, when they are too old, and
 * when their blocks are erased. */
#include <string.h>

#include "lasting.h"
#include "test.h"

#define NOON_MS 1700000000000
#define HOUR_MS 3600000
#define DAY_S   86400u

static lasting_t box;

static int set_up(void **state) {
    (void)state;
    lasting_prepare(&box);
    return 0;
}

static void set_wall(int64_t unix_ms, enum tally_wall_quality quality) {
    box.device.port.wall = (tally_wall_t){.unix_ms = unix_ms, .quality = quality};
}

static void play_for(uint32_t ms) {
    const tally_session_id_t film = device_play(&box.device);
    (void)device_wait(&box.device, ms);
    assert_int_equal(tally_hook_close(&box.device.agent, film, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&box.device, 0);
}

/* --- uploads -------------------------------------------------------------------------------- */

static void assert_upload(uint32_t at, uint64_t boot, const char *kinds, bool is_of_this_boot) {
    assert_true(at < box.upload_count);
    const upload_t *const upload = &box.uploads[at];
    assert_int_equal(upload->boot, boot);
    assert_string_equal(upload->kinds, kinds);
    assert_int_equal(upload->has_uptime, is_of_this_boot);
    assert_int_equal(upload->has_wall, is_of_this_boot);
}

/* A batch is of one boot; what the time is now says nothing about one that is over. */
static void test_agent_uploads_each_boot_apart_and_urgent_records_first(void **state) {
    (void)state;
    set_wall(NOON_MS, TALLY_WALL_UNAUTHENTICATED);
    lasting_boot(&box);
    const uint64_t first = box.device.agent.boot_id;
    play_for(60000);
    lasting_boot(&box);
    const uint64_t second = box.device.agent.boot_id;
    play_for(60000);
    lasting_upload(&box);
    assert_int_equal(box.upload_count, 2);
    assert_upload(0, first, "bsxeh", false);
    assert_upload(1, second, "bsxeh", true);
    assert_int_equal(box.uploads[0].first_sequence, 0);
    assert_int_equal(box.uploads[1].first_sequence, 0);
}

static void test_agent_uploads_what_three_boots_left(void **state) {
    (void)state;
    uint64_t boots[3];
    for (uint32_t i = 0; i < 3; i++) {
        lasting_boot(&box);
        boots[i] = box.device.agent.boot_id;
        play_for(5000);
    }
    lasting_boot(&box);
    lasting_upload(&box);
    assert_int_equal(box.upload_count, 4);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(box.uploads[i].boot, boots[i]);
        assert_string_equal(box.uploads[i].kinds, "bsxe");
        assert_false(box.uploads[i].has_uptime);
    }
    assert_int_equal(box.uploads[3].boot, box.device.agent.boot_id);
    assert_true(box.uploads[3].has_uptime);
    assert_false(box.uploads[3].has_wall);
}

static void test_agent_uploads_nothing_twice_behind_a_reboot(void **state) {
    (void)state;
    lasting_boot(&box);
    play_for(60000);
    lasting_upload(&box);
    const uint32_t uploads = box.upload_count;
    lasting_boot(&box);
    lasting_upload(&box);
    assert_int_equal(box.upload_count, uploads + 1);
    assert_string_equal(box.uploads[uploads].kinds, "b");
}

/* --- age ------------------------------------------------------------------------------------ */

/* Heartbeats until the routine ring is in its third block. */
static void fill_routine_blocks(void) {
    const tally_ring_t *const ring = &box.device.agent.spool.rings[TALLY_ROUTINE];
    const uint32_t first = ring->head.sequence;
    (void)device_play(&box.device);
    while (ring->head.sequence < first + 3) {
        (void)device_wait(&box.device, 60000);
    }
}

static uint32_t waiting_heartbeats(void) {
    return device_count(&box.device, 'h');
}

static void test_agent_gives_up_what_is_too_old(void **state) {
    (void)state;
    box.device.options.age_most_s = 7 * DAY_S;
    set_wall(NOON_MS, TALLY_WALL_AUTHENTICATED);
    lasting_boot(&box);
    fill_routine_blocks();
    const uint32_t before = tally_pending(&box.device.agent);
    set_wall(NOON_MS + INT64_C(8) * 24 * HOUR_MS, TALLY_WALL_AUTHENTICATED);
    (void)device_tell_agent(&box.device);
    const uint32_t expired = box.device.agent.spool.expired;
    assert_in_range(expired, 1, before);
    assert_int_equal(box.device.agent.spool.dropped[TALLY_ROUTINE], 0);
    assert_true(tally_pending(&box.device.agent) < before);
}

static void test_agent_believes_only_an_authenticated_time_of_age(void **state) {
    (void)state;
    box.device.options.age_most_s = 7 * DAY_S;
    set_wall(NOON_MS, TALLY_WALL_AUTHENTICATED);
    lasting_boot(&box);
    fill_routine_blocks();
    set_wall(NOON_MS + INT64_C(365) * 24 * HOUR_MS, TALLY_WALL_UNAUTHENTICATED);
    const uint32_t before = waiting_heartbeats();
    (void)device_tell_agent(&box.device);
    assert_int_equal(box.device.agent.spool.expired, 0);
    assert_int_equal(waiting_heartbeats(), before);
}

static void test_agent_gives_up_nothing_unless_told_to(void **state) {
    (void)state;
    set_wall(NOON_MS, TALLY_WALL_AUTHENTICATED);
    lasting_boot(&box);
    fill_routine_blocks();
    set_wall(NOON_MS + INT64_C(365) * 24 * HOUR_MS, TALLY_WALL_AUTHENTICATED);
    (void)device_tell_agent(&box.device);
    assert_int_equal(box.device.agent.spool.expired, 0);
}

/* A device with a clock of its own knows the time from the first record on, however short it
 * lives. */
static void test_agent_that_knows_the_time_at_once_uses_it_at_once(void **state) {
    (void)state;
    uint8_t time[4] = {0};
    box.device.options.age_most_s = 7 * DAY_S;
    set_wall(NOON_MS, TALLY_WALL_AUTHENTICATED);
    lasting_boot(&box);
    assert_int_equal(tally_settings_get(&box.settings, TALLY_SETTING_LAST_TIME, time, sizeof time),
                     sizeof time);
    assert_int_equal(tally_le_get(time, sizeof time), NOON_MS / 1000);
    fill_routine_blocks();
    set_wall(NOON_MS + INT64_C(8) * 24 * HOUR_MS, TALLY_WALL_AUTHENTICATED);
    lasting_boot(&box);
    assert_true(box.device.agent.spool.expired > 0);
}

static void test_agent_keeps_the_last_time_that_was_authenticated(void **state) {
    (void)state;
    uint8_t time[4] = {0};
    set_wall(NOON_MS, TALLY_WALL_UNAUTHENTICATED);
    lasting_boot(&box);
    (void)device_tell_agent(&box.device);
    assert_int_equal(tally_settings_get(&box.settings, TALLY_SETTING_LAST_TIME, time, sizeof time),
                     TALLY_E_EMPTY);
    set_wall(NOON_MS + HOUR_MS, TALLY_WALL_AUTHENTICATED);
    (void)device_tell_agent(&box.device);
    assert_int_equal(tally_settings_get(&box.settings, TALLY_SETTING_LAST_TIME, time, sizeof time),
                     sizeof time);
    assert_int_equal(tally_le_get(time, sizeof time), (NOON_MS + HOUR_MS) / 1000);
}

/* A server may be days ahead while its certificate is valid. What it told is forgotten with the
 * first date that corrects it. */
static void test_agent_forgets_a_last_time_that_was_too_late(void **state) {
    (void)state;
    uint8_t time[4] = {0};
    set_wall(NOON_MS + INT64_C(60) * 24 * HOUR_MS, TALLY_WALL_AUTHENTICATED);
    lasting_boot(&box);
    set_wall(NOON_MS, TALLY_WALL_AUTHENTICATED);
    (void)device_tell_agent(&box.device);
    assert_int_equal(tally_settings_get(&box.settings, TALLY_SETTING_LAST_TIME, time, sizeof time),
                     sizeof time);
    assert_int_equal(tally_le_get(time, sizeof time), NOON_MS / 1000);
}

/* --- erasing ahead -------------------------------------------------------------------------- */

static void make_routine(void) {
    tally_report_t *const report = &box.device.agent.report;
    assert_int_equal(tally_report_make(report, TALLY_ROUTINE, TALLY_RECORD_AGENT, 0, NULL, 0),
                     TALLY_OK);
}

/* Only a boot's first record may have to wait for an erase. Twice round the ring: at first its
 * blocks are free, then each of them has records to be pushed out. */
static void test_agent_erases_while_it_is_idle_and_not_for_a_record(void **state) {
    (void)state;
    lasting_boot(&box);
    box.device.agent.uplink.retry_ms = UINT64_MAX; /* it would try as soon as half is full */
    make_routine();
    const tally_ring_t *const ring = &box.device.agent.spool.rings[TALLY_ROUTINE];
    const uint32_t last = ring->head.sequence + 2u * ring->blocks;
    const uint32_t erases_before = box.device.store.erases;
    while (ring->head.sequence < last) {
        (void)device_wait(&box.device, 0);
        (void)device_wait(&box.device, 0); /* one erase a step, the urgent ring's first */
        const uint32_t erases = box.device.store.erases;
        make_routine();
        assert_int_equal(box.device.store.erases, erases);
    }
    assert_true(box.device.store.erases >= erases_before + 2u * ring->blocks);
    assert_true(box.device.agent.spool.dropped[TALLY_ROUTINE] > 0);
}

static void test_agent_does_not_erase_while_an_upload_is_under_way(void **state) {
    (void)state;
    lasting_boot(&box);
    box.device.transport.open_says = TALLY_OPENING_CONNECT;
    tally_flush(&box.device.agent);
    const uint32_t erases = box.device.store.erases;
    (void)device_wait(&box.device, 0);
    (void)device_wait(&box.device, 0);
    assert_false(tally_uplink_is_idle(&box.device.agent.uplink));
    assert_int_equal(box.device.store.erases, erases);
    lasting_upload(&box);
    (void)device_wait(&box.device, 0);
    assert_true(box.device.store.erases > erases);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_agent_uploads_each_boot_apart_and_urgent_records_first, set_up),
        cmocka_unit_test_setup(test_agent_uploads_what_three_boots_left, set_up),
        cmocka_unit_test_setup(test_agent_uploads_nothing_twice_behind_a_reboot, set_up),
        cmocka_unit_test_setup(test_agent_gives_up_what_is_too_old, set_up),
        cmocka_unit_test_setup(test_agent_believes_only_an_authenticated_time_of_age, set_up),
        cmocka_unit_test_setup(test_agent_gives_up_nothing_unless_told_to, set_up),
        cmocka_unit_test_setup(test_agent_that_knows_the_time_at_once_uses_it_at_once, set_up),
        cmocka_unit_test_setup(test_agent_keeps_the_last_time_that_was_authenticated, set_up),
        cmocka_unit_test_setup(test_agent_forgets_a_last_time_that_was_too_late, set_up),
        cmocka_unit_test_setup(test_agent_erases_while_it_is_idle_and_not_for_a_record, set_up),
        cmocka_unit_test_setup(test_agent_does_not_erase_while_an_upload_is_under_way, set_up),
    };
    return cmocka_run_group_tests_name("agent_lasting", tests, NULL, NULL);
}
