/* SPDX-License-Identifier: Apache-2.0 */
#include "chip.h"

#include <string.h>

#define SR_READY      0x80u
#define SR_ERASE      0x20u
#define SR_PROGRAM    0x10u
#define SR_VOLTAGE    0x08u
#define SR_LOCKED     0x02u
#define SR_SEQUENCE   (SR_ERASE | SR_PROGRAM)
#define COMMAND       0xFFu /* the high byte counts for nothing */
#define QUERY_ADDRESS 0x55u
#define NEVER_NS      UINT64_MAX

static uint8_t log2_of(uint32_t value) {
    uint8_t log2 = 0;
    while (value > 1) {
        value /= 2;
        log2++;
    }
    return log2;
}

/* JESD68, with times that leave twice the typical one. */
static void write_query(chip_t *chip) {
    const chip_shape_t *const shape = &chip->shape;
    const uint32_t block_units = shape->block_words * 2 / 256;
    const uint8_t fixed[] = {'Q', 'R', 'Y', 1, 0, 0x31, 0};
    memset(chip->query, 0, sizeof chip->query);
    memcpy(chip->query + 0x10, fixed, sizeof fixed);
    chip->query[0x1F] = log2_of(shape->word_us);
    chip->query[0x20] = shape->buffer_words > 0 ? log2_of(shape->buffer_us) : 0;
    chip->query[0x21] = log2_of(shape->erase_us / 1000);
    chip->query[0x23] = chip->query[0x24] = chip->query[0x25] = 1;
    chip->query[0x27] = log2_of(shape->blocks * shape->block_words * 2);
    chip->query[0x28] = 1; /* x16 */
    chip->query[0x2A] = shape->buffer_words > 0 ? log2_of(shape->buffer_words * 2) : 0;
    chip->query[0x2C] = 1;
    chip->query[0x2D] = (uint8_t)(shape->blocks - 1);
    chip->query[0x2E] = (uint8_t)((shape->blocks - 1) >> 8);
    chip->query[0x2F] = (uint8_t)block_units;
    chip->query[0x30] = (uint8_t)(block_units >> 8);
    memcpy(chip->query + 0x31, "PRI10", 5);
    chip->query[0x36] = shape->family == CHIP_P30 ? 0x20 : 0x08;
}

static void power_up(chip_t *chip) {
    chip->is_busy = false;
    chip->buffer_at_ns = 0;
    chip->mode = CHIP_ARRAY;
    chip->wait = CHIP_COMMAND;
    chip->errors = 0;
    for (uint32_t block = 0; block < chip->shape.blocks; block++) {
        chip->locked[block] = chip->shape.family == CHIP_P30;
    }
}

void chip_open(chip_t *chip, const chip_shape_t *shape, chip_cells_t cells) {
    *chip = (chip_t){.shape = *shape, .cells = cells, .noise = 1};
    write_query(chip);
    power_up(chip);
}

static void break_rule(chip_t *chip, const char *rule) {
    chip->broken_rule = chip->broken_rule != NULL ? chip->broken_rule : rule;
}

static uint32_t noise(chip_t *chip) {
    chip->noise = chip->noise * 1664525u + 1013904223u;
    return chip->noise >> 8;
}

static uint32_t block_of(const chip_t *chip, uint32_t word) {
    return word / chip->shape.block_words;
}

/* ---- operations ------------------------------------------------------------------------------ */

static void program_cells(chip_t *chip, uint32_t words) {
    if (words > 0) {
        chip->cells.program(chip->cells.ctx, chip->at, chip->buffer, words);
    }
}

/* What an operation leaves that did not come to its end. */
static void do_half(chip_t *chip) {
    if (chip->is_erase) {
        const uint32_t begin = block_of(chip, chip->at) * chip->shape.block_words;
        const uint16_t gone = 0;
        for (uint32_t i = 0; i < 16; i++) { /* preconditioning: cells are programmed first */
            chip->cells.program(chip->cells.ctx, begin + noise(chip) % chip->shape.block_words,
                                &gone, 1);
        }
    } else {
        program_cells(chip, chip->words / 2);
    }
}

