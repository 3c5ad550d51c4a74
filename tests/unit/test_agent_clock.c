/* SPDX-License-Identifier: Apache-2.0 */
/* What the time is: by the port, by servers, and what records say of it. */
#include <string.h>

#include "device.h"
#include "dice.h"
#include "test.h"

#define NOON_S  1700000000u /* Tue, 14 Nov 2023 22:13:20 GMT */
#define NOON_MS (INT64_C(1000) * NOON_S)

static device_t device;
static dice_t dice;

static int set_up(void **state) {
    (void)state;
    device_prepare(&device);
    device.transport.transport.is_authenticated = true;
    return 0;
}

static tally_t *agent(void) {
    return &device.agent;
}

static void set_wall(int64_t unix_ms, enum tally_wall_quality quality) {
    device.port.wall = (tally_wall_t){.unix_ms = unix_ms, .quality = quality};
}

static void boot(void) {
    assert_int_equal(device_init(&device), TALLY_OK);
}

/* An upload to a server whose clock says NOON, half a second ago or to come. */
static void upload(void) {
    for (uint32_t i = 0; i < FAKE_REPLIES; i++) {
        device.transport.replies[i] = "HTTP/1.1 204 No Content\r\n"
                                      "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n\r\n";
    }
    device.transport.open_says = TALLY_OPEN;
    device.transport.replied = 0;
    fake_transport_forget(&device.transport);
    tally_flush(agent());
    for (uint32_t steps = 0; steps < 8; steps++) {
        (void)device_wait(&device, 0);
    }
}

/* --- from servers --------------------------------------------------------------------------- */

static void test_clock_is_set_by_a_server_that_has_proved_who_it_is(void **state) {
    (void)state;
    boot();
    upload();
    assert_int_equal(device.port.walls_set, 1);
    assert_int_equal(device.port.wall.quality, TALLY_WALL_AUTHENTICATED);
    assert_int_equal(device.port.wall.unix_ms, NOON_MS + 500);
    const record_t clock = device_last(&device, 'c');
    assert_int_equal(record_number(clock, "w"), NOON_MS + 500);
    upload();
    assert_int_equal(device.port.walls_set, 1); /* it is known now */
    assert_int_equal(device_count(&device, 'c'), 0);
}

static void test_clock_is_not_set_by_a_server_that_has_not(void **state) {
    (void)state;
    device.transport.transport.is_authenticated = false;
    boot();
    upload();
    assert_int_equal(device.port.walls_set, 0);
    assert_false(record_has(device_tell_agent(&device), "a.ag"));
}

static void test_clock_tells_how_far_the_device_is_off(void **state) {
    (void)state;
    set_wall(NOON_MS + 60000, TALLY_WALL_AUTHENTICATED);
    boot();
    assert_false(record_has(device_tell_agent(&device), "a.ag"));
    upload();
    assert_int_equal(record_number(device_tell_agent(&device), "a.ag"), -59500);
    assert_int_equal(device.port.walls_set, 1); /* unless it knows better */
    set_wall(NOON_MS - 100000, TALLY_WALL_AUTHENTICATED);
    upload();
    assert_int_equal(record_number(device_tell_agent(&device), "a.ag"), 100500);
}

/* Half a second is what a date is good to; a crystal is off by that in a few hours. */
static void test_clock_that_drifts_is_set_again_beyond_two_seconds(void **state) {
    (void)state;
    set_wall(NOON_MS + 500 - 2000, TALLY_WALL_AUTHENTICATED);
    boot();
    upload();
    assert_int_equal(device.port.walls_set, 0);
    (void)device_tell_agent(&device);
    set_wall(NOON_MS + 500 - 2001, TALLY_WALL_AUTHENTICATED);
    upload();
    assert_int_equal(device.port.walls_set, 1);
    (void)device_tell_agent(&device);
    set_wall(NOON_MS + 500 + 2001, TALLY_WALL_AUTHENTICATED);
    upload();
    assert_int_equal(device.port.walls_set, 2);
    assert_int_equal(device.port.wall.unix_ms, NOON_MS + 500);
}

static void test_clock_that_is_not_known_is_not_off(void **state) {
    (void)state;
    boot();
    upload();
    assert_false(record_has(device_tell_agent(&device), "a.ag"));
    upload();
    assert_int_equal(record_number(device_tell_agent(&device), "a.ag"), 0);
}

