/* SPDX-License-Identifier: Apache-2.0 */
/* A daemon's half believes nothing: whatever a player says is in the form and in range, or refused.
 */
#include <string.h>

#include "cbor.h"
#include "player.h"
#include "test.h"

static device_t tallyd;
static uint8_t bytes[2 * TALLY_MESSAGE_BYTES];
static tally_cbor_t cbor;

/* --- messages by hand ----------------------------------------------------------------------- */

static void begin(void) {
    tally_cbor_begin(&cbor, bytes, sizeof bytes);
}

static void letter(char key) {
    tally_cbor_letter(&cbor, key);
}

static void number(char key, int64_t value) {
    letter(key);
    tally_cbor_integer(&cbor, value);
}

static void text(const char *value) {
    tally_cbor_text(&cbor, value, (uint32_t)strlen(value));
}

static void field(const char *key, int64_t value) {
    text(key);
    tally_cbor_integer(&cbor, value);
}

/* What follows the groups of a record of session 3. */
static void frame(char kind) {
    letter('k');
    tally_cbor_letter(&cbor, kind);
}

static int32_t send_as(uint32_t player) {
    return tally_daemon_take(&tallyd.agent, player, bytes, cbor.used);
}

static int32_t send(void) {
    return send_as(1);
}

static int32_t greet(uint32_t player, int64_t version) {
    begin();
    tally_cbor_map(&cbor, 3);
    letter('c');
    tally_cbor_map(&cbor, 7);
    letter('d');
    text("cisx");
    letter('e');
    text("ecedepet");
    letter('l');
    text("lb");
    letter('m');
    text("mvq!"); /* and a key that nobody knows */
    letter('p');
    text("bmpaptscse");
    letter('r');
    text("rirl");
    letter('y');
    text("yuyg");
    frame('p');
    number('v', version);
    return send_as(player);
}

static int32_t start(uint32_t player, int64_t session) {
    begin();
    tally_cbor_map(&cbor, 4);
    letter('d');
    tally_cbor_map(&cbor, 2);
    text("ci");
    text("film-42");
    field("sx", 12345);
    frame('s');
    number('s', session);
    number('u', 1000000);
    return send_as(player);
}

/* A heartbeat with one figure. */
static void snapshot(const char *key, int64_t value) {
    begin();
    tally_cbor_map(&cbor, 4);
    frame('h');
    letter('p');
    tally_cbor_map(&cbor, 1);
    field(key, value);
    number('s', 3);
    number('u', (int64_t)tallyd.port.now_ms);
}

static int set_up(void **state) {
    (void)state;
    device_boot(&tallyd);
    assert_int_equal(greet(1, 1), TALLY_OK);
    assert_int_equal(start(1, 3), TALLY_OK);
    return 0;
}

static void expect_refused(uint32_t messages) {
    const record_t agents = device_tell_agent(&tallyd);
    assert_int_equal(record_has(agents, "a.w1") ? record_number(agents, "a.w1") : 0, messages);
}

static int64_t play_time(void) {
    tally_session_id_t session = 0;
    int64_t value = -1;
    assert_int_equal(tally_sessions(&tallyd.agent, &session, 1), 1);
    assert_int_equal(tally_query(&tallyd.agent, session, TALLY_M_PLAY_TIME, &value), TALLY_OK);
    return value;
}

/* --- who may say anything ------------------------------------------------------------------- */

static void test_daemon_listens_to_nobody_who_has_not_greeted(void **state) {
    (void)state;
    assert_int_equal(start(2, 3), TALLY_E_STATE);
    assert_int_equal(greet(2, 2), TALLY_E_VERSION);
    assert_int_equal(start(2, 3), TALLY_E_STATE);
    assert_int_equal(greet(2, 1), TALLY_OK);
    assert_int_equal(greet(2, 1), TALLY_E_STATE); /* once is enough */
    assert_int_equal(start(2, 3), TALLY_OK);
    assert_int_equal(tally_daemon_take(&tallyd.agent, 0, bytes, cbor.used), TALLY_E_ARGUMENT);
    assert_int_equal(tally_daemon_take(&tallyd.agent, 2, NULL, 1), TALLY_E_ARGUMENT);
    expect_refused(4);
}

