/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAN9118_H
#define LAN9118_H
/*
 * SMSC LAN9118 Ethernet controller, 32 bits wide, as an interface of lwIP. Interrupt-driven in
 * receiving; what is sent goes straight into the FIFO.
 */
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <stdbool.h>
#include <stdint.h>

#define LAN9118_MAC_BYTES 6u

/* The largest frame and its checksum, and the two bytes before it that make words of it. */
#define LAN9118_FRAME_WORDS ((2u + 1514u + 4u) / 4u)

/* Since lan9118_start(). */
typedef struct {
    uint32_t received;        /* frames handed to lwIP */
    uint32_t receive_errors;  /* frames that came damaged */
    uint32_t receive_held;    /* frames thrown away because lwIP still held the one before */
    uint32_t receive_dropped; /* frames the chip had no room for, by its own count */
    uint32_t sent;
    uint32_t send_errors;  /* frames the chip could not bring onto the cable */
    uint32_t send_no_room; /* frames refused because the chip was still busy with earlier ones */
} lan9118_counters_t;

/*
 * The board sets `base` and `mac`; lives as long as the interface.
 *
 * One frame at a time is received, into `frame`, and lwIP is done with it when its input() returns.
 * To lwIP the buffer is PBUF_REF: what it wants to keep longer, it copies.
 */
typedef struct {
    struct pbuf_custom pbuf; /* first, so that one is found by the other */
    bool held;               /* by lwIP */
    uint8_t mac[LAN9118_MAC_BYTES];
    uintptr_t base;
    struct netif *netif;
    lan9118_counters_t counters;
    uint32_t frame[LAN9118_FRAME_WORDS];
} lan9118_t;

/* Resets and starts the chip: netif->state is its lan9118_t. ERR_OK, or ERR_IF when the chip does
 * not answer. Takes some milliseconds. */
err_t lan9118_start(struct netif *netif);

/* Its interrupt: hands at most `frames_most` frames of the FIFO to lwIP. Returns how many it was;
 * if all of them, the chip does not interrupt any more until lan9118_resume(). */
uint32_t lan9118_interrupt(lan9118_t *nic, uint32_t frames_most);

/* Lets the chip interrupt again, at once if frames wait. */
void lan9118_resume(const lan9118_t *nic);

/* Whether the cable is in; takes some microseconds, with the interrupt masked. `nic` is a
 * lan9118_t. */
bool lan9118_link(void *nic);

#endif
