/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "tally_template.h"

/* A callback that port.h gains must come to the template too. */
static void leaves_no_callback_out(void **state) {
    (void)state;
    tally_template_t board;
    tally_template_init(&board);
    const tally_port_t *port = tally_template_port(&board);
    assert_true(port->monotonic_ms && port->wall && port->random && port->critical_enter &&
                port->critical_leave && port->wake && port->log);
    const tally_transport_t *transport = tally_template_transport(&board);
    assert_true(transport->open && transport->send && transport->receive && transport->close);
    const tally_store_t *store = tally_template_store(&board);
    assert_true(store->read && store->program && store->erase && store->sync);
}

static void pretends_nothing(void **state) {
    (void)state;
    tally_template_t board;
    tally_template_init(&board);
    uint8_t byte = 0;
    const tally_port_t *port = tally_template_port(&board);
    assert_int_equal(port->random(port->ctx, &byte, 1), TALLY_E_RANDOM);
    assert_int_equal(port->wall(port->ctx).quality, TALLY_WALL_UNKNOWN);
    const tally_peer_t peer = {.host = "localhost", .port = 1};
    const tally_transport_t *transport = tally_template_transport(&board);
    assert_int_equal(transport->open(transport->ctx, &peer), TALLY_E_CONNECT);
    const tally_store_t *store = tally_template_store(&board);
    assert_int_equal(store->read(store->ctx, 0, 0, &byte, 1), TALLY_E_IO);
    assert_int_equal(store->program(store->ctx, 0, 0, &byte, 1), TALLY_E_IO);
    assert_int_equal(store->erase(store->ctx, 0), TALLY_E_IO);
    assert_int_equal(store->sync(store->ctx), TALLY_E_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_no_callback_out),
        cmocka_unit_test(pretends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
