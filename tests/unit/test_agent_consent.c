/* SPDX-License-Identifier: Apache-2.0 */
/* Consent: what is collected with it, without it, and on either side of it. */
#include <string.h>

#include "lasting.h"
#include "log.h"
#include "test.h"

static lasting_t box;

static int set_up(void **state) {
    (void)state;
    lasting_prepare(&box);
    return 0;
}

static tally_t *agent(void) {
    return &box.device.agent;
}

static void assert_state(enum tally_consent expected) {
    assert_int_equal(tally_consent_state(agent()), expected);
}

/* Steps until the agent wants to sleep for good. */
static void rest(void) {
    for (uint32_t steps = 0; steps < 100; steps++) {
        if (device_wait(&box.device, 0) == UINT32_MAX) {
            return;
        }
    }
    fail_msg("the agent does not come to rest");
}

static void give(void) {
    assert_int_equal(tally_consent(agent(), true), TALLY_OK);
    assert_state(TALLY_CONSENT_GIVEN);
}

static void withdraw(void) {
    assert_int_equal(tally_consent(agent(), false), TALLY_OK);
}

static void withdraw_for_good(void) {
    withdraw();
    rest();
    assert_state(TALLY_CONSENT_WITHDRAWN);
}

static void play_and_stop(void) {
    const tally_session_id_t film = device_play(&box.device);
    (void)device_wait(&box.device, 60000);
    assert_int_equal(tally_hook_close(agent(), film, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&box.device, 60000);
}

/* --- where nobody asks for it --------------------------------------------------------------- */

static void test_consent_is_given_where_it_is_not_needed(void **state) {
    (void)state;
    box.device.options.settings = NULL;
    lasting_boot(&box);
    assert_state(TALLY_CONSENT_GIVEN);
    give();
    device_expect_kinds(&box.device, "b");
}

static void test_consent_that_was_told_is_kept_even_if_it_was_not_needed(void **state) {
    (void)state;
    lasting_boot(&box);
    give();
    assert_int_equal(agent()->spool.made, 1); /* nothing begins anew */
    box.device.options.consent_needed = true; /* the next firmware */
    lasting_boot(&box);
    assert_state(TALLY_CONSENT_GIVEN);
}

/* --- where it is needed --------------------------------------------------------------------- */

static void test_consent_that_is_needed_comes_before_anything(void **state) {
    (void)state;
    box.device.options.consent_needed = true;
    lasting_boot(&box);
    assert_state(TALLY_CONSENT_NONE);
    play_and_stop();
    tally_flush(agent());
    rest();
    assert_int_equal(agent()->spool.made, 0);
    assert_int_equal(box.device.store.programs, 0);
    assert_int_equal(box.device.store.erases, 0);
    assert_int_equal(box.settings_memory.programs, 0);
    assert_false(box.device.transport.is_open);
    give();
    device_expect_kinds(&box.device, "b");
    play_and_stop();
    device_expect_kinds(&box.device, "bsxeh");
}

static void test_consent_once_given_holds_for_later_boots(void **state) {
    (void)state;
    box.device.options.consent_needed = true;
    lasting_boot(&box);
    give();
    const uint64_t first = agent()->boot_id;
    lasting_boot(&box);
    assert_state(TALLY_CONSENT_GIVEN);
    lasting_upload(&box);
    assert_int_equal(lasting_taken(&box, 'b', first), 1);
    assert_int_equal(lasting_taken(&box, 'b', agent()->boot_id), 1);
}

static void test_consent_without_settings_is_asked_for_at_each_boot(void **state) {
    (void)state;
    box.device.options.consent_needed = true;
    box.device.options.settings = NULL;
    lasting_boot(&box);
    give();
    lasting_boot(&box);
    assert_state(TALLY_CONSENT_NONE);
}

/* --- withdrawn ------------------------------------------------------------------------------ */

static void test_consent_withdrawn_ends_collection_at_once(void **state) {
    (void)state;
    for (uint32_t with_settings = 0; with_settings < 2; with_settings++) {
        lasting_prepare(&box);
        box.device.options.settings = with_settings != 0 ? &box.settings : NULL;
        lasting_boot(&box);
        const tally_session_id_t film = device_play(&box.device);
        (void)device_wait(&box.device, 0);
        tally_session_id_t open[TALLY_SESSIONS];
        assert_int_equal(tally_sessions(agent(), open, TALLY_SESSIONS), 1);
        const uint32_t made = agent()->spool.made;
        assert_int_equal(tally_hook_pause(agent(), film), TALLY_OK); /* still in the ring */
        withdraw();
        assert_state(TALLY_CONSENT_WITHDRAWING);
        assert_int_equal(tally_sessions(agent(), open, TALLY_SESSIONS), 0);
        (void)device_wait(&box.device, 60000);
        play_and_stop();
        rest();
        assert_int_equal(agent()->spool.made, made);
        assert_state(TALLY_CONSENT_WITHDRAWN);
    }
}

static void test_consent_withdrawn_ends_the_upload_under_way(void **state) {
    (void)state;
    lasting_boot(&box);
    box.device.transport.open_says = TALLY_OPEN;
    box.device.transport.takes_most = 100; /* of a longer request */
    tally_flush(agent());
    (void)device_wait(&box.device, 0);
    assert_int_equal(box.device.transport.sent_bytes, 100);
    withdraw();
    assert_false(box.device.transport.is_open);
    box.device.transport.takes_most = UINT32_MAX;
    tally_flush(agent());
    rest();
    assert_int_equal(box.device.transport.sent_bytes, 100);
    assert_false(box.device.transport.is_open);
}

static void test_consent_withdrawn_holds_for_later_boots(void **state) {
    (void)state;
    lasting_boot(&box);
    withdraw_for_good();
    const uint32_t erases = box.device.store.erases;
    const uint32_t programs = box.device.store.programs;
    const uint32_t kept = box.settings_memory.programs;
    lasting_boot(&box);
    assert_state(TALLY_CONSENT_WITHDRAWN);
    assert_int_equal(device_wait(&box.device, 0), UINT32_MAX);
    play_and_stop();
    withdraw();
    assert_state(TALLY_CONSENT_WITHDRAWN);
    rest();
    assert_int_equal(agent()->spool.made, 0);
    assert_int_equal(box.device.store.erases, erases);
    assert_int_equal(box.device.store.programs, programs);
    assert_int_equal(box.settings_memory.programs, kept);
}

static void test_consent_without_settings_is_withdrawn_for_this_boot(void **state) {
    (void)state;
    box.device.options.settings = NULL;
    lasting_boot(&box);
    withdraw_for_good();
    lasting_boot(&box);
    assert_state(TALLY_CONSENT_GIVEN);
    device_expect_kinds(&box.device, "b");
}

/* Nobody may wait for records that are never to be sent. */
static void test_consent_withdrawn_leaves_nothing_pending(void **state) {
    (void)state;
    lasting_boot(&box);
    play_and_stop();
    assert_true(tally_pending(agent()) > 0);
    withdraw();
    assert_int_equal(tally_pending(agent()), 0);
    (void)device_wait(&box.device, 0);
    lasting_boot(&box);
    assert_state(TALLY_CONSENT_WITHDRAWING);
    assert_int_equal(tally_pending(agent()), 0);
}

/* --- given again ---------------------------------------------------------------------------- */

static void test_consent_given_again_begins_anew(void **state) {
    (void)state;
    lasting_boot(&box);
    const uint64_t before = agent()->boot_id;
    play_and_stop();
    withdraw_for_good();
    box.device.port.random = 12345;
    box.device.port.now_ms += 100000;
    give();
    assert_int_not_equal(agent()->boot_id, before);
    device_expect_kinds(&box.device, "b");
    const record_t boot = device_last(&box.device, 'b');
    assert_int_equal(record_number(boot, "q"), 0);
    assert_int_equal(record_number(boot, "u"), 0);
    assert_int_equal(record_number(boot, "b.bc"), 2);
    assert_false(record_has(boot, "b.bb")); /* with all else it was destroyed */
    play_and_stop();
    device_expect_kinds(&box.device, "bsxeh");
    const uint64_t anew = agent()->boot_id;
    lasting_boot(&box);
    assert_state(TALLY_CONSENT_GIVEN);
    lasting_upload(&box);
    assert_int_equal(lasting_taken(&box, 'x', anew), 1);
    assert_int_equal(lasting_taken(&box, 'b', before), 0);
}

static void test_consent_given_twice_is_no_second_beginning(void **state) {
    (void)state;
    box.device.options.consent_needed = true;
    lasting_boot(&box);
    give();
    const uint64_t boot = agent()->boot_id;
    play_and_stop();
    give();
    assert_int_equal(agent()->boot_id, boot);
    device_expect_kinds(&box.device, "bsxeh");
}

/* What a player told before, and what it goes on telling of a session from before, is of nobody. */
static void test_consent_given_says_nothing_of_before(void **state) {
    (void)state;
    box.device.options.consent_needed = true;
    lasting_boot(&box);
    const tally_session_id_t early = device_play(&box.device); /* all of it still in the ring */
    give();
    (void)device_wait(&box.device, 60000);
    assert_int_equal(tally_hook_close(agent(), early, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&box.device, 60000);
    device_expect_kinds(&box.device, "b");
}

static void test_consent_given_does_not_tell_counts_of_before(void **state) {
    (void)state;
    lasting_boot(&box);
    assert_int_equal(tally_hook_pause(agent(), 4711), TALLY_OK); /* of no session */
    play_and_stop();
    const tally_device_t sample = {.known = TALLY_CAN(DEVICE, CPU_LOAD), .cpu_load_permille = 500};
    assert_int_equal(tally_device_sample(agent(), &sample), TALLY_OK);
    withdraw_for_good();
    assert_int_equal(tally_device_sample(agent(), &sample), TALLY_OK);
    give();
    const record_t told = device_tell_agent(&box.device);
    assert_false(record_has(told, "a.ay"));
    assert_int_equal(device_count(&box.device, 'd'), 0);
    assert_false(record_has(device_last(&box.device, 'v'), "g.gs"));
    assert_int_equal(box.logged[TALLY_LOG_ID_SPOOL_EVICTED], 0);
}

/* How long the device took to its first picture was before anybody looked. */
static void test_consent_given_late_tells_no_time_to_the_first_picture(void **state) {
    (void)state;
    box.device.options.consent_needed = true;
    lasting_boot(&box);
    give();
    const tally_session_id_t film = tally_hook_open(agent());
    assert_int_equal(tally_hook_play(agent(), film), TALLY_OK);
    assert_int_equal(tally_hook_first_picture(agent(), film), TALLY_OK);
    (void)device_wait(&box.device, 0);
    (void)device_tell_agent(&box.device);
    assert_int_equal(device_count(&box.device, 'd'), 0);
}

/* --- when something fails ------------------------------------------------------------------- */

static void test_consent_given_while_all_is_being_destroyed_is_refused(void **state) {
    (void)state;
    lasting_boot(&box);
    withdraw();
    while (tally_consent_state(agent()) == TALLY_CONSENT_WITHDRAWING) {
        assert_int_equal(tally_consent(agent(), true), TALLY_E_STATE);
        (void)device_wait(&box.device, 0);
    }
    give();
}

static void fail_settings(uint32_t more) {
    box.settings_memory.program_fails_in = 1;
    box.settings_memory.programs_fail_more = more;
}

static void test_consent_withdrawn_that_is_not_kept_holds_for_this_boot(void **state) {
    (void)state;
    lasting_boot(&box);
    play_and_stop();
    fail_settings(UINT32_MAX);
    assert_int_equal(tally_consent(agent(), false), TALLY_E_IO);
    assert_state(TALLY_CONSENT_WITHDRAWING);
    const uint32_t made = agent()->spool.made;
    play_and_stop();
    rest();
    assert_int_equal(agent()->spool.made, made);
    assert_state(TALLY_CONSENT_WITHDRAWN);
    assert_int_equal(tally_consent(agent(), true), TALLY_E_IO);
    assert_state(TALLY_CONSENT_WITHDRAWN);
    fail_settings(0);
    box.settings_memory.program_fails_in = 0;
    lasting_boot(&box);
    assert_state(TALLY_CONSENT_GIVEN); /* nobody can know */
    assert_int_equal(tally_pending(agent()), 1);
}

static void test_consent_given_that_is_not_kept_is_not_given(void **state) {
    (void)state;
    box.device.options.consent_needed = true;
    lasting_boot(&box);
    fail_settings(UINT32_MAX);
    assert_int_equal(tally_consent(agent(), true), TALLY_E_IO);
    assert_state(TALLY_CONSENT_NONE);
    play_and_stop();
    assert_int_equal(agent()->spool.made, 0);
    box.settings_memory.program_fails_in = 0;
    give();
    device_expect_kinds(&box.device, "b");
}

static void test_consent_given_without_random_numbers_can_be_given_later(void **state) {
    (void)state;
    lasting_boot(&box);
    play_and_stop();
    withdraw_for_good();
    box.device.port.random_fails = true;
    assert_int_equal(tally_consent(agent(), true), TALLY_E_RANDOM);
    assert_state(TALLY_CONSENT_WITHDRAWN);
    play_and_stop();
    rest();
    assert_int_equal(tally_pending(agent()), 0);
    box.device.port.random_fails = false;
    give();
    device_expect_kinds(&box.device, "b");
}

/* --- players meanwhile ---------------------------------------------------------------------- */

static void test_consent_missing_frees_the_slots_of_texts(void **state) {
    (void)state;
    box.device.options.consent_needed = true;
    lasting_boot(&box);
    for (uint32_t i = 0; i < 5u * TALLY_TEXT_SLOTS; i++) {
        assert_int_equal(tally_hook_text(agent(), 1, TALLY_M_CONTENT_TITLE, "a film"), TALLY_OK);
        if (i % TALLY_TEXT_SLOTS == TALLY_TEXT_SLOTS - 1) {
            (void)device_wait(&box.device, 0);
        }
    }
    assert_int_equal(agent()->hooks.texts_dropped, 0);
}

static void test_consent_missing_takes_more_events_than_a_step_does(void **state) {
    (void)state;
    box.device.options.consent_needed = true;
    lasting_boot(&box);
    for (uint32_t i = 0; i < TALLY_EVENTS; i++) {
        assert_int_equal(tally_hook_pause(agent(), 1), TALLY_OK);
    }
    assert_int_equal(tally_hook_pause(agent(), 1), TALLY_E_FULL);
    rest();
    assert_int_equal(tally_hook_pause(agent(), 1), TALLY_OK);
}

static void test_consent_missing_lets_streams_come_and_go(void **state) {
    (void)state;
    static tally_rtp_t streams[TALLY_STREAMS];
    lasting_boot(&box);
    withdraw_for_good();
    const uint32_t made = agent()->spool.made;
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < TALLY_STREAMS; i++) {
            assert_int_equal(tally_rtp_init(&streams[i], 90000), TALLY_OK);
            assert_int_equal(tally_attach_rtp(agent(), 1, &streams[i]), TALLY_OK);
        }
        rest();
        for (uint32_t i = 0; i < TALLY_STREAMS; i++) {
            assert_int_equal(tally_detach(agent(), &streams[i]), TALLY_OK);
        }
        rest();
    }
    assert_int_equal(agent()->spool.made, made);
}

