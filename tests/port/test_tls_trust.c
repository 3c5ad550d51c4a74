/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the device believes, and what it calls the reason where it does not. Each refusal has its
 * control, which differs in the one defect only. */
#include "test.h"

#include <time.h>

#include "tally_ram_store.h"
#include "tls_device.h"
#include "tls_server.h"

#define YEAR_MS INT64_C(31557600000)
#define NOW_MS  ((int64_t)time(NULL) * 1000)

/* One more server by the same device. */
typedef struct {
    const char *ca;
    const char *server;
    const char *chain;
    int32_t expected;
} case_t;

static uint32_t heap_high_water; /* of the last device */

static int32_t meet(const tls_device_options_t *device_options,
                    const tls_server_options_t *server_options) {
    static tls_device_t device;
    const tls_server_t server = tls_server_start(server_options);
    assert_int_equal(tls_device_start(&device, device_options), TALLY_OK);
    const int32_t status = tls_device_talk(&device, "localhost", server.port);
    heap_high_water = tally_tls_stats(&device.tls).heap_high_water;
    tls_device_stop(&device);
    tls_server_stop(&server);
    return status;
}

/* Weak certificates, which OpenSSL itself would not load, included. */
static void expect(const case_t *test, const char *version) {
    tls_device_options_t device = tls_device_good;
    tls_server_options_t server = tls_server_good;
    device.ca = test->ca;
    server.certificate = test->server;
    server.chain = test->chain;
    server.option[0] = version;
    server.option[1] = "-cipher";
    server.option[2] = "DEFAULT@SECLEVEL=0";
    const int32_t status = meet(&device, &server);
    if (status != test->expected) {
        fail_msg("%s, %s: %s", test->server, version, tally_status_name(status));
    }
    print_message("TLS heap: %s, %s: %u B high-water\n", test->server, version, heap_high_water);
}

static void expect_all(const case_t *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        expect(&cases[i], "-tls1_3");
        expect(&cases[i], "-tls1_2");
    }
}

static void chains_of_public_cas(void **state) {
    (void)state;
    static const case_t cases[] = {
        {"pki/rsa-root", "pki/rsa-server", "pki/rsa", TALLY_OK},
        {"pki/rsa-root", "pki/pss-server", "pki/pss", TALLY_OK},
        {"pki/p384-root", "pki/p384-server", "pki/p384", TALLY_OK},
        {"pki/rsa-root", "pki/p384-server", "pki/p384", TALLY_E_TLS_CA},
        {"pki/rsa-root", "pki/rsa-server", NULL, TALLY_E_TLS_CA}, /* the intermediate is missing */
    };
    expect_all(cases, sizeof cases / sizeof cases[0]);
}

static void weak_keys_and_hashes(void **state) {
    (void)state;
    static const case_t cases[] = {
        {"pki/rsa-root", "pki/rsa-server", "pki/rsa", TALLY_OK},
        {"pki/rsa-root", "pki/rsa1024-server", "pki/rsa1024", TALLY_E_TLS_WEAK},
        {"pki/rsa-root", "pki/sha1-server", "pki/sha1", TALLY_E_TLS_WEAK},
        {"pki/p384-root", "pki/p224-server", "pki/p224", TALLY_E_TLS_WEAK},
    };
    expect_all(cases, sizeof cases / sizeof cases[0]);
}

static void a_server_signed_by_itself(void **state) {
    (void)state;
    static const case_t cases[] = {
        {"pki/self-server", "pki/self-server", NULL, TALLY_OK},
        {"ca", "pki/self-server", NULL, TALLY_E_TLS_SELF_SIGNED},
        {"ca", "other-server", NULL, TALLY_E_TLS_CA},
    };
    expect_all(cases, sizeof cases / sizeof cases[0]);
}

/* --- pins ----------------------------------------------------------------------------------- */

static int32_t meet_pinned(const char *ca, const char *pin, const char *other_pin,
                           const char *certificate, const char *chain) {
    tls_device_options_t device = tls_device_good;
    tls_server_options_t server = tls_server_good;
    device.ca = ca;
    device.pins[0] = pin;
    device.pins[1] = other_pin;
    server.certificate = certificate;
    server.chain = chain;
    return meet(&device, &server);
}

static void a_pinned_key_is_trusted_without_ca(void **state) {
    (void)state;
    static const char self[] = "pki/self-server";
    static const char rsa[] = "pki/rsa-server";
    assert_int_equal(meet_pinned(NULL, self, NULL, self, NULL), TALLY_OK);
    assert_int_equal(meet_pinned(NULL, rsa, self, self, NULL), TALLY_OK);
    assert_int_equal(meet_pinned(NULL, rsa, NULL, rsa, "pki/rsa"), TALLY_OK);
    assert_int_equal(meet_pinned(NULL, rsa, NULL, rsa, NULL), TALLY_OK);
    assert_int_equal(meet_pinned(NULL, rsa, NULL, self, NULL), TALLY_E_TLS_PIN);
    assert_int_equal(meet_pinned(NULL, self, NULL, rsa, "pki/rsa"), TALLY_E_TLS_PIN);
}

