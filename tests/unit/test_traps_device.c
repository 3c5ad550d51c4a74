/* SPDX-License-Identifier: Apache-2.0 */
/* The traps that a whole device falls into: standby, clocks, retries; each by its number. */
#include <string.h>

#include "device.h"
#include "test.h"

static device_t device;

static int set_up(void **state) {
    (void)state;
    device_boot(&device);
    return 0;
}

static void close_now(tally_session_id_t session) {
    assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
}

/* --- standby -------------------------------------------------------------------------------- */

static void test_trap_13_sleep_goes_to_suspended_alone(void **state) {
    (void)state;
    const tally_session_id_t session = device_play(&device);
    (void)device_wait(&device, 10000);
    assert_int_equal(tally_hook_buffering_begin(&device.agent, session), TALLY_OK);
    (void)device_wait(&device, 200);
    assert_int_equal(tally_suspend(&device.agent), TALLY_OK);
    device.port.now_ms += 28800000; /* eight hours, on the clock that counts them */
    assert_int_equal(tally_resume(&device.agent), TALLY_OK);
    (void)device_wait(&device, 5000);
    close_now(session);
    const record_t end = device_last(&device, 'x');
    assert_int_equal(record_number(end, "p.zd"), 28800000);
    assert_int_equal(record_number(end, "p.pt"), 15000);
    assert_int_equal(record_number(end, "p.sd"), 200);
    assert_int_equal(record_number(end, "p.bd"), 200);
    assert_int_equal(record_number(end, "p.xe"), 28815200);
}

static void test_trap_15_standby_suspends_and_brings_no_backlog_of_heartbeats(void **state) {
    (void)state;
    (void)device_play(&device);
    (void)device_wait(&device, 0);
    (void)device_wait(&device, 30000);
    device.agent.agent_due_ms = UINT64_MAX; /* not the subject here */
    assert_int_equal(tally_suspend(&device.agent), TALLY_OK);
    (void)device_wait(&device, 3600000); /* it may step in its sleep */
    (void)device_wait(&device, 36000000);
    device_expect_kinds(&device, "bsee"); /* first frame, standby */
    assert_int_equal(tally_resume(&device.agent), TALLY_OK);
    (void)device_wait(&device, 0);
    (void)device_wait(&device, 59999);
    device_expect_kinds(&device, "bseee");
    (void)device_wait(&device, 1);
    device_expect_kinds(&device, "bseeeh");
    const record_t beat = device_last(&device, 'h');
    assert_int_equal(record_number(beat, "p.pt"), 90000);
    assert_int_equal(record_number(beat, "p.zd"), 39600000);
    assert_int_equal(record_number(beat, "p.ss"), 1);

    assert_int_equal(tally_suspend(&device.agent), TALLY_OK);
    device.port.now_ms += 36000000; /* nobody steps */
    assert_int_equal(tally_resume(&device.agent), TALLY_OK);
    (void)device_wait(&device, 0);
    (void)device_wait(&device, 59999);
    device_expect_kinds(&device, "bseeehee"); /* none of the 600 slept through */
    (void)device_wait(&device, 1);
    device_expect_kinds(&device, "bseeeheeh");
}

/* --- clocks --------------------------------------------------------------------------------- */

static void test_trap_14_wall_clock_jump_changes_no_duration_and_first_sync_is_told(void **state) {
    (void)state;
    const tally_session_id_t session = device_play(&device);
    (void)device_wait(&device, 4000);
    device_expect_kinds(&device, "bse");
    device.port.wall =
        (tally_wall_t){.unix_ms = 1700000000000, .quality = TALLY_WALL_AUTHENTICATED};
    (void)device_wait(&device, 1000);
    device_expect_kinds(&device, "bsec");
    assert_int_equal(record_number(device_last(&device, 'c'), "u"), 5000);
    assert_int_equal(record_number(device_last(&device, 'c'), "w"), 1700000000000);
    device.port.wall.unix_ms += 86400000; /* a day ahead */
    (void)device_wait(&device, 1000);
    device.port.wall.unix_ms = 946684800000; /* 2000 */
    (void)device_wait(&device, 1000);
    close_now(session);
    device_expect_kinds(&device, "bsecx"); /* told once */
    const record_t end = device_last(&device, 'x');
    assert_int_equal(record_number(end, "u"), 7000);
    assert_int_equal(record_number(end, "p.pt"), 7000);
    assert_int_equal(record_number(end, "p.xe"), 7000);
    assert_int_equal(record_number(end, "w"), 946684800000);
}

