/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SETTINGS_H
#define TALLY_SETTINGS_H
/*
 * Small named values that survive power cuts: what has no place in the spool. A log in two erase
 * blocks: values are appended to one block until it is full; then, and at the first write of each
 * boot, the living ones are copied to the other, which is valid from the moment its seal is.
 *
 *     block 0                             block 1
 *     | header 7 | seal | values, old |   | header 8 | seal | values copied | values set since |
 *
 * Board and agent share one: a board that keeps PSA keys in it opens it before TLS. Agent task
 * only. What writes blocks as long as the store does, an erase included; the rest only reads.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A number is never given a second meaning: devices in the field keep these. */
enum tally_setting {
    TALLY_SETTING_CONSENT = 1,
    TALLY_SETTING_CONFIG = 2,      /* remote configuration in force */
    TALLY_SETTING_CONFIG_GOOD = 3, /* the last one with which an upload was accepted */
    TALLY_SETTING_TOLD_TIME = 4,   /* LAST_TIME of firmware that believed any date: not read */
    TALLY_SETTING_BOOT_COUNT = 5,
    TALLY_SETTING_TLS_SESSION = 6,
    TALLY_SETTING_BYTES_TODAY = 7, /* of the daily upload budget */
    TALLY_SETTING_LAST_TIME = 8,   /* last known authenticated wall time */
    TALLY_SETTING_KEY_FIRST = 16,  /* persistent PSA keys (port/mbedtls) */
    TALLY_SETTING_KEY_END = 32,
    TALLY_SETTING_BOARD_FIRST = 64, /* for boards' own use */
    TALLY_SETTING_END = 128,
};

/* The largest value in bytes; all living ones together must fit a block with their headers. */
enum { TALLY_SETTING_BYTES_MOST = 2048 };

/* Read only; made by tally_settings_init(). */
typedef struct {
    const tally_store_t *store;
    uint32_t sequence; /* of the block in use; 0: none yet */
    uint32_t end;      /* next free byte in it */
    uint32_t failed;   /* writes and erases that the store refused, since init */
    uint8_t block;     /* 0 or 1 */
    bool begun;        /* this boot has copied to a block of its own and may append to it */
} tally_settings_t;

/* Finds the newest sound block; writes nothing. Blocks 0 and 1 of the store are used, others left
 * alone. 0, also for an empty or a destroyed log; TALLY_E_ARGUMENT for NULL; TALLY_E_CONFIG for
 * fewer than 2 blocks or a geometry outside port.h's ranges. The store outlives the settings. */
int32_t tally_settings_init(tally_settings_t *settings, const tally_store_t *store);

/* Copies a value to `out`. Returns its bytes, which may be 0; TALLY_E_EMPTY: never set, or
 * cleared; TALLY_E_TOO_BIG: more than `size`; TALLY_E_ARGUMENT: an id outside 1 to 127. */
int32_t tally_settings_get(const tally_settings_t *settings, uint32_t id, uint8_t *out,
                           uint32_t size);

/* Sets a value, durably when it returns 0; a cut before that leaves the old value or the new one.
 * Writes nothing if it is already so and this boot has written before; until then what can be read
 * may be what a cut has left in doubt. TALLY_E_FULL: does not fit beside the others; TALLY_E_IO:
 * the store failed in both blocks, the old values stand; TALLY_E_ARGUMENT: a bad id, NULL with
 * bytes, or more than TALLY_SETTING_BYTES_MOST. */
int32_t tally_settings_set(tally_settings_t *settings, uint32_t id, const uint8_t *value,
                           uint32_t bytes);

/* As above for values that only optimise: writes at most once for each `day` (days since 1970, 1 to
 * 65,535), also over reboots, and otherwise returns 0 with the old value in place. */
int32_t tally_settings_set_daily(tally_settings_t *settings, uint32_t id, uint32_t day,
                                 const uint8_t *value, uint32_t bytes);

/* Removes a value. Of a secret a copy stays in the store until its block is erased: by the second
 * later boot that writes, at the latest. As tally_settings_set(). */
int32_t tally_settings_clear(tally_settings_t *settings, uint32_t id);

#ifdef __cplusplus
}
#endif

#endif
