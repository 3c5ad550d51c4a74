/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_CRC32_H
#define TALLY_SRC_CRC32_H
/* CRC-32 of ISO-HDLC (IEEE 802.3, zlib), by nibbles: 64 bytes of table, 2 look-ups a byte. */
#include <stdint.h>

/* Goes on from `crc`, the result for all bytes before; begin with 0. */
uint32_t tally_crc32(uint32_t crc, const uint8_t *data, uint32_t bytes);

#endif
