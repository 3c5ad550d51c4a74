/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions that are resumed with a ticket: over connections, over reboots, and when they are not.
 */
#include "test.h"

#include <string.h>
#include <time.h>

#include "tally_ram_store.h"
#include "tls_device.h"
#include "tls_server.h"

#define NOW_MS  ((int64_t)time(NULL) * 1000)
#define HOUR_MS INT64_C(3600000)
#define YEAR_MS INT64_C(31557600000)

enum { BLOCK_BYTES = 4096 };

static uint8_t memory[2 * BLOCK_BYTES];
static tally_ram_store_t ram;
static tally_settings_t settings;
static tls_server_t server;
static tls_device_t device;
static tls_device_options_t options;
static const char *version; /* of the server */

static void server_start(uint16_t port) {
    tls_server_options_t server_options = tls_server_good;
    server_options.port = port;
    server_options.option[0] = version;
    server = tls_server_start(&server_options);
}

static void device_start(void) {
    assert_int_equal(tls_device_start(&device, &options), TALLY_OK);
}

static int setup(void **state) {
    version = *state;
    options = tls_device_good;
    server_start(0);
    device_start();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    tls_device_stop(&device);
    tls_server_stop(&server);
    return 0;
}

/* Whether the connection was resumed. */
static bool resumes(const char *host) {
    const uint32_t resumed = tally_tls_stats(&device.tls).resumed;
    assert_int_equal(tls_device_talk(&device, host, server.port), TALLY_OK);
    return tally_tls_stats(&device.tls).resumed > resumed;
}

/* --- connections ---------------------------------------------------------------------------- */

static void the_second_connection_is_resumed(void **state) {
    (void)state;
    assert_false(resumes("localhost"));
    for (int i = 0; i < 5; i++) {
        assert_true(resumes("localhost"));
    }
    assert_int_equal(tally_tls_stats(&device.tls).resumed, 5);
    assert_int_equal(tally_tls_stats(&device.tls).handshakes, 6);
}

static void a_resumed_session_talks_less(void **state) {
    (void)state;
    const uint32_t before = tally_tls_stats(&device.tls).heap_used;
    assert_false(resumes("localhost"));
    const uint32_t with_ticket = tally_tls_stats(&device.tls).heap_used;
    assert_in_range(with_ticket, before + 200, before + 2500);
    print_message("TLS heap: %u B for a ticket of %s\n", with_ticket - before, version);
}

static void another_host_is_another_session(void **state) {
    (void)state;
    assert_false(resumes("localhost"));
    assert_false(resumes("127.0.0.1"));
    assert_false(resumes("localhost"));
    assert_true(resumes("localhost"));
}

static void another_port_is_another_session(void **state) {
    (void)state;
    assert_false(resumes("localhost"));
    tls_server_stop(&server);
    const uint16_t port = server.port;
    do {
        server_start(0);
    } while (server.port == port);
    assert_false(resumes("localhost"));
    assert_true(resumes("localhost"));
}

/* The server that comes back has other keys for its tickets. */
static void a_rejected_ticket_falls_back(void **state) {
    (void)state;
    assert_false(resumes("localhost"));
    assert_true(resumes("localhost"));
    const uint16_t port = server.port;
    tls_server_stop(&server);
    server_start(port);
    assert_false(resumes("localhost"));
    assert_true(resumes("localhost"));
}

static void no_session_outlives_the_certificates_it_goes_back_to(void **state) {
    (void)state;
    device.wall = (tally_wall_t){NOW_MS, TALLY_WALL_AUTHENTICATED};
    assert_false(resumes("localhost"));
    assert_true(resumes("localhost"));
    device.wall.unix_ms = NOW_MS + 11 * YEAR_MS;
    assert_int_equal(tls_device_talk(&device, "localhost", server.port), TALLY_E_TLS_DATE);
    device.wall.unix_ms = NOW_MS;
    assert_false(resumes("localhost"));
}

/* What was let through for want of the time is judged again once the time is there. */
static void no_session_is_resumed_before_its_certificates_are_valid(void **state) {
    (void)state;
    assert_false(resumes("localhost"));
    assert_true(resumes("localhost"));
    device.wall = (tally_wall_t){NOW_MS - YEAR_MS, TALLY_WALL_AUTHENTICATED};
    assert_int_equal(tls_device_talk(&device, "localhost", server.port), TALLY_E_TLS_EARLY);
}

