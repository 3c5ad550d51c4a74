/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAN9118_REGISTERS_H
#define LAN9118_REGISTERS_H
/*
 * Registers of the LAN9118, by the names of its data sheet, chapter 5; bits by what they mean.
 */

/* FIFO ports */
#define RX_DATA_FIFO   0x00u
#define TX_DATA_FIFO   0x20u
#define RX_STATUS_FIFO 0x40u
#define TX_STATUS_FIFO 0x48u

#define RX_STATUS_ERROR       0x8000u
#define RX_STATUS_BYTES_SHIFT 16u
#define RX_STATUS_BYTES_MASK  0x3FFFu /* with checksum */

#define TX_STATUS_ERROR 0x8000u

#define TX_COMMAND_A_FIRST        0x2000u
#define TX_COMMAND_A_LAST         0x1000u
#define TX_COMMAND_A_OFFSET_SHIFT 16u

/* control and status */
#define IRQ_CFG             0x54u
#define IRQ_CFG_ENABLE      0x100u
#define IRQ_CFG_ACTIVE_HIGH 0x10u
#define IRQ_CFG_PUSH_PULL   0x1u

#define INT_STS             0x58u
#define INT_EN              0x5Cu
#define INT_SOFTWARE        0x80000000u /* SW: raised by enabling it */
#define INT_RECEIVED        0x8u        /* RSFL: status FIFO above its level */
#define INT_RECEIVE_DROPPED 0x40u       /* RXDF */

#define BYTE_TEST       0x64u
#define BYTE_TEST_VALUE 0x87654321u

#define FIFO_INT 0x68u

#define RX_CFG              0x6Cu
#define RX_CFG_OFFSET_SHIFT 8u

#define TX_CFG    0x70u
#define TX_CFG_ON 0x2u

#define HW_CFG             0x74u
#define HW_CFG_SOFT_RESET  0x1u
#define HW_CFG_TX_FIFO_5K  0x50000u /* of 16 KiB for both directions */
#define HW_CFG_MUST_BE_ONE 0x100000u

#define RX_FIFO_INF        0x7Cu
#define RX_FIFO_INF_FRAMES 0xFF0000u

#define TX_FIFO_INF               0x80u
#define TX_FIFO_INF_FREE_MASK     0xFFFFu
#define TX_FIFO_INF_RESULTS_SHIFT 16u

#define PMT_CTRL       0x84u
#define PMT_CTRL_READY 0x1u

#define RX_DROP 0xA0u

/* The MAC's registers, behind a window. */
#define MAC_CSR_CMD  0xA4u
#define MAC_CSR_DATA 0xA8u
#define MAC_CSR_BUSY 0x80000000u
#define MAC_CSR_READ 0x40000000u

#define MAC_CR             1u
#define MAC_CR_FULL_DUPLEX 0x100000u
#define MAC_CR_MULTICAST   0x80000u /* all of it */
#define MAC_CR_SEND        0x8u
#define MAC_CR_RECEIVE     0x4u

#define MAC_ADDRH    2u
#define MAC_ADDRL    3u
#define MAC_MII_ACC  6u
#define MAC_MII_DATA 7u

#define MII_PHY_ADDRESS (1u << 11) /* of the PHY inside the chip */
#define MII_INDEX_SHIFT 6u
#define MII_WRITE       0x2u
#define MII_BUSY        0x1u

/* The PHY's, behind a window of the MAC (IEEE 802.3, 22.2.4). */
#define PHY_CONTROL                 0u
#define PHY_CONTROL_NEGOTIATE       0x1000u
#define PHY_CONTROL_NEGOTIATE_AGAIN 0x200u

#define PHY_STATUS      1u
#define PHY_STATUS_LINK 0x4u

#endif