/* A stream of a session from before stays attached: its figures are of before, too. */
static void test_consent_given_tells_no_stream_of_before(void **state) {
    (void)state;
    static tally_rtp_t stream;
    lasting_boot(&box);
    const tally_session_id_t film = device_play(&box.device);
    assert_int_equal(tally_rtp_init(&stream, 90000), TALLY_OK);
    assert_int_equal(tally_attach_rtp(agent(), film, &stream), TALLY_OK);
    (void)device_wait(&box.device, 0);
    withdraw_for_good();
    give();
    (void)device_wait(&box.device, 60000);
    assert_int_equal(tally_detach(agent(), &stream), TALLY_OK);
    (void)device_wait(&box.device, 0);
    device_expect_kinds(&box.device, "b");
    const tally_session_id_t next = device_play(&box.device);
    assert_int_equal(tally_attach_rtp(agent(), next, &stream), TALLY_OK);
    (void)device_wait(&box.device, 60000);
    device_expect_kinds(&box.device, "bsehr");
}

static tally_webrtc_t track;

static void attach_track(tally_session_id_t session) {
    assert_int_equal(tally_webrtc_init(&track, TALLY_G_WEBRTC_INBOUND, 64), TALLY_OK);
    assert_int_equal(tally_attach_webrtc(agent(), session, &track), TALLY_OK);
}

