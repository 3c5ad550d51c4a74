/* SPDX-License-Identifier: Apache-2.0 */
/* Each failure has its control: the same device and server without the one defect. */
#include "test.h"

#include <unistd.h>

#include "tls_device.h"
#include "tls_relay.h"
#include "tls_server.h"

/* Lets a device with these options talk to a server with those. */
static int32_t meet(const tls_device_options_t *device_options,
                    const tls_server_options_t *server_options, const char *host) {
    static tls_device_t device;
    const tls_server_t server = tls_server_start(server_options);
    assert_int_equal(tls_device_start(&device, device_options), TALLY_OK);
    const int32_t status = tls_device_talk(&device, host, server.port);
    tls_device_stop(&device);
    tls_server_stop(&server);
    return status;
}

static void control(void **state) {
    (void)state;
    assert_int_equal(meet(&tls_device_good, &tls_server_good, "localhost"), TALLY_OK);
    assert_int_equal(meet(&tls_device_good, &tls_server_good, "127.0.0.1"), TALLY_OK);
}

static void server_of_another_ca(void **state) {
    (void)state;
    tls_server_options_t server = tls_server_good;
    server.certificate = "other-server";
    assert_int_equal(meet(&tls_device_good, &server, "localhost"), TALLY_E_TLS_CA);
}

static void server_of_another_name(void **state) {
    (void)state;
    tls_server_options_t server = tls_server_good;
    server.certificate = "wrongname-server";
    assert_int_equal(meet(&tls_device_good, &server, "localhost"), TALLY_E_TLS_NAME);
    assert_int_equal(meet(&tls_device_good, &server, "127.0.0.1"), TALLY_E_TLS_NAME);
}

static void device_of_another_ca(void **state) {
    (void)state;
    tls_server_options_t server = tls_server_good;
    server.client_ca = "other-ca";
    assert_int_equal(meet(&tls_device_good, &server, "localhost"), TALLY_E_TLS_REFUSED);
}

static void device_without_certificate(void **state) {
    (void)state;
    tls_device_options_t device = tls_device_good;
    device.certificate = NULL;
    assert_int_equal(meet(&device, &tls_server_good, "localhost"), TALLY_E_TLS_REFUSED);
}

/* The alert comes before the reset that makes sending fail; it must not be lost to it. */
static void refused_device_that_only_sends(void **state) {
    (void)state;
    static tls_device_t device;
    tls_server_options_t options = tls_server_good;
    options.client_ca = "other-ca";
    const tls_server_t server = tls_server_start(&options);
    assert_int_equal(tls_device_start(&device, &tls_device_good), TALLY_OK);
    const tally_transport_t *transport = device.transport;
    assert_int_equal(tls_device_open(&device, "localhost", server.port), TALLY_OPEN);
    int32_t status = 0;
    for (int i = 0; i < 1000 && status >= 0; i++) {
        status = transport->send(transport->ctx, (const uint8_t *)"x", 1);
        (void)usleep(1000);
    }
    assert_int_equal(status, TALLY_E_TLS_REFUSED);
    tls_device_stop(&device);
    tls_server_stop(&server);
}

static void server_with_old_tls_only(void **state) {
    (void)state;
    tls_server_options_t server = tls_server_good;
    server.option[0] = "-tls1_2";
    assert_int_equal(meet(&tls_device_good, &server, "localhost"),
                     TALLY_TLS_1_2 ? TALLY_OK : TALLY_E_TLS_VERSION);
    server.option[0] = "-tls1_1";
    server.option[1] = "-cipher";
    server.option[2] = "DEFAULT@SECLEVEL=0";
    assert_int_equal(meet(&tls_device_good, &server, "localhost"), TALLY_E_TLS_VERSION);
}

/* TLS 1.2 has no alert of its own for this. */
static void device_without_certificate_in_tls_1_2(void **state) {
    (void)state;
    tls_device_options_t device = tls_device_good;
    tls_server_options_t server = tls_server_good;
    server.option[0] = "-tls1_2";
    device.certificate = NULL;
    assert_int_equal(meet(&device, &server, "localhost"),
                     TALLY_TLS_1_2 ? TALLY_E_TLS_REFUSED : TALLY_E_TLS_VERSION);
    server.client_ca = "other-ca";
    assert_int_equal(meet(&tls_device_good, &server, "localhost"),
                     TALLY_TLS_1_2 ? TALLY_E_TLS_REFUSED : TALLY_E_TLS_VERSION);
}

static void server_of_another_protocol(void **state) {
    (void)state;
    tls_server_options_t server = tls_server_good;
    server.option[0] = "-alpn";
    server.option[1] = "http/1.1";
    assert_int_equal(meet(&tls_device_good, &server, "localhost"), TALLY_OK);
    server.option[1] = "h2";
    assert_int_equal(meet(&tls_device_good, &server, "localhost"), TALLY_E_TLS_ALERT);
}