static void learning_the_time_does_not_cost_the_session(void **state) {
    (void)state;
    assert_false(resumes("localhost"));
    device.wall = (tally_wall_t){NOW_MS, TALLY_WALL_AUTHENTICATED};
    assert_true(resumes("localhost"));
}

/* --- dates that the server's clock is measured by -------------------------------------------- */

static void a_resumed_session_has_the_dates_that_it_goes_back_to(void **state) {
    (void)state;
    const tls_dates_t server_dates = tls_dates_of("server");
    assert_false(resumes("localhost"));
    tls_device_expect_dates(&device, server_dates);
    assert_true(resumes("localhost"));
    tls_device_expect_dates(&device, server_dates);
}

/* They are the next one's as soon as there is a next one. */
static void a_renewed_certificate_has_its_own_dates(void **state) {
    tls_server_options_t server_options = tls_server_good;
    server_options.option[0] = *state;
    server_options.certificate = "pki/self-server";
    teardown(state);
    options.ca = NULL;
    options.pins[0] = "pki/self-server";
    options.pins[1] = "pki/renewed-server";
    server = tls_server_start(&server_options);
    device_start();
    assert_false(resumes("localhost"));
    tls_device_expect_dates(&device, tls_dates_of("pki/self-server"));
    tls_server_stop(&server);
    server_options.port = server.port;
    server_options.certificate = "pki/renewed-server";
    server = tls_server_start(&server_options);
    assert_false(resumes("localhost"));
    tls_device_expect_dates(&device, tls_dates_of("pki/renewed-server"));
    assert_true(resumes("localhost"));
    tls_device_expect_dates(&device, tls_dates_of("pki/renewed-server"));
}

/* --- reboots -------------------------------------------------------------------------------- */

static int setup_settings(void **state) {
    version = *state;
    options = tls_device_good;
    options.settings = &settings;
    options.wall = (tally_wall_t){NOW_MS, TALLY_WALL_AUTHENTICATED};
    memset(memory, 0xFF, sizeof memory);
    assert_int_equal(tally_ram_store_init(&ram, memory, BLOCK_BYTES, 2, 4), TALLY_OK);
    assert_int_equal(tally_settings_init(&settings, tally_ram_store(&ram)), TALLY_OK);
    server_start(0);
    device_start();
    return 0;
}

/* The clock starts over; so many hours have passed. */
static void reboot(int64_t hours) {
    tls_device_stop(&device);
    options.wall.unix_ms += hours * HOUR_MS;
    assert_int_equal(tally_settings_init(&settings, tally_ram_store(&ram)), TALLY_OK);
    device_start();
}

static void a_session_outlives_a_reboot(void **state) {
    (void)state;
    assert_false(resumes("localhost"));
    reboot(0);
    assert_true(resumes("localhost"));
    assert_true(resumes("localhost"));
}

static void a_session_brings_its_dates_along_over_a_reboot(void **state) {
    (void)state;
    assert_false(resumes("localhost"));
    reboot(0);
    tls_device_expect_dates(&device, (tls_dates_t){0, 0});
    assert_true(resumes("localhost"));
    tls_device_expect_dates(&device, tls_dates_of("server"));
}

static void time_that_is_not_authenticated_keeps_and_recalls_nothing(void **state) {
    (void)state;
    assert_false(resumes("localhost"));
    options.wall.quality = TALLY_WALL_UNAUTHENTICATED;
    reboot(0);
    assert_false(resumes("localhost"));
    assert_int_equal(tally_settings_clear(&settings, TALLY_SETTING_TLS_SESSION), TALLY_OK);
    assert_true(resumes("localhost"));
    options.wall.quality = TALLY_WALL_AUTHENTICATED;
    reboot(0);
    assert_false(resumes("localhost"));
    reboot(0);
    assert_true(resumes("localhost"));
}

static void a_session_is_written_once_a_day(void **state) {
    (void)state;
    static uint8_t first[TALLY_SETTING_BYTES_MOST];
    static uint8_t later[TALLY_SETTING_BYTES_MOST];
    assert_false(resumes("localhost"));
    const int32_t bytes =
        tally_settings_get(&settings, TALLY_SETTING_TLS_SESSION, first, sizeof first);
    assert_in_range(bytes, 200, sizeof first);
    assert_true(resumes("localhost"));
    assert_int_equal(tally_settings_get(&settings, TALLY_SETTING_TLS_SESSION, later, sizeof later),
                     bytes);
    assert_memory_equal(first, later, (size_t)bytes);
    device.wall.unix_ms += 24 * HOUR_MS;
    assert_true(resumes("localhost"));
    assert_in_range(tally_settings_get(&settings, TALLY_SETTING_TLS_SESSION, later, sizeof later),
                    200, sizeof later);
    assert_memory_not_equal(first, later, 200);
}