static void with_ca_and_pin_both_must_hold(void **state) {
    (void)state;
    static const char root[] = "pki/rsa-root";
    static const char rsa[] = "pki/rsa-server";
    static const char pss[] = "pki/pss-server";
    assert_int_equal(meet_pinned(root, rsa, NULL, rsa, "pki/rsa"), TALLY_OK);
    assert_int_equal(meet_pinned(root, pss, rsa, rsa, "pki/rsa"), TALLY_OK);
    assert_int_equal(meet_pinned(root, pss, NULL, rsa, "pki/rsa"), TALLY_E_TLS_PIN);
    assert_int_equal(meet_pinned("ca", rsa, NULL, rsa, "pki/rsa"), TALLY_E_TLS_CA);
}

static void a_pin_does_not_replace_name_strength_and_dates(void **state) {
    (void)state;
    static tls_device_t device;
    static const char self[] = "pki/self-server";
    static const char weak[] = "pki/rsa1024-server";
    tls_device_options_t options = tls_device_good;
    tls_server_options_t server_options = tls_server_good;
    options.ca = NULL;
    options.pins[0] = self;
    options.pins[1] = weak;
    server_options.certificate = self;
    const tls_server_t server = tls_server_start(&server_options);
    assert_int_equal(tls_device_start(&device, &options), TALLY_OK);
    assert_int_equal(tls_device_talk(&device, "127.0.0.1", server.port), TALLY_OK);
    /* The same address for the resolver, and no literal for TLS. */
    assert_int_equal(tls_device_talk(&device, "127.1", server.port), TALLY_E_TLS_NAME);
    tls_device_stop(&device);

    options.wall =
        (tally_wall_t){.unix_ms = NOW_MS + 11 * YEAR_MS, .quality = TALLY_WALL_AUTHENTICATED};
    assert_int_equal(tls_device_start(&device, &options), TALLY_OK);
    assert_int_equal(tls_device_talk(&device, "127.0.0.1", server.port), TALLY_E_TLS_DATE);
    tls_device_stop(&device);
    tls_server_stop(&server);

    server_options.certificate = weak;
    server_options.option[0] = "-cipher";
    server_options.option[1] = "DEFAULT@SECLEVEL=0";
    options.wall.quality = TALLY_WALL_UNKNOWN;
    assert_int_equal(meet(&options, &server_options), TALLY_E_TLS_WEAK);
}

/* --- dates ---------------------------------------------------------------------------------- */

static int32_t meet_at(const char *ca, const char *certificate, int64_t years, uint8_t quality) {
    tls_device_options_t device = tls_device_good;
    tls_server_options_t server = tls_server_good;
    device.ca = ca;
    device.wall = (tally_wall_t){NOW_MS + years * YEAR_MS, quality};
    server.certificate = certificate;
    return meet(&device, &server);
}

static void authenticated_time_judges_both_dates(void **state) {
    (void)state;
    const uint8_t known = TALLY_WALL_AUTHENTICATED;
    assert_int_equal(meet_at("ca", "server", 0, known), TALLY_OK);
    assert_int_equal(meet_at("ca", "server", 11, known), TALLY_E_TLS_DATE);
    assert_int_equal(meet_at("ca", "server", -1, known), TALLY_E_TLS_EARLY);
    assert_int_equal(meet_at("ca", "expired-server", 0, known), TALLY_E_TLS_DATE);
    assert_int_equal(meet_at("pki/p384-root", "pki/early-server", 0, known), TALLY_E_TLS_EARLY);
    assert_int_equal(meet_at("pki/p384-root", "pki/early-server", 2, known), TALLY_OK);
}

/* A device that starts in 1970, and one whose battery clock nobody vouches for. */
static void time_that_is_not_known_judges_nothing(void **state) {
    (void)state;
    static const uint8_t qualities[] = {TALLY_WALL_UNKNOWN, TALLY_WALL_UNAUTHENTICATED};
    for (size_t i = 0; i < sizeof qualities; i++) {
        assert_int_equal(meet_at("ca", "server", -50, qualities[i]), TALLY_OK);
        assert_int_equal(meet_at("ca", "server", 11, qualities[i]), TALLY_OK);
        assert_int_equal(meet_at("pki/p384-root", "pki/early-server", 0, qualities[i]), TALLY_OK);
    }
}

static void without_time_the_build_and_the_last_known_time_judge_the_end(void **state) {
    (void)state;
    assert_int_equal(meet_at("ca", "expired-server", -50, TALLY_WALL_UNKNOWN), TALLY_E_TLS_DATE);
    tls_device_options_t device = tls_device_good;
    const uint32_t year_s = (uint32_t)(YEAR_MS / 1000);
    device.least_unix_s = (uint32_t)time(NULL) + 9 * year_s;
    assert_int_equal(meet(&device, &tls_server_good), TALLY_OK);
    device.least_unix_s = (uint32_t)time(NULL) + 11 * year_s;
    assert_int_equal(meet(&device, &tls_server_good), TALLY_E_TLS_DATE);
}

