/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_CONSENT_H
#define TALLY_SRC_CONSENT_H
/*
 * Whether the viewer lets the device measure. Without consent nothing is collected; when it is
 * withdrawn what waits in the spool is destroyed, a block a step, and begun again after a power
 * cut:
 *
 *             consent(false)              last block                     consent(true)
 *     GIVEN ----------------> WITHDRAWING -----------> WITHDRAWN or none ------------> GIVEN, anew
 *
 * Each state is durable in the settings before its work begins.
 */
#include "agent.h"

/* What the settings say, or the options where they say nothing. */
void tally_consent_begin(tally_t *tally);

/* Without consent in place of all else: events are forgotten, a block is destroyed. After how many
 * milliseconds it wants to go on. */
uint32_t tally_consent_step(tally_t *tally);

#endif
