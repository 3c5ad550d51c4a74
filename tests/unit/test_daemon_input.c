/* SPDX-License-Identifier: Apache-2.0 */
/* A daemon's half believes nothing: whatever a player says is in the form and in range, or refused.
 */
#include <string.h>

#include "message_by_hand.h"
#include "test.h"

/* --- who may say anything ------------------------------------------------------------------- */

static void test_daemon_listens_to_nobody_who_has_not_greeted(void **state) {
    (void)state;
    assert_int_equal(say_start(2, 3), TALLY_E_STATE);
    assert_int_equal(say_greeting(2, 2), TALLY_E_VERSION);
    assert_int_equal(say_start(2, 3), TALLY_E_STATE);
    assert_int_equal(say_greeting(2, 1), TALLY_OK);
    assert_int_equal(say_greeting(2, 1), TALLY_E_STATE); /* once is enough */
    assert_int_equal(say_start(2, 3), TALLY_OK);
    assert_int_equal(tally_daemon_take(&tallyd.agent, 0, said_bytes, said.used), TALLY_E_ARGUMENT);
    assert_int_equal(tally_daemon_take(&tallyd.agent, 2, NULL, 1), TALLY_E_ARGUMENT);
    say_expect_refused(4);
}

static void test_daemon_has_room_for_so_many_players(void **state) {
    (void)state;
    for (uint32_t i = 2; i <= TALLY_PLAYERS; i++) {
        assert_int_equal(say_greeting(i, 1), TALLY_OK);
    }
    assert_int_equal(say_greeting(1000, 1), TALLY_E_FULL);
    tally_daemon_leave(&tallyd.agent, 2);
    assert_int_equal(say_greeting(1000, 1), TALLY_OK);
    tally_daemon_leave(&tallyd.agent, 77); /* nobody */
    tally_daemon_leave(&tallyd.agent, 0);
    say_expect_refused(1);
}

static void test_daemon_gives_one_player_so_many_sessions(void **state) {
    (void)state;
    for (int64_t i = 1; i < TALLY_PLAYER_SESSIONS; i++) {
        assert_int_equal(say_start(1, 100 + i), TALLY_OK);
    }
    assert_int_equal(say_start(1, 200), TALLY_E_FULL);
    assert_int_equal(say_start(1, 3), TALLY_OK); /* it has this one */
    assert_int_equal(say_greeting(2, 1), TALLY_OK);
    assert_int_equal(say_start(2, 200), TALLY_OK);
    assert_int_equal(tally_sessions(&tallyd.agent, NULL, 0), TALLY_PLAYER_SESSIONS + 1);
    assert_int_equal(record_number(device_tell_agent(&tallyd), "a.us"), 1);
    tally_daemon_leave(&tallyd.agent, 1);
    assert_int_equal(tally_sessions(&tallyd.agent, NULL, 0), 1);
}

static void test_daemon_passes_over_a_session_that_it_had_no_room_for(void **state) {
    (void)state;
    say_begin();
    tally_cbor_map(&said, 4);
    say_kind('h');
    say_letter('p');
    tally_cbor_map(&said, 1);
    say_field("pt", 5);
    say_number('s', 4);
    say_number('u', 1000000);
    assert_int_equal(say_it(), TALLY_OK);
    assert_int_equal(tally_sessions(&tallyd.agent, NULL, 0), 1);
    say_expect_refused(0);
}

/* --- the form ------------------------------------------------------------------------------- */

static void test_daemon_refuses_what_is_no_record(void **state) {
    (void)state;
    static const char *const messages[] = {
        "\x80",                                     /* an array */
        "\xA1\x61k",                                /* cut off */
        "\xA1\x61u\x01",                            /* of no kind */
        "\xA2\x61k\x61h\x61k\x61h",                 /* a key twice */
        "\xA2\x61s\x03\x61k\x61h",                  /* keys out of order */
        "\xBF\x61k\x61h\xFF",                       /* of indefinite length */
        "\xA3\x61k\x61h\x61s\x03\x61u\xF9\x3C\x01", /* a float */
        "\xA3\x61k\x61h\x61s\x18\x03\x61u\x01",     /* not the shortest */
        "\xA2\x61k\x61h\x61u\x01",                  /* a snapshot of no session */
        "\xA3\x61k\x61h\x61s\x20\x61u\x01",         /* session -1 */
    };
    for (uint32_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        const uint32_t length = (uint32_t)strlen(messages[i]);
        assert_int_equal(tally_daemon_take(&tallyd.agent, 1, (const uint8_t *)messages[i], length),
                         TALLY_E_CBOR);
    }
    assert_int_equal(tally_daemon_take(&tallyd.agent, 1, said_bytes, 0), TALLY_E_CBOR);
    memset(said_bytes, 0, sizeof said_bytes);
    assert_int_equal(tally_daemon_take(&tallyd.agent, 1, said_bytes, TALLY_MESSAGE_BYTES + 1),
                     TALLY_E_TOO_BIG);
    say_expect_refused(sizeof messages / sizeof messages[0] + 2);
}

