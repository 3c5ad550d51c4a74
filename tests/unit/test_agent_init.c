/* SPDX-License-Identifier: Apache-2.0 */
/* What tally_init() takes and what it refuses. */
#include <string.h>

#include "device.h"
#include "test.h"

static device_t device;

static int set_up(void **state) {
    (void)state;
    device_prepare(&device);
    return 0;
}

static void test_agent_prepared_device_is_accepted(void **state) {
    (void)state;
    assert_int_equal(device_init(&device), TALLY_OK);
}

/* --- pointers ------------------------------------------------------------------------------- */

static void test_agent_null_pointer_is_refused(void **state) {
    (void)state;
    tally_t *const agent = &device.agent;
    const tally_options_t *const options = &device.options;
    const tally_port_t *const port = &device.port.port;
    const tally_transport_t *const transport = &device.transport.transport;
    const tally_store_t *const store = &device.store.store;
    assert_int_equal(tally_init(NULL, options, port, transport, store), TALLY_E_ARGUMENT);
    assert_int_equal(tally_init(agent, NULL, port, transport, store), TALLY_E_ARGUMENT);
    assert_int_equal(tally_init(agent, options, NULL, transport, store), TALLY_E_ARGUMENT);
    assert_int_equal(tally_init(agent, options, port, NULL, store), TALLY_E_ARGUMENT);
    assert_int_equal(tally_init(agent, options, port, transport, NULL), TALLY_E_ARGUMENT);
}

#define REFUSED_WITHOUT(callback)                                                                  \
    do {                                                                                           \
        device_prepare(&device);                                                                   \
        device.callback = NULL;                                                                    \
        assert_int_equal(device_init(&device), TALLY_E_ARGUMENT);                                  \
    } while (0)

static void test_agent_null_callback_is_refused(void **state) {
    (void)state;
    REFUSED_WITHOUT(port.port.monotonic_ms);
    REFUSED_WITHOUT(port.port.wall);
    REFUSED_WITHOUT(port.port.set_wall);
    REFUSED_WITHOUT(port.port.random);
    REFUSED_WITHOUT(port.port.critical_enter);
    REFUSED_WITHOUT(port.port.critical_leave);
    REFUSED_WITHOUT(port.port.wake);
    REFUSED_WITHOUT(port.port.log);
    REFUSED_WITHOUT(options.endpoints);
    REFUSED_WITHOUT(transport.transport.open);
    REFUSED_WITHOUT(transport.transport.send);
    REFUSED_WITHOUT(transport.transport.receive);
    REFUSED_WITHOUT(transport.transport.close);
    REFUSED_WITHOUT(store.store.read);
    REFUSED_WITHOUT(store.store.program);
    REFUSED_WITHOUT(store.store.erase);
    REFUSED_WITHOUT(store.store.sync);
}

/* --- options -------------------------------------------------------------------------------- */

#define INIT_WITH(place, value, status)                                                            \
    do {                                                                                           \
        device_prepare(&device);                                                                   \
        device.place = (value);                                                                    \
        assert_int_equal(device_init(&device), (status));                                          \
    } while (0)

#define REFUSED_WITH(option, value)  INIT_WITH(options.option, value, TALLY_E_CONFIG)
#define ACCEPTED_WITH(option, value) INIT_WITH(options.option, value, TALLY_OK)

static const char *const x63 = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
static const char *const x64 = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

#define REFUSED_AT(member, value)  INIT_WITH(endpoint.member, value, TALLY_E_CONFIG)
#define ACCEPTED_AT(member, value) INIT_WITH(endpoint.member, value, TALLY_OK)

static void test_agent_peer_must_be_a_host_and_a_port(void **state) {
    (void)state;
    REFUSED_AT(peer.host, NULL);
    REFUSED_AT(peer.host, "");
    REFUSED_AT(peer.host, "a host");
    REFUSED_AT(peer.host, "host\r\nX-Evil: 1");
    REFUSED_AT(peer.host, "host\x7F");
    REFUSED_AT(peer.host, x64);
    ACCEPTED_AT(peer.host, x63);
    REFUSED_AT(peer.port, 0);
    ACCEPTED_AT(peer.port, 65535);
}

