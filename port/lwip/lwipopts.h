/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_LWIPOPTS_H
#define TALLY_LWIPOPTS_H
/*
 * lwIP 2.2 for one TCP connection and a stream of UDP, in static memory.
 *
 * All of lwIP runs in interrupts of one priority, or in the agent task while they are masked; see
 * tally_lwip.h. A received frame is therefore finished with before the next one is looked at:
 *
 *   FIFO of the NIC -> the driver's one buffer -> UDP: read where it lies, or
 *                                                TCP: copied to the receive ring of
 *                                                     tally_lwip_tcp.c, whose size is TCP_WND
 *
 * so that neither a peer's segment size nor a slow reader can use up buffers. There is no pool of
 * them; a driver hands frames over as custom PBUF_REF, which lwIP copies if it must wait with one.
 */

/* ---- system --------------------------------------------------------------------------------- */

#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0 /* the caller masks interrupts around whole calls */
#define LWIP_NETCONN         0
#define LWIP_SOCKET          0
#define LWIP_TIMERS          1
#define LWIP_SINGLE_NETIF    1
#define LWIP_NO_CTYPE_H      1 /* digits are told by comparing, not by the C library's table */

/* ---- memory --------------------------------------------------------------------------------- */

#define MEM_LIBC_MALLOC 0
#define MEMP_MEM_MALLOC 0
#define MEM_ALIGNMENT   4

/* What is sent waits here until it is acknowledged: TCP_SND_BUF in segments of TCP_MSS, each with
 * 70 to 100 bytes of headers, and beside them one DHCP, DNS or ARP packet. */
#ifndef TALLY_LWIP_HEAP_BYTES
#define TALLY_LWIP_HEAP_BYTES 2560
#endif
#define MEM_SIZE TALLY_LWIP_HEAP_BYTES

#define LWIP_SUPPORT_CUSTOM_PBUF 1
#define PBUF_POOL_SIZE           0

/* Two bytes before each frame make its IP header lie on a word. */
#define ETH_PAD_SIZE 2

#define MEMP_NUM_PBUF 2

/* The only one: to connect anew lwIP gives up the one that is still closing, with all it holds. */
#define MEMP_NUM_TCP_PCB        1
#define MEMP_NUM_TCP_PCB_LISTEN 1 /* never used; lwIP does not build with none */
#define MEMP_NUM_TCP_SEG        8
#define MEMP_NUM_UDP_PCB        4 /* DHCP, two DNS requests, the board's stream */

/* lwIP's own timers, and the one that looks at the link. */
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 1)

/* ---- TCP ------------------------------------------------------------------------------------ */

#ifndef TALLY_LWIP_SEGMENT_BYTES
#define TALLY_LWIP_SEGMENT_BYTES 536
#endif
#define TCP_MSS          TALLY_LWIP_SEGMENT_BYTES
#define TCP_SND_BUF      (3 * TCP_MSS) /* more than one TLS record of TALLY_TLS_OUT_BYTES 1,024 */
#define TCP_SND_QUEUELEN MEMP_NUM_TCP_SEG

/* The receive ring: more than one TLS record of TALLY_TLS_IN_BYTES 2,048 with its 22 bytes. */
#ifndef TALLY_LWIP_RECEIVE_BYTES
#define TALLY_LWIP_RECEIVE_BYTES 2304
#endif
#define TCP_WND TALLY_LWIP_RECEIVE_BYTES

#define TCP_QUEUE_OOSEQ     0 /* a lost segment is sent again with what followed it */
#define LWIP_TCP_KEEPALIVE  0
#define LWIP_TCP_TIMESTAMPS 0

/* ---- the rest ------------------------------------------------------------------------------- */

#define LWIP_IPV4 1
#define LWIP_IPV6 TALLY_LWIP_IPV6
#define LWIP_ARP  1
#define LWIP_ICMP 1
#define LWIP_RAW  0
#define LWIP_UDP  1
#define LWIP_TCP  1
#define LWIP_DHCP 1
#define LWIP_DNS  1

#define LWIP_NETIF_HOSTNAME        1
#define LWIP_NETIF_STATUS_CALLBACK 1

/* No probing of the leased address with ARP first (RFC 5227): it would cost seconds at boot. */
#define LWIP_ACD                 0
#define LWIP_DHCP_DOES_ACD_CHECK 0

#define ARP_TABLE_SIZE 4
#define ARP_QUEUEING   0 /* the last packet waits for an address, not a queue of them */

#define DNS_TABLE_SIZE      2
#define DNS_MAX_NAME_LENGTH 128

/* Media are sent below the MTU, and TCP keeps to its segment size. */
#define IP_REASSEMBLY 0
#define IP_FRAG       0

#define LWIP_IPV6_REASS           0
#define LWIP_IPV6_FRAG            0
#define LWIP_IPV6_MLD             0
#define LWIP_ICMP6                LWIP_IPV6
#define LWIP_ND6_QUEUEING         0
#define LWIP_IPV6_NUM_ADDRESSES   2 /* link-local, and one by autoconfiguration */
#define LWIP_ND6_NUM_NEIGHBORS    4
#define LWIP_ND6_NUM_DESTINATIONS 4
#define LWIP_ND6_NUM_PREFIXES     2
#define LWIP_ND6_NUM_ROUTERS      1

/* ---- statistics: the pools, see tally_lwip_pools.h ------------------------------------------ */

#define LWIP_STATS       1
#define MEM_STATS        1
#define MEMP_STATS       1
#define LINK_STATS       0
#define ETHARP_STATS     0
#define IP_STATS         0
#define ICMP_STATS       0
#define UDP_STATS        0
#define TCP_STATS        0
#define IP6_STATS        0
#define ICMP6_STATS      0
#define ND6_STATS        0
#define IPFRAG_STATS     0
#define IP6_FRAG_STATS   0
#define MLD6_STATS       0
#define LWIP_STATS_LARGE 0

#endif