static void test_consent_missing_lets_tracks_come_and_go(void **state) {
    (void)state;
    box.device.options.consent_needed = true;
    lasting_boot(&box);
    for (uint32_t i = 0; i < 2u * TALLY_WEBRTC_TRACKS; i++) {
        attach_track(1);
        assert_int_equal(tally_detach_webrtc(agent(), &track), 1);
        rest();
        assert_int_equal(tally_detach_webrtc(agent(), &track), 0);
    }
}

/* The player that closes its session has not detached its tracks. */
static void test_consent_missing_frees_the_tracks_of_a_session_that_ends(void **state) {
    (void)state;
    box.device.options.consent_needed = true;
    lasting_boot(&box);
    for (uint32_t i = 0; i < 2u * TALLY_WEBRTC_TRACKS; i++) {
        const tally_session_id_t call = device_play(&box.device);
        attach_track(call);
        assert_int_equal(tally_hook_close(agent(), call, TALLY_STOP_USER), TALLY_OK);
        rest();
    }
}

static void test_consent_given_tells_no_track_of_before(void **state) {
    (void)state;
    lasting_boot(&box);
    attach_track(device_play(&box.device));
    (void)device_wait(&box.device, 0);
    withdraw_for_good();
    give();
    (void)device_wait(&box.device, 60000);
    assert_int_equal(tally_detach_webrtc(agent(), &track), 0);
    (void)device_wait(&box.device, 0);
    device_expect_kinds(&box.device, "b");
}