static void test_agent_has_one_to_eight_endpoints_all_of_them_sound(void **state) {
    (void)state;
    static tally_endpoint_t endpoints[9];
    for (uint32_t i = 0; i < 9; i++) {
        endpoints[i] = (tally_endpoint_t){.peer = {.host = "host", .port = 443}, .path = "/"};
    }
    for (uint32_t count = 0; count <= 9; count++) {
        device_prepare(&device);
        device.options.endpoints = endpoints;
        device.options.endpoint_count = count;
        assert_int_equal(device_init(&device),
                         count >= 1 && count <= 8 ? TALLY_OK : TALLY_E_CONFIG);
    }
    endpoints[7].peer.port = 0;
    device.options.endpoint_count = 8;
    assert_int_equal(device_init(&device), TALLY_E_CONFIG);
}

static void test_agent_path_must_be_one(void **state) {
    (void)state;
    static char path[129];
    REFUSED_AT(path, NULL);
    REFUSED_AT(path, "");
    REFUSED_AT(path, "v1/records");
    REFUSED_AT(path, "/v1 records");
    REFUSED_AT(path, "/v1\n");
    memset(path, '/', 128);
    REFUSED_AT(path, path);
    path[127] = '\0';
    ACCEPTED_AT(path, path);
}

static void test_agent_identities_are_required(void **state) {
    (void)state;
    REFUSED_WITH(device_id, NULL);
    REFUSED_WITH(device_id, "");
    REFUSED_WITH(device_id, x64);
    REFUSED_WITH(device_id, "\xFF");
    REFUSED_WITH(operator_id, NULL);
    REFUSED_WITH(operator_id, "");
    REFUSED_WITH(operator_id, x64);
    REFUSED_WITH(operator_id, "\xFF");
}

/* The fake server has one name; this one has any. */
static int32_t (*open_by_name)(void *ctx, const tally_peer_t *peer);

static int32_t open_by_any_name(void *ctx, const tally_peer_t *peer) {
    assert_int_equal(strlen(peer->host), 63);
    return open_by_name(ctx, &(tally_peer_t){.host = "collector.example", .port = peer->port});
}

static void test_agent_longest_texts_fit_one_request(void **state) {
    (void)state;
    static char path[128];
    memset(path, '/', 127);
    device.endpoint.peer = (tally_peer_t){.host = x63, .port = 65535};
    device.endpoint.path = path;
    device.options.device_id = x63;
    device.options.operator_id = x63;
    device.port.wall = (tally_wall_t){.unix_ms = 1700000000000, .quality = 2};
    open_by_name = device.transport.transport.open;
    device.transport.transport.open = open_by_any_name;
    device.transport.open_says = TALLY_OPEN;
    device.transport.replies[0] = "HTTP/1.1 204 No Content\r\n\r\n";
    assert_int_equal(device_init(&device), TALLY_OK);
    tally_flush(&device.agent);
    (void)device_wait(&device, 0);
    assert_int_equal(tally_pending(&device.agent), 0);
}

#define IS_OPTIONAL(option)                                                                        \
    do {                                                                                           \
        ACCEPTED_WITH(option, NULL);                                                               \
        ACCEPTED_WITH(option, "");                                                                 \
        ACCEPTED_WITH(option, x63);                                                                \
        REFUSED_WITH(option, x64);                                                                 \
        REFUSED_WITH(option, "\xC3");                                                              \
    } while (0)

static void test_agent_texts_of_the_boot_record_are_optional(void **state) {
    (void)state;
    IS_OPTIONAL(device_type);
    IS_OPTIONAL(device_model);
    IS_OPTIONAL(soc);
    IS_OPTIONAL(firmware);
    IS_OPTIONAL(os);
    IS_OPTIONAL(middleware);
    IS_OPTIONAL(browser);
    IS_OPTIONAL(time_zone);
}

static void test_agent_reset_reason_must_be_one(void **state) {
    (void)state;
    ACCEPTED_WITH(reset_reason, TALLY_RESET_PROCESS_START);
    REFUSED_WITH(reset_reason, (enum tally_reset)(TALLY_RESET_PROCESS_START + 1));
}

