/* SPDX-License-Identifier: Apache-2.0 */
/* Remote configuration from the server's reply to what the device measures. */
#include <stdio.h>
#include <string.h>

#include "configuration.h"
#include "device.h"
#include "dice.h"
#include "test.h"

#define NOON_S INT64_C(1700000000)
#define DAY_S  INT64_C(86400)

static device_t device;
static signer_t signer;
static char reply[2048];

static int set_up(void **state) {
    (void)state;
    device_prepare(&device);
    signer_init(&signer);
    device.options.verifier = &signer.verifier;
    device.transport.transport.is_authenticated = true;
    assert_int_equal(device_init(&device), TALLY_OK);
    return 0;
}

static tally_t *agent(void) {
    return &device.agent;
}

static void take(configuration_t *made) {
    uint8_t *const message = configuration_message(made);
    tally_policy_take(agent(), message, made->size);
}

/* Every upload is answered with this from now on. */
static void answer_with(configuration_t *made) {
    const uint8_t *const message = configuration_message(made);
    const int head = snprintf(reply, sizeof reply,
                              "HTTP/1.1 200 OK\r\nContent-Type: application/cose\r\n"
                              "Content-Length: %u\r\n\r\n",
                              (unsigned)made->size);
    memcpy(reply + head, message, made->size);
    device.transport.reply_bytes = (uint32_t)head + made->size;
    for (uint32_t i = 0; i < FAKE_REPLIES; i++) {
        device.transport.replies[i] = reply;
    }
    device.transport.open_says = TALLY_OPEN;
}

static void upload(void) {
    agent()->agent_due_ms = device.port.now_ms;
    device.transport.replied = 0;
    fake_transport_forget(&device.transport);
    tally_flush(agent());
    for (uint32_t steps = 0; steps < 8; steps++) {
        (void)device_wait(&device, 0);
    }
}

static void set_wall(int64_t unix_s, enum tally_wall_quality quality) {
    device.port.wall = (tally_wall_t){.unix_ms = unix_s * 1000, .quality = quality};
}