/* --- retries -------------------------------------------------------------------------------- */

enum { UPLOADS = 2, RECORDS = 5, BODY_BYTES = 8192 };

typedef struct {
    uint8_t bytes[BODY_BYTES];
    uint32_t size;
} body_t;

static body_t bodies[UPLOADS];
static uint32_t uploads;

static void keep_body(const char *request, uint32_t bytes) {
    const char *const head_end = strstr(request, "\r\n\r\n");
    assert_non_null(head_end);
    const uint32_t head = (uint32_t)(head_end - request) + 4;
    assert_true(uploads < UPLOADS && bytes - head <= BODY_BYTES);
    bodies[uploads].size = bytes - head;
    memcpy(bodies[uploads].bytes, request + head, bytes - head);
    uploads++;
}

/* Where in the body these bytes first are. */
static uint32_t find(const body_t *body, const char *wanted) {
    const uint32_t bytes = (uint32_t)strlen(wanted);
    uint32_t at = 0;
    while (memcmp(&body->bytes[at], wanted, bytes) != 0) {
        at++;
        assert_true(at + bytes <= body->size);
    }
    return at;
}

/* The server took the first upload and its answer was lost; what comes again carries the same
 * (device, boot, seq), so that a store that honours the key has each record once. */
static void test_trap_24_retries_carry_the_same_device_boot_and_sequence(void **state) {
    (void)state;
    const tally_session_id_t session = device_play(&device);
    (void)device_wait(&device, 1000);
    assert_int_equal(tally_hook_pause(&device.agent, session), TALLY_OK);
    close_now(session);
    device_expect_kinds(&device, "bseex");
    device.agent.agent_due_ms = UINT64_MAX; /* no more records from here on */
    uploads = 0;
    device.transport.hears = keep_body;
    device.transport.open_says = TALLY_OPEN;
    device.transport.receive_says = TALLY_E_CLOSED;
    device.transport.replies[0] = "";
    tally_flush(&device.agent);
    for (uint32_t i = 0; i < 100 && uploads < UPLOADS; i++) {
        (void)device_wait(&device, 10000);
    }
    assert_int_equal(uploads, UPLOADS);

    /* device and boot, in front of the uptime (key m) */
    const uint32_t envelope = find(&bodies[0], "\x61m");
    assert_int_equal(find(&bodies[1], "\x61m"), envelope);
    assert_memory_equal(bodies[0].bytes, bodies[1].bytes, envelope);
    /* the records, in an array of indefinite length (key r) */
    const uint32_t first = find(&bodies[0], "\x61r\x9F");
    const uint32_t second = find(&bodies[1], "\x61r\x9F");
    assert_int_equal(bodies[0].size - first, bodies[1].size - second);
    assert_memory_equal(&bodies[0].bytes[first], &bodies[1].bytes[second], bodies[0].size - first);
    uint32_t at = second + 3;
    for (uint32_t i = 0; i < RECORDS; i++) {
        const record_t record = record_read(&bodies[1].bytes[at], bodies[1].size - at);
        assert_int_equal(record_number(record, "q"), i);
        at += record.size;
    }
    assert_int_equal(bodies[1].bytes[at], 0xFF);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_trap_13_sleep_goes_to_suspended_alone, set_up),
        cmocka_unit_test_setup(test_trap_15_standby_suspends_and_brings_no_backlog_of_heartbeats,
                               set_up),
        cmocka_unit_test_setup(
            test_trap_14_wall_clock_jump_changes_no_duration_and_first_sync_is_told, set_up),
        cmocka_unit_test_setup(test_trap_24_retries_carry_the_same_device_boot_and_sequence,
                               set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
