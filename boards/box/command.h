/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_H
#define COMMAND_H
/*
 * Commands of people and tests: a word and the end of a line, on the console. Nothing that comes
 * from there is trusted: a line that is none of these words is one unknown command however long it
 * is, and needs no more memory.
 */
#include <stdint.h>

/* X(symbol, word): what box.c does for each is said there. */
#define COMMANDS(X)                                                                                \
    X(ZAP, "zap")                                                                                  \
    X(STANDBY, "standby")                                                                          \
    X(RESUME, "resume")                                                                            \
    X(FLUSH, "flush")                                                                              \
    X(RESTART, "restart")

/* These break the box on purpose; a product does not know them (TALLY_PRODUCT). */
#define COMMANDS_OF_BENCH(X)                                                                       \
    X(HANG, "hang")                                                                                \
    X(FAULT, "fault")

#define COMMAND_SYMBOL(symbol, word) COMMAND_##symbol,
enum command {
    COMMAND_NONE,
    COMMAND_UNKNOWN,
    COMMANDS(COMMAND_SYMBOL) COMMANDS_OF_BENCH(COMMAND_SYMBOL) COMMAND_END
};
#undef COMMAND_SYMBOL

/* The longest word and what shows that a line is longer. */
#define COMMAND_BYTES 9u

/* All 0 at first. */
typedef struct {
    char line[COMMAND_BYTES];
    uint8_t bytes; /* of the line, so far */
} command_reader_t;

/* The next command out of what get() returns, one character a call, negative: none has come.
 * COMMAND_NONE: no line has ended, or its end was not within 64 characters. Empty lines are no
 * commands. */
enum command command_next(command_reader_t *reader, int32_t (*get)(void));

#endif
