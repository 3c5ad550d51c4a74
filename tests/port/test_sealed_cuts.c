/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power cuts at every granule. A writer goes about it as the spool does: after a boot it finds
 * where writing ended, leaves a gap of its largest entry, writes zeros, and goes on; what fails in
 * a block is written in the next.
 */
#include "test.h"

#include "sealed_rig.h"

#include <string.h>

enum { SLOTS = 10, LARGEST = 64, ENTRIES = 400, ZEROS = 16 };

typedef struct {
    uint32_t block;
    uint32_t offset;
    uint32_t size;
    bool kept; /* the store has said so */
} entry_t;

static flash_t flash;
static tally_sealed_store_t sealed;
static const tally_store_t *store;
static psa_key_id_t key;
static uint8_t buffer[LARGEST + TALLY_SEALED_TAG_BYTES];

static entry_t entries[ENTRIES];
static uint32_t entry_count;
static uint32_t head_block;
static uint32_t head;
static bool is_head_erased; /* as the checkpoint tells that a block of the spool begins with */

static void fill(uint8_t *out, uint32_t size, uint32_t number) {
    for (uint32_t i = 0; i < size; i++) {
        out[i] = (uint8_t)(1 + (number * 31u + i * 7u) % 254u);
    }
}

static void boot(void) {
    memset(&sealed, 0x5A, sizeof sealed);
    assert_int_equal(
        tally_sealed_store_init(&sealed, &flash.store, key, SLOTS, buffer, sizeof buffer),
        TALLY_OK);
    store = tally_sealed_store(&sealed);
}

/* What was kept is whole; what was not is whole or hidden. */
static void assert_sound(const entry_t *entry, uint32_t number) {
    uint8_t data[LARGEST];
    uint8_t out[LARGEST];
    fill(data, entry->size, number);
    assert_int_equal(store->read(store->ctx, entry->block, entry->offset, out, entry->size),
                     TALLY_OK);
    if (!entry->kept && memcmp(out, data, entry->size) != 0) {
        for (uint32_t i = 0; i < entry->size; i++) {
            assert_true(out[i] == 0 || out[i] == 0xFF);
        }
        return;
    }
    assert_memory_equal(out, data, entry->size);
}

static void assert_all_sound(void) {
    for (uint32_t i = 0; i < entry_count; i++) {
        if (entries[i].size != 0) {
            assert_sound(&entries[i], i);
        }
    }
}

static void begin_block(uint32_t block) {
    for (uint32_t i = 0; i < entry_count; i++) {
        entries[i].size = entries[i].block == block ? 0 : entries[i].size;
    }
    head_block = block;
    head = 0;
    is_head_erased = store->erase(store->ctx, block) == TALLY_OK;
}

/* Behind all that shows, the largest entry that may not show, and zeros. */
static void find_head(void) {
    static const uint8_t zeros[ZEROS];
    uint8_t out[FLASH_BLOCK_BYTES];
    assert_int_equal(store->read(store->ctx, head_block, 0, out, store->block_bytes), TALLY_OK);
    for (uint32_t i = 0; i < store->block_bytes; i++) {
        if (out[i] != 0xFF) {
            head = (i / ZEROS + 1) * ZEROS;
        }
    }
    head += LARGEST;
    if (!is_head_erased || head + ZEROS + LARGEST > store->block_bytes) {
        begin_block((head_block + 1) % FLASH_BLOCKS);
        return;
    }
    (void)store->program(store->ctx, head_block, head, zeros, sizeof zeros);
    head += ZEROS;
}

static void write_entry(void) {
    const uint32_t granularity = store->program_bytes;
    const uint32_t size = (1 + dice_roll(&sealed_dice, LARGEST / granularity)) * granularity;
    uint8_t data[LARGEST];
    assert_true(entry_count < ENTRIES);
    const uint32_t number = entry_count++;
    if (head + size > store->block_bytes) {
        begin_block((head_block + 1) % FLASH_BLOCKS);
    }
    fill(data, size, number);
    for (int tries = 0; tries < 2 && !entries[number].kept && !flash.is_off; tries++) {
        entries[number] = (entry_t){.block = head_block, .offset = head, .size = size};
        entries[number].kept = store->program(store->ctx, head_block, head, data, size) == TALLY_OK;
        head += size;
        if (!entries[number].kept && !flash.is_off) {
            begin_block((head_block + 1) % FLASH_BLOCKS);
        }
    }
}