static int32_t meet_through_relay(enum tls_relay_deed deed, uint32_t at) {
    static tls_device_t device;
    static tls_relay_t relay;
    const tls_server_t server = tls_server_start(&tls_server_good);
    tls_relay_start(&relay, server.port, deed, at);
    assert_int_equal(tls_device_start(&device, &tls_device_good), TALLY_OK);
    const int32_t status = tls_device_talk(&device, "127.0.0.1", relay.port);
    tls_relay_join(&relay);
    tls_device_stop(&device);
    tls_server_stop(&server);
    return status;
}

static void stream_that_ends_in_mid_handshake(void **state) {
    (void)state;
    assert_int_equal(meet_through_relay(TLS_RELAY_NOTHING, 0), TALLY_OK);
    static const uint32_t places[] = {0, 3, 100, 140, 700};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        assert_int_equal(meet_through_relay(TLS_RELAY_CUT, places[i]), TALLY_E_CLOSED);
    }
}

static void server_that_speaks_garbage(void **state) {
    (void)state;
    /* The record type, the server's random, an encrypted record. */
    static const uint32_t places[] = {0, 20, 300};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        assert_int_equal(meet_through_relay(TLS_RELAY_FLIP, places[i]), TALLY_E_TLS);
    }
}

static void port_without_random_numbers(void **state) {
    (void)state;
    static tls_device_t device;
    const tls_server_t server = tls_server_start(&tls_server_good);
    assert_int_equal(tls_device_start(&device, &tls_device_good), TALLY_OK);
    device.random_fails = true;
    assert_int_equal(tls_device_talk(&device, "localhost", server.port), TALLY_E_RANDOM);
    device.random_fails = false;
    assert_int_equal(tls_device_talk(&device, "localhost", server.port), TALLY_OK);
    tls_device_stop(&device);
    tls_server_stop(&server);
}

/* Whatever allocation it is that fails, it is never taken for a bad certificate. */
static void heap_of_any_size_works_or_says_it_is_too_small(void **state) {
    (void)state;
    static tls_device_t device;
    const tls_server_t server = tls_server_start(&tls_server_good);
    tls_device_options_t options = tls_device_good;
    uint32_t too_small = 0;
    uint32_t least = 0;
    const uint32_t plenty = 32768 + TALLY_TLS_IN_BYTES + TALLY_TLS_OUT_BYTES;
    for (uint32_t bytes = 1024; bytes <= plenty; bytes += 768) {
        options.heap_bytes = bytes;
        int32_t status = tls_device_start(&device, &options);
        if (status == TALLY_OK) {
            status = tls_device_talk(&device, "127.0.0.1", server.port);
            tls_device_stop(&device);
        }
        if (status == TALLY_OK) {
            least = least != 0 ? least : bytes;
        } else {
            assert_int_equal(status, TALLY_E_TLS_MEMORY);
            too_small++;
        }
    }
    tls_server_stop(&server);
    assert_true(too_small > 0 && least > 0);
    print_message("TLS heap: %u B is the least that works\n", least);
}

static void bad_credentials(void **state) {
    (void)state;
    static tls_device_t device;
    tls_device_options_t options = tls_device_good;
    options.key = "foreign-device"; /* a good key, but not of this certificate */
    assert_int_equal(tls_device_start(&device, &options), TALLY_E_CONFIG);
    assert_int_equal(tls_device_start(&device, &tls_device_good), TALLY_OK);

    tally_tls_t second;
    const uint8_t junk[] = "-----BEGIN CERTIFICATE-----\njunk\n-----END CERTIFICATE-----\n";
    uint8_t heap[8192];
    tally_tls_config_t config = {
        .ca = junk, .ca_size = sizeof junk, .heap = heap, .heap_bytes = sizeof heap};
    const tally_transport_t *tcp = tally_posix_tcp_transport(&device.tcp);
    assert_int_equal(tally_tls_init(&second, &config, &device.port, tcp), TALLY_E_STATE);
    tls_device_stop(&device);
    assert_int_equal(tally_tls_init(&second, &config, &device.port, tcp), TALLY_E_CONFIG);
    config.heap_bytes = 512;
    assert_int_equal(tally_tls_init(&second, &config, &device.port, tcp), TALLY_E_ARGUMENT);
    assert_int_equal(tally_tls_init(NULL, &config, &device.port, tcp), TALLY_E_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control),
        cmocka_unit_test(server_of_another_ca),
        cmocka_unit_test(server_of_another_name),
        cmocka_unit_test(device_of_another_ca),
        cmocka_unit_test(device_without_certificate),
        cmocka_unit_test(refused_device_that_only_sends),
        cmocka_unit_test(server_with_old_tls_only),
        cmocka_unit_test(device_without_certificate_in_tls_1_2),
        cmocka_unit_test(server_of_another_protocol),
        cmocka_unit_test(stream_that_ends_in_mid_handshake),
        cmocka_unit_test(server_that_speaks_garbage),
        cmocka_unit_test(port_without_random_numbers),
        cmocka_unit_test(heap_of_any_size_works_or_says_it_is_too_small),
        cmocka_unit_test(bad_credentials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
