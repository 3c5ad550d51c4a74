/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in the store, byte for byte as SPEC.md has it. The bytes were computed from there with
 * Python's zlib, not with this code. */
#include <string.h>

#include "entry.h"
#include "spool_rig.h"
#include "test.h"

enum { BLOCK_BYTES = 4096, BLOCKS = 8, URGENT_AT = 0, ROUTINE_AT = 3 };

#define BOOT_A UINT64_C(0x1F0123456789AB)
#define BOOT_B UINT64_C(0x1EFEDCBA987654)

static spool_rig_t rig;
static uint8_t image[BLOCKS * BLOCK_BYTES];

static void take_image(void) {
    memcpy(image, rig.store.memory, sizeof image);
}

static void assert_store_is_as_it_was(void) {
    assert_memory_equal(rig.store.memory, image, sizeof image);
}

/* --- one scene ------------------------------------------------------------------------------ */

/* As it is written first, and once more behind it. */
static const uint8_t checkpoint_at_0[] = {
    0x29, 0x00, 0x80, 0x7D, 0x92, 0x9B, 0x05, 0xE7, /* 41 bytes, checkpoint, check, CRC */
    1,    1,    3,    0,                            /* format, quiet boots, urgent blocks */
    5,    0,    0,    0,                            /* the first block of a ring of five */
    0xAB, 0x89, 0x67, 0x45, 0x23, 0x01, 0x1F,       /* boot A */
    0xD0, 0x43, 0x54, 0x65,                         /* 0x655443D0 s */
    0,    0,    0,    0,                            /* records before */
    0xE8, 0x07,                                     /* largest entry: 2,024 */
    0,    0,    0,    0,    0,                      /* oldest: in this block, at 0, */
    0,    0,    0,    0,                            /* records before it, */
    0xAB, 0x89, 0x67, 0x45, 0x23, 0x01, 0x1F,       /* of boot A */
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
};
static const uint8_t header_at_56[] = {0x29, 0x00, 0x80, 0xBD, 0x16, 0x49, 0x91, 0xFA};
static const uint8_t record_at_112[] = {
    3,   0,   0x28, 0x50, 0x04, 0x53, 0x20, 0x46, /* bytes, routine 'h', check, CRC */
    'a', 'b', 'c',  0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
};
static const uint8_t checkpoint_at_2168[] = {
    0x29, 0x00, 0x80, 0x10, 0xF5, 0x75, 0xF0, 0xFC, 1,    1,    3,    0,    5,
    0,    0,    0,    0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE, 0x1E, /* boot B */
    0,    0,    0,    0,                                        /* knows no time */
    1,    0,    0,    0,                                        /* record before */
    0xE8, 0x07, 0,    0,    0,    0,    0,    0,    0,    0,    0,    0xAB, 0x89,
    0x67, 0x45, 0x23, 0x01, 0x1F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
};
static const uint8_t header_at_2224[] = {0x29, 0x00, 0x80, 0xC9, 0xA2, 0xD6, 0x9F, 0xDA};
static const uint8_t record_at_2280[] = {
    2,   0,   0x2C, 0x91, 0x05, 0xDA, 0xF2, 0x44, /* routine 'l' */
    'd', 'e', 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
};
static const uint8_t checkpoint_at_2296[] = {
    0x29, 0x00, 0x80, 0xC8, 0xF1, 0x35, 0x4C, 0xF5, 1,    0, /* not a quiet boot any more */
    3,    0,    5,    0,    0,    0,    0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE, 0x1E, 0,
    0,    0,    0,    2,    0,    0,    0,                         /* records before */
    0xE8, 0x07, 0,    0,    0xE8, 0x08, 0,    1,    0,    0,    0, /* oldest: at 2280, of boot B */
    0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE, 0x1E, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
};

static void put_bytes(uint32_t block, uint32_t offset, const uint8_t *bytes, uint32_t size) {
    memcpy(image + block * BLOCK_BYTES + offset, bytes, size);
}

#define PUT_ROUTINE(offset, bytes) put_bytes(ROUTINE_AT, offset, bytes, sizeof(bytes))

static void keep_text(enum tally_class class, char kind, const char *text) {
    uint32_t sequence;
    const uint32_t bytes = (uint32_t)strlen(text);
    memcpy(tally_spool_begin(&rig.spool, &sequence), text, bytes);
    assert_int_equal(tally_spool_commit(&rig.spool, class, (uint8_t)kind, bytes), TALLY_OK);
}

