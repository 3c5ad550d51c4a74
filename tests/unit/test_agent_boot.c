/* SPDX-License-Identifier: Apache-2.0 */
/* Boots and what is told of them: whose records wait, how often the device began, and how little a
 * boot loop costs. */
#include <string.h>

#include "boot.h"
#include "dice.h"
#include "lasting.h"
#include "test.h"

#define MINUTE_MS 60000u

static lasting_t box;

static int set_up(void **state) {
    (void)state;
    lasting_prepare(&box);
    return 0;
}

static record_t boot_record(void) {
    return device_last(&box.device, 'b');
}

/* A viewer watches for a minute: start, event and end are urgent records, the heartbeat is not. */
static void watch(void) {
    const tally_session_id_t film = device_play(&box.device);
    (void)device_wait(&box.device, MINUTE_MS);
    assert_int_equal(tally_hook_close(&box.device.agent, film, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&box.device, 0);
}

/* --- what a boot record tells --------------------------------------------------------------- */

static void test_boot_tells_the_boot_before_and_the_count(void **state) {
    (void)state;
    lasting_boot(&box);
    assert_false(record_has(boot_record(), "b.bb"));
    assert_int_equal(record_number(boot_record(), "b.bc"), 1);
    const uint64_t first = box.device.agent.boot_id;
    lasting_boot(&box);
    const uint64_t second = box.device.agent.boot_id;
    assert_int_not_equal(first, second);
    lasting_upload(&box);
    assert_int_equal(record_number(box.last_boot_record, "b.bb"), first);
    assert_int_equal(record_number(box.last_boot_record, "b.bc"), 2);
    lasting_boot(&box);
    (void)device_wait(&box.device, MINUTE_MS);
    assert_int_equal(record_number(boot_record(), "b.bb"), second);
    assert_int_equal(record_number(boot_record(), "b.bc"), 3);
}

static void test_boot_that_begins_with_nothing_knows_of_none_before(void **state) {
    (void)state;
    box.device.options.settings = NULL;
    lasting_boot(&box);
    assert_false(record_has(boot_record(), "b.bb"));
    assert_false(record_has(boot_record(), "b.bc"));
}

static void test_boot_count_is_told_only_with_settings(void **state) {
    (void)state;
    box.device.options.settings = NULL;
    lasting_boot(&box);
    const uint64_t first = box.device.agent.boot_id;
    lasting_boot(&box);
    lasting_upload(&box);
    assert_int_equal(record_number(box.last_boot_record, "b.bb"), first);
    assert_false(record_has(box.last_boot_record, "b.bc"));
    const int64_t declared = record_number(box.last_boot_record, "c.b");
    assert_int_not_equal(declared & (int64_t)TALLY_CAN(BOOT, PREVIOUS_BOOT), 0);
}

/* --- boot loops ----------------------------------------------------------------------------- */

enum { LOOP_MS = 30000 };

/* Each boot lives for half a minute, in which nothing happens. */
static void loop(uint32_t boots) {
    for (uint32_t i = 0; i < boots; i++) {
        lasting_boot(&box);
        (void)device_wait(&box.device, LOOP_MS / 2);
        (void)device_wait(&box.device, LOOP_MS / 2);
    }
}

/* The first two boots behind one that kept something tell of themselves; the third is to wait a
 * minute, which it does not live for, and so is each one behind it. */
static void test_boot_loop_pushes_out_nothing(void **state) {
    (void)state;
    lasting_boot(&box);
    const uint64_t first = box.device.agent.boot_id;
    watch();
    watch();
    watch();
    loop(dice_share(1000));
    lasting_boot(&box);
    lasting_upload(&box);
    assert_int_equal(lasting_taken(&box, 's', first), 3);
    assert_int_equal(lasting_taken(&box, 'e', first), 3);
    assert_int_equal(lasting_taken(&box, 'x', first), 3);
    assert_int_equal(lasting_taken(&box, 'h', first), 3);
    assert_int_equal(lasting_taken(&box, 'b', first), 1);
    assert_int_equal(lasting_taken(&box, 'b', 0), 1 + 2);
    assert_int_equal(box.device.agent.spool.damaged, 0);
}

/* A boot that held its record back writes nothing at all, so the next one waits no longer. */
static void test_boot_that_outlives_the_loop_is_told_a_minute_late(void **state) {
    (void)state;
    lasting_boot(&box);
    loop(dice_share(1000));
    lasting_boot(&box);
    assert_int_equal(device_wait(&box.device, 0), MINUTE_MS);
    lasting_upload(&box);
    const uint32_t told = lasting_taken(&box, 'b', 0);
    assert_int_equal(told, 2);
    assert_int_equal(device_wait(&box.device, MINUTE_MS - 1), 1);
    assert_int_equal(tally_pending(&box.device.agent), 0);
    (void)device_wait(&box.device, 1);
    lasting_upload(&box);
    assert_int_equal(lasting_taken(&box, 'b', box.device.agent.boot_id), 1);
    assert_int_equal(record_number(box.last_boot_record, "u"), MINUTE_MS);
    assert_int_equal(record_number(box.last_boot_record, "q"), 0);
    assert_int_equal(record_number(box.last_boot_record, "b.bc"), dice_share(1000) + 2);
}

/* Boots that live just long enough to tell of themselves: each has the next one wait twice as
 * long. */
static void test_boot_is_held_back_twice_as_long_for_each_that_told_nothing_else(void **state) {
    (void)state;
    uint32_t hold_ms = MINUTE_MS;
    lasting_boot(&box);
    lasting_boot(&box);
    for (uint32_t i = 0; i < 13; i++) {
        lasting_boot(&box);
        assert_int_equal(box.device.agent.boot_due_ms - box.device.port.now_ms, hold_ms);
        box.device.port.now_ms += hold_ms - 1;
        assert_int_equal(tally_boot_report(&box.device.agent, box.device.port.now_ms),
                         box.device.port.now_ms + 1);
        assert_int_equal(box.device.agent.spool.made, 0);
        box.device.port.now_ms++;
        assert_int_equal(tally_boot_report(&box.device.agent, box.device.port.now_ms), UINT64_MAX);
        assert_int_equal(box.device.agent.spool.made, 1);
        lasting_upload(&box); /* or the spool would be full of them some day */
        hold_ms = hold_ms < 1024 * MINUTE_MS ? 2 * hold_ms : hold_ms; /* 17 hours */
    }
}

static void test_boot_behind_one_that_kept_more_is_told_at_once(void **state) {
    (void)state;
    lasting_boot(&box);
    loop(10);
    lasting_boot(&box);
    watch();
    lasting_boot(&box);
    assert_int_equal(box.device.agent.spool.made, 1);
    lasting_upload(&box);
    assert_int_equal(record_number(box.last_boot_record, "u"), 0);
}

/* What is dated anyway needs no clock record: a loop in which the time comes late makes none. */
static void test_boot_that_has_told_nothing_tells_no_clock(void **state) {
    (void)state;
    lasting_boot(&box);
    loop(2);
    lasting_boot(&box);
    box.device.port.wall = (tally_wall_t){1700000000000, TALLY_WALL_UNAUTHENTICATED};
    (void)device_wait(&box.device, LOOP_MS);
    assert_int_equal(box.device.agent.spool.made, 0);
    (void)device_wait(&box.device, MINUTE_MS - LOOP_MS);
    assert_int_equal(box.device.agent.spool.made, 1);
    lasting_upload(&box);
    assert_int_equal(lasting_taken(&box, 'c', 0), 0);
    assert_true(record_has(box.last_boot_record, "w"));
}

/* --- a full spool --------------------------------------------------------------------------- */

/* Urgent records until the next one would push out others, or the next block is begun. */
static void fill_urgent(void) {
    tally_t *const agent = &box.device.agent;
    const tally_ring_t *const ring = &agent->spool.rings[TALLY_URGENT];
    while (ring->head.sequence < ring->tail.place.sequence + ring->blocks - 1 ||
           ring->head.offset + 64 < box.device.store.store.block_bytes) {
        assert_int_equal(
            tally_report_make(&agent->report, TALLY_URGENT, TALLY_RECORD_CLOCK, 0, NULL, 0),
            TALLY_OK);
    }
    assert_int_equal(agent->spool.dropped[TALLY_URGENT], 0);
}

static void test_boot_record_waits_while_the_spool_is_full(void **state) {
    (void)state;
    box.device.options.settings = NULL;
    lasting_boot(&box);
    fill_urgent();
    const uint32_t waiting = tally_pending(&box.device.agent);
    const uint64_t first = box.device.agent.boot_id;
    lasting_boot(&box);
    (void)device_wait(&box.device, 0);
    (void)device_wait(&box.device, MINUTE_MS);
    (void)device_wait(&box.device, MINUTE_MS);
    assert_int_equal(tally_pending(&box.device.agent), waiting);
    assert_int_equal(box.device.agent.report.lost, 0);
    assert_int_equal(box.device.agent.spool.next_sequence, 0);
    lasting_upload(&box);
    assert_int_equal(lasting_taken(&box, 'c', first), waiting - 1);
    (void)device_wait(&box.device, MINUTE_MS);
    lasting_upload(&box);
    assert_int_equal(lasting_taken(&box, 'b', box.device.agent.boot_id), 1);
    assert_int_equal(record_number(box.last_boot_record, "q"), 0);
    assert_int_equal(record_number(box.last_boot_record, "b.bb"), first);
    assert_int_equal(box.device.agent.spool.dropped[TALLY_URGENT], 0);
}

/* Others do not wait for it, and have their numbers first. */
static void test_boot_record_that_waited_has_the_number_of_its_turn(void **state) {
    (void)state;
    lasting_boot(&box);
    fill_urgent();
    lasting_boot(&box);
    (void)tally_report_make(&box.device.agent.report, TALLY_ROUTINE, TALLY_RECORD_AGENT, 0, NULL,
                            0);
    lasting_upload(&box);
    (void)device_wait(&box.device, MINUTE_MS);
    lasting_upload(&box);
    assert_int_equal(record_number(box.last_boot_record, "q"), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_boot_tells_the_boot_before_and_the_count, set_up),
        cmocka_unit_test_setup(test_boot_that_begins_with_nothing_knows_of_none_before, set_up),
        cmocka_unit_test_setup(test_boot_count_is_told_only_with_settings, set_up),
        cmocka_unit_test_setup(test_boot_loop_pushes_out_nothing, set_up),
        cmocka_unit_test_setup(test_boot_that_outlives_the_loop_is_told_a_minute_late, set_up),
        cmocka_unit_test_setup(test_boot_is_held_back_twice_as_long_for_each_that_told_nothing_else,
                               set_up),
        cmocka_unit_test_setup(test_boot_behind_one_that_kept_more_is_told_at_once, set_up),
        cmocka_unit_test_setup(test_boot_that_has_told_nothing_tells_no_clock, set_up),
        cmocka_unit_test_setup(test_boot_record_waits_while_the_spool_is_full, set_up),
        cmocka_unit_test_setup(test_boot_record_that_waited_has_the_number_of_its_turn, set_up),
    };
    return cmocka_run_group_tests_name("agent_boot", tests, NULL, NULL);
}