static void test_daemon_has_room_for_so_many_players(void **state) {
    (void)state;
    for (uint32_t i = 2; i <= TALLY_PLAYERS; i++) {
        assert_int_equal(greet(i, 1), TALLY_OK);
    }
    assert_int_equal(greet(1000, 1), TALLY_E_FULL);
    tally_daemon_leave(&tallyd.agent, 2);
    assert_int_equal(greet(1000, 1), TALLY_OK);
    tally_daemon_leave(&tallyd.agent, 77); /* nobody */
    tally_daemon_leave(&tallyd.agent, 0);
    expect_refused(1);
}

static void test_daemon_gives_one_player_so_many_sessions(void **state) {
    (void)state;
    for (int64_t i = 1; i < TALLY_PLAYER_SESSIONS; i++) {
        assert_int_equal(start(1, 100 + i), TALLY_OK);
    }
    assert_int_equal(start(1, 200), TALLY_E_FULL);
    assert_int_equal(start(1, 3), TALLY_OK); /* it has this one */
    assert_int_equal(greet(2, 1), TALLY_OK);
    assert_int_equal(start(2, 200), TALLY_OK);
    assert_int_equal(tally_sessions(&tallyd.agent, NULL, 0), TALLY_PLAYER_SESSIONS + 1);
    assert_int_equal(record_number(device_tell_agent(&tallyd), "a.us"), 1);
    tally_daemon_leave(&tallyd.agent, 1);
    assert_int_equal(tally_sessions(&tallyd.agent, NULL, 0), 1);
}

static void test_daemon_passes_over_a_session_that_it_had_no_room_for(void **state) {
    (void)state;
    begin();
    tally_cbor_map(&cbor, 4);
    frame('h');
    letter('p');
    tally_cbor_map(&cbor, 1);
    field("pt", 5);
    number('s', 4);
    number('u', 1000000);
    assert_int_equal(send(), TALLY_OK);
    assert_int_equal(tally_sessions(&tallyd.agent, NULL, 0), 1);
    expect_refused(0);
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
    assert_int_equal(tally_daemon_take(&tallyd.agent, 1, bytes, 0), TALLY_E_CBOR);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(tally_daemon_take(&tallyd.agent, 1, bytes, TALLY_MESSAGE_BYTES + 1),
                     TALLY_E_TOO_BIG);
    expect_refused(sizeof messages / sizeof messages[0] + 2);
}

static void test_daemon_refuses_a_second_record_where_one_is_enough(void **state) {
    (void)state;
    (void)start(1, 5);
    const uint32_t once = cbor.used;
    memcpy(bytes + once, bytes, once);
    cbor.used = 2 * once;
    assert_int_equal(send(), TALLY_E_CBOR);
}

static void test_daemon_refuses_a_stream_of_another_session_in_a_snapshot(void **state) {
    (void)state;
    snapshot("pt", 5000);
    tally_cbor_map(&cbor, 4);
    frame('r');
    letter('r');
    tally_cbor_map(&cbor, 1);
    field("ri", 1);
    number('s', 4);
    number('u', 1000000);
    assert_int_equal(send(), TALLY_E_CBOR);
    assert_int_equal(play_time(), 0); /* all of it is */
}

static void test_daemon_passes_over_what_it_does_not_know(void **state) {
    (void)state;
    begin();
    tally_cbor_map(&cbor, 6);
    frame('h');
    letter('n'); /* the network is no player's */
    tally_cbor_map(&cbor, 1);
    field("zz", 1);
    letter('p');
    tally_cbor_map(&cbor, 4);
    field("pt", 700);
    text("px"); /* no metric, and of any form */
    tally_cbor_array(&cbor, 1);
    text("?");
    field("se", 99); /* a state of a later registry */
    text("longer");
    tally_cbor_map(&cbor, 0);
    number('s', 3);
    number('u', 1000000);
    letter('z');
    tally_cbor_map(&cbor, 1);
    field("za", 1);
    /* and a kind that is none, behind it */
    tally_cbor_map(&cbor, 1);
    frame('i');
    assert_int_equal(send(), TALLY_OK);
    assert_int_equal(play_time(), 700);
    begin();
    tally_cbor_map(&cbor, 1);
    letter('k');
    text("what");
    assert_int_equal(send(), TALLY_OK);
}

/* --- values --------------------------------------------------------------------------------- */

static void test_daemon_refuses_a_counter_that_falls(void **state) {
    (void)state;
    snapshot("sc", 2);
    assert_int_equal(send(), TALLY_OK);
    snapshot("sc", 1);
    assert_int_equal(send(), TALLY_E_ARGUMENT);
    snapshot("sc", 2);
    assert_int_equal(send(), TALLY_OK);
    expect_refused(1);
}

