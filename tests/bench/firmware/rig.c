/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include "board.h"
#include "console.h"
#include "network.h"
#include "platform.h"
#include "provision.h"
#include "semihost.h"
#include "tally/status.h"
#include "tally_lwip.h"
#include "tally_lwip_tcp.h"

static tally_lwip_tcp_t tcp;

void rig_check(int32_t status, const char *what) {
    if (status < TALLY_OK) {
        console_text("failed: ");
        console_text(what);
        console_text(": ");
        console_text(tally_status_name(status));
        console_text("\n");
        semihost_exit(1);
    }
}

void rig_print(const char *name, uint32_t value) {
    console_text(name);
    console_text(" ");
    console_unsigned(value);
    console_text("\n");
}

void rig_start(void) {
    board_init();
    rig_check(board_reset_reason() == TALLY_RESET_POWER_ON ? TALLY_OK : TALLY_E_STATE, "restarted");
    rig_check(network_start(provision.device_id), "network");
    tally_lwip_tcp_init(&tcp, &platform_port);
    while (!tally_lwip_is_up()) {
        board_sleep(board_now_ms() + BOARD_TICK_MS);
    }
}

const tally_transport_t *rig_tcp(void) {
    return tally_lwip_tcp_transport(&tcp);
}

int32_t rig_tls(tally_tls_t *tls, uint8_t *heap, uint32_t bytes, const tally_transport_t *lower) {
    const tally_tls_config_t config = {
        .ca = provision.ca,
        .ca_size = provision.ca_bytes,
        .certificate = provision.certificate,
        .certificate_size = provision.certificate_bytes,
        .key = provision.key,
        .key_size = provision.key_bytes,
        .heap = heap,
        .heap_bytes = bytes,
    };
    return tally_tls_init(tls, &config, &platform_port, lower);
}

tally_peer_t rig_peer(void) {
    return (tally_peer_t){.host = provision.host, .port = provision.port};
}
