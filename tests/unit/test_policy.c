/* SPDX-License-Identifier: Apache-2.0 */
/* Which remote configuration is in force: what is taken, what is kept, what is given up, in one
 * boot and over many. */
#include <string.h>

#include "configuration.h"
#include "lasting.h"
#include "test.h"

static const tally_endpoint_t endpoints[] = {
    {.peer = {.host = "collector.example", .port = 443}, .path = "/v1/records"},
    {.peer = {.host = "other.example", .port = 8443}, .path = "/v2/records"},
};

static lasting_t box;
static signer_t signer;

static int set_up(void **state) {
    (void)state;
    lasting_prepare(&box);
    signer_init(&signer);
    box.device.options.verifier = &signer.verifier;
    box.device.options.endpoints = endpoints;
    box.device.options.endpoint_count = 2;
    return 0;
}

static tally_t *agent(void) {
    return &box.device.agent;
}

static const tally_policy_t *policy(void) {
    return &box.device.agent.policy;
}

static void take(configuration_t *made) {
    uint8_t *const message = configuration_message(made);
    tally_policy_take(agent(), message, made->size);
}

/* A heartbeat of so many seconds, to tell configurations apart by. */
static configuration_t beating(uint32_t version, uint32_t seconds) {
    configuration_t made = configuration(version);
    configuration_number(&made, 'h', seconds * INT64_C(1000));
    return made;
}

static void take_beating(uint32_t version, uint32_t seconds) {
    configuration_t made = beating(version, seconds);
    take(&made);
}

static void expect_beat(uint32_t version, uint32_t seconds) {
    assert_int_equal(policy()->active.version, version);
    assert_int_equal(agent()->heartbeat_ms, seconds * 1000);
}

/* Something to upload, to wherever that goes now. */
static void make_records(void) {
    box.device.transport.host = agent()->uplink.config.endpoint->peer.host;
    agent()->agent_due_ms = box.device.port.now_ms;
    (void)device_wait(&box.device, 0);
}

static void accept_upload(void) {
    make_records();
    lasting_upload(&box);
}

static void fail_uploads(uint32_t times) {
    for (uint32_t i = 0; i < times; i++) {
        box.device.transport.open_says = TALLY_E_CONNECT;
        agent()->uplink.retry_ms = 0;
        make_records();
        tally_flush(agent());
        (void)device_wait(&box.device, 0);
    }
}

/* A good one, in a boot of its own. */
static void boot_with_good(uint32_t version, uint32_t seconds) {
    lasting_boot(&box);
    take_beating(version, seconds);
    accept_upload();
    assert_false(policy()->on_trial);
    lasting_boot(&box);
    expect_beat(version, seconds);
    assert_false(policy()->on_trial);
}

static bool has_setting(enum tally_setting id) {
    uint8_t value[TALLY_SETTING_BYTES_MOST];
    return tally_settings_get(&box.settings, (uint32_t)id, value, sizeof value) >= 0;
}

/* --- taken ---------------------------------------------------------------------------------- */

static void test_policy_without_configuration_is_as_provisioned(void **state) {
    (void)state;
    box.device.options.daily_bytes = 777777;
    lasting_boot(&box);
    expect_beat(0, 60);
    assert_int_equal(agent()->upload_ms, 300000);
    assert_ptr_equal(agent()->uplink.config.endpoint, &endpoints[0]);
    assert_int_equal(agent()->uplink.budget.daily_bytes, 777777);
    const record_t told = device_tell_agent(&box.device);
    assert_false(record_has(told, "a.a0"));
    assert_false(record_has(told, "a.a1"));
    assert_false(record_has(told, "a.a2"));
    assert_int_equal(record_number(told, "a.a3"), 1000000);
    assert_int_equal(signer.asked, 0);
}

static void test_policy_takes_all_that_a_configuration_says(void **state) {
    (void)state;
    lasting_boot(&box);
    configuration_t made = beating(7, 30);
    configuration_number(&made, 'u', 20000);
    configuration_number(&made, 'b', 1000000);
    configuration_number(&made, 'p', 250000);
    configuration_text(&made, 'e', "other.example");
    take(&made);
    expect_beat(7, 30);
    assert_int_equal(agent()->upload_ms, 20000);
    assert_int_equal(agent()->uplink.config.period_ms, 20000);
    assert_int_equal(agent()->uplink.budget.daily_bytes, 1000000);
    assert_ptr_equal(agent()->uplink.config.endpoint, &endpoints[1]);
    assert_true(policy()->on_trial);
    (void)device_wait(&box.device, 0); /* told at once */
    const record_t told = device_last(&box.device, 'a');
    assert_int_equal(record_number(told, "a.a0"), 7);
    assert_int_equal(record_number(told, "a.a3"), 250000);
    lasting_boot(&box);
    expect_beat(7, 30);
    assert_int_equal(agent()->uplink.config.period_ms, 20000);
    assert_int_equal(agent()->uplink.budget.daily_bytes, 1000000);
    assert_ptr_equal(agent()->uplink.config.endpoint, &endpoints[1]);
}

