/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "sealed_rig.h"

#include <string.h>

#include "tally_tls_heap.h"
#include "tally_tls_internal.h"

dice_t sealed_dice;

static bool random_fails;
static tally_port_t port;
static _Alignas(8) uint8_t heap[16384];

/* --- PSA ------------------------------------------------------------------------------------ */

static int32_t roll_bytes(void *ctx, uint8_t *out, uint32_t size) {
    (void)ctx;
    for (uint32_t i = 0; i < size; i++) {
        out[i] = (uint8_t)dice_roll(&sealed_dice, 256);
    }
    return random_fails ? TALLY_E_RANDOM : TALLY_OK;
}

int sealed_psa_up(void **state) {
    (void)state;
    if (sealed_dice.state == 0) {
        sealed_dice = dice_from_environment();
    }
    port.random = roll_bytes;
    tally_tls_random_use(&port);
    return tally_tls_heap_take(heap, sizeof heap) && psa_crypto_init() == PSA_SUCCESS ? 0 : -1;
}

int sealed_psa_down(void **state) {
    (void)state;
    mbedtls_psa_crypto_free();
    tally_tls_random_use(NULL);
    tally_tls_heap_release();
    return 0;
}

void sealed_let_random_fail(bool fail) {
    random_fails = fail;
}

psa_key_id_t sealed_key(psa_key_type_t type, psa_algorithm_t algorithm, uint8_t secret) {
    uint8_t bytes[32];
    const size_t size = type == PSA_KEY_TYPE_AES ? 16 : sizeof bytes;
    memset(bytes, secret, sizeof bytes);
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_set_key_type(&attributes, type);
    psa_set_key_algorithm(&attributes, algorithm);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT);
    psa_key_id_t key = 0;
    assert_int_equal(psa_import_key(&attributes, bytes, size, &key), PSA_SUCCESS);
    return key;
}

/* --- flash ---------------------------------------------------------------------------------- */

static uint32_t place_of(uint32_t block, uint32_t offset, uint32_t size) {
    assert_in_range(block, 0, FLASH_BLOCKS - 1);
    assert_true(offset <= FLASH_BLOCK_BYTES && size <= FLASH_BLOCK_BYTES - offset);
    return block * FLASH_BLOCK_BYTES + offset;
}

/* By chance they often are all erased, or as if it had been done. */
static uint8_t doubtful_bits(const flash_t *flash) {
    const uint8_t chance = (uint8_t)dice_roll(&sealed_dice, 256);
    if (flash->doubt != READS_BY_CHANCE) {
        return flash->doubt == READS_AS_BEFORE ? 0xFF : 0;
    }
    return chance < 96 ? 0xFF : chance < 192 ? 0 : chance;
}

static int32_t flash_read(void *ctx, uint32_t block, uint32_t offset, uint8_t *out, uint32_t size) {
    const flash_t *const flash = ctx;
    const uint32_t place = place_of(block, offset, size);
    for (uint32_t i = 0; i < size; i++) {
        const uint8_t doubt = (uint8_t)(flash->low[place + i] ^ flash->high[place + i]);
        out[i] = (uint8_t)(flash->low[place + i] | (doubt & doubtful_bits(flash)));
    }
    const bool is_bad = flash->unreadable - place < size;
    return flash->is_off || is_bad ? TALLY_E_IO : TALLY_OK;
}

/* Whether the power fails in the midst of what is done now. */
static bool is_cut(flash_t *flash) {
    flash->is_off = flash->until_cut-- == 0;
    return flash->is_off;
}

static int32_t flash_program(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                             uint32_t size) {
    flash_t *const flash = ctx;
    const uint32_t granularity = flash->store.program_bytes;
    const uint32_t place = place_of(block, offset, size);
    assert_true(offset % granularity == 0 && size % granularity == 0);
    for (uint32_t i = 0; i < size && !flash->is_off; i++) {
        const uint32_t at = place + i;
        const bool cut = i % granularity == 0 && is_cut(flash);
        for (uint32_t g = 0; cut && g < granularity; g++) {
            flash->low[at + g] &= data[i + g];
            flash->fresh[at + g] = false;
        }
        if (!cut) {
            flash->low[at] &= data[i];
            flash->high[at] &= data[i];
            flash->fresh[at] = false;
        }
    }
    return flash->is_off ? TALLY_E_IO : TALLY_OK;
}

static int32_t flash_watch_program(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                                   uint32_t size) {
    flash_t *const flash = ctx;
    const uint32_t place = place_of(block, offset, size);
    bool zeros = true;
    bool fresh = true;
    for (uint32_t i = 0; i < size; i++) {
        zeros = zeros && data[i] == 0;
        fresh = fresh && flash->fresh[place + i];
    }
    flash->offences += !flash->is_off && !zeros && !fresh;
    return flash_program(ctx, block, offset, data, size);
}

static int32_t flash_erase(void *ctx, uint32_t block) {
    flash_t *const flash = ctx;
    const uint32_t place = place_of(block, 0, 0);
    if (flash->is_off) {
        return TALLY_E_IO;
    }
    const bool cut = is_cut(flash);
    for (uint32_t i = 0; i < FLASH_BLOCK_BYTES; i++) {
        flash->low[place + i] = cut ? flash->low[place + i] : 0xFF;
        flash->high[place + i] = 0xFF;
        flash->fresh[place + i] = !cut;
    }
    return cut ? TALLY_E_IO : TALLY_OK;
}

static int32_t flash_sync(void *ctx) {
    const flash_t *const flash = ctx;
    return flash->is_off ? TALLY_E_IO : TALLY_OK;
}

void flash_init(flash_t *flash, uint32_t program_bytes) {
    memset(flash, 0, sizeof *flash);
    memset(flash->low, 0x5A, sizeof flash->low);
    memset(flash->high, 0x5A, sizeof flash->high);
    flash->store = (tally_store_t){
        .ctx = flash,
        .block_bytes = FLASH_BLOCK_BYTES,
        .blocks = FLASH_BLOCKS,
        .program_bytes = program_bytes,
        .read = flash_read,
        .program = flash_watch_program,
        .erase = flash_erase,
        .sync = flash_sync,
    };
    flash->unreadable = UINT32_MAX;
    flash_power(flash, UINT32_MAX);
}

void flash_power(flash_t *flash, uint32_t until_cut) {
    flash->until_cut = until_cut;
    flash->is_off = false;
}
