/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_UPLINK_BODY_H
#define TALLY_SRC_UPLINK_BODY_H
/* What an upload says: request head, envelope and the records of the batch, a part of it staged at
 * a time. */
#include "uplink.h"

/* Stages head and envelope of an upload of the batch. 0, TALLY_E_TOO_BIG if they do not fit
 * TALLY_TX_BYTES together. */
int32_t tally_uplink_body_begin(tally_uplink_t *uplink, const tally_wall_t *wall);

/* Stages the next part, behind which all is staged once it is whole. 0, or an error of the spool.
 */
int32_t tally_uplink_body_more(tally_uplink_t *uplink);
bool tally_uplink_body_is_whole(const tally_uplink_t *uplink);

#endif
