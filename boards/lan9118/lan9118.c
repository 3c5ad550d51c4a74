/* SPDX-License-Identifier: Apache-2.0 */
#include "lan9118.h"

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/pbuf.h>
#include <netif/ethernet.h>
#include <stddef.h>
#include <string.h>

#include "lan9118_registers.h"

_Static_assert(offsetof(lan9118_t, pbuf) == 0 && offsetof(struct pbuf_custom, pbuf) == 0,
               "release_frame() casts a pbuf to its lan9118_t");

#define MTU_BYTES  1500u
#define FCS_BYTES  4u
#define WORD_BYTES 4u

/* Turns of a loop that waits for the chip; generous, as a turn is a bus cycle of 100 ns or more. */
#define PATIENCE 1000000u

static uint32_t get(const lan9118_t *nic, uint32_t offset) {
    return *(const volatile uint32_t *)(nic->base + offset);
}

static void put(const lan9118_t *nic, uint32_t offset, uint32_t value) {
    *(volatile uint32_t *)(nic->base + offset) = value;
}

/* Whether the bits of `mask` came to be `wanted` before patience ran out. */
static bool await(const lan9118_t *nic, uint32_t offset, uint32_t mask, uint32_t wanted) {
    for (uint32_t turn = 0; turn < PATIENCE; turn++) {
        if ((get(nic, offset) & mask) == wanted) {
            return true;
        }
    }
    return false;
}

/* ---- MAC and PHY, each behind a window of the one before ------------------------------------- */

static uint32_t mac_get(const lan9118_t *nic, uint32_t index) {
    put(nic, MAC_CSR_CMD, MAC_CSR_BUSY | MAC_CSR_READ | index);
    (void)await(nic, MAC_CSR_CMD, MAC_CSR_BUSY, 0);
    return get(nic, MAC_CSR_DATA);
}

static void mac_put(const lan9118_t *nic, uint32_t index, uint32_t value) {
    put(nic, MAC_CSR_DATA, value);
    put(nic, MAC_CSR_CMD, MAC_CSR_BUSY | index);
    (void)await(nic, MAC_CSR_CMD, MAC_CSR_BUSY, 0);
}

static void mii_await(const lan9118_t *nic) {
    for (uint32_t turn = 0; turn < PATIENCE; turn++) {
        if ((mac_get(nic, MAC_MII_ACC) & MII_BUSY) == 0) {
            return;
        }
    }
}

static uint32_t phy_get(const lan9118_t *nic, uint32_t index) {
    mac_put(nic, MAC_MII_ACC, MII_PHY_ADDRESS | (index << MII_INDEX_SHIFT) | MII_BUSY);
    mii_await(nic);
    return mac_get(nic, MAC_MII_DATA) & 0xFFFFu;
}

static void phy_put(const lan9118_t *nic, uint32_t index, uint32_t value) {
    mac_put(nic, MAC_MII_DATA, value);
    mac_put(nic, MAC_MII_ACC, MII_PHY_ADDRESS | (index << MII_INDEX_SHIFT) | MII_WRITE | MII_BUSY);
    mii_await(nic);
}

bool lan9118_link(void *nic) {
    /* A lost link stays on show until it is read; the second reading is the present. */
    (void)phy_get(nic, PHY_STATUS);
    return (phy_get(nic, PHY_STATUS) & PHY_STATUS_LINK) != 0;
}

/* ---- receiving ------------------------------------------------------------------------------ */

/*
 * The data FIFO gives each frame in whole words, the IP header on a word boundary:
 *
 *   byte  0    2                16                          2 + n       2 + n + 4
 *         +----+----------------+---------------------------+-----------+------+
 *         | 0  | Ethernet header| IP ...        n bytes     | checksum  | fill |
 *         +----+----------------+---------------------------+-----------+------+
 *
 * lwIP wants the two bytes too (ETH_PAD_SIZE). All words must be read, or the next frame would
 * begin with the rest of this one.
 */
static uint32_t frame_words(uint32_t bytes_with_fcs) {
    return (ETH_PAD_SIZE + bytes_with_fcs + WORD_BYTES - 1u) / WORD_BYTES;
}

