/* SPDX-License-Identifier: Apache-2.0 */
/* In the place of agent/src/crc32.c, which is small and not fast: 8 bytes at once. Millions of
 * mounts spend their time here. test_nor.c holds the two side by side. */
#include "crc32.h"

#define POLYNOMIAL 0xEDB88320u

static uint32_t tables[8][256];

static void make_tables(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (uint32_t bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? POLYNOMIAL : 0);
        }
        tables[0][byte] = crc;
    }
    for (uint32_t i = 256; i < 8 * 256; i++) {
        const uint32_t crc = tables[i / 256 - 1][i % 256];
        tables[i / 256][i % 256] = (crc >> 8) ^ tables[0][crc & 0xFF];
    }
}

uint32_t tally_crc32(uint32_t crc, const uint8_t *data, uint32_t bytes) {
    if (tables[0][1] == 0) {
        make_tables();
    }
    crc = ~crc;
    for (; bytes >= 8; bytes -= 8, data += 8) {
        crc ^= data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
        crc = tables[7][crc & 0xFF] ^ tables[6][crc >> 8 & 0xFF] ^ tables[5][crc >> 16 & 0xFF] ^
              tables[4][crc >> 24] ^ tables[3][data[4]] ^ tables[2][data[5]] ^ tables[1][data[6]] ^
              tables[0][data[7]];
    }
    for (; bytes > 0; bytes--) {
        crc = (crc >> 8) ^ tables[0][(crc ^ *data++) & 0xFF];
    }
    return ~crc;
}
