/* SPDX-License-Identifier: Apache-2.0 */
/* Power goes in the middle of each change of the configuration in force, at every operation of the
 * settings and in every way that flash knows. Behind it the device has what it had or what it was
 * to have, never a mixture, and never none if one was good. */
#include <string.h>

#include "configuration.h"
#include "device.h"
#include "settings_rig.h"
#include "test.h"

static device_t device;
static settings_rig_t rig;
static signer_t signer;
static dice_t dice;

static const tally_policy_t *policy(void) {
    return &device.agent.policy;
}

static void boot(void) {
    rig.cut_in = 0;
    settings_rig_boot(&rig);
    device.transport.open_says = TALLY_OPENING_RESOLVE;
    assert_int_equal(device_init(&device), TALLY_OK);
}

/* A heartbeat of as many seconds as the version has tens. */
static void take(uint32_t version) {
    configuration_t made = configuration(version);
    configuration_number(&made, 'h', version * INT64_C(10000));
    uint8_t *const message = configuration_message(&made);
    tally_policy_take(&device.agent, message, made.size);
}

static void upload(int32_t open_says) {
    device.transport.open_says = open_says;
    device.transport.replies[0] = "HTTP/1.1 204 No Content\r\n\r\n";
    device.transport.replied = 0;
    fake_transport_forget(&device.transport);
    device.agent.agent_due_ms = device.port.now_ms;
    device.agent.uplink.retry_ms = 0;
    tally_flush(&device.agent);
    for (uint32_t steps = 0; steps < 8; steps++) {
        (void)device_wait(&device, 0);
    }
}

static void accept_upload(void) {
    upload(TALLY_OPEN);
}

static void fail_upload(void) {
    upload(TALLY_E_CONNECT);
}

/* --- changes -------------------------------------------------------------------------------- */

static void keep_3(void) {
    take(3);
    accept_upload();
    assert_false(policy()->on_trial);
}

static void keep_3_try_4(void) {
    keep_3();
    take(4);
}

static void keep_3_fail_4_twice(void) {
    keep_3_try_4();
    fail_upload();
    fail_upload();
}

static void keep_3_give_up_4(void) {
    keep_3_fail_4_twice();
    fail_upload();
    assert_int_equal(policy()->active.version, 3);
}

static void nothing(void) {}

static void take_4(void) {
    take(4);
}

static void take_5(void) {
    take(5);
}

/* What comes before, and what power goes in the middle of; the versions that may be in force
 * behind it, and the least and the highest that may have been seen. */
typedef struct {
    void (*before)(void);
    void (*change)(void);
    uint32_t versions[2];
    uint32_t seen[2];
} change_t;

static const change_t changes[] = {
    {nothing, take_4, {0, 4}, {0, 4}},           {keep_3, take_4, {3, 4}, {3, 4}},
    {keep_3_try_4, take_5, {4, 5}, {4, 5}},      {keep_3_try_4, accept_upload, {4, 4}, {4, 4}},
    {keep_3_try_4, fail_upload, {4, 4}, {4, 4}}, {keep_3_fail_4_twice, fail_upload, {3, 4}, {4, 4}},
    {keep_3_give_up_4, take_5, {3, 5}, {4, 5}},
};

static void expect(const change_t *change) {
    const uint32_t version = policy()->active.version;
    const uint32_t seen = policy()->version_seen;
    assert_true(version == change->versions[0] || version == change->versions[1]);
    assert_true(seen == change->seen[0] || seen == change->seen[1]);
    assert_int_equal(device.agent.heartbeat_ms, version != 0 ? version * 10000 : 60000);
    assert_int_equal(policy()->refused, 0);
}

/* Whether power went before the change was done. */
static bool play(const change_t *change, uint32_t cut_in, enum rig_cut cut) {
    device_prepare(&device);
    signer_init(&signer);
    device.options.verifier = &signer.verifier;
    settings_rig_init(&rig, 2048, 4, dice);
    device.options.settings = &rig.settings;
    boot();
    change->before();
    rig.cut_in = cut_in;
    rig.cut = cut;
    change->change();
    const bool was_cut = rig.cut_in == 0;
    boot();
    expect(change);
    const bool is_trial = policy()->on_trial;
    const uint32_t version = policy()->active.version;
    boot();
    expect(change);
    if (is_trial) {
        assert_int_equal(policy()->active.version, version); /* what is on trial stays */
    }
    take(9);
    accept_upload();
    boot();
    assert_int_equal(policy()->active.version, 9);
    assert_false(policy()->on_trial);
    dice = rig.dice;
    return was_cut;
}

static void test_policy_is_the_old_one_or_the_new_one_behind_any_cut(void **state) {
    (void)state;
    for (uint32_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        uint32_t cuts = 0;
        for (uint32_t cut = 0; cut < CUTS; cut++) {
            uint32_t cut_in = 1;
            while (play(&changes[i], cut_in, (enum rig_cut)cut)) {
                cut_in++;
            }
            cuts += cut_in - 1;
        }
        assert_true(cuts >= CUTS);
        print_message("change %u: %u cuts\n", (unsigned)i, (unsigned)cuts);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy_is_the_old_one_or_the_new_one_behind_any_cut),
    };
    dice = dice_from_environment();
    return cmocka_run_group_tests_name("policy_cuts", tests, NULL, NULL);
}