static void discard(const lan9118_t *nic, uint32_t words) {
    for (; words > 0; words--) {
        (void)get(nic, RX_DATA_FIFO);
    }
}

static void release_frame(struct pbuf *pbuf) {
    ((lan9118_t *)(void *)pbuf)->held = false;
}

static struct pbuf *read_frame(lan9118_t *nic, uint32_t bytes_with_fcs) {
    const uint32_t words = frame_words(bytes_with_fcs);
    if (bytes_with_fcs < FCS_BYTES || words > LAN9118_FRAME_WORDS) {
        nic->counters.receive_errors++;
        discard(nic, words);
        return NULL;
    }
    if (nic->held) {
        nic->counters.receive_held++;
        discard(nic, words);
        return NULL;
    }
    for (uint32_t word = 0; word < words; word++) {
        nic->frame[word] = get(nic, RX_DATA_FIFO);
    }
    nic->held = true;
    nic->pbuf.custom_free_function = release_frame;
    const u16_t bytes = (u16_t)(ETH_PAD_SIZE + bytes_with_fcs - FCS_BYTES);
    return pbuf_alloced_custom(PBUF_RAW, bytes, PBUF_REF, &nic->pbuf, nic->frame,
                               sizeof nic->frame);
}

static void receive_next(lan9118_t *nic) {
    const uint32_t status = get(nic, RX_STATUS_FIFO);
    const uint32_t bytes_with_fcs = (status >> RX_STATUS_BYTES_SHIFT) & RX_STATUS_BYTES_MASK;
    if ((status & RX_STATUS_ERROR) != 0) {
        nic->counters.receive_errors++;
        discard(nic, frame_words(bytes_with_fcs));
        return;
    }
    struct pbuf *const frame = read_frame(nic, bytes_with_fcs);
    if (frame == NULL) {
        return;
    }
    nic->counters.received++;
    if (nic->netif->input(frame, nic->netif) != ERR_OK) {
        (void)pbuf_free(frame);
    }
}

/* ---- sending -------------------------------------------------------------------------------- */

static void take_send_results(lan9118_t *nic) {
    uint32_t results = (get(nic, TX_FIFO_INF) >> TX_FIFO_INF_RESULTS_SHIFT) & 0xFFu;
    for (; results > 0; results--) {
        if ((get(nic, TX_STATUS_FIFO) & TX_STATUS_ERROR) != 0) {
            nic->counters.send_errors++;
        } else {
            nic->counters.sent++;
        }
    }
}

/* Writes a chain of buffers of any length and alignment as one run of words, lowest byte first. */
static void write_words(const lan9118_t *nic, const struct pbuf *chain) {
    uint32_t word = 0;
    uint32_t filled = 0;
    for (const struct pbuf *piece = chain; piece != NULL; piece = piece->next) {
        const uint8_t *const bytes = piece->payload;
        for (uint32_t at = 0; at < piece->len; at++) {
            word |= (uint32_t)bytes[at] << (8u * filled);
            filled++;
            if (filled == WORD_BYTES) {
                put(nic, TX_DATA_FIFO, word);
                word = 0;
                filled = 0;
            }
        }
    }
    if (filled > 0) {
        put(nic, TX_DATA_FIFO, word);
    }
}

/*
 * A frame as one segment: two commands, then the words, of which the chip skips the first
 * ETH_PAD_SIZE bytes.
 */
static err_t send_frame(struct netif *netif, struct pbuf *chain) {
    lan9118_t *const nic = netif->state;
    const uint32_t bytes = chain->tot_len - (uint32_t)ETH_PAD_SIZE;
    take_send_results(nic);
    if ((get(nic, TX_FIFO_INF) & TX_FIFO_INF_FREE_MASK) < chain->tot_len + 3u * WORD_BYTES) {
        nic->counters.send_no_room++;
        return ERR_MEM; /* TCP sends it again, the rest may be lost */
    }
    put(nic, TX_DATA_FIFO,
        TX_COMMAND_A_FIRST | TX_COMMAND_A_LAST | (ETH_PAD_SIZE << TX_COMMAND_A_OFFSET_SHIFT) |
            bytes);
    put(nic, TX_DATA_FIFO, bytes);
    write_words(nic, chain);
    return ERR_OK;
}

