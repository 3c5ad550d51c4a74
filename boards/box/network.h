/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NETWORK_H
#define NETWORK_H
/*
 * The board's Ethernet with lwIP on top. All of lwIP runs in two interrupts, board_on_ethernet(),
 * which is in here, and the tick; or in the agent task while these are masked.
 */
#include <stdint.h>

#include "lan9118.h"

/* Starts chip, lwIP and DHCP. `name` is the host's, and makes its MAC address. TALLY_OK or an
 * error of tally_lwip_start(). Once, after board_init(); `name` lives on. */
int32_t network_start(const char *name);

/* For board_on_tick(). */
void network_tick(void);

/* Hands every datagram that comes for UDP port `port` to `handle`, in the interrupt. TALLY_E_FULL
 * when lwIP has no place for one more port. */
int32_t network_receive(uint16_t port,
                        void (*handle)(const uint8_t *data, uint32_t bytes, uint64_t now_us));

/* Each number is right by itself. */
const lan9118_counters_t *network_counters(void);

#endif