static void end(chip_t *chip) {
    chip->is_busy = false;
    const bool fails = chip->is_erase ? chip->faults.erase_fails : chip->faults.program_fails;
    if (fails) {
        do_half(chip);
        chip->errors |= chip->is_erase ? SR_ERASE : SR_PROGRAM;
        chip->faults.erase_fails = chip->faults.erase_fails && !chip->is_erase;
        chip->faults.program_fails = chip->faults.program_fails && chip->is_erase;
    } else if (chip->is_erase) {
        chip->cells.erase(chip->cells.ctx, block_of(chip, chip->at));
        chip->erases++;
    } else {
        program_cells(chip, chip->words);
        chip->programs++;
    }
}

static void begin(chip_t *chip, bool is_erase, uint32_t takes_us) {
    const uint8_t failed = is_erase ? SR_ERASE : SR_PROGRAM;
    const uint64_t slower = chip->faults.slower > 0 ? chip->faults.slower : 1;
    chip->wait = CHIP_COMMAND;
    if (chip->faults.low_voltage) {
        chip->errors |= failed | SR_VOLTAGE;
    } else if (chip->locked[block_of(chip, chip->at)]) {
        chip->errors |= failed | SR_LOCKED;
    } else {
        chip->is_erase = is_erase;
        chip->is_busy = true;
        chip->busy_until_ns =
            chip->faults.hangs ? NEVER_NS : chip->now_ns + takes_us * slower * 1000u;
    }
}

void chip_advance(chip_t *chip, uint64_t now_ns) {
    chip->now_ns = now_ns;
    if (chip->is_busy && now_ns >= chip->busy_until_ns) {
        end(chip);
    }
}

void chip_end(chip_t *chip) {
    if (chip->is_busy) {
        end(chip);
    }
}

void chip_power_cycle(chip_t *chip) {
    if (chip->is_busy) {
        do_half(chip);
    }
    power_up(chip);
}

bool chip_is_at_rest(const chip_t *chip) {
    return !chip->is_busy && chip->mode == CHIP_ARRAY && chip->wait == CHIP_COMMAND &&
           chip->errors == 0;
}

/* ---- writes ---------------------------------------------------------------------------------- */

static void sequence_error(chip_t *chip) {
    chip->errors |= SR_SEQUENCE;
    chip->wait = CHIP_COMMAND;
}

static void expect(chip_t *chip, uint32_t word, enum chip_wait wait) {
    chip->mode = CHIP_STATUS;
    chip->wait = wait;
    chip->at = word;
    chip->words_taken = 0;
}

/* What a master may write without knowing whether anybody listens. */
static bool is_harmless(uint16_t data) {
    return data == 0xFFFF || data == 0x98;
}

static void take_command(chip_t *chip, uint32_t word, uint16_t data) {
    switch (data & COMMAND) {
    case 0xFF: chip->mode = CHIP_ARRAY; break;
    case 0x70: chip->mode = CHIP_STATUS; break;
    case 0x90: chip->mode = CHIP_ID; break;
    case 0x50: chip->errors = 0; break;
    case 0x98: chip->mode = word % 256 == QUERY_ADDRESS ? CHIP_QUERY : chip->mode; break;
    case 0x40: expect(chip, word, CHIP_PROGRAM_DATA); break;
    case 0x20: expect(chip, word, CHIP_ERASE_CONFIRM); break;
    case 0x60: expect(chip, word, CHIP_LOCK_CONFIRM); break;
    case 0xE8:
        if (chip->errors != 0 || chip->shape.buffer_words == 0) {
            break_rule(chip, "write to buffer, and there is none or errors are not cleared");
        }
        expect(chip, word, CHIP_BUFFER_COUNT);
        chip->buffer_at_ns = chip->now_ns + (uint64_t)chip->faults.buffer_after_us * 1000u;
        break;
    default: break_rule(chip, "no such command"); break;
    }
}

static void take_count(chip_t *chip, uint32_t word, uint16_t data) {
    chip->words = (uint32_t)data + 1;
    chip->wait = CHIP_BUFFER_DATA;
    if (chip->words > chip->shape.buffer_words ||
        block_of(chip, word) != block_of(chip, chip->at)) {
        sequence_error(chip);
    }
}