/* --- boards meanwhile ----------------------------------------------------------------------- */

/* Whatever a board calls without consent, nothing comes of it. */
static void call_all(void) {
    int64_t value = 0;
    tally_session_id_t open = 0;
    const tally_device_t sample = {.known = TALLY_CAN(DEVICE, CPU_LOAD), .cpu_load_permille = 500};
    assert_int_equal(tally_suspend(agent()), TALLY_OK);
    assert_int_equal(tally_suspend(agent()), TALLY_E_STATE);
    (void)device_wait(&box.device, 1000);
    assert_int_equal(tally_resume(agent()), TALLY_OK);
    assert_int_equal(tally_resume(agent()), TALLY_E_STATE);
    assert_int_equal(tally_query(agent(), 1, TALLY_M_PLAY_TIME, &value), TALLY_E_STATE);
    assert_int_equal(tally_sessions(agent(), &open, 1), 0);
    assert_int_equal(tally_note(agent(), TALLY_M_STACK_HIGH, 1000), TALLY_OK);
    assert_int_equal(tally_device_sample(agent(), &sample), TALLY_OK);
    tally_flush(agent());
    (void)device_wait(&box.device, 1000000);
    (void)tally_pending(agent());
}

static void test_consent_missing_makes_no_call_harmful(void **state) {
    (void)state;
    box.device.options.consent_needed = true;
    lasting_boot(&box);
    call_all(); /* never asked for */
    assert_int_equal(box.device.store.programs, 0);
    give();
    device_expect_kinds(&box.device, "b");
    (void)device_play(&box.device);
    (void)device_wait(&box.device, 0);
    const uint32_t made = agent()->spool.made;
    withdraw();
    call_all(); /* being destroyed */
    assert_state(TALLY_CONSENT_WITHDRAWING);
    rest();
    call_all(); /* withdrawn */
    assert_int_equal(agent()->spool.made, made);
    assert_false(box.device.transport.is_open);
}