/* Both bounds count as inside; without any, every date does. */
static void test_clock_is_not_set_outside_of_the_servers_certificate(void **state) {
    (void)state;
    static const struct {
        uint32_t from_s;
        uint32_t to_s;
        uint32_t walls_set;
    } cases[] = {
        {NOON_S, NOON_S + 1000, 1},     {NOON_S - 1000, NOON_S, 1}, {0, 0, 1},
        {NOON_S + 1, NOON_S + 1000, 0}, {1, NOON_S - 1, 0},         {NOON_S + 1, NOON_S - 1, 0},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)set_up(NULL);
        device.transport.transport.valid_from_s = cases[i].from_s;
        device.transport.transport.valid_to_s = cases[i].to_s;
        boot();
        upload();
        assert_int_equal(device.port.walls_set, cases[i].walls_set);
        assert_int_equal(device_count(&device, 'c'), cases[i].walls_set);
        upload(); /* a server that has it wrong is reported to like any other */
        assert_int_equal(agent()->uplink.stats.accepted, agent()->uplink.stats.attempts);
    }
}

static void test_clock_that_is_right_is_kept_from_a_server_that_is_not(void **state) {
    (void)state;
    const int64_t right_ms = NOON_MS + INT64_C(86400000);
    device.transport.transport.valid_from_s = NOON_S + 3600;
    device.transport.transport.valid_to_s = NOON_S + 90 * 86400;
    set_wall(right_ms, TALLY_WALL_AUTHENTICATED);
    boot();
    upload();
    assert_int_equal(device.port.walls_set, 0);
    assert_int_equal(device.port.wall.unix_ms, right_ms);
    assert_int_equal(record_number(device_tell_agent(&device), "a.ag"), 500 - 86400000);
}

/* A port may say anything. */
static void test_clock_of_a_port_that_is_mad_does_no_harm(void **state) {
    (void)state;
    static const int64_t mad[] = {INT64_MIN, INT64_MIN + 1, -1, INT64_MAX - 1, INT64_MAX};
    for (uint32_t i = 0; i < sizeof mad / sizeof mad[0]; i++) {
        for (uint8_t quality = TALLY_WALL_UNAUTHENTICATED; quality <= TALLY_WALL_AUTHENTICATED;
             quality++) {
            (void)set_up(NULL);
            boot();
            set_wall(mad[i], (enum tally_wall_quality)quality);
            (void)device_wait(&device, 1000);
            upload();
            assert_true(record_has(device_tell_agent(&device), "a.wq"));
        }
    }
}

/* --- clock records -------------------------------------------------------------------------- */

static void test_clock_record_comes_with_the_first_time_of_a_boot(void **state) {
    (void)state;
    boot();
    (void)device_wait(&device, 1000);
    set_wall(NOON_MS, TALLY_WALL_UNAUTHENTICATED);
    (void)device_wait(&device, 0);
    device_expect_kinds(&device, "bc");
    (void)device_wait(&device, 1000);
    device_expect_kinds(&device, "bc");
}

static void test_clock_record_comes_again_when_the_time_turns_out_to_be_another(void **state) {
    (void)state;
    static const struct {
        int64_t off_ms;
        const char *kinds;
    } cases[] = {{0, "b"}, {2000, "b"}, {-2000, "b"}, {2001, "bc"}, {-2001, "bc"}};
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)set_up(NULL);
        set_wall(NOON_MS, TALLY_WALL_UNAUTHENTICATED);
        boot();
        (void)device_wait(&device, 60000);
        set_wall(NOON_MS + 60000 + cases[i].off_ms, TALLY_WALL_AUTHENTICATED);
        (void)device_wait(&device, 0);
        device_expect_kinds(&device, cases[i].kinds);
        set_wall(NOON_MS + 9000000, TALLY_WALL_AUTHENTICATED); /* once is enough */
        (void)device_wait(&device, 0);
        set_wall(NOON_MS, TALLY_WALL_UNAUTHENTICATED);
        (void)device_wait(&device, 0);
        set_wall(NOON_MS + 9000000, TALLY_WALL_AUTHENTICATED);
        (void)device_wait(&device, 0);
        device_expect_kinds(&device, cases[i].kinds);
    }
}

/* --- durations ------------------------------------------------------------------------------ */

enum { EVENTS = 300 };

typedef struct {
    uint8_t bytes[RECORDS_MOST][TALLY_RECORD_BYTES];
    uint32_t sizes[RECORDS_MOST];
    uint32_t count;
} diary_t;

