/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include <stddef.h>
#include <string.h>

/* Read in one call: a flood of characters cannot keep the agent task from its work. */
#define CHARACTERS_A_CALL 64u

static const struct {
    char word[COMMAND_BYTES];
    uint8_t command;
} commands[] = {
#define COMMAND_WORD(symbol, word) {word, COMMAND_##symbol},
    COMMANDS(COMMAND_WORD)
#if !TALLY_PRODUCT
        COMMANDS_OF_BENCH(COMMAND_WORD)
#endif
#undef COMMAND_WORD
};

static enum command find(const command_reader_t *reader) {
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strlen(commands[i].word) == reader->bytes &&
            memcmp(commands[i].word, reader->line, reader->bytes) == 0) {
            return (enum command)commands[i].command;
        }
    }
    return COMMAND_UNKNOWN;
}

enum command command_next(command_reader_t *reader, int32_t (*get)(void)) {
    for (uint32_t i = 0; i < CHARACTERS_A_CALL; i++) {
        const int32_t character = get();
        if (character < 0) {
            return COMMAND_NONE;
        }
        if (character != '\n' && character != '\r') {
            if (reader->bytes < COMMAND_BYTES) {
                reader->line[reader->bytes++] = (char)character;
            }
        } else if (reader->bytes > 0) {
            const enum command command = find(reader);
            reader->bytes = 0;
            return command;
        }
    }
    return COMMAND_NONE;
}
