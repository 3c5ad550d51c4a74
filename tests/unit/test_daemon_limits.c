/* SPDX-License-Identifier: Apache-2.0 */
/* What a daemon's half keeps of a player's streams, and how much of anything it takes. */
#include <string.h>

#include "message_by_hand.h"
#include "test.h"

/* --- streams -------------------------------------------------------------------------------- */

enum { NO_NUMBER = UINT32_MAX };

/* An RTP stream behind a snapshot, with one figure. */
static void stream(int64_t session, int64_t invalid, uint32_t its_number) {
    tally_cbor_map(&said, its_number != NO_NUMBER ? 5 : 4);
    say_kind('r');
    say_letter('r');
    tally_cbor_map(&said, 1);
    say_field("ri", invalid);
    say_number('s', session);
    say_number('u', 1000000);
    if (its_number != NO_NUMBER) {
        say_field("sn", its_number);
    }
}

static void test_daemon_refuses_a_stream_of_another_session_in_a_snapshot(void **state) {
    (void)state;
    say_snapshot("pt", 5000);
    stream(4, 1, 1);
    assert_int_equal(say_it(), TALLY_E_CBOR);
    assert_int_equal(say_play_time(), 0); /* all of it is */
}

static void test_daemon_refuses_a_stream_without_a_number_that_can_be_its_own(void **state) {
    (void)state;
    static const uint32_t wrong[] = {NO_NUMBER, 0, UINT16_MAX + 1};
    for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        say_snapshot("pt", 5000);
        stream(3, 1, wrong[i]);
        assert_int_equal(say_it(), i == 0 ? TALLY_E_CBOR : TALLY_E_ARGUMENT);
    }
    assert_int_equal(say_play_time(), 0);
}

static void test_daemon_passes_over_the_number_of_a_stream_where_there_is_none(void **state) {
    (void)state;
    say_begin();
    tally_cbor_map(&said, 4);
    say_kind('s');
    say_number('s', 5);
    say_number('u', 1000000);
    say_field("sn", 1);
    assert_int_equal(say_it(), TALLY_OK);
    assert_false(record_has(device_last(&tallyd, 's'), "sn"));
}

static void test_daemon_keeps_streams_as_far_as_there_is_room(void **state) {
    (void)state;
    uint32_t streams = 0;
    tallyd.port.now_ms += 60000;
    say_snapshot("pt", 60000);
    while (said.used < TALLY_MESSAGE_BYTES - 64) {
        streams++;
        stream(3, 100 + streams, streams);
    }
    assert_int_equal(say_it(), TALLY_OK);
    const uint32_t told = device_count(&tallyd, 'r');
    assert_in_range(told, 100, streams - 100);
    assert_int_equal(record_number(device_tell_agent(&tallyd), "a.av"), streams - told);
}

/* --- consent -------------------------------------------------------------------------------- */

static void test_daemon_without_consent_forgets_what_players_tell(void **state) {
    (void)state;
    assert_int_equal(tally_consent(&tallyd.agent, false), TALLY_OK);
    assert_int_equal(tally_sessions(&tallyd.agent, NULL, 0), 0);
    say_snapshot("pt", 5000);
    assert_int_equal(say_it(), TALLY_OK);
    assert_int_equal(say_greeting(2, 1), TALLY_OK);
    while (tally_consent_state(&tallyd.agent) != TALLY_CONSENT_WITHDRAWN) {
        (void)device_wait(&tallyd, 0);
    }
    assert_int_equal(tally_consent(&tallyd.agent, true), TALLY_OK);
    say_snapshot("pt", 5000);
    assert_int_equal(say_it(), TALLY_E_STATE); /* it must announce itself anew */
    assert_int_equal(say_greeting(1, 1), TALLY_OK);
    assert_int_equal(say_start(1, 3), TALLY_OK);
    assert_int_equal(device_count(&tallyd, 's'), 1);
}

/* --- floods --------------------------------------------------------------------------------- */

static void test_daemon_limits_the_records_of_a_flood(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 500; i++) {
        say_begin();
        tally_cbor_map(&said, 4);
        say_letter('e');
        tally_cbor_map(&said, 1);
        say_field("et", TALLY_EVENT_ERROR);
        say_kind('e');
        say_number('s', 3);
        say_number('u', 1000000);
        assert_int_equal(say_it(), TALLY_OK);
    }
    assert_int_equal(device_count(&tallyd, 'e'), TALLY_EVENT_BURST);
    assert_int_equal(record_number(device_tell_viewing(&tallyd), "g.gy"), 500 - TALLY_EVENT_BURST);
}

static void test_daemon_folds_sessions_beyond_the_limit_of_starts(void **state) {
    (void)state;
    for (int64_t i = 0; i < 100; i++) {
        say_begin();
        tally_cbor_map(&said, 4);
        say_kind('x');
        say_letter('p');
        tally_cbor_map(&said, 1);
        say_field("pt", 7);
        say_number('s', 1000 + i);
        say_number('u', 1000000);
        assert_int_equal(say_it(), TALLY_OK);
    }
    assert_int_equal(device_count(&tallyd, 's'), TALLY_START_BURST);
    assert_int_equal(device_count(&tallyd, 'x'), TALLY_START_BURST - 1); /* session 3 is open */
    const record_t viewing = device_tell_viewing(&tallyd);
    assert_int_equal(record_number(viewing, "g.gi"), 101 - TALLY_START_BURST);
    assert_int_equal(record_number(viewing, "g.gk"), 7 * (101 - TALLY_START_BURST));
}

/* --- what boards note ----------------------------------------------------------------------- */

static void test_daemon_tells_of_connections_that_its_board_refused(void **state) {
    (void)state;
    assert_int_equal(tally_note(&tallyd.agent, TALLY_M_PLAYERS_REFUSED, 12), TALLY_OK);
    assert_int_equal(record_number(device_tell_agent(&tallyd), "a.w0"), 12);
    assert_int_equal(tally_note(&tallyd.agent, TALLY_M_MESSAGES_REFUSED, 12), TALLY_E_ARGUMENT);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, say_set_up)
    const struct CMUnitTest tests[] = {
        TEST(test_daemon_refuses_a_stream_of_another_session_in_a_snapshot),
        TEST(test_daemon_refuses_a_stream_without_a_number_that_can_be_its_own),
        TEST(test_daemon_passes_over_the_number_of_a_stream_where_there_is_none),
        TEST(test_daemon_keeps_streams_as_far_as_there_is_room),
        TEST(test_daemon_without_consent_forgets_what_players_tell),
        TEST(test_daemon_limits_the_records_of_a_flood),
        TEST(test_daemon_folds_sessions_beyond_the_limit_of_starts),
        TEST(test_daemon_tells_of_connections_that_its_board_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
