/* SPDX-License-Identifier: Apache-2.0 */
#include "settings_rig.h"

#include <stddef.h>
#include <string.h>

#include "test.h"

/* --- cuts ----------------------------------------------------------------------------------- */

/* `bytes` bytes at `at` were to become `target` when the power went. */
static void tear(settings_rig_t *rig, uint32_t at, const uint8_t *target, uint32_t bytes,
                 bool is_erase) {
    const uint32_t prefix = dice_roll(&rig->dice, bytes + 1);
    const uint32_t extent = dice_roll(&rig->dice, 3);
    const uint32_t spot = dice_roll(&rig->dice, bytes);
    for (uint32_t i = 0; i < bytes; i++) {
        uint8_t *const now = rig->memory + at + i;
        const uint8_t changed = *now ^ target[i];
        const uint8_t random = changed & (uint8_t)dice_bits(&rig->dice);
        const uint8_t few = i == spot ? random : 0;
        const uint8_t some = extent == 0 ? few : extent == 1 ? random : changed;
        const uint8_t old = *now;
        switch (rig->cut) {
        case CUT_PREFIX: *now = i < prefix ? target[i] : old; break;
        case CUT_WHOLE: *now = target[i]; break;
        case CUT_FADES: *now = target[i]; break;
        case CUT_UNSTABLE: *now = target[i]; break;
        case CUT_RANDOM: *now = old ^ random; break;
        case CUT_ZEROS: *now = is_erase ? 0 : old ^ random; break;
        default: break;
        }
        rig->later[at + i] = *now;
        if (rig->cut == CUT_FADES) {
            rig->later[at + i] ^= some;
        } else if (rig->cut == CUT_SHOWS) {
            rig->later[at + i] = extent == 2 ? target[i] : target[i] ^ some;
        } else if (rig->cut == CUT_UNSTABLE || rig->cut == CUT_ALL_UNSTABLE) {
            rig->unstable[at + i] |= rig->cut == CUT_UNSTABLE ? few : changed;
        }
    }
    if (rig->later_in == 0) {
        rig->later_in = 2;
    }
    rig->is_off = true;
}

/* Counts down to the operation that is not to get through. */
static bool happens_now(uint32_t *in) {
    if (*in == 0) {
        return false;
    }
    (*in)--;
    return *in == 0;
}

/* --- store ---------------------------------------------------------------------------------- */

static uint32_t address(const settings_rig_t *rig, uint32_t block, uint32_t offset, uint32_t size) {
    assert_true(block < 2); /* the others belong to somebody else */
    assert_true(offset < rig->store.block_bytes);
    assert_true(size <= rig->store.block_bytes - offset);
    return block * rig->store.block_bytes + offset;
}

static int32_t rig_read(void *ctx, uint32_t block, uint32_t offset, uint8_t *out, uint32_t size) {
    settings_rig_t *const rig = ctx;
    const uint32_t at = address(rig, block, offset, size);
    if (rig->is_off) {
        return TALLY_E_IO;
    }
    for (uint32_t i = 0; i < size; i++) {
        const uint8_t doubt = rig->unstable[at + i];
        out[i] = rig->memory[at + i];
        if (doubt != 0) {
            out[i] ^= doubt & (uint8_t)dice_bits(&rig->dice);
        }
    }
    return TALLY_OK;
}

static int32_t rig_program(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                           uint32_t size) {
    settings_rig_t *const rig = ctx;
    const uint32_t at = address(rig, block, offset, size);
    assert_int_equal(offset % rig->store.program_bytes, 0);
    assert_int_equal(size % rig->store.program_bytes, 0);
    uint8_t target[RIG_BYTES_MOST / 2];
    for (uint32_t i = 0; i < size; i++) {
        assert_true(rig->is_off || data[i] == 0 || !rig->written[at + i]);
        target[i] = rig->memory[at + i] & data[i];
    }
    if (rig->is_off || rig->stuck[block]) {
        return TALLY_E_IO;
    }
    rig->programs++;
    memset(rig->written + at, 1, size);
    if (happens_now(&rig->cut_in)) {
        tear(rig, at, target, size, false);
        return TALLY_E_IO;
    }
    const bool fails = happens_now(&rig->fails_in);
    const uint32_t done = fails && !rig->fails_whole ? size / 2 : size;
    memcpy(rig->memory + at, target, done);
    for (uint32_t i = 0; i < size; i++) {
        rig->unstable[at + i] &= data[i]; /* a zero is a zero, written with full strength */
        rig->later[at + i] &= i < done ? data[i] : 0xFF;
    }
    return fails ? TALLY_E_IO : TALLY_OK;
}

