/* SPDX-License-Identifier: Apache-2.0 */
/* A player's half: what becomes of its sessions on the way to the daemon. */
#include <string.h>

#include "player.h"
#include "test.h"

static player_t player;

static int set_up(void **state) {
    (void)state;
    player_begin(&player, 7);
    return 0;
}

static tally_t *agent(void) {
    return &player.agent;
}

static record_t last(char kind) {
    return message_record(player_last(&player, kind), 0);
}

/* --- init ----------------------------------------------------------------------------------- */

static void test_player_needs_its_link_and_five_calls_of_the_port(void **state) {
    (void)state;
    player_prepare(&player, 7);
    assert_int_equal(tally_player_init(NULL, player.capabilities, &player.port.port, &player.link),
                     TALLY_E_ARGUMENT);
    assert_int_equal(tally_player_init(agent(), NULL, &player.port.port, &player.link),
                     TALLY_E_ARGUMENT);
    assert_int_equal(tally_player_init(agent(), player.capabilities, NULL, &player.link),
                     TALLY_E_ARGUMENT);
    assert_int_equal(tally_player_init(agent(), player.capabilities, &player.port.port, NULL),
                     TALLY_E_ARGUMENT);
    player.port.port.wall = NULL;
    player.port.port.set_wall = NULL;
    assert_int_equal(player_init(&player), TALLY_OK);
    player.port.port.wake = NULL;
    assert_int_equal(player_init(&player), TALLY_E_ARGUMENT);
    player_prepare(&player, 7);
    player.link.put = NULL;
    assert_int_equal(player_init(&player), TALLY_E_ARGUMENT);
}

static void test_player_refuses_capabilities_that_are_none(void **state) {
    (void)state;
    player_prepare(&player, 7);
    player.capabilities[TALLY_G_EVENT] = UINT64_C(1) << TALLY_EVENT_METRICS;
    assert_int_equal(player_init(&player), TALLY_E_CONFIG);
}

static void test_player_needs_random_numbers(void **state) {
    (void)state;
    player_prepare(&player, 7);
    player.port.random_fails = true;
    assert_int_equal(player_init(&player), TALLY_E_RANDOM);
}

/* --- the greeting --------------------------------------------------------------------------- */

static void test_player_greets_with_the_keys_of_what_it_can_measure(void **state) {
    (void)state;
    player_prepare(&player, 7);
    memset(player.capabilities, 0, sizeof player.capabilities);
    player.capabilities[TALLY_G_EVENT] = TALLY_CAN_ALL(EVENT);
    player.capabilities[TALLY_G_PLAYBACK] =
        TALLY_CAN(PLAYBACK, STALLS) | TALLY_CAN(PLAYBACK, STATE);
    player.capabilities[TALLY_G_DEVICE] = TALLY_CAN(DEVICE, CPU_LOAD); /* not a player's */
    assert_int_equal(player_init(&player), TALLY_OK);
    tally_player_announce(agent());
    player_expect_kinds(&player, "p");
    const record_t greeting = last('p');
    assert_int_equal(record_keys(greeting, ""), 3);
    assert_int_equal(record_number(greeting, "v"), 1);
    assert_int_equal(record_keys(greeting, "c"), 3);
    record_expect_text(greeting, "c.d", "sx");
    record_expect_text(greeting, "c.e", "ecedepet");
    record_expect_text(greeting, "c.p", "scse");
    assert_int_equal(player_last(&player, 'p')->keep, TALLY_KEEP);
}

static void test_player_announces_its_open_sessions_to_a_new_daemon(void **state) {
    (void)state;
    const tally_session_id_t film = player_play(&player);
    const tally_session_id_t preview = player_play(&player);
    (void)tally_hook_open(agent()); /* nobody has asked for play yet */
    (void)player_wait(&player, 400);
    player_forget(&player);
    tally_player_announce(agent());
    player_expect_kinds(&player, "pshsh");
    assert_int_equal(record_number(message_record(&player.messages[1], 0), "s"), film);
    assert_int_equal(record_number(message_record(&player.messages[2], 0), "s"), film);
    assert_int_equal(record_number(message_record(&player.messages[2], 0), "p.pt"), 400);
    assert_int_equal(record_number(message_record(&player.messages[3], 0), "s"), preview);
}

/* --- records -------------------------------------------------------------------------------- */