static void first_boot(void) {
    fake_store_init(&rig.store, BLOCK_BYTES, BLOCKS, 8);
    spool_rig_reboot(&rig, BOOT_A);
    rig.spool.unix_s = 0x655443D0;
    memset(image, 0xFF, sizeof image);
}

static void put_first_boot(void) {
    PUT_ROUTINE(0, checkpoint_at_0);
    PUT_ROUTINE(56, checkpoint_at_0);
    PUT_ROUTINE(56, header_at_56);
    PUT_ROUTINE(112, record_at_112);
}

static void put_second_boot(void) {
    static const uint8_t zeros[8] = {0};
    put_first_boot();
    PUT_ROUTINE(128, zeros);
    PUT_ROUTINE(128 + 8 + 2024, zeros);
    PUT_ROUTINE(2168, checkpoint_at_2168);
    PUT_ROUTINE(2224, checkpoint_at_2168);
    PUT_ROUTINE(2224, header_at_2224);
    PUT_ROUTINE(2280, record_at_2280);
}

static void test_spool_first_record_lies_behind_two_checkpoints(void **state) {
    (void)state;
    first_boot();
    keep_text(TALLY_ROUTINE, 'h', "abc");
    put_first_boot();
    assert_store_is_as_it_was();
}

static void test_spool_next_boot_leaves_a_gap_and_writes_zeros_first(void **state) {
    (void)state;
    first_boot();
    keep_text(TALLY_ROUTINE, 'h', "abc");
    spool_rig_reboot(&rig, BOOT_B);
    keep_text(TALLY_ROUTINE, 'l', "de");
    put_second_boot();
    assert_store_is_as_it_was();
}

static void test_spool_note_of_what_was_accepted_lies_behind_the_records(void **state) {
    (void)state;
    first_boot();
    keep_text(TALLY_ROUTINE, 'h', "abc");
    spool_rig_reboot(&rig, BOOT_B);
    keep_text(TALLY_ROUTINE, 'l', "de");
    assert_int_equal(tally_spool_plan(&rig.spool, UINT32_MAX, &rig.batch), 1);
    tally_spool_accept(&rig.spool, &rig.batch);
    put_second_boot();
    PUT_ROUTINE(2296, checkpoint_at_2296);
    assert_store_is_as_it_was();
}

static void test_spool_urgent_record_lies_in_the_first_ring(void **state) {
    (void)state;
    static const uint8_t record[] = {
        1,   0,    0x05, 0x0C, 0xB2, 0x0A, 0x29, 0x0B, /* urgent 'e', number 3, at 112 */
        'U', 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    };
    first_boot();
    keep_text(TALLY_URGENT, 'e', "U");
    assert_memory_equal(spool_rig_at(&rig, URGENT_AT, 112), record, sizeof record);
    assert_int_equal(*spool_rig_at(&rig, ROUTINE_AT, 0), 0xFF);
}

/* The other way round: a store that somebody else wrote by the book. */
static void test_spool_reads_a_store_written_by_the_book(void **state) {
    (void)state;
    uint8_t read[8];
    first_boot();
    put_second_boot();
    memcpy(rig.store.memory, image, sizeof image);
    spool_rig_reboot(&rig, 99);
    assert_int_equal(tally_spool_waiting(&rig.spool), 2);
    assert_int_equal(tally_spool_plan(&rig.spool, UINT32_MAX, &rig.batch), 1);
    assert_int_equal(rig.batch.boot, BOOT_A);
    assert_int_equal(tally_spool_read(&rig.spool, &rig.batch, read, sizeof read), 3);
    assert_memory_equal(read, "abc", 3);
    tally_spool_accept(&rig.spool, &rig.batch);
    assert_int_equal(tally_spool_plan(&rig.spool, UINT32_MAX, &rig.batch), 1);
    assert_int_equal(rig.batch.boot, BOOT_B);
    assert_int_equal(tally_spool_read(&rig.spool, &rig.batch, read, sizeof read), 2);
    assert_memory_equal(read, "de", 2);
}

/* --- looking without touching --------------------------------------------------------------- */

