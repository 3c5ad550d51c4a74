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
 * by others, too. Failed uploads are counted over reboots. Where the settings cannot keep it, all
 * of this holds for the boot.
 */
#include <stdbool.h>
#include <stdint.h>

#include "remote.h"

typedef struct {
    tally_remote_t active;
    tally_remote_t good;
    uint32_t version_seen; /* the highest ever taken, the one given up included */
    uint32_t refused;      /* messages */
    uint32_t reverted;
    uint32_t accepted; /* by the uplink when the trial began */
    uint32_t attempts; /* of the uplink when it last waited */
    uint8_t failed;    /* uploads of the trial, those of boots before included */
    bool is_kept;      /* the settings hold the one on trial */
    bool on_trial;
} tally_policy_t;

struct tally;

/* Takes what the settings hold, once after a boot. Checks up to two signatures. The uplink's
 * staging is used, and not begun yet. */
void tally_policy_begin(struct tally *tally);

/* Brings periods and capabilities in line with the configuration in force, */
void tally_policy_apply(struct tally *tally);

/* and the uplink, once it is begun. */
void tally_policy_apply_to_uplink(struct tally *tally);

/* A server's reply brought a message, with TALLY_REMOTE_ROOM bytes in front. The same one again, or
 * any that is not newer, costs no check of its signature. */
void tally_policy_take(struct tally *tally, uint8_t *message, uint32_t bytes);

/* Behind each step of the uplink: ends a trial when uploads have shown how it went, or takes what
 * the server sent. */
void tally_policy_step(struct tally *tally);

/* Whether sessions are measured and uploads made: false while a stop lasts. */
bool tally_policy_is_running(const struct tally *tally);

/* Whether a session opening now has records of its own. */
bool tally_policy_samples(const struct tally *tally, uint32_t session);

#endif
