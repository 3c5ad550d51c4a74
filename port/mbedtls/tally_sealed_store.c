/* SPDX-License-Identifier: Apache-2.0 */
#include "tally_sealed_store.h"

#include <stddef.h>
#include <string.h>

#define SLOT          ((uint32_t)TALLY_SEALED_SLOT_BYTES)
#define TAG           ((uint32_t)TALLY_SEALED_TAG_BYTES)
#define DRAW          ((uint32_t)TALLY_SEALED_DRAW_BYTES)
#define LENGTH_AT     3u
#define PLACE_BYTES   5u
#define NONCE_AT      5u
#define NUMBER_BYTES  3u
#define NONCE_STORED  (DRAW + NUMBER_BYTES)
#define NONCE_BYTES   12u
#define TAG_AT        16u
#define BOUND_BYTES   (4u + PLACE_BYTES)
#define LENGTH_MOST   0xFFFFu
#define NUMBER_MOST   0xFFFFFFu
#define BLOCK_LEAST   256u
#define SLOTS_AT_ONCE 4u
#define NO_BLOCK      UINT32_MAX

/* --- bytes ---------------------------------------------------------------------------------- */

static void put(uint8_t *at, uint32_t value, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)value;
        value >>= 8;
    }
}

static uint32_t get(const uint8_t *at, uint32_t bytes) {
    uint32_t value = 0;
    while (bytes > 0) {
        value = value << 8 | at[--bytes];
    }
    return value;
}

static bool is_all(const uint8_t *bytes, uint32_t size, uint8_t value) {
    for (uint32_t i = 0; i < size; i++) {
        if (bytes[i] != value) {
            return false;
        }
    }
    return true;
}

/* Also refuses sums that would wrap around. */
static bool is_inside(const tally_store_t *store, uint32_t block, uint32_t offset, uint32_t size) {
    return block < store->blocks && offset <= store->block_bytes &&
           size <= store->block_bytes - offset;
}

/* --- one entry ------------------------------------------------------------------------------ */

static int32_t status_of(psa_status_t status) {
    switch (status) {
    case PSA_SUCCESS: return TALLY_OK;
    case PSA_ERROR_INVALID_SIGNATURE: return TALLY_E_CORRUPT;
    case PSA_ERROR_BAD_STATE: return TALLY_E_STATE;
    case PSA_ERROR_INSUFFICIENT_ENTROPY: return TALLY_E_RANDOM;
    case PSA_ERROR_INSUFFICIENT_MEMORY: return TALLY_E_TLS_MEMORY;
    default: return TALLY_E_CONFIG;
    }
}

/* The next number, and with the first a new draw: `nonces` counts round to 0. */
static int32_t put_nonce(tally_sealed_store_t *sealed, uint8_t *slot) {
    if (sealed->nonces == 0) {
        const psa_status_t status = psa_generate_random(sealed->draw, DRAW);
        if (status != PSA_SUCCESS) {
            return status_of(status);
        }
    }
    memcpy(slot + NONCE_AT, sealed->draw, DRAW);
    put(slot + NONCE_AT + DRAW, sealed->nonces, NUMBER_BYTES);
    sealed->nonces = (sealed->nonces + 1) & NUMBER_MOST;
    return TALLY_OK;
}

static void get_nonce(const uint8_t *slot, uint8_t *nonce) {
    memcpy(nonce, slot + NONCE_AT, NONCE_STORED);
    nonce[NONCE_STORED] = 0;
}

/* What the tag binds the data to. */
static void get_bound(uint32_t block, const uint8_t *slot, uint8_t *bound) {
    put(bound, block, 4);
    memcpy(bound + 4, slot, PLACE_BYTES);
}

/* Leaves the ciphertext in the buffer and makes the slot for it. */
static int32_t seal(tally_sealed_store_t *sealed, uint32_t block, uint32_t offset,
                    const uint8_t *data, uint32_t size, uint8_t *slot) {
    if (size > LENGTH_MOST || size > sealed->buffer_bytes - TAG) {
        return TALLY_E_TOO_BIG;
    }
    const int32_t status = put_nonce(sealed, slot);
    if (status != TALLY_OK) {
        return status;
    }
    put(slot, offset, LENGTH_AT);
    put(slot + LENGTH_AT, size, PLACE_BYTES - LENGTH_AT);
    uint8_t nonce[NONCE_BYTES];
    uint8_t bound[BOUND_BYTES];
    size_t made = 0;
    get_nonce(slot, nonce);
    get_bound(block, slot, bound);
    sealed->open_bytes = 0;
    const psa_status_t sealing =
        psa_aead_encrypt(sealed->key, sealed->algorithm, nonce, sizeof nonce, bound, sizeof bound,
                         data, size, sealed->buffer, sealed->buffer_bytes, &made);
    if (sealing == PSA_SUCCESS && made != size + TAG) {
        return TALLY_E_CONFIG;
    }
    memcpy(slot + TAG_AT, sealed->buffer + size, TAG);
    return status_of(sealing);
}

