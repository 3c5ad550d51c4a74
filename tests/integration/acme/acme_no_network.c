/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "acme_port.h"

static int32_t no_open(void *ctx, const tally_peer_t *peer) {
    (void)ctx;
    (void)peer;
    return TALLY_E_CONNECT;
}

static int32_t no_send(void *ctx, const uint8_t *data, uint32_t size) {
    (void)ctx;
    (void)data;
    (void)size;
    return TALLY_E_IO;
}

static int32_t no_receive(void *ctx, uint8_t *data, uint32_t size) {
    (void)ctx;
    (void)data;
    (void)size;
    return TALLY_E_IO;
}

static void no_close(void *ctx) {
    (void)ctx;
}

const tally_transport_t acme_transport = {
    .open = no_open,
    .send = no_send,
    .receive = no_receive,
    .close = no_close,
};