static void test_player_tells_of_a_session_with_the_play_request_and_a_snapshot(void **state) {
    (void)state;
    const tally_session_id_t film = tally_hook_open(agent());
    assert_int_equal(tally_hook_text(agent(), film, TALLY_M_CONTENT_ID, "film-42"), TALLY_OK);
    (void)player_wait(&player, 100);
    player_expect_kinds(&player, "v");
    player_forget(&player);
    assert_int_equal(tally_hook_play(agent(), film), TALLY_OK);
    (void)player_wait(&player, 100);
    assert_memory_equal(player.messages[0].data, "\xA5", 1); /* c d k s u */
    const record_t start = last('s');
    record_expect_text(start, "d.ci", "film-42");
    assert_int_equal(record_number(start, "u"), 1000100);
    assert_int_equal(record_number(last('h'), "p.pa"), 1);
    assert_int_equal(player_last(&player, 's')->keep, TALLY_KEEP);
    assert_int_equal(player_last(&player, 'h')->keep, TALLY_REPLACE);
    assert_int_equal(player_last(&player, 'h')->session, film);
}

static void test_player_tells_no_number_and_no_wall_time(void **state) {
    (void)state;
    player.port.wall = (tally_wall_t){.unix_ms = 1, .quality = TALLY_WALL_AUTHENTICATED};
    (void)player_play(&player);
    assert_int_equal(player.count, 4); /* s e h v */
    for (uint32_t i = 0; i < player.count; i++) {
        const record_t record = message_record(&player.messages[i], 0);
        assert_false(record_has(record, "q"));
        assert_false(record_has(record, "w"));
        assert_int_equal(record_number(record, "u"), 1000000);
    }
}

static void test_player_snapshots_a_session_every_second(void **state) {
    (void)state;
    (void)player_play(&player);
    player_forget(&player);
    assert_int_equal(player_wait(&player, 999), 1);
    player_expect_kinds(&player, "");
    assert_int_equal(player_wait(&player, 1), 1000);
    player_expect_kinds(&player, "h");
    assert_int_equal(record_number(last('h'), "p.pt"), 1000);
    (void)player_wait(&player, 1000);
    player_expect_kinds(&player, "hh");
}

static void test_player_without_sessions_wants_no_step(void **state) {
    (void)state;
    assert_int_equal(player_wait(&player, 0), UINT32_MAX);
    const tally_session_id_t film = player_play(&player);
    assert_int_equal(tally_hook_close(agent(), film, TALLY_STOP_USER), TALLY_OK);
    (void)player_wait(&player, 500);
    assert_int_equal(player_wait(&player, 0), UINT32_MAX);
}

static void test_player_tells_each_event_by_itself(void **state) {
    (void)state;
    const tally_session_id_t film = player_play(&player);
    player_forget(&player);
    assert_int_equal(tally_hook_pause(agent(), film), TALLY_OK);
    (void)player_wait(&player, 10);
    player_expect_kinds(&player, "e");
    assert_int_equal(record_number(last('e'), "e.et"), TALLY_EVENT_PAUSE);
    assert_int_equal(player_last(&player, 'e')->keep, TALLY_KEEP);
}

static void test_player_tells_streams_behind_the_snapshot_of_their_session(void **state) {
    (void)state;
    static tally_rtp_t rtp;
    static tally_frames_t frames;
    assert_int_equal(tally_rtp_init(&rtp, 90000), TALLY_OK);
    tally_frames_init(&frames);
    const tally_session_id_t film = player_play(&player);
    const tally_session_id_t preview = player_play(&player);
    assert_int_equal(tally_attach_rtp(agent(), film, &rtp), TALLY_OK);
    assert_int_equal(tally_attach_frames(agent(), film, &frames), TALLY_OK);
    tally_rtp_invalid(&rtp);
    player_forget(&player);
    (void)player_wait(&player, 1000);
    player_expect_kinds(&player, "hhv");
    assert_int_equal(message_records(&player.messages[0]), 3);
    assert_int_equal(record_number(message_record(&player.messages[0], 1), "r.ri"), 1);
    assert_int_equal(record_kind(message_record(&player.messages[0], 2)), 'f');
    assert_int_equal(message_records(&player.messages[1]), 1);
    assert_int_equal(player.messages[1].session, preview);
}

static void test_player_tells_the_last_word_on_a_stream_and_what_is_left(void **state) {
    (void)state;
    static tally_rtp_t rtp;
    static tally_frames_t frames;
    assert_int_equal(tally_rtp_init(&rtp, 90000), TALLY_OK);
    tally_frames_init(&frames);
    const tally_session_id_t film = player_play(&player);
    assert_int_equal(tally_attach_rtp(agent(), film, &rtp), TALLY_OK);
    assert_int_equal(tally_attach_frames(agent(), film, &frames), TALLY_OK);
    (void)player_wait(&player, 1000);
    player_forget(&player);
    tally_rtp_invalid(&rtp);
    assert_int_equal(tally_detach(agent(), &rtp), TALLY_OK);
    (void)player_wait(&player, 100);
    player_expect_kinds(&player, "rh");
    assert_int_equal(record_number(last('r'), "r.ri"), 1);
    assert_int_equal(player_last(&player, 'r')->keep, TALLY_KEEP);
    assert_int_equal(message_records(player_last(&player, 'h')), 2);
    assert_int_equal(record_kind(message_record(player_last(&player, 'h'), 1)), 'f');
}

