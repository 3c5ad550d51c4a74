/* SPDX-License-Identifier: Apache-2.0 */
#include "network.h"

#include <lwip/udp.h>
#include <stddef.h>

#include "board.h"
#include "platform.h"
#include "tally_lwip.h"

/* Frames taken in one tick at the most: five times a 5 Mbit/s stream. More is a flood; it then
 * waits in the chip, or is dropped there and counted, and the agent task gets its time. */
#define FRAMES_PER_TICK 24u

_Static_assert(BOARD_TICK_MS <= TALLY_LWIP_TICK_MS, "lwIP's timers need a faster tick");

typedef void (*datagram_handler_t)(const uint8_t *data, uint32_t bytes, uint64_t now_us);

static lan9118_t nic;
static tally_lwip_config_t config;
static bool running;
static uint32_t frames_left; /* of FRAMES_PER_TICK */
static datagram_handler_t handler;

void network_tick(void) {
    if (!running) {
        return;
    }
    if (frames_left == 0) {
        lan9118_resume(&nic);
    }
    frames_left = FRAMES_PER_TICK;
    tally_lwip_tick();
}

void board_on_ethernet(void) {
    frames_left -= lan9118_interrupt(&nic, frames_left);
}

/* FNV-1a of the name in a locally administered address: the same at every boot, and as good as
 * different for two devices in one network. */
static void make_mac_address(const char *name, uint8_t mac[LAN9118_MAC_BYTES]) {
    uint32_t hash = 0x811C9DC5u;
    for (; *name != '\0'; name++) {
        hash = (hash ^ (uint8_t)*name) * 0x01000193u;
    }
    mac[0] = 0x02;
    mac[1] = 0x00;
    for (uint32_t at = 2; at < LAN9118_MAC_BYTES; at++) {
        mac[at] = (uint8_t)hash;
        hash >>= 8;
    }
}

int32_t network_start(const char *name) {
    nic.base = board.ethernet;
    make_mac_address(name, nic.mac);
    config = (tally_lwip_config_t){
        .port = &platform_port,
        .hostname = name,
        .driver_init = lan9118_start,
        .driver = &nic,
        .driver_link = lan9118_link,
    };
    const uint32_t mask = board_mask();
    const int32_t status = tally_lwip_start(&config);
    running = status == TALLY_OK;
    frames_left = FRAMES_PER_TICK;
    board_unmask(mask);
    if (running) {
        board_enable_ethernet();
    }
    return status;
}

/* A datagram is in one piece: fragments are not put together, and a frame fits one buffer. */
static void on_datagram(void *unused, struct udp_pcb *pcb, struct pbuf *datagram,
                        const ip_addr_t *from, u16_t from_port) {
    (void)unused;
    (void)pcb;
    (void)from;
    (void)from_port;
    handler(datagram->payload, datagram->len, board_now_us());
    (void)pbuf_free(datagram);
}

int32_t network_receive(uint16_t port, datagram_handler_t handle) {
    const uint32_t mask = board_mask();
    int32_t status = TALLY_E_FULL;
    struct udp_pcb *const pcb = udp_new_ip_type(IPADDR_TYPE_ANY);
    if (pcb != NULL && udp_bind(pcb, IP_ANY_TYPE, port) == ERR_OK) {
        handler = handle;
        udp_recv(pcb, on_datagram, NULL);
        status = TALLY_OK;
    }
    board_unmask(mask);
    return status;
}

const lan9118_counters_t *network_counters(void) {
    return &nic.counters;
}