/* --- dates that the server's clock is measured by -------------------------------------------- */

static tls_dates_t dates_told(const tls_device_options_t *device_options, const char *certificate) {
    static tls_device_t device;
    tls_server_options_t server_options = tls_server_good;
    server_options.certificate = certificate;
    const tls_server_t server = tls_server_start(&server_options);
    assert_int_equal(tls_device_start(&device, device_options), TALLY_OK);
    tls_device_expect_dates(&device, (tls_dates_t){0, 0});
    assert_int_equal(tls_device_talk(&device, "localhost", server.port), TALLY_OK);
    const tls_dates_t told = {device.transport->valid_from_s, device.transport->valid_to_s};
    tls_device_stop(&device);
    tls_server_stop(&server);
    return told;
}

static void a_server_is_valid_while_all_of_its_chain_is(void **state) {
    (void)state;
    tls_device_options_t device = tls_device_good;
    device.ca = "pki/p384-root";
    const tls_dates_t root = tls_dates_of("pki/p384-root");
    const tls_dates_t early = tls_dates_of("pki/early-server");
    const tls_dates_t longer = tls_dates_of("pki/long-server");
    assert_true(root.from_s < longer.from_s && root.to_s < longer.to_s);
    const tls_dates_t early_told = dates_told(&device, "pki/early-server");
    assert_int_equal(early_told.from_s, early.from_s);
    assert_int_equal(early_told.to_s, root.to_s);
    const tls_dates_t longer_told = dates_told(&device, "pki/long-server");
    assert_int_equal(longer_told.from_s, longer.from_s);
    assert_int_equal(longer_told.to_s, root.to_s);
}

/* Whoever signed it does not matter, nor when. */
static void a_pinned_server_is_valid_while_it_is_itself(void **state) {
    (void)state;
    tls_device_options_t device = tls_device_good;
    device.ca = NULL;
    device.pins[0] = "pki/long-server";
    const tls_dates_t longer = tls_dates_of("pki/long-server");
    const tls_dates_t told = dates_told(&device, "pki/long-server");
    assert_int_equal(told.from_s, longer.from_s);
    assert_int_equal(told.to_s, longer.to_s);
}

/* --- the last known time -------------------------------------------------------------------- */

static void keep_time(tally_settings_t *settings, uint32_t id, uint32_t unix_s) {
    const uint8_t value[4] = {(uint8_t)unix_s, (uint8_t)(unix_s >> 8), (uint8_t)(unix_s >> 16),
                              (uint8_t)(unix_s >> 24)};
    assert_int_equal(tally_settings_set(settings, id, value, sizeof value), TALLY_OK);
}

static void the_settings_have_a_last_known_time(void **state) {
    (void)state;
    static uint8_t memory[2 * 4096];
    static tally_ram_store_t ram;
    static tally_settings_t settings;
    const uint32_t year_s = (uint32_t)(YEAR_MS / 1000);
    tls_device_options_t device = tls_device_good;
    device.settings = &settings;
    assert_int_equal(tally_ram_store_init(&ram, memory, 4096, 2, 1), TALLY_OK);
    assert_int_equal(tally_settings_init(&settings, tally_ram_store(&ram)), TALLY_OK);
    assert_int_equal(meet(&device, &tls_server_good), TALLY_OK);
    /* A device that an earlier firmware has left with a date from afar. */
    keep_time(&settings, TALLY_SETTING_TOLD_TIME, (uint32_t)time(NULL) + 11 * year_s);
    assert_int_equal(meet(&device, &tls_server_good), TALLY_OK);
    keep_time(&settings, TALLY_SETTING_LAST_TIME, (uint32_t)time(NULL) + 9 * year_s);
    assert_int_equal(meet(&device, &tls_server_good), TALLY_OK);
    keep_time(&settings, TALLY_SETTING_LAST_TIME, (uint32_t)time(NULL) + 11 * year_s);
    (void)tally_settings_clear(&settings, TALLY_SETTING_TLS_SESSION);
    assert_int_equal(meet(&device, &tls_server_good), TALLY_E_TLS_DATE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_settings_have_a_last_known_time),
        cmocka_unit_test(chains_of_public_cas),
        cmocka_unit_test(weak_keys_and_hashes),
        cmocka_unit_test(a_server_signed_by_itself),
        cmocka_unit_test(a_pinned_key_is_trusted_without_ca),
        cmocka_unit_test(with_ca_and_pin_both_must_hold),
        cmocka_unit_test(a_pin_does_not_replace_name_strength_and_dates),
        cmocka_unit_test(a_server_is_valid_while_all_of_its_chain_is),
        cmocka_unit_test(a_pinned_server_is_valid_while_it_is_itself),
        cmocka_unit_test(authenticated_time_judges_both_dates),
        cmocka_unit_test(time_that_is_not_known_judges_nothing),
        cmocka_unit_test(without_time_the_build_and_the_last_known_time_judge_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