static void test_daemon_refuses_a_second_record_where_one_is_enough(void **state) {
    (void)state;
    (void)say_start(1, 5);
    const uint32_t once = said.used;
    memcpy(said_bytes + once, said_bytes, once);
    said.used = 2 * once;
    assert_int_equal(say_it(), TALLY_E_CBOR);
}

static void test_daemon_passes_over_what_it_does_not_know(void **state) {
    (void)state;
    say_begin();
    tally_cbor_map(&said, 6);
    say_kind('h');
    say_letter('n'); /* the network is no player's */
    tally_cbor_map(&said, 1);
    say_field("zz", 1);
    say_letter('p');
    tally_cbor_map(&said, 4);
    say_field("pt", 700);
    say_text("px"); /* no metric, and of any form */
    tally_cbor_array(&said, 1);
    say_text("?");
    say_field("se", 99); /* a state of a later registry */
    say_text("longer");
    tally_cbor_map(&said, 0);
    say_number('s', 3);
    say_number('u', 1000000);
    say_letter('z');
    tally_cbor_map(&said, 1);
    say_field("za", 1);
    /* and a kind that is none, behind it */
    tally_cbor_map(&said, 1);
    say_kind('i');
    assert_int_equal(say_it(), TALLY_OK);
    assert_int_equal(say_play_time(), 700);
    say_begin();
    tally_cbor_map(&said, 1);
    say_letter('k');
    say_text("what");
    assert_int_equal(say_it(), TALLY_OK);
}

/* --- values --------------------------------------------------------------------------------- */

static void test_daemon_refuses_a_counter_that_falls(void **state) {
    (void)state;
    say_snapshot("sc", 2);
    assert_int_equal(say_it(), TALLY_OK);
    say_snapshot("sc", 1);
    assert_int_equal(say_it(), TALLY_E_ARGUMENT);
    say_snapshot("sc", 2);
    assert_int_equal(say_it(), TALLY_OK);
    say_expect_refused(1);
}

static void test_daemon_lets_a_duration_fall_by_as_much_as_late_events_take(void **state) {
    (void)state;
    say_snapshot("pt", 60000);
    assert_int_equal(say_it(), TALLY_OK);
    say_snapshot("pt", 60000 - TALLY_LATE_MS);
    assert_int_equal(say_it(), TALLY_OK);
    say_snapshot("pt", 60000 - 2 * TALLY_LATE_MS - 1);
    assert_int_equal(say_it(), TALLY_E_ARGUMENT);
    assert_int_equal(say_play_time(), 60000 - TALLY_LATE_MS);
}

static void test_daemon_refuses_values_out_of_range(void **state) {
    (void)state;
    say_snapshot("pt", -1);
    assert_int_equal(say_it(), TALLY_E_ARGUMENT);
    say_begin();
    tally_cbor_map(&said, 4);
    say_kind('h');
    say_letter('m');
    tally_cbor_map(&said, 1);
    say_field("mv", 101); /* percent */
    say_number('s', 3);
    say_number('u', 1000000);
    assert_int_equal(say_it(), TALLY_E_ARGUMENT);
    say_begin();
    tally_cbor_map(&said, 4);
    say_letter('d');
    tally_cbor_map(&said, 1);
    say_field("dw", INT64_C(1) << 31);
    say_kind('s');
    say_number('s', 3);
    say_number('u', 1000000);
    assert_int_equal(say_it(), TALLY_E_ARGUMENT);
    say_begin();
    tally_cbor_map(&said, 3);
    say_kind('h');
    say_number('s', 3);
    say_number('u', -1);
    assert_int_equal(say_it(), TALLY_E_ARGUMENT);
}

