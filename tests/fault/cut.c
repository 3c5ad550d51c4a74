/* SPDX-License-Identifier: Apache-2.0 */
#include "cut.h"

#include <string.h>

#include "trace.h"

/* --- programs ------------------------------------------------------------------------------- */

static void program_part(nor_t *nor, const op_t *op, const uint8_t *data, uint32_t bytes) {
    op_t part = *op;
    part.bytes = bytes < op->bytes ? bytes : op->bytes;
    nor_apply(nor, &part, data);
}

/* Bits of one byte that the operation was to clear, of these `done` are cleared and `soft` read by
 * chance. */
static void tear(nor_t *nor, uint32_t at, uint8_t done, uint8_t soft) {
    nor->data[at] &= (uint8_t)~done;
    nor->soft[at] &= (uint8_t)~done;
    nor->weak[at] &= (uint8_t)~done;
    nor->spent[at] |= done != 0;
    nor_soften(nor, at, soft);
}

static void tear_program(nor_t *nor, const op_t *op, const uint8_t *data, cut_t cut,
                         uint64_t *chance) {
    const uint32_t start = op->block * nor->shape.block_bytes + op->offset;
    const uint32_t few = (uint32_t)(nor_chance(chance) % op->bytes);
    for (uint32_t i = 0; i < op->bytes; i++) {
        const uint32_t at = start + i;
        const uint8_t changing = (uint8_t)((nor->data[at] | nor->soft[at]) & ~data[i]);
        const uint8_t some = (uint8_t)nor_chance(chance) & changing;
        switch (cut.mode) {
        case CUT_SOME_BITS: tear(nor, at, some, 0); break;
        case CUT_SOFT: tear(nor, at, 0, changing); break;
        case CUT_SOFT_FEW: tear(nor, at, 0, i == few || i == few + 9 ? some : 0); break;
        case CUT_SOFT_TORN: tear(nor, at, some, changing & (uint8_t)~some); break;
        default: break;
        }
    }
}

static void fade_program(nor_t *nor, const op_t *op, const uint8_t *data, cut_t cut,
                         uint32_t reads) {
    const bool shows = cut.mode == CUT_FADING || cut.mode == CUT_FADING_READS;
    const uint32_t start = op->block * nor->shape.block_bytes + op->offset;
    for (uint32_t i = 0; i < op->bytes; i++) {
        const uint32_t at = start + i;
        const uint8_t changing = (uint8_t)((nor->data[at] | nor->soft[at]) & ~data[i]);
        if (shows) {
            tear(nor, at, changing, 0);
            nor->spent[at] = 1;
        }
        nor->weak[at] |= changing;
    }
    nor_weaken(nor, start, op->bytes, reads);
}

/* --- erases --------------------------------------------------------------------------------- */

static void set_byte(nor_t *nor, uint32_t at, uint8_t value, uint8_t soft, uint8_t weak) {
    nor->data[at] = value;
    nor->soft[at] = 0;
    nor->weak[at] = weak;
    nor->spent[at] = (value | soft) != 0xFF;
    nor_soften(nor, at, soft);
}

static void tear_erase(nor_t *nor, uint32_t block, cut_t cut, uint64_t *chance) {
    const uint32_t bytes = nor->shape.block_bytes;
    const uint32_t few = (uint32_t)(nor_chance(chance) % bytes);
    for (uint32_t i = 0; i < bytes; i++) {
        const uint32_t at = block * bytes + i;
        const uint8_t old = nor->data[at];
        const uint8_t changing = (uint8_t)(~old | nor->soft[at]);
        const uint8_t some = (uint8_t)nor_chance(chance);
        const bool first = i < cut.bytes;
        switch (cut.mode) {
        case CUT_PREFIX:
            if (first) {
                set_byte(nor, at, 0xFF, 0, 0);
            }
            break;
        case CUT_ZEROS:
            if (first) {
                set_byte(nor, at, 0, 0, 0);
            }
            break;
        case CUT_ZEROS_PART: set_byte(nor, at, first ? 0xFF : 0, 0, 0); break;
        case CUT_ZEROS_BITS: set_byte(nor, at, some, 0, 0); break;
        case CUT_SOME_BITS: set_byte(nor, at, old | (some & changing), 0, 0); break;
        case CUT_SOFT: set_byte(nor, at, old, changing, 0); break;
        case CUT_SOFT_FEW:
            set_byte(nor, at, 0xFF, i == few || i == few + 9 ? changing : 0, 0);
            break;
        case CUT_SOFT_TORN:
            set_byte(nor, at, old | (some & changing), changing & (uint8_t)~some, 0);
            break;
        default: break;
        }
    }
}

static void fade_erase(nor_t *nor, uint32_t block, cut_t cut, uint32_t reads) {
    const bool shows = cut.mode == CUT_FADING || cut.mode == CUT_FADING_READS;
    const uint32_t start = block * nor->shape.block_bytes;
    for (uint32_t at = start; at < start + nor->shape.block_bytes; at++) {
        const uint8_t changing = (uint8_t)(~nor->data[at] | nor->soft[at] | nor->weak[at]);
        if (shows) {
            set_byte(nor, at, 0xFF, 0, changing);
        } else {
            nor->weak[at] = changing;
        }
    }
    nor_weaken(nor, start, nor->shape.block_bytes, reads);
}

/* --- all of them ---------------------------------------------------------------------------- */