/* Decrypts `size` bytes of the buffer where they are, as Mbed TLS's own record layer does. */
static int32_t unseal(tally_sealed_store_t *sealed, uint32_t block, const uint8_t *slot,
                      uint32_t size) {
    uint8_t nonce[NONCE_BYTES];
    uint8_t bound[BOUND_BYTES];
    size_t made = 0;
    get_nonce(slot, nonce);
    get_bound(block, slot, bound);
    memcpy(sealed->buffer + size, slot + TAG_AT, TAG);
    return status_of(psa_aead_decrypt(sealed->key, sealed->algorithm, nonce, sizeof nonce, bound,
                                      sizeof bound, sealed->buffer, size + TAG, sealed->buffer,
                                      sealed->buffer_bytes, &made));
}

/* Brings the plaintext of a slot into the buffer. TALLY_E_CORRUPT if the slot is not sound. */
static int32_t open_slot(tally_sealed_store_t *sealed, uint32_t block, const uint8_t *slot) {
    const uint32_t offset = get(slot, LENGTH_AT);
    const uint32_t size = get(slot + LENGTH_AT, PLACE_BYTES - LENGTH_AT);
    if (size == 0 || !is_inside(&sealed->store, block, offset, size)) {
        return TALLY_E_CORRUPT;
    }
    if (size > sealed->buffer_bytes - TAG) {
        return TALLY_E_TOO_BIG;
    }
    if (sealed->open_bytes == size && sealed->open_offset == offset &&
        sealed->open_block == block) {
        return TALLY_OK;
    }
    sealed->open_bytes = 0;
    if (sealed->lower->read(sealed->lower->ctx, block, offset, sealed->buffer, size) < 0) {
        return TALLY_E_IO;
    }
    const int32_t status = unseal(sealed, block, slot, size);
    if (status != TALLY_OK) {
        return status == TALLY_E_CORRUPT ? TALLY_E_CORRUPT : TALLY_E_IO;
    }
    sealed->open_block = block;
    sealed->open_offset = offset;
    sealed->open_bytes = size;
    return TALLY_OK;
}

/* --- the table ------------------------------------------------------------------------------ */

static uint32_t slot_at(const tally_sealed_store_t *sealed, uint32_t index) {
    return sealed->store.block_bytes + index * SLOT;
}

/* Reads up to SLOTS_AT_ONCE slots; how many, or TALLY_E_IO. */
static int32_t read_slots(const tally_sealed_store_t *sealed, uint32_t block, uint32_t first,
                          uint8_t *slots) {
    const tally_store_t *const lower = sealed->lower;
    const uint32_t left = sealed->slots - first;
    const uint32_t count = left < SLOTS_AT_ONCE ? left : SLOTS_AT_ONCE;
    return lower->read(lower->ctx, block, slot_at(sealed, first), slots, count * SLOT) < 0
               ? TALLY_E_IO
               : (int32_t)count;
}

static int32_t program_slot(const tally_sealed_store_t *sealed, uint32_t block, uint32_t index,
                            const uint8_t *slot) {
    const tally_store_t *const lower = sealed->lower;
    return lower->program(lower->ctx, block, slot_at(sealed, index), slot, SLOT) < 0 ? TALLY_E_IO
                                                                                     : TALLY_OK;
}

/* How many slots there are up to the last that does not look erased, and that one. */
static int32_t find_last_slot(const tally_sealed_store_t *sealed, uint32_t block, uint8_t *last,
                              uint32_t *used) {
    uint8_t slots[SLOTS_AT_ONCE * SLOT];
    *used = 0;
    for (uint32_t first = 0; first < sealed->slots; first += SLOTS_AT_ONCE) {
        const int32_t count = read_slots(sealed, block, first, slots);
        if (count < 0) {
            return TALLY_E_IO;
        }
        const uint8_t *slot = slots;
        for (uint32_t i = 0; i < (uint32_t)count; i++) {
            if (!is_all(slot, SLOT, 0xFF)) {
                memcpy(last, slot, SLOT);
                *used = first + i + 1;
            }
            slot += SLOT;
        }
    }
    return TALLY_OK;
}