/* One boot, whose power fails after so many granules; whether it has. */
static bool live(uint32_t writes, uint32_t until_cut) {
    flash_power(&flash, until_cut);
    boot();
    assert_all_sound();
    find_head();
    for (uint32_t i = 0; i < writes && !flash.is_off; i++) {
        write_entry();
    }
    return flash.is_off;
}

static void first_boot(uint32_t granularity) {
    flash_init(&flash, granularity);
    memset(entries, 0, sizeof entries);
    entry_count = 0;
    boot();
    for (uint32_t block = 0; block < FLASH_BLOCKS; block++) {
        begin_block(block);
    }
    write_entry();
}

/* A cut at each granule of a boot's writing, then more of them in the boots that follow, most of
 * them soon: where zeros are just being written. */
static void survive_cuts(uint32_t granularity) {
    bool was_cut = true;
    for (uint32_t at = 0; was_cut; at++) {
        first_boot(granularity);
        was_cut = live(4, at);
        for (uint32_t boots = 0; boots < 6; boots++) {
            (void)live(3, dice_roll(&sealed_dice, 1 + 16 * (1 + boots % 3 * 4) / granularity));
        }
        assert_false(live(12, UINT32_MAX));
        boot();
        assert_all_sound();
        assert_int_equal(flash.offences, 0);
    }
}

static void cuts_lose_nothing_that_was_kept_at_1_byte(void **state) {
    (void)state;
    survive_cuts(1);
}

static void cuts_lose_nothing_that_was_kept_at_4_bytes(void **state) {
    (void)state;
    survive_cuts(4);
}

static void cuts_lose_nothing_that_was_kept_at_8_bytes(void **state) {
    (void)state;
    for (uint32_t rounds = dice_share(4); rounds > 0; rounds--) {
        survive_cuts(8);
    }
}

static void cuts_lose_nothing_that_was_kept_at_16_bytes(void **state) {
    (void)state;
    for (uint32_t rounds = dice_share(8); rounds > 0; rounds--) {
        survive_cuts(16);
    }
}

/* One boot writes over what a cut tore and is cut itself; what the first cut left in doubt showed
 * to it, and shows no more to the next. */
static void a_slot_that_showed_once_and_no_more_is_not_written_over(void **state) {
    (void)state;
    enum { CUTS = (LARGEST + 2 * TALLY_SEALED_SLOT_BYTES) / 16 };
    static const uint8_t data[LARGEST] = {1};
    for (uint32_t at = 0; at < CUTS * CUTS; at++) {
        flash_init(&flash, 16);
        boot();
        assert_int_equal(store->erase(store->ctx, 0), TALLY_OK);
        for (uint32_t i = 0; i < 4; i++) {
            flash.doubt = i == 1 ? READS_AS_DONE : READS_AS_BEFORE;
            flash_power(&flash, i == 0 ? at / CUTS : i == 1 ? at % CUTS : UINT32_MAX);
            boot();
            (void)store->program(store->ctx, 0, i * LARGEST, data, sizeof data);
        }
        assert_int_equal(flash.offences, 0);
    }
}

static int group_up(void **state) {
    if (sealed_psa_up(state) != 0) {
        return -1;
    }
    key = sealed_key(PSA_KEY_TYPE_CHACHA20, PSA_ALG_CHACHA20_POLY1305, 1);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_lose_nothing_that_was_kept_at_1_byte),
        cmocka_unit_test(cuts_lose_nothing_that_was_kept_at_4_bytes),
        cmocka_unit_test(cuts_lose_nothing_that_was_kept_at_8_bytes),
        cmocka_unit_test(cuts_lose_nothing_that_was_kept_at_16_bytes),
        cmocka_unit_test(a_slot_that_showed_once_and_no_more_is_not_written_over),
    };
    return cmocka_run_group_tests(tests, group_up, sealed_psa_down);
}