static int32_t rig_erase(void *ctx, uint32_t block) {
    settings_rig_t *const rig = ctx;
    const uint32_t at = address(rig, block, 0, 0);
    const uint32_t size = rig->store.block_bytes;
    if (rig->is_off || rig->bad[block]) {
        return TALLY_E_IO;
    }
    uint8_t target[RIG_BYTES_MOST / 2];
    memset(target, 0xFF, size);
    memset(rig->written + at, 1, size);
    if (happens_now(&rig->cut_in)) {
        tear(rig, at, target, size, true);
        return TALLY_E_IO;
    }
    if (happens_now(&rig->fails_in)) {
        return TALLY_E_IO;
    }
    rig->erases[block]++;
    memset(rig->memory + at, 0xFF, size);
    memset(rig->later + at, 0xFF, size);
    memset(rig->unstable + at, 0, size);
    memset(rig->written + at, 0, size);
    return TALLY_OK;
}

static int32_t rig_sync(void *ctx) {
    const settings_rig_t *const rig = ctx;
    return rig->is_off ? TALLY_E_IO : TALLY_OK;
}

/* --- rig ------------------------------------------------------------------------------------ */

void settings_rig_init(settings_rig_t *rig, uint32_t block_bytes, uint32_t program_bytes,
                       dice_t dice) {
    const size_t bytes = (size_t)block_bytes * 2;
    memset(rig, 0, offsetof(settings_rig_t, memory));
    rig->dice = dice;
    rig->store = (tally_store_t){
        .ctx = rig,
        .block_bytes = block_bytes,
        .blocks = 3,
        .program_bytes = program_bytes,
        .read = rig_read,
        .program = rig_program,
        .erase = rig_erase,
        .sync = rig_sync,
    };
    memset(rig->memory, 0xFF, bytes);
    memset(rig->later, 0xFF, bytes);
    memset(rig->unstable, 0, bytes);
    settings_rig_boot(rig);
}

void settings_rig_copy(settings_rig_t *to, const settings_rig_t *from) {
    const size_t bytes = (size_t)from->store.block_bytes * 2;
    memcpy(to, from, offsetof(settings_rig_t, memory));
    memcpy(to->memory, from->memory, bytes);
    memcpy(to->unstable, from->unstable, bytes);
    memcpy(to->later, from->later, bytes);
    memcpy(to->written, from->written, bytes * sizeof(bool));
    to->store.ctx = to;
    to->settings.store = &to->store;
}

void settings_rig_boot(settings_rig_t *rig) {
    const size_t bytes = (size_t)rig->store.block_bytes * 2;
    rig->is_off = false;
    if (rig->later_in > 0 && --rig->later_in == 0) {
        memcpy(rig->memory, rig->later, bytes);
    }
    memset(rig->written, 1, bytes);
    assert_int_equal(tally_settings_init(&rig->settings, &rig->store), TALLY_OK);
}

void settings_rig_value(uint8_t *out, uint32_t id, uint32_t version, uint32_t bytes) {
    dice_t dice = {.state = (uint64_t)id << 32 | version};
    for (uint32_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)dice_bits(&dice);
    }
    if (bytes > 2) {
        out[bytes - 1] = 0xFF; /* looks like what was never written */
    }
}

int32_t settings_rig_set(settings_rig_t *rig, uint32_t id, uint32_t version, uint32_t bytes) {
    uint8_t value[TALLY_SETTING_BYTES_MOST];
    settings_rig_value(value, id, version, bytes);
    return tally_settings_set(&rig->settings, id, value, bytes);
}

void assert_setting(settings_rig_t *rig, uint32_t id, uint32_t version, uint32_t bytes) {
    uint8_t expected[TALLY_SETTING_BYTES_MOST];
    uint8_t value[TALLY_SETTING_BYTES_MOST];
    settings_rig_value(expected, id, version, bytes);
    assert_int_equal(tally_settings_get(&rig->settings, id, value, sizeof value), bytes);
    assert_memory_equal(value, expected, bytes);
}

void assert_no_setting(settings_rig_t *rig, uint32_t id) {
    uint8_t value[TALLY_SETTING_BYTES_MOST];
    assert_int_equal(tally_settings_get(&rig->settings, id, value, sizeof value), TALLY_E_EMPTY);
}