/* A session of some seconds with a stall, a stream and an error, then a zap. */
static void live_for_a_while(void) {
    static tally_rtp_t rtp;
    assert_int_equal(tally_rtp_init(&rtp, 90000), TALLY_OK);
    const tally_session_id_t film = device_play(&device);
    assert_int_equal(tally_attach_rtp(agent(), film, &rtp), TALLY_OK);
    tally_rtp_invalid(&rtp);
    (void)device_wait(&device, 1000);
    assert_int_equal(tally_hook_buffering_begin(agent(), film), TALLY_OK);
    (void)device_wait(&device, 500);
    assert_int_equal(tally_hook_buffering_end(agent(), film), TALLY_OK);
    assert_int_equal(tally_hook_error(agent(), film, 1, TALLY_ERROR_NETWORK), TALLY_OK);
    (void)device_wait(&device, 60000);
    assert_int_equal(tally_hook_close(agent(), film, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    assert_int_equal(tally_detach(agent(), &rtp), TALLY_OK); /* behind its session */
    (void)device_wait(&device, 0);
}

/* --- on its way ----------------------------------------------------------------------------- */

static void test_agent_takes_what_comes_with_the_reply_to_an_upload(void **state) {
    (void)state;
    configuration_t made = configuration(7);
    configuration_number(&made, 'h', 30000);
    answer_with(&made);
    upload();
    assert_int_equal(agent()->policy.active.version, 7);
    assert_int_equal(agent()->heartbeat_ms, 30000);
    assert_true(agent()->policy.on_trial);
    upload();
    assert_false(agent()->policy.on_trial);
    for (uint32_t i = 0; i < 5; i++) {
        upload();
    }
    assert_int_equal(signer.asked, 1); /* the server says it again and again */
    assert_int_equal(agent()->policy.refused, 0);
    made = configuration(8);
    answer_with(&made);
    upload();
    assert_int_equal(agent()->policy.active.version, 8);
    assert_int_equal(agent()->heartbeat_ms, 60000);
    assert_int_equal(signer.asked, 2);
}

/* The upload that shows a configuration to be good may bring the next one. */
static void test_agent_takes_a_newer_one_once_the_last_has_been_good(void **state) {
    (void)state;
    configuration_t made = configuration(7);
    answer_with(&made);
    upload();
    made = configuration(8);
    answer_with(&made);
    upload();
    assert_int_equal(agent()->policy.good.version, 7);
    upload();
    assert_int_equal(agent()->policy.active.version, 8);
    assert_true(agent()->policy.on_trial);
}

static void test_agent_believes_no_server_that_has_not_proved_who_it_is(void **state) {
    (void)state;
    device.transport.transport.is_authenticated = false;
    configuration_t made = configuration(7);
    answer_with(&made);
    upload();
    assert_int_equal(agent()->policy.active.version, 0);
    assert_int_equal(signer.asked, 0);
}

/* --- groups --------------------------------------------------------------------------------- */

static void test_agent_leaves_out_the_groups_that_are_off(void **state) {
    (void)state;
    configuration_t made = configuration(1);
    configuration_text(&made, 'g', "eghlr");
    take(&made);
    const record_t declared = device_last(&device, 'a'); /* at once, and nothing else */
    assert_false(record_has(declared, "a"));
    assert_false(record_has(declared, "c.e"));
    assert_false(record_has(declared, "c.r"));
    assert_true(record_has(declared, "c.p"));
    assert_true(record_has(declared, "c.t"));
    live_for_a_while();
    device_expect_kinds(&device, "basahx");
    assert_false(record_has(device_last(&device, 'h'), "l"));
    assert_false(record_has(device_last(&device, 's'), "c.r"));
    assert_false(record_has(device_tell_agent(&device), "c"));
    assert_int_equal(device_count(&device, 'v'), 0);
    made = configuration(2);
    take(&made);
    assert_true(record_has(device_last(&device, 'a'), "c.r"));
    live_for_a_while();
    assert_int_equal(device_count(&device, 'r'), 2);
    assert_int_equal(device_count(&device, 'v'), 1);
}

static void test_agent_never_leaves_out_what_says_that_anything_is(void **state) {
    (void)state;
    uint64_t before[TALLY_GROUPS];
    memcpy(before, agent()->capabilities, sizeof before);
    configuration_t made = configuration(1);
    configuration_text(&made, 'g', "abdp");
    take(&made);
    assert_memory_equal(agent()->capabilities, before, sizeof before);
    assert_int_equal(device_count(&device, 'a'), 0); /* nothing has changed */
}

/* --- sampling ------------------------------------------------------------------------------- */

static void test_agent_tells_nothing_of_a_session_that_is_not_sampled(void **state) {
    (void)state;
    configuration_t made = configuration(1);
    configuration_number(&made, 'p', 0);
    take(&made);
    live_for_a_while();
    device_expect_kinds(&device, "bav");
    const record_t viewing = device_tell_viewing(&device);
    assert_int_equal(record_number(viewing, "g.gw"), 1);
    assert_int_equal(record_number(viewing, "g.gi"), 1);
    assert_int_equal(record_number(viewing, "g.go"), 1);
    assert_int_equal(record_number(viewing, "g.gc"), 1);
    assert_int_equal(record_number(viewing, "g.gj"), 61500); /* folded as a zap's is */
    assert_int_equal(record_number(device_last(&device, 'a'), "a.a3"), 0);
}

static void test_agent_tells_of_a_session_as_it_was_when_that_opened(void **state) {
    (void)state;
    const tally_session_id_t sampled = device_play(&device);
    (void)device_wait(&device, 0);
    configuration_t made = configuration(1);
    configuration_number(&made, 'p', 0);
    take(&made);
    const tally_session_id_t unsampled = device_play(&device);
    (void)device_wait(&device, 0);
    made = configuration(2);
    take(&made);
    (void)device_wait(&device, 60000);
    assert_int_equal(device_count(&device, 'h'), 1);
    assert_int_equal(record_number(device_last(&device, 'h'), "s"), sampled);
    assert_int_equal(tally_hook_close(agent(), sampled, TALLY_STOP_USER), TALLY_OK);
    assert_int_equal(tally_hook_close(agent(), unsampled, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    assert_int_equal(device_count(&device, 's'), 1);
    assert_int_equal(device_count(&device, 'x'), 1);
    assert_int_equal(record_number(device_last(&device, 'x'), "s"), sampled);
    assert_int_equal(record_number(device_tell_viewing(&device), "g.gw"), 1);
}

/* Of a million sessions as many as are asked for, to within 4 standard deviations; the next session
 * and the same session of the next boot have nothing to do with it. */
static void test_agent_samples_evenly(void **state) {
    (void)state;
    static const uint32_t asked_ppm[] = {1000, 10000, 250000, 500000, 900000};
    const uint32_t sessions = dice_share(1000000);
    for (uint32_t i = 0; i < sizeof asked_ppm / sizeof asked_ppm[0]; i++) {
        const double p = asked_ppm[i] / 1e6;
        uint32_t sampled = 0;
        uint32_t with_next = 0;
        uint32_t with_next_boot = 0;
        bool before = false;
        agent()->policy.active.sampling_ppm = asked_ppm[i];
        for (uint32_t n = 0; n < sessions; n++) {
            const uint32_t session = n % 1000 + 1;
            const uint64_t boot = UINT64_C(0x123456789ABC) + n / 1000;
            agent()->boot_id = boot;
            const bool is_sampled = tally_policy_samples(agent(), session);
            agent()->boot_id = boot + 1;
            const bool next_boot = tally_policy_samples(agent(), session);
            sampled += is_sampled ? 1 : 0;
            with_next += is_sampled && before ? 1 : 0;
            with_next_boot += is_sampled && next_boot ? 1 : 0;
            before = is_sampled;
        }
        const double variance = sessions * p * (1 - p);
        const double off = sampled - sessions * p;
        assert_true(off * off < 16 * variance);
        const double pairs = sessions * p * p;
        const double off_next = with_next - pairs;
        const double off_boot = with_next_boot - pairs;
        assert_true(off_next * off_next < 25 * (pairs + 1));
        assert_true(off_boot * off_boot < 25 * (pairs + 1));
    }
    for (uint32_t session = 1; session < dice_share(100000); session++) {
        agent()->policy.active.sampling_ppm = 1000000;
        assert_true(tally_policy_samples(agent(), session));
        agent()->policy.active.sampling_ppm = 0;
        assert_false(tally_policy_samples(agent(), session));
    }
}

/* --- stop ----------------------------------------------------------------------------------- */

static void stop_until(uint32_t version, int64_t unix_s) {
    configuration_t made = configuration(version);
    configuration_number(&made, 's', unix_s);
    take(&made);
}

static void test_agent_that_is_stopped_rests_until_then(void **state) {
    (void)state;
    set_wall(NOON_S, TALLY_WALL_AUTHENTICATED);
    const tally_session_id_t film = device_play(&device);
    (void)device_wait(&device, 0);
    stop_until(1, NOON_S + 3600);
    const uint32_t attempts = agent()->uplink.stats.attempts;
    const tally_session_id_t late = device_play(&device);
    upload();
    for (uint32_t minute = 0; minute < 10; minute++) {
        (void)device_wait(&device, 60000);
    }
    assert_int_equal(agent()->uplink.stats.attempts, attempts);
    assert_int_equal(device_count(&device, 'h'), 10); /* what was open goes on, */
    assert_int_equal(record_number(device_last(&device, 'h'), "s"), film);
    assert_int_equal(device_count(&device, 's'), 1); /* what opens is not sampled, */
    assert_int_equal(device_count(&device, 'a'), 0); /* and nobody tells of the device */
    assert_int_equal(device_count(&device, 'v'), 0);
    assert_int_equal(tally_hook_close(agent(), late, TALLY_STOP_USER), TALLY_OK);
    set_wall(NOON_S + 3600, TALLY_WALL_AUTHENTICATED);
    upload();
    assert_true(agent()->uplink.stats.attempts > attempts);
    assert_int_equal(record_number(device_tell_viewing(&device), "g.gw"), 1);
    (void)device_play(&device);
    (void)device_wait(&device, 0);
    assert_int_equal(device_count(&device, 's'), 2);
}

static void test_agent_is_not_stopped_while_the_time_is_not_known_for_sure(void **state) {
    (void)state;
    stop_until(1, NOON_S + 3600);
    assert_true(tally_policy_is_running(agent()));
    set_wall(NOON_S, TALLY_WALL_UNAUTHENTICATED);
    (void)device_wait(&device, 0);
    assert_true(tally_policy_is_running(agent()));
    set_wall(NOON_S, TALLY_WALL_AUTHENTICATED);
    (void)device_wait(&device, 0);
    assert_false(tally_policy_is_running(agent()));
    stop_until(2, 0); /* and a newer one ends it */
    assert_true(tally_policy_is_running(agent()));
}

/* From when it was taken, or from when the time is known. */
static void test_agent_ends_a_stop_after_30_days(void **state) {
    (void)state;
    set_wall(NOON_S, TALLY_WALL_AUTHENTICATED);
    (void)device_wait(&device, 0);
    stop_until(1, UINT32_MAX);
    (void)device_wait(&device, 0);
    assert_int_equal(agent()->policy.active.stop_until_s, NOON_S + 30 * DAY_S);
    set_wall(0, TALLY_WALL_UNKNOWN);
    (void)device_wait(&device, 0);
    stop_until(2, UINT32_MAX);
    set_wall(NOON_S + 5, TALLY_WALL_AUTHENTICATED);
    (void)device_wait(&device, 0);
    set_wall(NOON_S + 50, TALLY_WALL_AUTHENTICATED);
    (void)device_wait(&device, 0);
    assert_int_equal(agent()->policy.active.stop_until_s, NOON_S + 5 + 30 * DAY_S);
    set_wall(NOON_S + 5 + 30 * DAY_S, TALLY_WALL_AUTHENTICATED);
    (void)device_wait(&device, 0);
    assert_true(tally_policy_is_running(agent()));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_agent_takes_what_comes_with_the_reply_to_an_upload, set_up),
        cmocka_unit_test_setup(test_agent_takes_a_newer_one_once_the_last_has_been_good, set_up),
        cmocka_unit_test_setup(test_agent_believes_no_server_that_has_not_proved_who_it_is, set_up),
        cmocka_unit_test_setup(test_agent_leaves_out_the_groups_that_are_off, set_up),
        cmocka_unit_test_setup(test_agent_never_leaves_out_what_says_that_anything_is, set_up),
        cmocka_unit_test_setup(test_agent_tells_nothing_of_a_session_that_is_not_sampled, set_up),
        cmocka_unit_test_setup(test_agent_tells_of_a_session_as_it_was_when_that_opened, set_up),
        cmocka_unit_test_setup(test_agent_samples_evenly, set_up),
        cmocka_unit_test_setup(test_agent_that_is_stopped_rests_until_then, set_up),
        cmocka_unit_test_setup(test_agent_is_not_stopped_while_the_time_is_not_known_for_sure,
                               set_up),
        cmocka_unit_test_setup(test_agent_ends_a_stop_after_30_days, set_up),
    };
    return cmocka_run_group_tests_name("agent_remote", tests, NULL, NULL);
}