static void test_agent_intervals_have_limits(void **state) {
    (void)state;
    REFUSED_WITH(heartbeat_ms, 999);
    ACCEPTED_WITH(heartbeat_ms, 1000);
    ACCEPTED_WITH(heartbeat_ms, 3600000);
    REFUSED_WITH(heartbeat_ms, 3600001);
    REFUSED_WITH(upload_ms, 999);
    ACCEPTED_WITH(upload_ms, 1000);
    ACCEPTED_WITH(upload_ms, 86400000);
    REFUSED_WITH(upload_ms, 86400001);
}

static void test_agent_intervals_have_defaults(void **state) {
    (void)state;
    device.options.heartbeat_ms = 0;
    device.options.upload_ms = 0;
    assert_int_equal(device_init(&device), TALLY_OK);
    (void)device_play(&device);
    assert_int_equal(device_wait(&device, 0), 60000);
    assert_int_equal(device.agent.upload_ms, 300000);
}

/* --- the platform --------------------------------------------------------------------------- */

static void test_agent_store_must_have_room_for_a_ring(void **state) {
    (void)state;
    device.store.store.blocks = 2;
    assert_int_equal(device_init(&device), TALLY_E_CONFIG);
}

static void test_agent_urgent_blocks_must_leave_as_many_for_the_others(void **state) {
    (void)state;
    ACCEPTED_WITH(urgent_blocks, 0);
    ACCEPTED_WITH(urgent_blocks, 5); /* all of them */
    REFUSED_WITH(urgent_blocks, 3);
    REFUSED_WITH(urgent_blocks, 6);
    REFUSED_WITH(urgent_blocks, UINT32_MAX);
}

/* Neither one failure nor a store that is gone keeps a box from being measured. */
static void test_agent_starts_without_a_store_that_works(void **state) {
    (void)state;
    device.store.erase_fails_in = 1;
    assert_int_equal(device_init(&device), TALLY_OK);
    device_expect_kinds(&device, "b");
    device_prepare(&device);
    device.store.erase_fails_in = 1;
    device.store.erases_fail_more = UINT32_MAX;
    device.store.read_fails_in = 1;
    device.store.reads_fail_more = UINT32_MAX;
    assert_int_equal(device_init(&device), TALLY_OK);
    (void)device_wait(&device, 60000);
    assert_int_equal(tally_pending(&device.agent), 0);
    assert_true(device.agent.report.lost >= 1);
}

static void test_agent_needs_random_numbers(void **state) {
    (void)state;
    device.port.random_fails = true;
    assert_int_equal(device_init(&device), TALLY_E_RANDOM);
}

static void test_agent_boot_id_has_53_bits_and_is_not_0(void **state) {
    (void)state;
    assert_int_equal(device_init(&device), TALLY_OK);
    assert_int_equal(device.agent.boot_id, 9007199254740991); /* 2^53 - 1 of all ones */
    device.port.random = 0;
    assert_int_equal(device_init(&device), TALLY_OK);
    assert_int_equal(device.agent.boot_id, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_agent_prepared_device_is_accepted, set_up),
        cmocka_unit_test_setup(test_agent_null_pointer_is_refused, set_up),
        cmocka_unit_test_setup(test_agent_null_callback_is_refused, set_up),
        cmocka_unit_test_setup(test_agent_peer_must_be_a_host_and_a_port, set_up),
        cmocka_unit_test_setup(test_agent_has_one_to_eight_endpoints_all_of_them_sound, set_up),
        cmocka_unit_test_setup(test_agent_path_must_be_one, set_up),
        cmocka_unit_test_setup(test_agent_identities_are_required, set_up),
        cmocka_unit_test_setup(test_agent_longest_texts_fit_one_request, set_up),
        cmocka_unit_test_setup(test_agent_texts_of_the_boot_record_are_optional, set_up),
        cmocka_unit_test_setup(test_agent_reset_reason_must_be_one, set_up),
        cmocka_unit_test_setup(test_agent_intervals_have_limits, set_up),
        cmocka_unit_test_setup(test_agent_intervals_have_defaults, set_up),
        cmocka_unit_test_setup(test_agent_store_must_have_room_for_a_ring, set_up),
        cmocka_unit_test_setup(test_agent_urgent_blocks_must_leave_as_many_for_the_others, set_up),
        cmocka_unit_test_setup(test_agent_starts_without_a_store_that_works, set_up),
        cmocka_unit_test_setup(test_agent_needs_random_numbers, set_up),
        cmocka_unit_test_setup(test_agent_boot_id_has_53_bits_and_is_not_0, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