/* Makes what a power cut may have left in doubt zeros for good, front to back: see the header. */
static int32_t settle(tally_sealed_store_t *sealed, uint32_t block, uint32_t *next_slot) {
    static const uint8_t zeros[TALLY_SEALED_SLOT_BYTES];
    uint8_t last[SLOT];
    uint32_t used = 0;
    if (find_last_slot(sealed, block, last, &used) < 0) {
        return TALLY_E_IO;
    }
    if (used > 0) {
        const int32_t status = open_slot(sealed, block, last);
        if (status == TALLY_E_IO) {
            return TALLY_E_IO;
        }
        if (status == TALLY_E_CORRUPT && program_slot(sealed, block, used - 1, zeros) < 0) {
            return TALLY_E_IO;
        }
    }
    if (used < sealed->slots && program_slot(sealed, block, used++, zeros) < 0) {
        return TALLY_E_IO;
    }
    *next_slot = used;
    return TALLY_OK;
}

/* --- blocks of this boot -------------------------------------------------------------------- */

static tally_sealed_block_t *find_known(tally_sealed_store_t *sealed, uint32_t block) {
    for (uint32_t i = 0; i < TALLY_SEALED_KNOWN_BLOCKS; i++) {
        if (sealed->known[i].block == block) {
            return &sealed->known[i];
        }
    }
    return NULL;
}

/* In place of the one that has been known for longest: to meet that again costs it one slot. */
static tally_sealed_block_t *remember(tally_sealed_store_t *sealed, uint32_t block,
                                      uint32_t next_slot) {
    tally_sealed_block_t *const known = &sealed->known[sealed->known_oldest];
    sealed->known_oldest = (sealed->known_oldest + 1) % TALLY_SEALED_KNOWN_BLOCKS;
    *known = (tally_sealed_block_t){.block = block, .next_slot = next_slot};
    return known;
}

static tally_sealed_block_t *know(tally_sealed_store_t *sealed, uint32_t block) {
    tally_sealed_block_t *const known = find_known(sealed, block);
    uint32_t next_slot = 0;
    if (known != NULL || settle(sealed, block, &next_slot) < 0) {
        return known;
    }
    return remember(sealed, block, next_slot);
}

/* --- the store's calls ---------------------------------------------------------------------- */

/* Copies what an open entry and the range have in common. */
static void copy_common(const tally_sealed_store_t *sealed, uint32_t offset, uint8_t *out,
                        uint32_t size) {
    const uint32_t end = offset + size;
    const uint32_t open_end = sealed->open_offset + sealed->open_bytes;
    const uint32_t from = sealed->open_offset > offset ? sealed->open_offset : offset;
    const uint32_t to = open_end < end ? open_end : end;
    memcpy(out + (from - offset), sealed->buffer + (from - sealed->open_offset), to - from);
}

static bool is_touched(const uint8_t *slot, uint32_t offset, uint32_t size) {
    const uint32_t begin = get(slot, LENGTH_AT);
    const uint32_t end = begin + get(slot + LENGTH_AT, PLACE_BYTES - LENGTH_AT);
    return begin < offset + size && end > offset;
}

/* What a slot that is not sound covers stays as it is. */
static int32_t read_entry(tally_sealed_store_t *sealed, uint32_t block, const uint8_t *slot,
                          uint32_t offset, uint8_t *out, uint32_t size) {
    if (!is_touched(slot, offset, size)) {
        return TALLY_OK;
    }
    const int32_t status = open_slot(sealed, block, slot);
    if (status == TALLY_OK) {
        copy_common(sealed, offset, out, size);
    }
    return status == TALLY_E_IO ? TALLY_E_IO : TALLY_OK;
}

static int32_t read_entries(tally_sealed_store_t *sealed, uint32_t block, uint32_t offset,
                            uint8_t *out, uint32_t size) {
    uint8_t slots[SLOTS_AT_ONCE * SLOT];
    for (uint32_t first = 0; first < sealed->slots; first += SLOTS_AT_ONCE) {
        const int32_t count = read_slots(sealed, block, first, slots);
        if (count < 0) {
            return TALLY_E_IO;
        }
        const uint8_t *slot = slots;
        for (int32_t i = 0; i < count; i++) {
            const int32_t status = read_entry(sealed, block, slot, offset, out, size);
            if (status < 0) {
                return status;
            }
            slot += SLOT;
        }
    }
    return TALLY_OK;
}