static void test_spool_mount_writes_nothing(void **state) {
    (void)state;
    spool_rig_init(&rig, BLOCK_BYTES, BLOCKS, 4);
    for (uint64_t boot = 1; boot < 40; boot++) {
        take_image();
        const uint32_t programs = rig.store.programs;
        const uint32_t erases = rig.store.erases;
        spool_rig_reboot(&rig, boot);
        (void)tally_spool_plan(&rig.spool, UINT32_MAX, &rig.batch);
        (void)tally_spool_prepare(&rig.spool);
        assert_store_is_as_it_was();
        assert_int_equal(rig.store.programs, programs);
        assert_int_equal(rig.store.erases, erases);
        spool_rig_keep(&rig, boot % 3 == 0 ? TALLY_URGENT : TALLY_ROUTINE, 'a', 700);
    }
}

/* --- what others left ----------------------------------------------------------------------- */

/* A block of a format that is yet to be invented, number 6 of the routine ring: its second. */
static const uint8_t format_2[] = {
    0x0B, 0x00, 0x80, 0xF0, 0xC5, 0x49, 0x18, 0x91, 2, 9, 9, 9, /* 11 bytes, format 2 */
    6,    0,    0,    0,    'n',  'e',  'w',  0xFF,
};

/* With a record of a boot that is known, in its right place. */
static void put_format_2(void) {
    uint8_t *const block = spool_rig_at(&rig, ROUTINE_AT + 1, 0);
    const tally_cursor_t at = {.owner = RIG_BOOT,
                               .place = {.sequence = 6, .offset = sizeof format_2}};
    uint8_t *const record = block + at.place.offset;
    memset(block, 0xFF, BLOCK_BYTES);
    memcpy(block, format_2, sizeof format_2);
    memset(record + TALLY_ENTRY_HEADER_BYTES, 'X', 100);
    (void)tally_entry_seal(&rig.store.store, record, 0x28, 100, &at);
    take_image();
}

static void test_spool_leaves_blocks_of_a_later_format_alone(void **state) {
    (void)state;
    spool_rig_init(&rig, BLOCK_BYTES, BLOCKS, 4);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 100);
    put_format_2();
    spool_rig_reboot(&rig, 2);
    assert_int_equal(rig.spool.foreign_blocks, 1);
    assert_int_equal(tally_spool_waiting(&rig.spool), 1);
    assert_store_is_as_it_was();
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 100);
    assert_uploaded_of(&rig, RIG_BOOT, "a");
    assert_uploaded_of(&rig, 2, "b");
    assert_memory_equal(spool_rig_at(&rig, ROUTINE_AT + 1, 0),
                        image + (ROUTINE_AT + 1) * BLOCK_BYTES, BLOCK_BYTES);
}

static void test_spool_overwrites_blocks_of_a_later_format_when_their_turn_comes(void **state) {
    (void)state;
    spool_rig_init(&rig, BLOCK_BYTES, BLOCKS, 4);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 2000);
    put_format_2();
    spool_rig_reboot(&rig, 2);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 2000);
    spool_rig_reboot(&rig, 3);
    assert_int_equal(rig.spool.foreign_blocks, 0);
    assert_uploaded_of(&rig, RIG_BOOT, "a");
    assert_uploaded_of(&rig, 2, "b");
}

/* Back to this version, and then forward again: of what the later one wrote only the first block of
 * each ring was used up. */
static void test_spool_of_a_later_format_is_used_up_block_by_block(void **state) {
    (void)state;
    uint8_t checkpoint[TALLY_ENTRY_HEADER_BYTES + 16] = {0};
    fake_store_init(&rig.store, BLOCK_BYTES, BLOCKS, 4);
    for (uint32_t block = 0; block < BLOCKS; block++) {
        const uint32_t sequence = block < ROUTINE_AT ? 30 + block : 50 + block - ROUTINE_AT;
        memset(checkpoint, 2, sizeof checkpoint);
        tally_le_put(checkpoint + TALLY_ENTRY_HEADER_BYTES + 4, sequence, 4);
        const tally_cursor_t at = {.place = {.sequence = sequence}};
        (void)tally_entry_seal(&rig.store.store, checkpoint, 0x80, 16, &at);
        memcpy(spool_rig_at(&rig, block, 0), checkpoint, sizeof checkpoint);
    }
    take_image();
    spool_rig_reboot(&rig, 1);
    assert_int_equal(rig.spool.foreign_blocks, BLOCKS);
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 100);
    spool_rig_keep(&rig, TALLY_URGENT, 'U', 100);
    spool_rig_reboot(&rig, 2);
    assert_int_equal(rig.spool.foreign_blocks, BLOCKS - 2);
    assert_uploaded_of(&rig, 1, "Ua");
    for (uint32_t block = 0; block < BLOCKS; block++) {
        const bool is_kept =
            memcmp(spool_rig_at(&rig, block, 0), image + block * BLOCK_BYTES, BLOCK_BYTES) == 0;
        assert_int_equal(is_kept, block != URGENT_AT && block != ROUTINE_AT);
    }
}