/* The first address is where the others count from; all are in its aligned buffer. */
static void take_word(chip_t *chip, uint32_t word, uint16_t data) {
    if (chip->words_taken == 0) {
        if (block_of(chip, word) != block_of(chip, chip->at)) {
            sequence_error(chip);
            return;
        }
        chip->at = word;
    }
    if (word / chip->shape.buffer_words != chip->at / chip->shape.buffer_words) {
        sequence_error(chip);
        return;
    }
    if (word != chip->at + chip->words_taken && !is_harmless(data)) {
        break_rule(chip, "words for the buffer are not in a row");
    }
    chip->buffer[chip->words_taken++] = data;
    chip->wait = chip->words_taken == chip->words ? CHIP_BUFFER_CONFIRM : CHIP_BUFFER_DATA;
}

static void take_while_busy(chip_t *chip, uint32_t word, uint16_t data) {
    if ((data & COMMAND) == 0x70) {
        chip->mode = CHIP_STATUS;
    } else if (is_harmless(data)) {
        if (chip->shape.family == CHIP_P30) {
            take_command(chip, word, data);
        }
    } else {
        break_rule(chip, "write while busy");
    }
}

static void take_lock(chip_t *chip, uint32_t word, uint16_t data) {
    const uint32_t block = block_of(chip, word);
    chip->wait = CHIP_COMMAND;
    if ((data & COMMAND) == 0xD0) {
        chip->locked[block] = chip->locked_down[block];
    } else if ((data & COMMAND) == 0x01) {
        chip->locked[block] = true;
    } else {
        sequence_error(chip);
    }
}

void chip_write(chip_t *chip, uint32_t word, uint16_t data) {
    if (chip->is_busy) {
        take_while_busy(chip, word, data);
        return;
    }
    switch (chip->wait) {
    case CHIP_PROGRAM_DATA:
        chip->at = word;
        chip->words = 1;
        chip->buffer[0] = data;
        begin(chip, false, chip->shape.word_us);
        break;
    case CHIP_ERASE_CONFIRM:
        chip->at = word;
        if ((data & COMMAND) == 0xD0) {
            begin(chip, true, chip->shape.erase_us);
        } else {
            sequence_error(chip);
        }
        break;
    case CHIP_LOCK_CONFIRM: take_lock(chip, word, data); break;
    case CHIP_BUFFER_COUNT:
        if (chip->now_ns < chip->buffer_at_ns && !is_harmless(data)) {
            break_rule(chip, "count before there is a buffer");
        }
        take_count(chip, word, data);
        break;
    case CHIP_BUFFER_DATA: take_word(chip, word, data); break;
    case CHIP_BUFFER_CONFIRM:
        if ((data & COMMAND) == 0xD0) {
            begin(chip, false, chip->shape.buffer_us);
        } else {
            sequence_error(chip);
        }
        break;
    case CHIP_COMMAND:
    default: take_command(chip, word, data); break;
    }
}

/* ---- reads ----------------------------------------------------------------------------------- */

/* Only the ready bit means something while the chip is not ready. */
static uint16_t status_of(chip_t *chip) {
    const bool waits_for_buffer =
        chip->wait == CHIP_BUFFER_COUNT && chip->now_ns < chip->buffer_at_ns;
    if (chip->is_busy || waits_for_buffer) {
        return (uint16_t)(noise(chip) & ~SR_READY);
    }
    return (uint16_t)(SR_READY | chip->errors);
}

uint16_t chip_read(chip_t *chip, uint32_t word) {
    switch (chip->mode) {
    case CHIP_STATUS: return status_of(chip);
    case CHIP_QUERY: return word < CHIP_QUERY_BYTES ? chip->query[word] : 0;
    case CHIP_ID:
        return word % chip->shape.block_words == 2 ? chip->locked[block_of(chip, word)] : 0x89;
    case CHIP_ARRAY:
    default: return chip->is_busy ? (uint16_t)noise(chip) : chip->cells.read(chip->cells.ctx, word);
    }
}
