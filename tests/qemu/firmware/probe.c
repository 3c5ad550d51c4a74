/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells of the board what can be told without a network, and then repeats each line that is typed,
 * until that is "exit". In between it sleeps.
 */
#include <string.h>

#include "board.h"
#include "console.h"
#include "semihost.h"

#define RANDOM_BYTES 16u
#define LINE_BYTES   24u
#define LONG_MS      86400000u

void board_on_tick(void) {}
void board_on_ethernet(void) {}

static void put_random(void) {
    uint8_t bytes[RANDOM_BYTES];
    console_text("random:");
    if (!board_random(bytes, sizeof bytes)) {
        console_text(" none\n");
        return;
    }
    for (uint32_t at = 0; at < sizeof bytes; at += 4u) {
        uint32_t word;
        memcpy(&word, &bytes[at], sizeof word);
        console_text(" ");
        console_hex(word);
    }
    console_text("\n");
}

#if __ARM_ARCH_PROFILE == 'A'
#include "cortex_a.h"

static void put_core(void) {
    uint32_t control;
    CORTEX_A_GET(SCTLR, control);
    console_text("sctlr: ");
    console_hex(control);
    console_text("\n");
}
#else
static void put_core(void) {}
#endif

/* The line without its end, once that has come. */
static void read_line(char line[LINE_BYTES]) {
    uint32_t bytes = 0;
    int32_t character = 0;
    while (character != '\n') {
        board_sleep(board_now_ms() + LONG_MS);
        for (character = board_console_get(); character >= 0 && character != '\n';
             character = board_console_get()) {
            if (bytes < LINE_BYTES - 1u) {
                line[bytes++] = (char)character;
            }
        }
    }
    line[bytes] = '\0';
}

int main(void) {
    board_init();
    put_core();
    put_random();
    console_text("probe: idle\n");
    char line[LINE_BYTES] = "";
    while (strcmp(line, "exit") != 0) {
        read_line(line);
        console_text("line: ");
        console_text(line);
        console_text("\n");
    }
    semihost_exit(0);
}