static diary_t diaries[2];

/* A record without its wall time: "aw" and a number of nine bytes, for which the map's head is one
 * higher. */
static void write_down(diary_t *diary, record_t record) {
    uint8_t *const bytes = diary->bytes[diary->count];
    uint32_t at = 0;
    assert_true(record_has(record, "w"));
    while (memcmp(record.bytes + at, "aw\x1B", 3) != 0) {
        at++;
        assert_true(at + 11 <= record.size);
    }
    memcpy(bytes, record.bytes, at);
    memcpy(bytes + at, record.bytes + at + 11, record.size - at - 11);
    bytes[0]--;
    diary->sizes[diary->count] = record.size - 11;
    diary->count++;
}

/* The same life each time, but for what the wall says. */
static void live(uint64_t seed, bool jumps, diary_t *diary) {
    dice_t events = {.state = seed};
    (void)set_up(NULL);
    set_wall(NOON_MS, TALLY_WALL_UNAUTHENTICATED);
    boot();
    tally_session_id_t film = device_play(&device);
    for (uint32_t i = 0; i < EVENTS; i++) {
        const uint32_t wait_ms = dice_roll(&events, 3000);
        static const enum tally_hook hooks[] = {
            TALLY_HOOK_PAUSE,         TALLY_HOOK_PLAY,       TALLY_HOOK_BUFFERING_BEGIN,
            TALLY_HOOK_BUFFERING_END, TALLY_HOOK_SEEK_BEGIN, TALLY_HOOK_SEEK_END};
        const enum tally_hook hook = hooks[dice_roll(&events, sizeof hooks / sizeof hooks[0])];
        (void)tally_hook_tell(agent(), film, hook, 0, 0);
        if (i % 60 == 59) {
            assert_int_equal(tally_hook_close(agent(), film, TALLY_STOP_USER), TALLY_OK);
            film = device_play(&device);
        }
        if (jumps && dice_roll(&dice, 10) == 0) {
            device.port.wall.unix_ms = INT64_C(1600000000000) + (int64_t)(dice_bits(&dice) >> 26);
        }
        device.port.wall.unix_ms += wait_ms;
        (void)device_wait(&device, wait_ms);
    }
    records_load(&device.records, &agent()->spool);
    diary->count = 0;
    for (uint32_t i = 0; i < device.records.count; i++) {
        write_down(diary, device.records.list[i]);
    }
}

static void test_clock_that_jumps_changes_nothing_but_wall_times(void **state) {
    (void)state;
    for (uint32_t round = 0; round < dice_share(20); round++) {
        const uint64_t seed = dice_bits(&dice);
        live(seed, false, &diaries[0]);
        live(seed, true, &diaries[1]);
        assert_true(diaries[0].count > 20);
        assert_int_equal(diaries[0].count, diaries[1].count);
        for (uint32_t i = 0; i < diaries[0].count; i++) {
            assert_int_equal(diaries[0].sizes[i], diaries[1].sizes[i]);
            assert_memory_equal(diaries[0].bytes[i], diaries[1].bytes[i], diaries[0].sizes[i]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_clock_is_set_by_a_server_that_has_proved_who_it_is, set_up),
        cmocka_unit_test_setup(test_clock_is_not_set_by_a_server_that_has_not, set_up),
        cmocka_unit_test_setup(test_clock_tells_how_far_the_device_is_off, set_up),
        cmocka_unit_test_setup(test_clock_that_drifts_is_set_again_beyond_two_seconds, set_up),
        cmocka_unit_test_setup(test_clock_that_is_not_known_is_not_off, set_up),
        cmocka_unit_test_setup(test_clock_is_not_set_outside_of_the_servers_certificate, set_up),
        cmocka_unit_test_setup(test_clock_that_is_right_is_kept_from_a_server_that_is_not, set_up),
        cmocka_unit_test_setup(test_clock_of_a_port_that_is_mad_does_no_harm, set_up),
        cmocka_unit_test_setup(test_clock_record_comes_with_the_first_time_of_a_boot, set_up),
        cmocka_unit_test_setup(test_clock_record_comes_again_when_the_time_turns_out_to_be_another,
                               set_up),
        cmocka_unit_test_setup(test_clock_that_jumps_changes_nothing_but_wall_times, set_up),
    };
    dice = dice_from_environment();
    return cmocka_run_group_tests_name("agent_clock", tests, NULL, NULL);
}
