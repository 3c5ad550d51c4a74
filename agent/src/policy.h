/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_POLICY_H
#define TALLY_SRC_POLICY_H
/*
 * The remote configuration in force.
 *
 *               newer one                accepted upload
 *     GOOD ---------------------> TRIAL -----------------> GOOD (the newer one)
 *       ^                           |
 *       +---------------------------+
 *         3 uploads failed: back, and its version is never taken again
 *
 * Settings: CONFIG holds the one on trial, or which version was given up; CONFIG_GOOD the good one.
 * Both hold whole signed messages, whose signature is checked again at boot: flash may be written
 * by others, too.
 */
#include <stdbool.h>
#include <stdint.h>

#include "remote.h"

typedef struct {
    tally_remote_t active;
    uint32_t version_seen; /* the highest ever taken, the one given up included */
    uint32_t refused;      /* messages */
    uint32_t reverted;
    uint32_t failures; /* at the uplink when the trial began */
    bool on_trial;
} tally_policy_t;

struct tally;

/* Takes what the settings hold, after a boot. */
void tally_policy_begin(struct tally *tally);

/* A server's reply brought a message, with TALLY_REMOTE_ROOM bytes in front. */
void tally_policy_take(struct tally *tally, uint8_t *message, uint32_t bytes);

/* Ends a trial when uploads have shown how it went. */
void tally_policy_step(struct tally *tally);

/* Whether sessions are measured and uploads made: false while a stop lasts. */
bool tally_policy_is_running(const struct tally *tally, tally_wall_t wall);

/* Whether a session opening now has records of its own. The same for the whole session. */
bool tally_policy_samples(const struct tally *tally, uint32_t session);

#endif