/* One that no writer of this version uses, behind the only record. */
static void test_spool_passes_over_entries_of_unknown_tags(void **state) {
    (void)state;
    static const uint8_t tags[] = {0x81, 0xA8, 0xFF};
    for (uint32_t i = 0; i < sizeof tags; i++) {
        const tally_cursor_t at = {.place = {.sequence = 5, .offset = 2 * 52 + 108}};
        spool_rig_init(&rig, BLOCK_BYTES, BLOCKS, 4);
        spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 100);
        uint8_t *const entry = spool_rig_at(&rig, ROUTINE_AT, at.place.offset);
        memset(entry + TALLY_ENTRY_HEADER_BYTES, 'X', 100);
        (void)tally_entry_seal(&rig.store.store, entry, tags[i], 100, &at);
        spool_rig_reboot(&rig, 2);
        spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 100);
        assert_uploaded_of(&rig, RIG_BOOT, "a");
        assert_uploaded_of(&rig, 2, "b");
    }
}

/* The store has lost a block at its end: the urgent ring is as it was, the other one does not fit.
 */
static void test_spool_counts_blocks_of_another_layout_and_leaves_them_alone(void **state) {
    (void)state;
    spool_rig_init(&rig, BLOCK_BYTES, BLOCKS, 4);
    spool_rig_keep(&rig, TALLY_URGENT, 'U', 100);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 2000);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 2000);
    take_image();
    rig.store.store.blocks = BLOCKS - 1;
    spool_rig_reboot(&rig, 2);
    assert_int_equal(rig.spool.foreign_blocks, 2);
    assert_int_equal(tally_spool_waiting(&rig.spool), 1);
    assert_store_is_as_it_was();
    assert_uploaded_of(&rig, RIG_BOOT, "U");
    spool_rig_keep(&rig, TALLY_ROUTINE, 'c', 100);
    spool_rig_reboot(&rig, 3);
    assert_int_equal(rig.spool.foreign_blocks, 1);
    assert_uploaded_of(&rig, 2, "c");
}

static void test_spool_lays_out_anew_what_cannot_be_its_own(void **state) {
    (void)state;
    fake_store_init(&rig.store, BLOCK_BYTES, BLOCKS, 4);
    assert_int_equal(tally_spool_init(&rig.spool, &rig.store.store, BLOCKS, 1), TALLY_OK);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 100);
    rig.store.store.blocks = 6; /* a ring of eight is none of six */
    spool_rig_reboot(&rig, 2);
    assert_int_equal(rig.spool.foreign_blocks, 1);
    assert_int_equal(rig.spool.ring_count, 2);
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 100);
    assert_uploaded_of(&rig, 2, "b");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spool_first_record_lies_behind_two_checkpoints),
        cmocka_unit_test(test_spool_next_boot_leaves_a_gap_and_writes_zeros_first),
        cmocka_unit_test(test_spool_note_of_what_was_accepted_lies_behind_the_records),
        cmocka_unit_test(test_spool_urgent_record_lies_in_the_first_ring),
        cmocka_unit_test(test_spool_reads_a_store_written_by_the_book),
        cmocka_unit_test(test_spool_mount_writes_nothing),
        cmocka_unit_test(test_spool_leaves_blocks_of_a_later_format_alone),
        cmocka_unit_test(test_spool_overwrites_blocks_of_a_later_format_when_their_turn_comes),
        cmocka_unit_test(test_spool_of_a_later_format_is_used_up_block_by_block),
        cmocka_unit_test(test_spool_passes_over_entries_of_unknown_tags),
        cmocka_unit_test(test_spool_counts_blocks_of_another_layout_and_leaves_them_alone),
        cmocka_unit_test(test_spool_lays_out_anew_what_cannot_be_its_own),
    };
    return cmocka_run_group_tests_name("spool_bytes", tests, NULL, NULL);
}
