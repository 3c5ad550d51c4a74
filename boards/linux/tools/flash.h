/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLASH_H
#define FLASH_H
/* Raw images of a store, and the entries in them: agent/SPEC.md, "Flash". */
#include <stdbool.h>
#include <stdint.h>

#define FLASH_HEADER_BYTES 8u
#define FLASH_PAYLOAD_MOST 4096u
#define FLASH_UNOWNED      0x80u /* tags from here on take 0 for their owner */

typedef struct {
    const uint8_t *data;
    uint32_t block_bytes; /* a multiple of the granularity */
    uint32_t granularity;
    uint32_t blocks;
} flash_image_t;

typedef struct {
    const uint8_t *payload; /* inside the image */
    uint32_t bytes;         /* of the payload */
    uint32_t stored;        /* with header and padding */
    uint8_t tag;
} flash_entry_t;

/* What the checks of an entry are over besides the entry. */
typedef struct {
    uint32_t block;  /* where it lies in the image */
    uint32_t number; /* the block's sequence number */
    uint32_t offset;
    uint64_t owner;
} flash_place_t;

/* A little-endian number of 1 to 8 bytes. */
uint64_t flash_number(const uint8_t *at, uint32_t bytes);

const uint8_t *flash_block(const flash_image_t *image, uint32_t block);

/* What a payload takes with header and padding. */
uint32_t flash_stored(const flash_image_t *image, uint32_t payload_bytes);

/* Whether a sound entry of this owner lies at exactly this place. */
bool flash_entry_at(const flash_image_t *image, const flash_place_t *place, flash_entry_t *entry);

/* The same at offset 0 of a block whose number is not known: it is in the payload, at `number_at`.
 * Of owner 0. */
bool flash_first_entry(const flash_image_t *image, uint32_t block, uint32_t number_at,
                       flash_place_t *place, flash_entry_t *entry);

/* Whether all bytes from `begin` to `end` of a block are this one. */
bool flash_is_all(const flash_image_t *image, uint32_t block, uint32_t begin, uint32_t end,
                  uint8_t byte);

/* Where what is not 0xFF ends in a block, or `begin` if nothing behind it is. */
uint32_t flash_written_end(const flash_image_t *image, uint32_t block, uint32_t begin);

#endif
