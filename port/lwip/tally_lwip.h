/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_LWIP_H
#define TALLY_LWIP_H
/*
 * lwIP on bare metal: one network interface with DHCP (and IPv6 autoconfiguration when
 * TALLY_LWIP_IPV6 is on), its timers, and who may call it when.
 *
 * lwIP is not reentrant. It belongs to the interrupts, and the agent task borrows it:
 *
 *   NIC interrupt     driver -> netif->input() -> UDP and TCP callbacks  \  one priority, so none
 *   timer interrupt   tally_lwip_tick()                                  /  interrupts another
 *   agent task        port->critical_enter(), any call, port->critical_leave()
 *
 * This way the stack answers, and a stream is received, while the agent task computes for as long
 * as a TLS handshake takes. A call under the mask is done in less than a millisecond.
 *
 * lwIP's state is global, so there is one of everything here.
 */
#include <lwip/netif.h>
#include <stdbool.h>
#include <stdint.h>

#include "tally/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The longest time between two calls of tally_lwip_tick(). */
#define TALLY_LWIP_TICK_MS 100u

/* Lives as long as the interface, with all it points to. */
typedef struct {
    /* monotonic_ms, random and wake are used. Its critical section must keep out the interrupts
     * that call lwIP. */
    const tally_port_t *port;

    const char *hostname; /* told to the DHCP server */

    /* The driver: sets hwaddr, mtu, flags, output and linkoutput of the interface; ERR_OK, or what
     * tally_lwip_start() is to fail for. `driver` is netif->state. */
    netif_init_fn driver_init;
    void *driver;

    /* Whether the cable is in. Called about once a second. */
    bool (*driver_link)(void *driver);
} tally_lwip_config_t;

/* Starts lwIP, the interface and DHCP. TALLY_OK, TALLY_E_ARGUMENT for a NULL, TALLY_E_RANDOM,
 * TALLY_E_IO when the driver failed, TALLY_E_FULL when lwIP's pools are too small. Once, in the
 * critical section or before the interrupts that use lwIP are enabled. */
int32_t tally_lwip_start(const tally_lwip_config_t *config);

/* Runs the timers that are due. In the timer interrupt. */
void tally_lwip_tick(void);

/* Whether the interface has an address that other hosts can answer to. Anywhere. */
bool tally_lwip_is_up(void);

/* The interface, for drivers and programs that use lwIP themselves. */
struct netif *tally_lwip_netif(void);

#ifdef __cplusplus
}
#endif

#endif