static int32_t send_level(int64_t last, int64_t least, int64_t most, int64_t mean, int64_t time) {
    const int64_t items[] = {last, least, most, mean, time};
    say_begin();
    tally_cbor_map(&said, 4);
    say_kind('h');
    say_letter('l');
    tally_cbor_map(&said, 1);
    say_text("lb");
    tally_cbor_array(&said, 5);
    for (uint32_t i = 0; i < 5; i++) {
        tally_cbor_integer(&said, items[i]);
    }
    say_number('s', 3);
    say_number('u', 1000000);
    return say_it();
}

static void test_daemon_refuses_levels_that_contradict_themselves(void **state) {
    (void)state;
    assert_int_equal(send_level(3, 1, 9, 5, 100), TALLY_OK);
    assert_int_equal(send_level(3, 4, 9, 5, 100), TALLY_E_ARGUMENT);
    assert_int_equal(send_level(10, 1, 9, 5, 100), TALLY_E_ARGUMENT);
    assert_int_equal(send_level(3, 1, 9, 0, 100), TALLY_E_ARGUMENT);
    assert_int_equal(send_level(3, 1, 9, 10, 100), TALLY_E_ARGUMENT);
    assert_int_equal(send_level(3, 1, 9, 5, 0), TALLY_E_ARGUMENT);
    assert_int_equal(send_level(3, 3, 3, 3, 0), TALLY_OK);
    assert_int_equal(send_level(3, 1, 9, 5, INT64_C(1) << 32), TALLY_E_ARGUMENT);
    assert_int_equal(send_level(INT64_C(1) << 31, 1, INT64_C(1) << 31, 5, 9), TALLY_E_ARGUMENT);
    assert_int_equal(send_level(3, -(INT64_C(1) << 31) - 1, 9, 5, 9), TALLY_E_ARGUMENT);
    assert_int_equal(send_level(INT32_MIN, INT32_MIN, INT32_MAX, -7, UINT32_MAX), TALLY_OK);
}

static void test_daemon_tells_levels_as_they_were_told(void **state) {
    (void)state;
    const int64_t level[] = {-3, -9, 8, -2, 4294967295};
    say_begin();
    tally_cbor_map(&said, 5);
    say_kind('x');
    say_letter('l');
    tally_cbor_map(&said, 1);
    say_text("lb");
    tally_cbor_array(&said, 5);
    for (uint32_t i = 0; i < 5; i++) {
        tally_cbor_integer(&said, level[i]);
    }
    say_letter('p');
    tally_cbor_map(&said, 1);
    say_field("pt", 5);
    say_number('s', 3);
    say_number('u', 1000000);
    assert_int_equal(say_it(), TALLY_OK);
    record_expect_integers(device_last(&tallyd, 'x'), "l.lb", level, 5);
}

static int32_t send_histogram(const int64_t *items, uint32_t count) {
    say_begin();
    tally_cbor_map(&said, 3);
    say_letter('h');
    tally_cbor_map(&said, 1);
    say_text("ha");
    tally_cbor_array(&said, count);
    for (uint32_t i = 0; i < count; i++) {
        tally_cbor_integer(&said, items[i]);
    }
    say_kind('v');
    say_number('u', 1000000);
    return say_it();
}

