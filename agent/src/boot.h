/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_BOOT_H
#define TALLY_SRC_BOOT_H
/*
 * The boot record: what the device is, and what is known of the boots before.
 *
 * A device that restarts for ever must not fill the spool with boot records. A boot that finds that
 * the last ones kept nothing else holds its own back, twice as long for each of them: after two, 1,
 * 2, 4 ... minutes, at most a day. And no boot record pushes another record out of a full spool: it
 * waits until there is room.
 */
#include "agent.h"

/* Counts this boot and decides when its record is due. */
void tally_boot_begin(tally_t *tally, uint64_t now_ms);

/* Makes the record if it is due and there is room. When it wants to be asked again. */
uint64_t tally_boot_report(tally_t *tally, uint64_t now_ms);

/* The texts of the options are there where they must be, fit, and cannot end a request line. */
bool tally_boot_texts_are_sound(const tally_options_t *options);

#endif
