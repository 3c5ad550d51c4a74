/* SPDX-License-Identifier: Apache-2.0 */
/* A daemon's half: what it makes of what players tell. */
#include <string.h>

#include "player.h"
#include "test.h"

static device_t tallyd;
static player_t player;
static player_t other;

static int set_up(void **state) {
    (void)state;
    device_boot(&tallyd);
    player_begin(&player, 7);
    player_connect(&player, &tallyd, 1);
    return 0;
}

static tally_t *agent(void) {
    return &player.agent;
}

static void live(uint64_t ms) {
    player_live(&player, &tallyd, ms);
}

static record_t last(char kind) {
    return device_last(&tallyd, kind);
}

static tally_session_id_t play(void) {
    const tally_session_id_t film = player_play(&player);
    live(0);
    return film;
}

static void close_film(tally_session_id_t film) {
    assert_int_equal(tally_hook_close(agent(), film, TALLY_STOP_USER), TALLY_OK);
    live(0);
}

static uint32_t open_sessions(void) {
    return tally_sessions(&tallyd.agent, NULL, 0);
}

/* The daemon is started anew: the player finds it and announces itself. */
static void restart(void) {
    const uint64_t now_ms = player.port.now_ms;
    device_prepare(&tallyd);
    tallyd.port.now_ms = now_ms;
    assert_int_equal(device_init(&tallyd), TALLY_OK);
    player_connect(&player, &tallyd, 1);
}

/* --- a session ------------------------------------------------------------------------------ */

static void test_daemon_tells_of_a_players_session_from_start_to_end(void **state) {
    (void)state;
    const tally_session_id_t film = tally_hook_open(agent());
    assert_int_equal(tally_hook_text(agent(), film, TALLY_M_CONTENT_ID, "film-42"), TALLY_OK);
    assert_int_equal(tally_hook_play(agent(), film), TALLY_OK);
    live(700);
    assert_int_equal(tally_hook_first_frame(agent(), film), TALLY_OK);
    live(70000);
    assert_int_equal(tally_hook_pause(agent(), film), TALLY_OK);
    close_film(film);
    device_expect_kinds(&tallyd, "bsehex");
    record_expect_text(last('s'), "d.ci", "film-42");
    assert_int_equal(record_number(last('s'), "u"), 0);
    assert_int_equal(record_number(last('h'), "u"), 60000);
    assert_int_equal(record_number(last('h'), "p.pt"), 59300);
    const record_t end = last('x');
    assert_int_equal(record_number(end, "u"), 70700);
    assert_int_equal(record_number(end, "p.su"), 700);
    assert_int_equal(record_number(end, "p.pt"), 70000);
    assert_int_equal(record_number(end, "y.yg"), 10700);
    assert_int_equal(record_number(end, "y.yu"), 70700);
    assert_int_equal(open_sessions(), 0);
}

static void test_daemon_numbers_the_sessions_of_all_players_by_itself(void **state) {
    (void)state;
    player_begin(&other, 8);
    player_connect(&other, &tallyd, 2);
    const tally_session_id_t film = play();
    const tally_session_id_t series = player_play(&other);
    player_deliver(&other, &tallyd);
    assert_int_equal(film, series); /* each counts from 1 */
    tally_session_id_t numbers[2] = {0};
    assert_int_equal(tally_sessions(&tallyd.agent, numbers, 2), 2);
    assert_int_not_equal(numbers[0], numbers[1]);
    const tally_session_id_t own = tally_hook_open(&tallyd.agent);
    assert_int_not_equal(own, numbers[0]);
    assert_int_not_equal(own, numbers[1]);
}

static void test_daemon_answers_what_a_players_session_was_at(void **state) {
    (void)state;
    (void)play();
    live(2500);
    tally_session_id_t number = 0;
    int64_t value = 0;
    assert_int_equal(tally_sessions(&tallyd.agent, &number, 1), 1);
    tallyd.port.now_ms += 100000; /* nothing was heard since */
    assert_int_equal(tally_query(&tallyd.agent, number, TALLY_M_PLAY_TIME, &value), TALLY_OK);
    assert_int_equal(value, 2000);
}

static void test_daemon_makes_no_heartbeat_of_a_silent_player(void **state) {
    (void)state;
    (void)play();
    live(60000);
    assert_int_equal(device_count(&tallyd, 'h'), 1);
    for (uint32_t i = 0; i < 10; i++) {
        (void)device_wait(&tallyd, 30000);
    }
    assert_int_equal(device_count(&tallyd, 'h'), 1);
    player.port.now_ms = tallyd.port.now_ms;
    live(0);
    assert_int_equal(device_count(&tallyd, 'h'), 2);
    assert_int_equal(record_number(last('h'), "p.pt"), 360000);
}

