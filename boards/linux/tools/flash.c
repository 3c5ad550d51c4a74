/* SPDX-License-Identifier: Apache-2.0 */
#include "flash.h"

#include <stddef.h>

#define CHECK_AT 3u
#define CRC_AT   4u

uint64_t flash_number(const uint8_t *at, uint32_t bytes) {
    uint64_t value = 0;
    for (uint32_t i = bytes; i > 0; i--) {
        value = value << 8 | at[i - 1];
    }
    return value;
}

const uint8_t *flash_block(const flash_image_t *image, uint32_t block) {
    return image->data + (size_t)block * image->block_bytes;
}

uint32_t flash_stored(const flash_image_t *image, uint32_t payload_bytes) {
    const uint32_t granules =
        (FLASH_HEADER_BYTES + payload_bytes + image->granularity - 1) / image->granularity;
    return granules * image->granularity;
}

/* ---- CRC-32/ISO-HDLC ------------------------------------------------------------------------- */

#define CRC_START UINT32_C(0xFFFFFFFF)

static uint32_t crc_byte(uint32_t crc, uint8_t byte) {
    static uint32_t table[256];
    if (table[1] == 0) {
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t value = i;
            for (uint32_t bit = 0; bit < 8; bit++) {
                value = (value & 1u) != 0 ? value >> 1 ^ UINT32_C(0xEDB88320) : value >> 1;
            }
            table[i] = value;
        }
    }
    return crc >> 8 ^ table[(crc ^ byte) & 0xFFu];
}

static uint32_t crc_bytes(uint32_t crc, const uint8_t *data, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        crc = crc_byte(crc, data[i]);
    }
    return crc;
}

static uint32_t crc_number(uint32_t crc, uint64_t number, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        crc = crc_byte(crc, (uint8_t)(number >> 8 * i));
    }
    return crc;
}

/* ---- entries --------------------------------------------------------------------------------- */

bool flash_entry_at(const flash_image_t *image, const flash_place_t *place, flash_entry_t *entry) {
    if (place->offset + FLASH_HEADER_BYTES > image->block_bytes) {
        return false;
    }
    const uint8_t *const at = flash_block(image, place->block) + place->offset;
    entry->payload = at + FLASH_HEADER_BYTES;
    entry->bytes = (uint32_t)flash_number(at, 2);
    entry->tag = at[2];
    entry->stored = flash_stored(image, entry->bytes);
    if (entry->bytes > FLASH_PAYLOAD_MOST || entry->stored > image->block_bytes - place->offset) {
        return false;
    }
    uint32_t crc = crc_number(CRC_START, place->number, 4);
    crc = crc_bytes(crc_number(crc, place->offset, 3), at, CHECK_AT);
    if (at[CHECK_AT] != (uint8_t)~crc) {
        return false;
    }
    crc = crc_number(crc, entry->tag >= FLASH_UNOWNED ? 0 : place->owner, 8);
    return ~crc_bytes(crc, entry->payload, entry->bytes) == (uint32_t)flash_number(at + CRC_AT, 4);
}

bool flash_first_entry(const flash_image_t *image, uint32_t block, uint32_t number_at,
                       flash_place_t *place, flash_entry_t *entry) {
    const uint8_t *const at = flash_block(image, block);
    *place = (flash_place_t){.block = block};
    if (FLASH_HEADER_BYTES + number_at + 4 > image->block_bytes ||
        flash_number(at, 2) < number_at + 4) {
        return false;
    }
    place->number = (uint32_t)flash_number(at + FLASH_HEADER_BYTES + number_at, 4);
    return flash_entry_at(image, place, entry);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

bool flash_is_all(const flash_image_t *image, uint32_t block, uint32_t begin, uint32_t end,
                  uint8_t byte) {
    const uint8_t *const at = flash_block(image, block);
    for (uint32_t i = begin; i < end; i++) {
        if (at[i] != byte) {
            return false;
        }
    }
    return true;
}

uint32_t flash_written_end(const flash_image_t *image, uint32_t block, uint32_t begin) {
    const uint8_t *const at = flash_block(image, block);
    uint32_t end = image->block_bytes;
    while (end > begin && at[end - 1] == 0xFF) {
        end--;
    }
    return end;
}