static void
test_policy_goes_back_to_what_is_provisioned_for_what_a_newer_one_leaves_out(void **state) {
    (void)state;
    lasting_boot(&box);
    configuration_t made = beating(1, 30);
    configuration_number(&made, 'b', 1000000);
    configuration_number(&made, 'u', 20000);
    configuration_text(&made, 'e', "other.example");
    take(&made);
    made = configuration(2);
    take(&made);
    expect_beat(2, 60);
    assert_int_equal(agent()->upload_ms, 300000);
    assert_int_equal(agent()->uplink.config.period_ms, 300000);
    assert_int_equal(agent()->uplink.budget.daily_bytes, 0);
    assert_ptr_equal(agent()->uplink.config.endpoint, &endpoints[0]);
}

static void test_policy_passes_over_what_is_not_newer_without_looking_at_it(void **state) {
    (void)state;
    lasting_boot(&box);
    take_beating(7, 30);
    assert_int_equal(signer.asked, 1);
    const uint32_t written = box.settings_memory.programs;
    for (uint32_t i = 0; i < 100; i++) {
        take_beating(7, 30);
        take_beating(7, 40);
        take_beating(6, 50);
    }
    expect_beat(7, 30);
    assert_int_equal(signer.asked, 1);
    assert_int_equal(box.settings_memory.programs, written);
    assert_int_equal(policy()->refused, 0);
}

static void test_policy_refuses_what_is_not_for_it_and_goes_on(void **state) {
    (void)state;
    boot_with_good(3, 30);
    configuration_t forged = beating(4, 10);
    uint8_t *const message = configuration_message(&forged);
    message[forged.size - 1] ^= 1;
    tally_policy_take(agent(), message, forged.size);
    assert_int_equal(policy()->refused, 1);
    message[forged.size - 1] ^= 1;
    tally_policy_take(agent(), message, forged.size - 1); /* cut off */
    tally_policy_take(agent(), message, 0);
    assert_int_equal(policy()->refused, 3);
    configuration_t strange = beating(4, 10);
    configuration_text(&strange, 'o', "somebody");
    take(&strange);
    configuration_t elsewhere = beating(4, 10);
    configuration_text(&elsewhere, 'e', "evil.example");
    take(&elsewhere);
    assert_int_equal(policy()->refused, 5);
    expect_beat(3, 30);
    assert_false(policy()->on_trial);
    assert_int_equal(record_number(device_tell_agent(&box.device), "a.a1"), 5);
    take_beating(4, 40); /* their version is not used up */
    expect_beat(4, 40);
}

static void test_policy_without_a_verifier_takes_nothing(void **state) {
    (void)state;
    boot_with_good(3, 30);
    box.device.options.verifier = NULL;
    lasting_boot(&box);
    expect_beat(0, 60);
    take_beating(4, 10);
    expect_beat(0, 60);
    assert_int_equal(policy()->refused, 2);
}

/* --- good ----------------------------------------------------------------------------------- */

static void test_policy_keeps_what_an_upload_was_accepted_with(void **state) {
    (void)state;
    lasting_boot(&box);
    take_beating(7, 30);
    assert_true(has_setting(TALLY_SETTING_CONFIG));
    assert_false(has_setting(TALLY_SETTING_CONFIG_GOOD));
    accept_upload();
    assert_false(policy()->on_trial);
    assert_false(has_setting(TALLY_SETTING_CONFIG));
    assert_true(has_setting(TALLY_SETTING_CONFIG_GOOD));
    fail_uploads(10);
    expect_beat(7, 30);
    assert_int_equal(policy()->reverted, 0);
    lasting_boot(&box);
    expect_beat(7, 30);
    fail_uploads(10);
    lasting_boot(&box);
    expect_beat(7, 30);
}

static void test_policy_counts_uploads_from_when_it_was_taken(void **state) {
    (void)state;
    lasting_boot(&box);
    accept_upload();
    fail_uploads(2);
    take_beating(7, 30);
    (void)device_wait(&box.device, 0);
    assert_true(policy()->on_trial);
    fail_uploads(2);
    expect_beat(7, 30);
    assert_true(policy()->on_trial);
    accept_upload();
    assert_false(policy()->on_trial);
    expect_beat(7, 30);
}

