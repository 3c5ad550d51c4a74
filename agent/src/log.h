/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_LOG_H
#define TALLY_SRC_LOG_H
/* TALLY_LOG(port, BOOT, value): one line of log.def, if its level is compiled in. */
#include "tally/config.h"
#include "tally/port.h"

enum tally_log_id {
#define TALLY_LOG_ROW(symbol, level, text) TALLY_LOG_ID_##symbol,
#include "tally/log.def"
#undef TALLY_LOG_ROW
};

enum {
#define TALLY_LOG_ROW(symbol, level, text) TALLY_LOG_LEVEL_##symbol = TALLY_LOG_##level,
#include "tally/log.def"
#undef TALLY_LOG_ROW
};

#if TALLY_LOG_TEXT
/* Indexed by a constant at every use, so that the linker keeps only the lines in use. */
#define TALLY_LOG_ROW(symbol, level, text)                                                         \
    static inline const char *tally_log_text_##symbol(void) {                                      \
        return text;                                                                               \
    }
#else
#define TALLY_LOG_ROW(symbol, level, text)                                                         \
    static inline const char *tally_log_text_##symbol(void) {                                      \
        return (const char *)0;                                                                    \
    }
#endif
#include "tally/log.def"
#undef TALLY_LOG_ROW

#define TALLY_LOG(port, symbol, value)                                                             \
    do {                                                                                           \
        if ((int)TALLY_LOG_LEVEL_##symbol <= TALLY_LOG_LEVEL) {                                    \
            (port)->log((port)->ctx, (enum tally_log_level)TALLY_LOG_LEVEL_##symbol,               \
                        TALLY_LOG_ID_##symbol, tally_log_text_##symbol(), (int32_t)(value));       \
        }                                                                                          \
    } while (0)

#endif