static void test_daemon_lets_a_duration_fall_by_as_much_as_late_events_take(void **state) {
    (void)state;
    snapshot("pt", 60000);
    assert_int_equal(send(), TALLY_OK);
    snapshot("pt", 60000 - TALLY_LATE_MS);
    assert_int_equal(send(), TALLY_OK);
    snapshot("pt", 60000 - 2 * TALLY_LATE_MS - 1);
    assert_int_equal(send(), TALLY_E_ARGUMENT);
    assert_int_equal(play_time(), 60000 - TALLY_LATE_MS);
}

static void test_daemon_refuses_values_out_of_range(void **state) {
    (void)state;
    snapshot("pt", -1);
    assert_int_equal(send(), TALLY_E_ARGUMENT);
    begin();
    tally_cbor_map(&cbor, 4);
    frame('h');
    letter('m');
    tally_cbor_map(&cbor, 1);
    field("mv", 101); /* percent */
    number('s', 3);
    number('u', 1000000);
    assert_int_equal(send(), TALLY_E_ARGUMENT);
    begin();
    tally_cbor_map(&cbor, 4);
    letter('d');
    tally_cbor_map(&cbor, 1);
    field("dw", INT64_C(1) << 31);
    frame('s');
    number('s', 3);
    number('u', 1000000);
    assert_int_equal(send(), TALLY_E_ARGUMENT);
    begin();
    tally_cbor_map(&cbor, 3);
    frame('h');
    number('s', 3);
    number('u', -1);
    assert_int_equal(send(), TALLY_E_ARGUMENT);
}

static int32_t send_level(int64_t last, int64_t least, int64_t most, int64_t mean, int64_t time) {
    const int64_t items[] = {last, least, most, mean, time};
    begin();
    tally_cbor_map(&cbor, 4);
    frame('h');
    letter('l');
    tally_cbor_map(&cbor, 1);
    text("lb");
    tally_cbor_array(&cbor, 5);
    for (uint32_t i = 0; i < 5; i++) {
        tally_cbor_integer(&cbor, items[i]);
    }
    number('s', 3);
    number('u', 1000000);
    return send();
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
    begin();
    tally_cbor_map(&cbor, 5);
    frame('x');
    letter('l');
    tally_cbor_map(&cbor, 1);
    text("lb");
    tally_cbor_array(&cbor, 5);
    for (uint32_t i = 0; i < 5; i++) {
        tally_cbor_integer(&cbor, level[i]);
    }
    letter('p');
    tally_cbor_map(&cbor, 1);
    field("pt", 5);
    number('s', 3);
    number('u', 1000000);
    assert_int_equal(send(), TALLY_OK);
    record_expect_integers(device_last(&tallyd, 'x'), "l.lb", level, 5);
}

static int32_t send_histogram(const int64_t *items, uint32_t count) {
    begin();
    tally_cbor_map(&cbor, 3);
    letter('h');
    tally_cbor_map(&cbor, 1);
    text("ha");
    tally_cbor_array(&cbor, count);
    for (uint32_t i = 0; i < count; i++) {
        tally_cbor_integer(&cbor, items[i]);
    }
    frame('v');
    number('u', 1000000);
    return send();
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
        begin();
        tally_cbor_map(&cbor, 3);
        letter('g');
        tally_cbor_map(&cbor, 2);
        field("gd", 5000); /* which is the daemon's own */
        field("gj", INT64_C(1) << 53);
        frame('v');
        number('u', 1000000);
        assert_int_equal(send(), TALLY_OK);
        begin();
        tally_cbor_map(&cbor, 3);
        letter('a');
        tally_cbor_map(&cbor, 1);
        field("ae", INT64_C(1) << 53);
        frame('a');
        number('u', 1000000);
        assert_int_equal(send(), TALLY_OK);
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
    begin();
    tally_cbor_map(&cbor, 4);
    letter('d');
    tally_cbor_map(&cbor, 2);
    text("ci");
    text(longest);
    field("sx", 99);
    frame('s');
    number('s', 5);
    number('u', 1000000);
    assert_int_equal(send(), TALLY_OK);
    assert_false(record_has(device_last(&tallyd, 's'), "d.ci"));
    assert_int_equal(record_number(device_last(&tallyd, 's'), "d.sx"), 99);
    assert_int_equal(record_number(device_tell_agent(&tallyd), "a.ax"), 1);
}