static void a_session_of_another_age_is_a_full_handshake(void **state) {
    (void)state;
    assert_false(resumes("localhost"));
    reboot(24 * 8);
    assert_false(resumes("localhost"));
    reboot(-24);
    assert_false(resumes("localhost"));
}

static void a_changed_configuration_drops_the_session(void **state) {
    (void)state;
    assert_false(resumes("localhost"));
    options.pins[0] = "pki/rsa-server";
    reboot(0);
    assert_int_equal(tls_device_talk(&device, "localhost", server.port), TALLY_E_TLS_PIN);
    options.pins[0] = NULL;
    options.ca = "other-ca";
    reboot(0);
    assert_int_equal(tls_device_talk(&device, "localhost", server.port), TALLY_E_TLS_CA);
    options.ca = "ca";
    options.certificate = "foreign-device";
    options.key = "foreign-device";
    reboot(0);
    assert_false(resumes("localhost"));
}

static void a_damaged_session_is_a_full_handshake(void **state) {
    (void)state;
    static uint8_t value[TALLY_SETTING_BYTES_MOST];
    assert_false(resumes("localhost"));
    const int32_t bytes =
        tally_settings_get(&settings, TALLY_SETTING_TLS_SESSION, value, sizeof value);
    for (int32_t cut = 0; cut < bytes; cut += 149) {
        assert_int_equal(
            tally_settings_set(&settings, TALLY_SETTING_TLS_SESSION, value, (uint32_t)cut),
            TALLY_OK);
        reboot(0);
        assert_false(resumes("localhost"));
    }
    assert_int_equal(
        tally_settings_set(&settings, TALLY_SETTING_TLS_SESSION, value, (uint32_t)bytes), TALLY_OK);
    reboot(0);
    assert_true(resumes("localhost"));
}

#define TLS_1_3(test) cmocka_unit_test_prestate_setup_teardown(test, setup, teardown, "-tls1_3")
#define TLS_1_2(test) cmocka_unit_test_prestate_setup_teardown(test, setup, teardown, "-tls1_2")
#define KEPT_1_3(test)                                                                             \
    cmocka_unit_test_prestate_setup_teardown(test, setup_settings, teardown, "-tls1_3")
#define KEPT_1_2(test)                                                                             \
    cmocka_unit_test_prestate_setup_teardown(test, setup_settings, teardown, "-tls1_2")

int main(void) {
    const struct CMUnitTest tests[] = {
        TLS_1_3(the_second_connection_is_resumed),
        TLS_1_2(the_second_connection_is_resumed),
        TLS_1_3(a_resumed_session_talks_less),
        TLS_1_2(a_resumed_session_talks_less),
        TLS_1_3(another_host_is_another_session),
        TLS_1_2(another_host_is_another_session),
        TLS_1_3(another_port_is_another_session),
        TLS_1_3(a_rejected_ticket_falls_back),
        TLS_1_2(a_rejected_ticket_falls_back),
        TLS_1_3(no_session_outlives_the_certificates_it_goes_back_to),
        TLS_1_2(no_session_outlives_the_certificates_it_goes_back_to),
        TLS_1_3(no_session_is_resumed_before_its_certificates_are_valid),
        TLS_1_3(learning_the_time_does_not_cost_the_session),
        TLS_1_3(a_resumed_session_has_the_dates_that_it_goes_back_to),
        TLS_1_2(a_resumed_session_has_the_dates_that_it_goes_back_to),
        TLS_1_3(a_renewed_certificate_has_its_own_dates),
        TLS_1_2(a_renewed_certificate_has_its_own_dates),
        KEPT_1_3(a_session_outlives_a_reboot),
        KEPT_1_2(a_session_outlives_a_reboot),
        KEPT_1_3(a_session_brings_its_dates_along_over_a_reboot),
        KEPT_1_3(time_that_is_not_authenticated_keeps_and_recalls_nothing),
        KEPT_1_3(a_session_is_written_once_a_day),
        KEPT_1_3(a_session_of_another_age_is_a_full_handshake),
        KEPT_1_3(a_changed_configuration_drops_the_session),
        KEPT_1_2(a_changed_configuration_drops_the_session),
        KEPT_1_3(a_damaged_session_is_a_full_handshake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