/* ---- the chip ------------------------------------------------------------------------------- */

uint32_t lan9118_interrupt(lan9118_t *nic, uint32_t frames_most) {
    uint32_t frames = 0;
    /* Acknowledged first: a frame that comes while the FIFO is drained interrupts again. */
    put(nic, INT_STS, get(nic, INT_STS));
    while (frames < frames_most && (get(nic, RX_FIFO_INF) & RX_FIFO_INF_FRAMES) != 0) {
        receive_next(nic);
        frames++;
    }
    if (frames == frames_most) {
        put(nic, INT_EN, 0);
    }
    take_send_results(nic);
    nic->counters.receive_dropped += get(nic, RX_DROP); /* reading clears it */
    return frames;
}

/* The chip interrupts for what arrives, not for what has been lying there: in that case the
 * interrupt is raised by software. */
void lan9118_resume(const lan9118_t *nic) {
    const bool waiting = (get(nic, RX_FIFO_INF) & RX_FIFO_INF_FRAMES) != 0;
    put(nic, INT_EN, INT_RECEIVED | INT_RECEIVE_DROPPED | (waiting ? INT_SOFTWARE : 0u));
}

/* The first access wakes the chip up if it sleeps; the reset leaves the MAC address empty. */
static bool reset(const lan9118_t *nic) {
    put(nic, BYTE_TEST, 0);
    if (!await(nic, PMT_CTRL, PMT_CTRL_READY, PMT_CTRL_READY) ||
        get(nic, BYTE_TEST) != BYTE_TEST_VALUE) {
        return false;
    }
    put(nic, HW_CFG, HW_CFG_SOFT_RESET);
    return await(nic, HW_CFG, HW_CFG_SOFT_RESET, 0);
}

static void set_mac_address(const lan9118_t *nic) {
    const uint8_t *const mac = nic->mac;
    mac_put(nic, MAC_ADDRL,
            mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24);
    mac_put(nic, MAC_ADDRH, mac[4] | (uint32_t)mac[5] << 8);
}

err_t lan9118_start(struct netif *netif) {
    lan9118_t *const nic = netif->state;
    nic->netif = netif;
    memset(&nic->counters, 0, sizeof nic->counters);
    if (!reset(nic)) {
        return ERR_IF;
    }
    put(nic, HW_CFG, HW_CFG_MUST_BE_ONE | HW_CFG_TX_FIFO_5K);
    set_mac_address(nic);
    phy_put(nic, PHY_CONTROL, PHY_CONTROL_NEGOTIATE | PHY_CONTROL_NEGOTIATE_AGAIN);

    put(nic, FIFO_INT, 0); /* interrupt with more than 0 frames received */
    put(nic, RX_CFG, ETH_PAD_SIZE << RX_CFG_OFFSET_SHIFT);
    put(nic, TX_CFG, TX_CFG_ON);
    put(nic, INT_STS, UINT32_MAX);
    lan9118_resume(nic);
    put(nic, IRQ_CFG, IRQ_CFG_ENABLE | IRQ_CFG_ACTIVE_HIGH | IRQ_CFG_PUSH_PULL);
    mac_put(nic, MAC_CR,
            MAC_CR_FULL_DUPLEX | MAC_CR_SEND | MAC_CR_RECEIVE |
                (LWIP_IPV6 ? MAC_CR_MULTICAST : 0u)); /* neighbours are found by multicast */

    memcpy(netif->hwaddr, nic->mac, LAN9118_MAC_BYTES);
    netif->hwaddr_len = LAN9118_MAC_BYTES;
    netif->mtu = MTU_BYTES;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->output = etharp_output;
#if LWIP_IPV6
    netif->output_ip6 = ethip6_output;
#endif
    netif->linkoutput = send_frame;
    return ERR_OK;
}
