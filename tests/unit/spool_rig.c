/* SPDX-License-Identifier: Apache-2.0 */
#include "spool_rig.h"

#include <string.h>

#include "test.h"

void spool_rig_init(spool_rig_t *rig, uint32_t block_bytes, uint32_t blocks,
                    uint32_t program_bytes) {
    fake_store_init(&rig->store, block_bytes, blocks, program_bytes);
    assert_int_equal(tally_spool_init(&rig->spool, &rig->store.store, 0, RIG_BOOT), TALLY_OK);
}

void spool_rig_reboot(spool_rig_t *rig, uint64_t boot) {
    memset(&rig->spool, 0xA5, sizeof rig->spool);
    assert_int_equal(tally_spool_init(&rig->spool, &rig->store.store, 0, boot), TALLY_OK);
}

int32_t spool_rig_commit_kind(spool_rig_t *rig, enum tally_class class, char kind, char letter,
                              uint32_t bytes) {
    uint32_t sequence;
    memset(tally_spool_begin(&rig->spool, &sequence), letter, bytes);
    return tally_spool_commit(&rig->spool, class, (uint8_t)kind, bytes);
}

int32_t spool_rig_commit(spool_rig_t *rig, enum tally_class class, char letter, uint32_t bytes) {
    return spool_rig_commit_kind(rig, class, 'h', letter, bytes);
}

void spool_rig_keep(spool_rig_t *rig, enum tally_class class, char letter, uint32_t bytes) {
    assert_int_equal(spool_rig_commit(rig, class, letter, bytes), TALLY_OK);
}

void spool_rig_keep_word(spool_rig_t *rig, enum tally_class class, const char *word) {
    for (; *word != '\0'; word++) {
        spool_rig_keep(rig, class, *word, RIG_HALF_BLOCK);
    }
}

/* Reads the batch to its end; each run of a letter leaves one in `word`. */
static void read_word(spool_rig_t *rig, char *word, uint32_t size) {
    uint8_t bytes[100];
    uint32_t letters = 0;
    uint32_t total = 0;
    int32_t read = 0;
    while ((read = tally_spool_read(&rig->spool, &rig->batch, bytes, sizeof bytes)) > 0) {
        for (int32_t i = 0; i < read; i++) {
            if (letters == 0 || word[letters - 1] != (char)bytes[i]) {
                assert_true(letters < size - 1);
                word[letters++] = (char)bytes[i];
            }
        }
        total += (uint32_t)read;
    }
    word[letters] = '\0';
    assert_int_equal(read, 0);
    assert_int_equal(total, rig->batch.bytes);
    assert_int_equal(letters, rig->batch.records);
}

void assert_planned(spool_rig_t *rig, uint32_t bytes_most, const char *word) {
    char read[64];
    assert_int_equal(tally_spool_plan(&rig->spool, bytes_most, &rig->batch), strlen(word));
    read_word(rig, read, sizeof read);
    assert_string_equal(read, word);
}

void assert_uploaded(spool_rig_t *rig, const char *word) {
    char all[64] = "";
    while (tally_spool_plan(&rig->spool, UINT32_MAX, &rig->batch) > 0) {
        const size_t before = strlen(all);
        read_word(rig, all + before, (uint32_t)(sizeof all - before));
        tally_spool_accept(&rig->spool, &rig->batch);
    }
    assert_string_equal(all, word);
    assert_int_equal(tally_spool_waiting(&rig->spool), 0);
}

void assert_uploaded_of(spool_rig_t *rig, uint64_t boot, const char *word) {
    assert_planned(rig, UINT32_MAX, word);
    assert_int_equal(rig->batch.boot, boot);
    tally_spool_accept(&rig->spool, &rig->batch);
}

void assert_next_sequence(spool_rig_t *rig, uint32_t expected) {
    uint32_t sequence;
    (void)tally_spool_begin(&rig->spool, &sequence);
    assert_int_equal(sequence, expected);
}

uint8_t *spool_rig_at(spool_rig_t *rig, uint32_t block, uint32_t offset) {
    return rig->store.memory + (size_t)block * rig->store.store.block_bytes + offset;
}