void cut_apply(nor_t *nor, const op_t *op, const uint8_t *data, cut_t cut) {
    static const uint16_t odds[] = {128, 240, 16, 252};
    const uint32_t start = op->block * nor->shape.block_bytes + op->offset;
    uint64_t chance = cut.seed;
    TRACE("CUT %s in %s block %u offset %u bytes %u\n", cut_name(cut.mode), op_name(op->kind),
          op->block, op->offset, op->bytes);
    const uint32_t reads = cut.mode == CUT_WEAK_READS || cut.mode == CUT_FADING_READS
                               ? 1 + (uint32_t)(nor_chance(&chance) % 12)
                               : 0;
    nor->odds = odds[nor_chance(&chance) % 4];
    nor->chance = nor_chance(&chance);
    if (op->kind > OP_ERASE || cut.mode == CUT_NOTHING) {
        return;
    }
    const bool erases = op->kind == OP_ERASE;
    if (cut.mode == CUT_WHOLE) {
        nor_apply(nor, op, data);
    } else if (cut.mode >= CUT_WEAK && cut.mode <= CUT_FADING_READS) {
        if (erases) {
            fade_erase(nor, op->block, cut, reads);
        } else {
            fade_program(nor, op, data, cut, reads);
        }
    } else if (erases) {
        tear_erase(nor, op->block, cut, &chance);
    } else if (cut.mode == CUT_PREFIX) {
        program_part(nor, op, data, cut.bytes);
    } else {
        tear_program(nor, op, data, cut, &chance);
    }
    nor_touched(nor, start, erases ? nor->shape.block_bytes : op->bytes);
}

static uint32_t add(cut_t *cuts, uint32_t count, uint8_t mode, uint32_t bytes, uint64_t *chance) {
    cuts[count] = (cut_t){.mode = mode, .bytes = bytes, .seed = nor_chance(chance)};
    return count + 1;
}

uint32_t cut_list(const nor_t *nor, const op_t *op, uint64_t seed, cut_t *cuts) {
    static const uint8_t of_programs[] = {
        CUT_WHOLE,    CUT_SOME_BITS, CUT_SOME_BITS, CUT_SOFT,   CUT_SOFT,       CUT_SOFT_FEW,
        CUT_SOFT_FEW, CUT_SOFT_TORN, CUT_WEAK,      CUT_FADING, CUT_WEAK_READS, CUT_FADING_READS};
    static const uint8_t of_erases[] = {
        CUT_WHOLE,  CUT_SOME_BITS,  CUT_SOFT,         CUT_SOFT_FEW,   CUT_SOFT_TORN, CUT_WEAK,
        CUT_FADING, CUT_WEAK_READS, CUT_FADING_READS, CUT_ZEROS_BITS, CUT_ZEROS_BITS};
    uint32_t count = add(cuts, 0, CUT_NOTHING, 0, &seed);
    if (op->kind == OP_PROGRAM) {
        const uint32_t bytes = op->bytes;
        const uint32_t prefixes[] = {
            1, 3, 7, 8, bytes / 2, bytes - 1, 1 + (uint32_t)(nor_chance(&seed) % bytes)};
        for (uint32_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
            count = add(cuts, count, CUT_PREFIX, prefixes[i], &seed);
        }
        for (uint32_t i = 0; i < sizeof of_programs; i++) {
            count = add(cuts, count, of_programs[i], 0, &seed);
        }
    } else if (op->kind == OP_ERASE) {
        const uint32_t bytes = nor->shape.block_bytes;
        for (uint32_t i = 0; i < sizeof of_erases; i++) {
            count = add(cuts, count, of_erases[i], 0, &seed);
        }
        const uint32_t parts[] = {bytes / 2, bytes - 64, 1 + (uint32_t)(nor_chance(&seed) % bytes)};
        for (uint32_t i = 0; i < sizeof parts / sizeof *parts; i++) {
            count = add(cuts, count, CUT_PREFIX, parts[i], &seed);
            count = add(cuts, count, CUT_ZEROS, i == 1 ? bytes : parts[i], &seed);
            count = add(cuts, count, CUT_ZEROS_PART, parts[i], &seed);
        }
    }
    return count;
}

const char *cut_name(uint32_t mode) {
    static const char *const names[CUT_MODES] = {
        "nothing",      "whole",     "prefix",     "some-bits",  "soft",
        "soft-few",     "soft-torn", "weak",       "weak-reads", "fading",
        "fading-reads", "zeros",     "zeros-part", "zeros-bits", "sectors"};
    return mode < CUT_MODES ? names[mode] : "?";
}

void cut_any(nor_t *nor, const op_t *op, const uint8_t *data) {
    cut_t cuts[CUTS_MOST];
    const uint32_t count = cut_list(nor, op, nor->cut_seed, cuts);
    const cut_t cut = cuts[nor_chance(&nor->cut_seed) % count];
    nor->cut_mode = cut.mode;
    cut_apply(nor, op, data, cut);
}

void cut_hidden(nor_t *nor, const op_t *op, const uint8_t *data) {
    const bool shows = nor_chance(&nor->cut_seed) % 3 == 0;
    nor->cut_mode = shows ? CUT_SOFT_FEW : CUT_WEAK;
    cut_apply(nor, op, data, (cut_t){.mode = (uint8_t)nor->cut_mode, .seed = nor->cut_seed});
}