static void test_daemon_refuses_histograms_that_are_none(void **state) {
    (void)state;
#define SEND(...)                                                                                  \
    send_histogram((const int64_t[]){__VA_ARGS__}, sizeof(int64_t[]){__VA_ARGS__} / sizeof(int64_t))
    assert_int_equal(SEND(3, 1, 0), TALLY_OK);
    assert_int_equal(SEND(3, 1, 5), TALLY_E_ARGUMENT);       /* no counts, but a place */
    assert_int_equal(SEND(4, 1, 0), TALLY_E_ARGUMENT);       /* finer than there is */
    assert_int_equal(SEND(-3, 1, 0), TALLY_E_ARGUMENT);      /* coarser */
    assert_int_equal(SEND(3, -1, 0), TALLY_E_ARGUMENT);      /* less than none */
    assert_int_equal(SEND(3, 0, 5, 0, 1), TALLY_E_ARGUMENT); /* the first is 0 */
    assert_int_equal(SEND(3, 0, 5, 1, 0), TALLY_E_ARGUMENT); /* the last is 0 */
    assert_int_equal(SEND(3, 0, -2, 1), TALLY_E_ARGUMENT);   /* before 1 */
    assert_int_equal(SEND(3, 0, 511, 1), TALLY_OK);          /* 2^64 */
    assert_int_equal(SEND(3, 0, 512, 1), TALLY_E_ARGUMENT);
    assert_int_equal(SEND(-2, 0, 15, 1), TALLY_OK);
    assert_int_equal(SEND(-2, 0, 16, 1), TALLY_E_ARGUMENT);
    assert_int_equal(SEND(3, 0, 5, INT64_C(1) << 32), TALLY_E_ARGUMENT);
    assert_int_equal(SEND(3, 0), TALLY_E_CBOR);
    assert_int_equal(SEND(3, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
                     TALLY_E_CBOR); /* 21 counts */
#undef SEND
}

static void test_daemon_sums_stand_still_at_their_end(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        say_begin();
        tally_cbor_map(&said, 3);
        say_letter('g');
        tally_cbor_map(&said, 2);
        say_field("gd", 5000); /* which is the daemon's own */
        say_field("gj", INT64_C(1) << 53);
        say_kind('v');
        say_number('u', 1000000);
        assert_int_equal(say_it(), TALLY_OK);
        say_begin();
        tally_cbor_map(&said, 3);
        say_letter('a');
        tally_cbor_map(&said, 1);
        say_field("ae", INT64_C(1) << 53);
        say_kind('a');
        say_number('u', 1000000);
        assert_int_equal(say_it(), TALLY_OK);
    }
    const record_t viewing = device_tell_viewing(&tallyd);
    assert_int_equal(record_number(viewing, "g.gj"), INT64_C(1) << 53);
    assert_false(record_has(viewing, "g.gd"));
    assert_int_equal(record_number(device_last(&tallyd, 'a'), "a.ae"), UINT32_MAX);
}

static void test_daemon_leaves_out_a_text_that_is_too_long(void **state) {
    (void)state;
    char longest[TALLY_TEXT_BYTES + 1];
    memset(longest, 'x', sizeof longest);
    longest[TALLY_TEXT_BYTES] = '\0';
    say_begin();
    tally_cbor_map(&said, 4);
    say_letter('d');
    tally_cbor_map(&said, 2);
    say_text("ci");
    say_text(longest);
    say_field("sx", 99);
    say_kind('s');
    say_number('s', 5);
    say_number('u', 1000000);
    assert_int_equal(say_it(), TALLY_OK);
    assert_false(record_has(device_last(&tallyd, 's'), "d.ci"));
    assert_int_equal(record_number(device_last(&tallyd, 's'), "d.sx"), 99);
    assert_int_equal(record_number(device_tell_agent(&tallyd), "a.ax"), 1);
}

static void test_daemon_refuses_a_text_that_is_none(void **state) {
    (void)state;
    static const char *const texts[] = {"\xFF", "\xC0\xAF", "\xED\xA0\x80"};
    for (uint32_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        say_begin();
        tally_cbor_map(&said, 4);
        say_letter('d');
        tally_cbor_map(&said, 1);
        say_text("ci");
        say_text(texts[i]);
        say_kind('s');
        say_number('s', 5);
        say_number('u', 1000000);
        assert_int_equal(say_it(), TALLY_E_CBOR);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, say_set_up)
    const struct CMUnitTest tests[] = {
        TEST(test_daemon_listens_to_nobody_who_has_not_greeted),
        TEST(test_daemon_has_room_for_so_many_players),
        TEST(test_daemon_gives_one_player_so_many_sessions),
        TEST(test_daemon_passes_over_a_session_that_it_had_no_room_for),
        TEST(test_daemon_refuses_what_is_no_record),
        TEST(test_daemon_refuses_a_second_record_where_one_is_enough),
        TEST(test_daemon_passes_over_what_it_does_not_know),
        TEST(test_daemon_refuses_a_counter_that_falls),
        TEST(test_daemon_lets_a_duration_fall_by_as_much_as_late_events_take),
        TEST(test_daemon_refuses_values_out_of_range),
        TEST(test_daemon_refuses_levels_that_contradict_themselves),
        TEST(test_daemon_tells_levels_as_they_were_told),
        TEST(test_daemon_refuses_histograms_that_are_none),
        TEST(test_daemon_sums_stand_still_at_their_end),
        TEST(test_daemon_leaves_out_a_text_that_is_too_long),
        TEST(test_daemon_refuses_a_text_that_is_none),
    };
    return cmocka_run_group_tests_name("daemon_input", tests, NULL, NULL);
}
