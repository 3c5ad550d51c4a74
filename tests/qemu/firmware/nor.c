/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The NOR driver on QEMU's chips: three sectors, each written in its way and read again. The test
 * looks into the image, and kills QEMU in the third.
 */
#include <string.h>

#include "board.h"
#include "cfi_nor.h"
#include "console.h"
#include "semihost.h"
#include "vexpress.h"

#define FIRST_SECTOR 32u
#define SECTORS      3u
#define CHUNK_BYTES  5000u
#define SLOW_BYTES   32768u
#define WORD_BYTES   4u

void board_on_tick(void) {}
void board_on_ethernet(void) {}

static cfi_nor_t nor;
static cfi_nor_store_t flash;

static void say(const char *what, uint32_t value) {
    console_text(what);
    console_unsigned(value);
}

static void demand(const char *what, bool is_good) {
    if (!is_good) {
        console_text("nor: failed: ");
        console_text(what);
        console_text("\n");
        semihost_exit(1);
    }
}

/* Of the byte at an offset; the test has the same. */
static uint8_t pattern(uint32_t offset) {
    return (uint8_t)(offset * 7u + offset / 256u + 1u);
}

/* Programs from memory that is not aligned, and reads what lies beside words. */
static void write_and_read(uint32_t block, uint32_t offset, uint32_t bytes) {
    static uint8_t memory[CHUNK_BYTES + 1u];
    static uint8_t read[CHUNK_BYTES];
    for (uint32_t i = 0; i < bytes; i++) {
        memory[1u + i] = pattern(offset + i);
    }
    demand("program", flash.store.program(&flash, block, offset, memory + 1, bytes) == TALLY_OK);
    demand("read", flash.store.read(&flash, block, offset + 1u, read, bytes - 1u) == TALLY_OK);
    demand("what was programmed is read", memcmp(read, memory + 2, bytes - 1u) == 0);
}

static void write_records(void) {
    static const uint32_t sizes[] = {4, 8, 300, 4096, CHUNK_BYTES, 60};
    static const uint8_t zeros[8] = {0};
    uint32_t offset = 4;
    demand("erase", flash.store.erase(&flash, 0) == TALLY_OK);
    for (uint32_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        write_and_read(0, offset, sizes[i]);
        offset += sizes[i];
    }
    demand("zeros", flash.store.program(&flash, 0, 4, zeros, sizeof zeros) == TALLY_OK);
    say("nor: records end at ", offset);
    console_text("\n");
}

static void write_slowly(void) {
    demand("erase", flash.store.erase(&flash, 2) == TALLY_OK);
    nor.buffer_bytes = WORD_BYTES;
    console_text("nor: word by word\n");
    for (uint32_t offset = 0; offset < SLOW_BYTES; offset += 1024u) {
        write_and_read(2, offset, 1024u);
    }
}

int main(void) {
    board_init();
    demand("init", cfi_nor_init(&nor, VEXPRESS_NOR1, board_now_us) == TALLY_OK);
    demand("init again", cfi_nor_init(&nor, VEXPRESS_NOR1, board_now_us) == TALLY_OK);
    demand("store", cfi_nor_store(&flash, &nor, FIRST_SECTOR, SECTORS) == TALLY_OK);
    say("nor: sector ", nor.sector_bytes);
    say(" sectors ", nor.sectors);
    say(" buffer ", nor.buffer_bytes);
    say(" us ", nor.word_us);
    say(" ", nor.buffer_us);
    say(" ", nor.erase_us);
    console_text("\n");
    write_records();
    demand("erase", flash.store.erase(&flash, 1) == TALLY_OK);
    write_slowly();
    console_text("nor: done\n");
    semihost_exit(0);
}