static void test_daemon_refuses_a_text_that_is_none(void **state) {
    (void)state;
    static const char *const texts[] = {"\xFF", "\xC0\xAF", "\xED\xA0\x80"};
    for (uint32_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        begin();
        tally_cbor_map(&cbor, 4);
        letter('d');
        tally_cbor_map(&cbor, 1);
        text("ci");
        text(texts[i]);
        frame('s');
        number('s', 5);
        number('u', 1000000);
        assert_int_equal(send(), TALLY_E_CBOR);
    }
}

static void test_daemon_keeps_streams_as_far_as_there_is_room(void **state) {
    (void)state;
    uint32_t streams = 0;
    tallyd.port.now_ms += 60000;
    snapshot("pt", 60000);
    while (cbor.used < TALLY_MESSAGE_BYTES - 64) {
        tally_cbor_map(&cbor, 4);
        frame('r');
        letter('r');
        tally_cbor_map(&cbor, 1);
        field("ri", 100 + streams);
        number('s', 3);
        number('u', 1000000);
        streams++;
    }
    assert_int_equal(send(), TALLY_OK);
    const uint32_t told = device_count(&tallyd, 'r');
    assert_in_range(told, 100, streams - 100);
    assert_int_equal(record_number(device_tell_agent(&tallyd), "a.av"), streams - told);
}

/* --- consent -------------------------------------------------------------------------------- */

static void test_daemon_without_consent_forgets_what_players_tell(void **state) {
    (void)state;
    assert_int_equal(tally_consent(&tallyd.agent, false), TALLY_OK);
    assert_int_equal(tally_sessions(&tallyd.agent, NULL, 0), 0);
    snapshot("pt", 5000);
    assert_int_equal(send(), TALLY_OK);
    assert_int_equal(greet(2, 1), TALLY_OK);
    while (tally_consent_state(&tallyd.agent) != TALLY_CONSENT_WITHDRAWN) {
        (void)device_wait(&tallyd, 0);
    }
    assert_int_equal(tally_consent(&tallyd.agent, true), TALLY_OK);
    snapshot("pt", 5000);
    assert_int_equal(send(), TALLY_E_STATE); /* it must announce itself anew */
    assert_int_equal(greet(1, 1), TALLY_OK);
    assert_int_equal(start(1, 3), TALLY_OK);
    assert_int_equal(device_count(&tallyd, 's'), 1);
}

/* --- floods --------------------------------------------------------------------------------- */

static void test_daemon_limits_the_records_of_a_flood(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 500; i++) {
        begin();
        tally_cbor_map(&cbor, 4);
        letter('e');
        tally_cbor_map(&cbor, 1);
        field("et", TALLY_EVENT_ERROR);
        frame('e');
        number('s', 3);
        number('u', 1000000);
        assert_int_equal(send(), TALLY_OK);
    }
    assert_int_equal(device_count(&tallyd, 'e'), TALLY_EVENT_BURST);
    assert_int_equal(record_number(device_tell_viewing(&tallyd), "g.gy"), 500 - TALLY_EVENT_BURST);
}

static void test_daemon_folds_sessions_beyond_the_limit_of_starts(void **state) {
    (void)state;
    for (int64_t i = 0; i < 100; i++) {
        begin();
        tally_cbor_map(&cbor, 4);
        frame('x');
        letter('p');
        tally_cbor_map(&cbor, 1);
        field("pt", 7);
        number('s', 1000 + i);
        number('u', 1000000);
        assert_int_equal(send(), TALLY_OK);
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
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(test_daemon_listens_to_nobody_who_has_not_greeted),
        TEST(test_daemon_has_room_for_so_many_players),
        TEST(test_daemon_gives_one_player_so_many_sessions),
        TEST(test_daemon_passes_over_a_session_that_it_had_no_room_for),
        TEST(test_daemon_refuses_what_is_no_record),
        TEST(test_daemon_refuses_a_second_record_where_one_is_enough),
        TEST(test_daemon_refuses_a_stream_of_another_session_in_a_snapshot),
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
        TEST(test_daemon_keeps_streams_as_far_as_there_is_room),
        TEST(test_daemon_without_consent_forgets_what_players_tell),
        TEST(test_daemon_limits_the_records_of_a_flood),
        TEST(test_daemon_folds_sessions_beyond_the_limit_of_starts),
        TEST(test_daemon_tells_of_connections_that_its_board_refused),
    };
    return cmocka_run_group_tests_name("daemon_input", tests, NULL, NULL);
}