static void test_consent_given_in_standby_counts_none_of_it(void **state) {
    (void)state;
    box.device.options.consent_needed = true;
    lasting_boot(&box);
    assert_int_equal(tally_suspend(agent()), TALLY_OK);
    give();
    device_expect_kinds(&box.device, "b");
    (void)device_wait(&box.device, 10000);
    assert_int_equal(tally_resume(agent()), TALLY_OK);
    (void)device_wait(&box.device, 2000);
    assert_int_equal(record_number(device_tell_viewing(&box.device), "g.gd"), 2000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_consent_is_given_where_it_is_not_needed, set_up),
        cmocka_unit_test_setup(test_consent_that_was_told_is_kept_even_if_it_was_not_needed,
                               set_up),
        cmocka_unit_test_setup(test_consent_that_is_needed_comes_before_anything, set_up),
        cmocka_unit_test_setup(test_consent_once_given_holds_for_later_boots, set_up),
        cmocka_unit_test_setup(test_consent_without_settings_is_asked_for_at_each_boot, set_up),
        cmocka_unit_test_setup(test_consent_withdrawn_ends_collection_at_once, set_up),
        cmocka_unit_test_setup(test_consent_withdrawn_ends_the_upload_under_way, set_up),
        cmocka_unit_test_setup(test_consent_withdrawn_holds_for_later_boots, set_up),
        cmocka_unit_test_setup(test_consent_without_settings_is_withdrawn_for_this_boot, set_up),
        cmocka_unit_test_setup(test_consent_withdrawn_leaves_nothing_pending, set_up),
        cmocka_unit_test_setup(test_consent_given_again_begins_anew, set_up),
        cmocka_unit_test_setup(test_consent_given_twice_is_no_second_beginning, set_up),
        cmocka_unit_test_setup(test_consent_given_says_nothing_of_before, set_up),
        cmocka_unit_test_setup(test_consent_given_does_not_tell_counts_of_before, set_up),
        cmocka_unit_test_setup(test_consent_given_late_tells_no_time_to_the_first_picture, set_up),
        cmocka_unit_test_setup(test_consent_given_while_all_is_being_destroyed_is_refused, set_up),
        cmocka_unit_test_setup(test_consent_withdrawn_that_is_not_kept_holds_for_this_boot, set_up),
        cmocka_unit_test_setup(test_consent_given_that_is_not_kept_is_not_given, set_up),
        cmocka_unit_test_setup(test_consent_given_without_random_numbers_can_be_given_later,
                               set_up),
        cmocka_unit_test_setup(test_consent_missing_frees_the_slots_of_texts, set_up),
        cmocka_unit_test_setup(test_consent_missing_takes_more_events_than_a_step_does, set_up),
        cmocka_unit_test_setup(test_consent_missing_lets_streams_come_and_go, set_up),
        cmocka_unit_test_setup(test_consent_given_tells_no_stream_of_before, set_up),
        cmocka_unit_test_setup(test_consent_missing_lets_tracks_come_and_go, set_up),
        cmocka_unit_test_setup(test_consent_missing_frees_the_tracks_of_a_session_that_ends,
                               set_up),
        cmocka_unit_test_setup(test_consent_given_tells_no_track_of_before, set_up),
        cmocka_unit_test_setup(test_consent_missing_makes_no_call_harmful, set_up),
        cmocka_unit_test_setup(test_consent_given_in_standby_counts_none_of_it, set_up),
    };
    return cmocka_run_group_tests_name("agent_consent", tests, NULL, NULL);
}