static void test_player_ends_a_session_behind_the_last_words_on_its_streams(void **state) {
    (void)state;
    static tally_rtp_t rtp;
    assert_int_equal(tally_rtp_init(&rtp, 90000), TALLY_OK);
    const tally_session_id_t film = player_play(&player);
    assert_int_equal(tally_attach_rtp(agent(), film, &rtp), TALLY_OK);
    (void)player_wait(&player, 1000);
    player_forget(&player);
    assert_int_equal(tally_detach(agent(), &rtp), TALLY_OK);
    assert_int_equal(tally_hook_close(agent(), film, TALLY_STOP_USER), TALLY_OK);
    (void)player_wait(&player, 100);
    player_expect_kinds(&player, "rxv");
    assert_int_equal(record_number(last('x'), "p.sr"), TALLY_STOP_USER);
}

static void test_player_snapshots_a_session_that_is_put_away_once(void **state) {
    (void)state;
    const tally_session_id_t film = player_play(&player);
    player_forget(&player);
    assert_int_equal(tally_hook_suspend(agent(), film), TALLY_OK);
    (void)player_wait(&player, 300);
    player_expect_kinds(&player, "eh");
    assert_int_equal(record_number(last('h'), "p.se"), TALLY_STATE_SUSPENDED);
    player_forget(&player);
    (void)player_wait(&player, 60000);
    player_expect_kinds(&player, "v");
    assert_int_equal(tally_hook_wake(agent(), film), TALLY_OK);
    (void)player_wait(&player, 0);
    assert_int_equal(record_number(last('h'), "p.se"), TALLY_STATE_PLAYING);
}

static void test_player_tells_what_it_learns_of_a_session_behind_its_start(void **state) {
    (void)state;
    const tally_session_id_t film = player_play(&player);
    player_forget(&player);
    assert_int_equal(tally_hook_text(agent(), film, TALLY_M_VIDEO_CODEC, "avc1"), TALLY_OK);
    (void)player_wait(&player, 300);
    assert_int_equal(tally_hook_set(agent(), film, TALLY_M_DELIVERY, TALLY_DELIVERY_HLS), TALLY_OK);
    (void)player_wait(&player, 300);
    assert_int_equal(player_count(&player, 's'), 0); /* not each by itself */
    (void)player_wait(&player, 400);
    player_expect_kinds(&player, "sh");
    record_expect_text(last('s'), "d.cv", "avc1");
    assert_int_equal(record_number(last('s'), "d.dy"), TALLY_DELIVERY_HLS);
    player_forget(&player);
    (void)player_wait(&player, 1000);
    player_expect_kinds(&player, "h");
}

static void test_player_draws_an_id_for_each_session(void **state) {
    (void)state;
    const tally_session_id_t film = player_play(&player);
    const int64_t id = record_number(last('s'), "d.sx");
    (void)player_play(&player);
    assert_int_not_equal(record_number(last('s'), "d.sx"), id);
    assert_in_range(id, 1, (INT64_C(1) << 53) - 1);
    assert_int_equal(tally_hook_close(agent(), film, TALLY_STOP_USER), TALLY_OK);
    (void)player_wait(&player, 0);
    assert_int_equal(record_number(last('x'), "d.sx"), id);
    player_begin(&player, 8);
    (void)player_play(&player);
    assert_int_not_equal(record_number(last('s'), "d.sx"), id);
}

static void test_player_tells_nothing_of_a_short_zap_but_its_sums(void **state) {
    (void)state;
    const tally_session_id_t first = tally_hook_zap(agent(), 0);
    (void)player_wait(&player, 4000);
    (void)tally_hook_zap(agent(), first);
    (void)player_wait(&player, 0);
    (void)player_wait(&player, 1000);
    player_expect_kinds(&player, "vv");
    assert_int_equal(record_number(last('v'), "g.gi"), 1);
    assert_int_equal(record_number(last('v'), "g.gz"), 1);
    (void)player_wait(&player, 4000);
    assert_int_equal(player_count(&player, 's'), 1);
}

/* --- sums ----------------------------------------------------------------------------------- */

