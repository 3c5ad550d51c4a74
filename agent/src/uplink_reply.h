/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_UPLINK_REPLY_H
#define TALLY_SRC_UPLINK_REPLY_H
/*
 * What the end of an upload means for its records and for the next one:
 *
 *     2xx and no body; 200 with a COSE message       accepted: forgotten
 *     400 413 415 422, several records               half of them, at once
 *                      one record                    set aside: forgotten and counted
 *     408 425 429 5xx                                later, as the server tells
 *     other 4xx                                      much later: somebody must help
 *     other 2xx, 3xx, 511, another's certificate     a portal: later
 *     anything else that fails                       later
 *
 * A record is set aside at once if the server has accepted something since the one before was, or
 * none was; else after a wait only: a server that refuses everything gets one a wait, not the
 * spool.
 */
#include "uplink.h"

/* Closes the connection if there is one; nothing is under way then. */
void tally_uplink_hang_up(tally_uplink_t *uplink);

/* The reply is complete. */
void tally_uplink_on_reply(tally_uplink_t *uplink);

/* There was none, or it was not HTTP: enum tally_status. */
void tally_uplink_fail(tally_uplink_t *uplink, int32_t status);

/* Nothing more until then. */
void tally_uplink_put_off(tally_uplink_t *uplink, uint64_t until_ms);

/* 32 random bits, or those for the longest wait. */
uint32_t tally_uplink_draw(const tally_uplink_t *uplink);

#endif
