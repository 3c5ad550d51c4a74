/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAN9118_H
#define LAN9118_H
/*
 * SMSC LAN9118 Ethernet controller, 32 bits wide, as an interface of lwIP. Interrupt-driven in
 * receiving; what is sent goes straight into the FIFO.
 */
#include <lwip/netif.h>
#include <stdbool.h>
#include <stdint.h>

#define LAN9118_MAC_BYTES 6u

/* Since lan9118_start(). */
typedef struct {
    uint32_t received;        /* frames handed to lwIP */
    uint32_t receive_errors;  /* frames that came damaged */
    uint32_t receive_no_pbuf; /* frames thrown away because lwIP had no buffer for them */
    uint32_t receive_dropped; /* frames the chip had no room for, by its own count */
    uint32_t sent;
    uint32_t send_errors;  /* frames the chip could not bring onto the cable */
    uint32_t send_no_room; /* frames refused because the chip was still busy with earlier ones */
} lan9118_counters_t;

/* The board sets `base` and `mac`; lives as long as the interface. */
typedef struct {
    uintptr_t base;
    uint8_t mac[LAN9118_MAC_BYTES];
    struct netif *netif;
    lan9118_counters_t counters;
} lan9118_t;

/* Resets and starts the chip: netif->state is its lan9118_t. ERR_OK, or ERR_IF when the chip does
 * not answer. Takes some milliseconds. */
err_t lan9118_start(struct netif *netif);

/* Its interrupt: hands all frames in the FIFO to lwIP. */
void lan9118_interrupt(lan9118_t *nic);

/* Whether the cable is in; takes some microseconds, with the interrupt masked. `nic` is a
 * lan9118_t. */
bool lan9118_link(void *nic);

#endif
