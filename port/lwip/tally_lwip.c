/* SPDX-License-Identifier: Apache-2.0 */
#include "tally_lwip.h"

#include <lwip/dhcp.h>
#include <lwip/ethip6.h>
#include <lwip/init.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>
#include <stddef.h>

#define LINK_PERIOD_MS 1000u

static const tally_lwip_config_t *active;
static struct netif interface;
static struct dhcp dhcp;
static uint64_t random_state;

/* lwIP's clock, which may wrap. */
u32_t sys_now(void) {
    return (u32_t)active->port->monotonic_ms(active->port->ctx);
}

/* xorshift64* from a random seed. Ports, sequence numbers and request identifiers come from here,
 * and are wanted in interrupts, where port->random may not be called. Who can guess them can
 * disturb a connection; that nobody can read or forge it is left to TLS. */
uint32_t tally_lwip_random(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * UINT64_C(0x2545F4914F6CDD1D)) >> 32);
}

/* An address has come or gone, which is what a transport may be waiting for. */
static void on_status(struct netif *unused) {
    (void)unused;
    active->port->wake(active->port->ctx);
}

static void follow_link(void *unused) {
    (void)unused;
    if (active->driver_link(active->driver)) {
        netif_set_link_up(&interface);
    } else {
        netif_set_link_down(&interface);
    }
    sys_timeout(LINK_PERIOD_MS, follow_link, NULL);
}

int32_t tally_lwip_start(const tally_lwip_config_t *config) {
    if (config == NULL || config->port == NULL || config->hostname == NULL ||
        config->driver_init == NULL || config->driver_link == NULL) {
        return TALLY_E_ARGUMENT;
    }
    active = config;
    if (config->port->random(config->port->ctx, (uint8_t *)&random_state, sizeof random_state) !=
        TALLY_OK) {
        return TALLY_E_RANDOM;
    }
    random_state |= 1u; /* zero would stay zero */
    lwip_init();
    struct netif *const netif =
        netif_add_noaddr(&interface, config->driver, config->driver_init, ethernet_input);
    if (netif == NULL) {
        return TALLY_E_IO;
    }
    netif_set_hostname(netif, config->hostname);
    netif_set_default(netif);
    netif_set_status_callback(netif, on_status);
#if LWIP_IPV6
    netif_create_ip6_linklocal_address(netif, 1);
    netif_set_ip6_autoconfig_enabled(netif, 1);
#endif
    netif_set_up(netif);
    dhcp_set_struct(netif, &dhcp);
    follow_link(NULL);
    return dhcp_start(netif) == ERR_OK ? TALLY_OK : TALLY_E_FULL;
}

void tally_lwip_tick(void) {
    sys_check_timeouts();
}

bool tally_lwip_is_up(void) {
    if (!netif_is_up(&interface) || !netif_is_link_up(&interface)) {
        return false;
    }
#if LWIP_IPV6
    if (ip6_addr_ispreferred(netif_ip6_addr_state(&interface, 1))) {
        return true; /* 0 is the link-local one */
    }
#endif
    return !ip4_addr_isany_val(*netif_ip4_addr(&interface));
}

struct netif *tally_lwip_netif(void) {
    return &interface;
}