static void test_policy_goes_on_with_a_trial_behind_a_reboot(void **state) {
    (void)state;
    boot_with_good(3, 30);
    take_beating(4, 40);
    lasting_boot(&box);
    expect_beat(4, 40);
    assert_true(policy()->on_trial);
    accept_upload();
    assert_false(policy()->on_trial);
    lasting_boot(&box);
    expect_beat(4, 40);
    assert_false(policy()->on_trial);
}

/* --- given up ------------------------------------------------------------------------------- */

static void test_policy_gives_up_what_three_uploads_failed_with(void **state) {
    (void)state;
    boot_with_good(3, 30);
    take_beating(4, 40);
    fail_uploads(2);
    expect_beat(4, 40);
    fail_uploads(1);
    expect_beat(3, 30);
    assert_false(policy()->on_trial);
    (void)device_wait(&box.device, 0); /* told at once */
    assert_int_equal(record_number(device_last(&box.device, 'a'), "a.a2"), 1);
    assert_int_equal(record_number(device_last(&box.device, 'a'), "a.a0"), 3);
    const uint32_t asked = signer.asked;
    take_beating(4, 40); /* never again, */
    expect_beat(3, 30);
    assert_int_equal(signer.asked, asked);
    lasting_boot(&box); /* nor behind a reboot */
    expect_beat(3, 30);
    assert_int_equal(policy()->version_seen, 4);
    take_beating(4, 40);
    expect_beat(3, 30);
    take_beating(5, 50);
    expect_beat(5, 50);
}

static void test_policy_goes_back_to_what_is_provisioned_if_none_was_good(void **state) {
    (void)state;
    lasting_boot(&box);
    take_beating(4, 40);
    fail_uploads(3);
    expect_beat(0, 60);
    lasting_boot(&box);
    expect_beat(0, 60);
    take_beating(4, 40);
    expect_beat(0, 60);
}

static void test_policy_counts_failed_uploads_over_reboots(void **state) {
    (void)state;
    boot_with_good(3, 30);
    take_beating(4, 40);
    fail_uploads(1);
    lasting_boot(&box);
    expect_beat(4, 40);
    fail_uploads(1);
    lasting_boot(&box);
    lasting_boot(&box);
    expect_beat(4, 40); /* boots are no failures */
    fail_uploads(1);
    expect_beat(3, 30);
    lasting_boot(&box);
    expect_beat(3, 30);
}

static void test_policy_comes_back_from_an_endpoint_that_is_not_there(void **state) {
    (void)state;
    boot_with_good(3, 30);
    configuration_t made = configuration(4);
    configuration_text(&made, 'e', "other.example");
    take(&made);
    assert_ptr_equal(agent()->uplink.config.endpoint, &endpoints[1]);
    fail_uploads(2);
    lasting_boot(&box);
    assert_ptr_equal(agent()->uplink.config.endpoint, &endpoints[1]);
    fail_uploads(1);
    assert_ptr_equal(agent()->uplink.config.endpoint, &endpoints[0]);
    accept_upload();
    lasting_boot(&box);
    assert_ptr_equal(agent()->uplink.config.endpoint, &endpoints[0]);
    expect_beat(3, 30);
}

static void test_policy_on_trial_makes_way_for_a_newer_one(void **state) {
    (void)state;
    boot_with_good(3, 30);
    take_beating(4, 40);
    fail_uploads(2);
    take_beating(5, 50);
    fail_uploads(2);
    expect_beat(5, 50); /* its own failures count */
    lasting_boot(&box);
    expect_beat(5, 50);
    fail_uploads(1);
    expect_beat(3, 30);
}

/* --- what was kept -------------------------------------------------------------------------- */

/* Another key, another tenant, or somebody who writes to flash. */
static void test_policy_ignores_and_counts_what_does_not_verify_at_boot(void **state) {
    (void)state;
    boot_with_good(3, 30);
    take_beating(4, 40);
    box.device.options.operator_id = "another";
    lasting_boot(&box);
    expect_beat(0, 60);
    assert_false(policy()->on_trial);
    assert_int_equal(policy()->refused, 2);
    box.device.options.operator_id = "operator";
    lasting_boot(&box);
    expect_beat(4, 40);
    box.device.options.endpoint_count = 1;
    configuration_t made = configuration(5);
    configuration_text(&made, 'e', "other.example");
    box.device.options.endpoint_count = 2;
    take(&made);
    accept_upload();
    box.device.options.endpoint_count = 1; /* the next firmware knows only one */
    lasting_boot(&box);
    expect_beat(0, 60);
    assert_ptr_equal(agent()->uplink.config.endpoint, &endpoints[0]);
}