static void test_player_tells_by_how_much_the_sums_have_grown(void **state) {
    (void)state;
    const tally_session_id_t film = player_play(&player);
    assert_int_equal(record_number(last('v'), "g.gc"), 1);
    assert_true(record_has(last('v'), "h.ha"));
    assert_false(record_has(last('v'), "g.gd"));
    player_forget(&player);
    assert_int_equal(tally_hook_resume(agent(), film), TALLY_OK); /* it plays: makes no sense */
    (void)player_wait(&player, 300);
    assert_int_equal(player_count(&player, 'v') + player_count(&player, 'a'), 0);
    (void)player_wait(&player, 700);
    assert_int_equal(record_number(last('v'), "g.gs"), 1);
    assert_int_equal(record_keys(last('v'), "g"), 1);
    assert_false(record_has(last('v'), "h"));
    assert_int_equal(record_number(last('a'), "a.ai"), 1);
    assert_int_equal(record_keys(last('a'), "a"), 1);
    player_forget(&player);
    (void)player_wait(&player, 1000);
    player_expect_kinds(&player, "h");
}

static void test_player_keeps_sums_that_the_link_does_not_take(void **state) {
    (void)state;
    player.is_full = true;
    (void)player_play(&player); /* s, e and h are lost */
    assert_int_equal(player.count, 0);
    player.is_full = false;
    (void)player_wait(&player, 1000);
    assert_int_equal(record_number(last('v'), "g.gc"), 1);
    assert_int_equal(record_number(last('v'), "g.go"), 1);
    assert_int_equal(record_number(last('a'), "a.ao"), 3);
    player_forget(&player);
    (void)player_wait(&player, 1000);
    player_expect_kinds(&player, "h");
}

static void test_player_tells_of_messages_that_its_link_gave_up(void **state) {
    (void)state;
    (void)player_play(&player);
    tally_player_lost(agent(), 4);
    (void)player_wait(&player, 1000);
    assert_int_equal(record_number(last('a'), "a.ao"), 4);
}

static void test_player_that_has_closed_its_last_session_tells_all_at_once(void **state) {
    (void)state;
    const tally_session_id_t film = player_play(&player);
    player_forget(&player);
    assert_int_equal(tally_hook_close(agent(), film, TALLY_STOP_USER), TALLY_OK);
    (void)player_wait(&player, 1);
    player_expect_kinds(&player, "xv");
}

/* --- queries -------------------------------------------------------------------------------- */

static void test_player_answers_what_its_sessions_are_at(void **state) {
    (void)state;
    tally_session_id_t open[2] = {0};
    int64_t value = 0;
    const tally_session_id_t film = player_play(&player);
    player.port.now_ms += 250;
    assert_int_equal(tally_sessions(agent(), open, 2), 1);
    assert_int_equal(open[0], film);
    assert_int_equal(tally_query(agent(), film, TALLY_M_PLAY_TIME, &value), TALLY_OK);
    assert_int_equal(value, 250);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(test_player_needs_its_link_and_five_calls_of_the_port),
        TEST(test_player_refuses_capabilities_that_are_none),
        TEST(test_player_needs_random_numbers),
        TEST(test_player_greets_with_the_keys_of_what_it_can_measure),
        TEST(test_player_announces_its_open_sessions_to_a_new_daemon),
        TEST(test_player_tells_of_a_session_with_the_play_request_and_a_snapshot),
        TEST(test_player_tells_no_number_and_no_wall_time),
        TEST(test_player_snapshots_a_session_every_second),
        TEST(test_player_without_sessions_wants_no_step),
        TEST(test_player_tells_each_event_by_itself),
        TEST(test_player_tells_streams_behind_the_snapshot_of_their_session),
        TEST(test_player_tells_the_last_word_on_a_stream_and_what_is_left),
        TEST(test_player_ends_a_session_behind_the_last_words_on_its_streams),
        TEST(test_player_snapshots_a_session_that_is_put_away_once),
        TEST(test_player_tells_what_it_learns_of_a_session_behind_its_start),
        TEST(test_player_draws_an_id_for_each_session),
        TEST(test_player_tells_nothing_of_a_short_zap_but_its_sums),
        TEST(test_player_tells_by_how_much_the_sums_have_grown),
        TEST(test_player_keeps_sums_that_the_link_does_not_take),
        TEST(test_player_tells_of_messages_that_its_link_gave_up),
        TEST(test_player_that_has_closed_its_last_session_tells_all_at_once),
        TEST(test_player_answers_what_its_sessions_are_at),
    };
    return cmocka_run_group_tests_name("player", tests, NULL, NULL);
}