static int32_t sealed_read(void *ctx, uint32_t block, uint32_t offset, uint8_t *out,
                           uint32_t size) {
    tally_sealed_store_t *const sealed = ctx;
    if (!is_inside(&sealed->store, block, offset, size)) {
        return TALLY_E_IO;
    }
    if (block == sealed->open_block && offset >= sealed->open_offset &&
        offset + size <= sealed->open_offset + sealed->open_bytes) {
        copy_common(sealed, offset, out, size);
        return TALLY_OK;
    }
    if (sealed->lower->read(sealed->lower->ctx, block, offset, out, size) < 0) {
        return TALLY_E_IO;
    }
    for (uint32_t i = 0; i < size; i++) {
        out[i] = out[i] == 0xFF ? 0xFF : 0;
    }
    return read_entries(sealed, block, offset, out, size);
}

static int32_t sealed_program(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                              uint32_t size) {
    tally_sealed_store_t *const sealed = ctx;
    const tally_store_t *const lower = sealed->lower;
    if (!is_inside(&sealed->store, block, offset, size)) {
        return TALLY_E_IO;
    }
    if (is_all(data, size, 0)) {
        sealed->open_bytes = 0;
        return lower->program(lower->ctx, block, offset, data, size);
    }
    tally_sealed_block_t *const known = know(sealed, block);
    uint8_t slot[SLOT];
    if (known == NULL || known->next_slot == sealed->slots ||
        seal(sealed, block, offset, data, size, slot) < 0 ||
        lower->program(lower->ctx, block, offset, sealed->buffer, size) < 0) {
        return TALLY_E_IO;
    }
    return program_slot(sealed, block, known->next_slot++, slot); /* used up, also if it fails */
}

static int32_t sealed_erase(void *ctx, uint32_t block) {
    tally_sealed_store_t *const sealed = ctx;
    if (!is_inside(&sealed->store, block, 0, 0)) {
        return TALLY_E_IO;
    }
    sealed->open_bytes = 0;
    tally_sealed_block_t *known = find_known(sealed, block);
    if (known == NULL) {
        known = remember(sealed, block, 0);
    }
    if (sealed->lower->erase(sealed->lower->ctx, block) < 0) {
        known->block = NO_BLOCK; /* nobody knows what it holds now */
        return TALLY_E_IO;
    }
    known->next_slot = 0;
    return TALLY_OK;
}

static int32_t sealed_sync(void *ctx) {
    const tally_sealed_store_t *const sealed = ctx;
    return sealed->lower->sync(sealed->lower->ctx);
}

/* --- init ----------------------------------------------------------------------------------- */

/* Whether the key does what will be asked of it, tried on an empty entry. */
static int32_t try_key(tally_sealed_store_t *sealed) {
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    const psa_status_t found = psa_get_key_attributes(sealed->key, &attributes);
    if (found != PSA_SUCCESS) {
        return status_of(found);
    }
    sealed->algorithm = psa_get_key_algorithm(&attributes);
    psa_reset_key_attributes(&attributes);
    uint8_t slot[SLOT];
    const int32_t status = seal(sealed, 0, 0, sealed->buffer, 0, slot);
    return status == TALLY_OK ? unseal(sealed, 0, slot, 0) : status;
}

int32_t tally_sealed_store_init(tally_sealed_store_t *sealed, const tally_store_t *lower,
                                psa_key_id_t key, uint32_t slots, uint8_t *buffer,
                                uint32_t buffer_bytes) {
    if (sealed == NULL || lower == NULL || buffer == NULL || buffer_bytes <= TAG || slots == 0 ||
        lower->block_bytes < BLOCK_LEAST || slots > (lower->block_bytes - BLOCK_LEAST) / SLOT) {
        return TALLY_E_ARGUMENT;
    }
    *sealed = (tally_sealed_store_t){
        .store =
            {
                .ctx = sealed,
                .block_bytes = lower->block_bytes - slots * SLOT,
                .blocks = lower->blocks,
                .program_bytes = lower->program_bytes,
                .read = sealed_read,
                .program = sealed_program,
                .erase = sealed_erase,
                .sync = sealed_sync,
            },
        .lower = lower,
        .key = key,
        .slots = slots,
        .buffer = buffer,
        .buffer_bytes = buffer_bytes,
    };
    for (uint32_t i = 0; i < TALLY_SEALED_KNOWN_BLOCKS; i++) {
        sealed->known[i].block = NO_BLOCK;
    }
    return try_key(sealed);
}

const tally_store_t *tally_sealed_store(const tally_sealed_store_t *sealed) {
    return &sealed->store;
}