static void test_policy_ignores_what_is_none(void **state) {
    (void)state;
    uint8_t noise[200];
    for (uint32_t bytes = 0; bytes < sizeof noise; bytes++) {
        memset(noise, 0, sizeof noise);
        lasting_boot(&box);
        (void)tally_settings_set(&box.settings, TALLY_SETTING_CONFIG, noise, bytes);
        (void)tally_settings_set(&box.settings, TALLY_SETTING_CONFIG_GOOD, noise, bytes);
        lasting_boot(&box);
        expect_beat(0, 60);
        assert_false(policy()->on_trial);
    }
}

static void test_policy_without_settings_is_of_this_boot(void **state) {
    (void)state;
    box.device.options.settings = NULL;
    lasting_boot(&box);
    take_beating(3, 30);
    accept_upload();
    assert_false(policy()->on_trial);
    take_beating(4, 40);
    fail_uploads(3);
    expect_beat(3, 30);
    take_beating(4, 40);
    expect_beat(3, 30);
    lasting_boot(&box);
    expect_beat(0, 60);
    take_beating(4, 40);
    expect_beat(4, 40);
}

/* The good one is not lost to one that there is no room for beside it. */
static void test_policy_that_settings_cannot_keep_is_of_this_boot(void **state) {
    (void)state;
    boot_with_good(3, 30);
    uint8_t filling[700] = {0};
    assert_int_equal(
        tally_settings_set(&box.settings, TALLY_SETTING_BOARD_FIRST, filling, sizeof filling - 200),
        TALLY_OK);
    configuration_t large = beating(4, 40);
    char text[400];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    configuration_text(&large, 'x', text);
    take(&large);
    expect_beat(4, 40);
    accept_upload();
    expect_beat(4, 40);
    assert_false(policy()->on_trial);
    lasting_boot(&box);
    expect_beat(3, 30);
}

static void test_policy_stands_while_consent_is_withdrawn(void **state) {
    (void)state;
    for (uint32_t with_settings = 0; with_settings < 2; with_settings++) {
        (void)set_up(NULL);
        box.device.options.settings = with_settings != 0 ? &box.settings : NULL;
        lasting_boot(&box);
        configuration_t made = beating(3, 30);
        configuration_text(&made, 'e', "other.example");
        take(&made);
        accept_upload();
        take_beating(4, 40);
        assert_int_equal(tally_consent(agent(), false), TALLY_OK);
        while (tally_consent_state(agent()) != TALLY_CONSENT_WITHDRAWN) {
            (void)device_wait(&box.device, 0);
        }
        assert_int_equal(tally_consent(agent(), true), TALLY_OK);
        expect_beat(4, 40);
        assert_true(policy()->on_trial);
        fail_uploads(3);
        expect_beat(3, 30);
        assert_ptr_equal(agent()->uplink.config.endpoint, &endpoints[1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_policy_without_configuration_is_as_provisioned, set_up),
        cmocka_unit_test_setup(test_policy_takes_all_that_a_configuration_says, set_up),
        cmocka_unit_test_setup(
            test_policy_goes_back_to_what_is_provisioned_for_what_a_newer_one_leaves_out, set_up),
        cmocka_unit_test_setup(test_policy_passes_over_what_is_not_newer_without_looking_at_it,
                               set_up),
        cmocka_unit_test_setup(test_policy_refuses_what_is_not_for_it_and_goes_on, set_up),
        cmocka_unit_test_setup(test_policy_without_a_verifier_takes_nothing, set_up),
        cmocka_unit_test_setup(test_policy_keeps_what_an_upload_was_accepted_with, set_up),
        cmocka_unit_test_setup(test_policy_counts_uploads_from_when_it_was_taken, set_up),
        cmocka_unit_test_setup(test_policy_goes_on_with_a_trial_behind_a_reboot, set_up),
        cmocka_unit_test_setup(test_policy_gives_up_what_three_uploads_failed_with, set_up),
        cmocka_unit_test_setup(test_policy_goes_back_to_what_is_provisioned_if_none_was_good,
                               set_up),
        cmocka_unit_test_setup(test_policy_counts_failed_uploads_over_reboots, set_up),
        cmocka_unit_test_setup(test_policy_comes_back_from_an_endpoint_that_is_not_there, set_up),
        cmocka_unit_test_setup(test_policy_on_trial_makes_way_for_a_newer_one, set_up),
        cmocka_unit_test_setup(test_policy_ignores_and_counts_what_does_not_verify_at_boot, set_up),
        cmocka_unit_test_setup(test_policy_ignores_what_is_none, set_up),
        cmocka_unit_test_setup(test_policy_without_settings_is_of_this_boot, set_up),
        cmocka_unit_test_setup(test_policy_that_settings_cannot_keep_is_of_this_boot, set_up),
        cmocka_unit_test_setup(test_policy_stands_while_consent_is_withdrawn, set_up),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