static void test_daemon_takes_no_events_of_its_own_for_a_players_session(void **state) {
    (void)state;
    (void)play();
    tally_session_id_t number = 0;
    (void)tally_sessions(&tallyd.agent, &number, 1);
    assert_int_equal(tally_hook_close(&tallyd.agent, number, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&tallyd, 0);
    assert_int_equal(open_sessions(), 1);
    assert_int_equal(record_number(device_tell_agent(&tallyd), "a.ay"), 1);
}

static void test_daemon_tells_what_both_it_and_the_player_measure(void **state) {
    (void)state;
    static uint64_t of_players[TALLY_GROUPS];
    of_players[TALLY_G_PLAYBACK] = TALLY_CAN(PLAYBACK, PLAY_TIME) | TALLY_CAN(PLAYBACK, STALLS);
    device_prepare(&tallyd);
    tallyd.options.player_capabilities = of_players;
    assert_int_equal(device_init(&tallyd), TALLY_OK);
    player_prepare(&player, 7);
    player.capabilities[TALLY_G_PLAYBACK] =
        TALLY_CAN(PLAYBACK, PLAY_TIME) | TALLY_CAN(PLAYBACK, STATE);
    assert_int_equal(player_init(&player), TALLY_OK);
    player_connect(&player, &tallyd, 1);
    const tally_session_id_t film = play();
    assert_int_equal(record_number(last('s'), "c.p"), TALLY_CAN(PLAYBACK, PLAY_TIME));
    assert_int_equal(record_number(last('s'), "c.v"), TALLY_CAN_ALL(DEVICE)); /* its own */
    assert_false(record_has(last('s'), "c.m"));
    assert_int_equal(device_count(&tallyd, 'e'), 0);
    live(5000);
    close_film(film);
    assert_int_equal(record_keys(last('x'), "p"), 1);
    assert_int_equal(record_number(last('x'), "p.pt"), 5000);
    (void)device_play(&tallyd);
    (void)device_wait(&tallyd, 0);
    assert_int_equal(record_number(last('s'), "c.p"), TALLY_CAN_ALL(PLAYBACK));
}

static void test_daemon_that_nothing_may_be_told_tells_of_sessions_alone(void **state) {
    (void)state;
    device_prepare(&tallyd);
    tallyd.options.player_capabilities = NULL;
    assert_int_equal(device_init(&tallyd), TALLY_OK);
    player_connect(&player, &tallyd, 1);
    close_film(play());
    device_expect_kinds(&tallyd, "bsx");
    assert_int_equal(record_keys(last('x'), "d"), 1); /* its id */
    assert_false(record_has(last('x'), "p"));
}

static void test_daemon_refuses_to_be_told_what_is_no_metric(void **state) {
    (void)state;
    uint64_t of_players[TALLY_GROUPS] = {[TALLY_G_EVENT] = UINT64_C(1) << TALLY_EVENT_METRICS};
    device_prepare(&tallyd);
    tallyd.options.player_capabilities = of_players;
    assert_int_equal(device_init(&tallyd), TALLY_E_CONFIG);
}

static void test_daemon_tells_a_sessions_id_in_its_start_and_end(void **state) {
    (void)state;
    const tally_session_id_t film = play();
    const int64_t id = record_number(last('s'), "d.sx");
    close_film(film);
    assert_int_equal(record_number(last('x'), "d.sx"), id);
}

/* --- streams -------------------------------------------------------------------------------- */

static tally_rtp_t rtp;

static tally_session_id_t play_rtp(void) {
    assert_int_equal(tally_rtp_init(&rtp, 90000), TALLY_OK);
    const tally_session_id_t film = play();
    assert_int_equal(tally_attach_rtp(agent(), film, &rtp), TALLY_OK);
    tally_rtp_invalid(&rtp);
    return film;
}

static void test_daemon_tells_streams_with_heartbeats(void **state) {
    (void)state;
    (void)play_rtp();
    live(59000);
    assert_int_equal(device_count(&tallyd, 'r'), 0);
    live(1000);
    assert_int_equal(device_count(&tallyd, 'r'), 1);
    assert_int_equal(record_number(last('r'), "r.ri"), 1);
    assert_int_equal(record_number(last('r'), "s"), record_number(last('h'), "s"));
    assert_int_equal(record_number(last('r'), "u"), 60000);
}

static void test_daemon_tells_the_last_word_on_a_stream_once(void **state) {
    (void)state;
    const tally_session_id_t film = play_rtp();
    live(5000);
    tally_rtp_invalid(&rtp);
    assert_int_equal(tally_detach(agent(), &rtp), TALLY_OK);
    close_film(film);
    assert_int_equal(device_count(&tallyd, 'r'), 1);
    assert_int_equal(record_number(last('r'), "r.ri"), 2);
}

static void test_daemon_tells_the_streams_of_a_dead_player_as_they_last_were(void **state) {
    (void)state;
    (void)play_rtp();
    live(5000);
    player_leave(&player, &tallyd);
    device_expect_kinds(&tallyd, "bserx");
    assert_int_equal(record_number(last('r'), "r.ri"), 1);
}

/* --- deaths --------------------------------------------------------------------------------- */

static void test_daemon_player_died_in_a_stall_ends_the_session_with_its_last_values(void **state) {
    (void)state;
    const tally_session_id_t film = play();
    live(10000);
    assert_int_equal(tally_hook_buffering_begin(agent(), film), TALLY_OK);
    live(3000);
    tallyd.port.now_ms += 400;
    player_leave(&player, &tallyd);
    const record_t end = last('x');
    assert_int_equal(record_number(end, "p.sr"), TALLY_STOP_PLAYER_DIED);
    assert_int_equal(record_number(end, "p.se"), TALLY_STATE_STOPPED);
    assert_int_equal(record_number(end, "p.pt"), 10000);
    assert_int_equal(record_number(end, "p.sc"), 1);
    assert_int_equal(record_number(end, "p.sd"), 3000);
    assert_int_equal(record_number(end, "p.mx"), 3000);
    assert_int_equal(record_number(end, "p.xe"), 13000);
    assert_int_equal(record_number(end, "u"), 13000); /* and not when it was found dead */
    assert_false(record_has(end, "p.xs"));
    assert_int_equal(device_count_events(&tallyd, TALLY_EVENT_STALL_BEGIN), 1);
    assert_int_equal(device_count_events(&tallyd, TALLY_EVENT_STALL_END), 0);
    assert_int_equal(open_sessions(), 0);
}

static void test_daemon_exit_before_start_of_a_dead_player(void **state) {
    (void)state;
    const tally_session_id_t film = tally_hook_open(agent());
    assert_int_equal(tally_hook_play(agent(), film), TALLY_OK);
    live(300);
    player_leave(&player, &tallyd);
    assert_int_equal(record_number(last('x'), "p.pa"), 1);
    assert_int_equal(record_number(last('x'), "p.xs"), 1);
    assert_int_equal(record_number(last('x'), "p.sr"), TALLY_STOP_PLAYER_DIED);
}

static void test_daemon_dead_player_leaves_what_it_had_told_of_its_session(void **state) {
    (void)state;
    const tally_session_id_t film = play();
    live(1500);
    assert_int_equal(tally_hook_text(agent(), film, TALLY_M_VIDEO_CODEC, "avc1"), TALLY_OK);
    live(1000);
    player_leave(&player, &tallyd);
    device_expect_kinds(&tallyd, "bsex"); /* one start */
    record_expect_text(last('x'), "d.cv", "avc1");
}

static void test_daemon_player_that_had_failed_did_not_die_of_it(void **state) {
    (void)state;
    const tally_session_id_t film = tally_hook_open(agent());
    assert_int_equal(tally_hook_play(agent(), film), TALLY_OK);
    live(300);
    assert_int_equal(tally_hook_fatal(agent(), film, 5, TALLY_ERROR_NETWORK), TALLY_OK);
    live(2000);
    player_leave(&player, &tallyd);
    assert_int_equal(record_number(last('x'), "p.sr"), TALLY_STOP_ERROR);
    assert_int_equal(record_number(last('x'), "p.sf"), 1);
    assert_false(record_has(last('x'), "p.xs"));
}

static void test_daemon_film_that_had_ended_was_seen_to_its_end(void **state) {
    (void)state;
    const tally_session_id_t film = play();
    live(10000);
    assert_int_equal(tally_hook_end(agent(), film), TALLY_OK);
    live(2000);
    player_leave(&player, &tallyd);
    assert_int_equal(record_number(last('x'), "p.sr"), TALLY_STOP_COMPLETED);
    assert_int_equal(record_number(last('x'), "p.se"), TALLY_STATE_ENDED);
}

static void test_daemon_player_that_dies_in_standby_was_suspended(void **state) {
    (void)state;
    const tally_session_id_t film = play();
    live(5200);
    assert_int_equal(tally_hook_suspend(agent(), film), TALLY_OK);
    live(100000);
    player_leave(&player, &tallyd);
    assert_int_equal(record_number(last('x'), "p.pt"), 5200);
    assert_int_equal(record_number(last('x'), "p.ss"), 1);
    assert_int_equal(record_number(last('x'), "p.se"), TALLY_STATE_STOPPED);
    assert_int_equal(device_count(&tallyd, 'h'), 0);
}

static void test_daemon_dead_player_takes_no_others_with_it(void **state) {
    (void)state;
    player_begin(&other, 8);
    player_connect(&other, &tallyd, 2);
    (void)play();
    (void)player_play(&other);
    player_deliver(&other, &tallyd);
    player_leave(&other, &tallyd);
    assert_int_equal(open_sessions(), 1);
    live(60000);
    assert_int_equal(device_count(&tallyd, 'h'), 1);
    assert_int_equal(device_count(&tallyd, 'x'), 1);
}

static void test_daemon_restart_is_told_the_same_cumulative_values(void **state) {
    (void)state;
    const tally_session_id_t film = play();
    live(90000);
    const int64_t id = record_number(last('s'), "d.sx");
    assert_int_equal(tally_hook_buffering_begin(agent(), film), TALLY_OK);
    live(4000);
    assert_int_equal(tally_hook_buffering_end(agent(), film), TALLY_OK);
    live(500);
    restart();
    device_expect_kinds(&tallyd, "bsh"); /* older than a heartbeat: told at once */
    assert_int_equal(record_number(last('s'), "d.sx"), id);
    assert_int_equal(record_number(last('h'), "p.pt"), 90500);
    live(10000);
    close_film(film);
    assert_int_equal(record_number(last('x'), "p.pt"), 100500);
    assert_int_equal(record_number(last('x'), "p.sd"), 4000);
    assert_int_equal(record_number(last('x'), "d.sx"), id);
}

static void test_daemon_is_told_later_what_ended_while_there_was_none(void **state) {
    (void)state;
    const tally_session_id_t film = play();
    live(10000);
    assert_int_equal(tally_hook_close(agent(), film, TALLY_STOP_USER), TALLY_OK);
    (void)player_wait(&player, 0);
    message_t end = *player_last(&player, 'x');
    restart();
    assert_int_equal(tally_daemon_take(&tallyd.agent, 1, end.data, end.bytes), TALLY_OK);
    device_expect_kinds(&tallyd, "bsx");
    assert_int_equal(record_number(last('s'), "s"), record_number(last('x'), "s"));
    assert_int_equal(record_number(last('x'), "p.pt"), 10000);
    assert_int_equal(record_number(last('x'), "u"), 0); /* no time before this boot's */
    assert_int_equal(open_sessions(), 0);
}

/* --- time ----------------------------------------------------------------------------------- */

static void test_daemon_believes_no_time_that_is_to_come(void **state) {
    (void)state;
    player.port.now_ms += 5000;
    (void)player_play(&player);
    player_deliver(&player, &tallyd);
    assert_int_equal(record_number(last('s'), "u"), 0);
}

static void test_daemon_dates_records_by_its_own_wall_clock(void **state) {
    (void)state;
    tallyd.port.wall =
        (tally_wall_t){.unix_ms = 1800000000000, .quality = TALLY_WALL_AUTHENTICATED};
    (void)device_wait(&tallyd, 10000);
    player.port.now_ms += 7000;
    (void)player_play(&player);
    player_deliver(&player, &tallyd);
    assert_int_equal(record_number(last('s'), "u"), 7000);
    assert_int_equal(record_number(last('s'), "w"), 1799999997000);
}

/* --- sums ----------------------------------------------------------------------------------- */

static void test_daemon_adds_up_the_sums_of_its_players(void **state) {
    (void)state;
    player_begin(&other, 8);
    player_connect(&other, &tallyd, 2);
    (void)play();
    (void)player_play(&other);
    player_deliver(&other, &tallyd);
    const tally_session_id_t own = device_play(&tallyd);
    (void)own;
    (void)device_wait(&tallyd, 0);
    const record_t viewing = device_tell_viewing(&tallyd);
    assert_int_equal(record_number(viewing, "g.go"), 3);
    assert_int_equal(record_number(viewing, "g.gc"), 3);
    const int64_t startups[] = {3, 3, 0};
    record_expect_integers(viewing, "h.ha", startups, 3);
}

static void test_daemon_tells_what_its_players_lost_as_its_own(void **state) {
    (void)state;
    const tally_session_id_t film = play();
    assert_int_equal(tally_hook_resume(agent(), film), TALLY_OK); /* it plays */
    assert_int_equal(tally_hook_resume(agent(), 77), TALLY_OK);
    tally_player_lost(agent(), 3);
    live(1000);
    const record_t agents = device_tell_agent(&tallyd);
    assert_int_equal(record_number(agents, "a.ai"), 1);
    assert_int_equal(record_number(agents, "a.ay"), 1);
    assert_int_equal(record_number(agents, "a.ao"), 3);
}

/* --- standby -------------------------------------------------------------------------------- */

static void test_daemon_in_standby_makes_no_heartbeats(void **state) {
    (void)state;
    (void)play();
    live(10000);
    assert_int_equal(tally_suspend(&tallyd.agent), TALLY_OK);
    live(200000);
    assert_int_equal(device_count(&tallyd, 'h'), 0);
    assert_int_equal(device_count_events(&tallyd, TALLY_EVENT_SUSPEND), 0);
    assert_int_equal(tally_resume(&tallyd.agent), TALLY_OK);
    live(59000);
    assert_int_equal(device_count(&tallyd, 'h'), 0);
    live(1000);
    assert_int_equal(device_count(&tallyd, 'h'), 1);
}

static void test_daemon_makes_up_for_no_heartbeat_a_session_slept_through(void **state) {
    (void)state;
    const tally_session_id_t film = play();
    live(30000);
    assert_int_equal(tally_hook_suspend(agent(), film), TALLY_OK);
    live(100000);
    assert_int_equal(tally_hook_wake(agent(), film), TALLY_OK);
    live(59000);
    assert_int_equal(device_count(&tallyd, 'h'), 0);
    live(1000);
    assert_int_equal(device_count(&tallyd, 'h'), 1);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(test_daemon_tells_of_a_players_session_from_start_to_end),
        TEST(test_daemon_numbers_the_sessions_of_all_players_by_itself),
        TEST(test_daemon_answers_what_a_players_session_was_at),
        TEST(test_daemon_makes_no_heartbeat_of_a_silent_player),
        TEST(test_daemon_takes_no_events_of_its_own_for_a_players_session),
        TEST(test_daemon_tells_what_both_it_and_the_player_measure),
        TEST(test_daemon_that_nothing_may_be_told_tells_of_sessions_alone),
        TEST(test_daemon_refuses_to_be_told_what_is_no_metric),
        TEST(test_daemon_tells_a_sessions_id_in_its_start_and_end),
        TEST(test_daemon_tells_streams_with_heartbeats),
        TEST(test_daemon_tells_the_last_word_on_a_stream_once),
        TEST(test_daemon_tells_the_streams_of_a_dead_player_as_they_last_were),
        TEST(test_daemon_player_died_in_a_stall_ends_the_session_with_its_last_values),
        TEST(test_daemon_exit_before_start_of_a_dead_player),
        TEST(test_daemon_dead_player_leaves_what_it_had_told_of_its_session),
        TEST(test_daemon_player_that_had_failed_did_not_die_of_it),
        TEST(test_daemon_film_that_had_ended_was_seen_to_its_end),
        TEST(test_daemon_player_that_dies_in_standby_was_suspended),
        TEST(test_daemon_dead_player_takes_no_others_with_it),
        TEST(test_daemon_restart_is_told_the_same_cumulative_values),
        TEST(test_daemon_is_told_later_what_ended_while_there_was_none),
        TEST(test_daemon_believes_no_time_that_is_to_come),
        TEST(test_daemon_dates_records_by_its_own_wall_clock),
        TEST(test_daemon_adds_up_the_sums_of_its_players),
        TEST(test_daemon_tells_what_its_players_lost_as_its_own),
        TEST(test_daemon_in_standby_makes_no_heartbeats),
        TEST(test_daemon_makes_up_for_no_heartbeat_a_session_slept_through),
    };
    return cmocka_run_group_tests_name("daemon", tests, NULL, NULL);
}
