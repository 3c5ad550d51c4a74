/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MEMORY_NOTES_H
#define MEMORY_NOTES_H
/* How full the board's static memory has been, for the agent's record about itself. */
#include "tally/tally.h"
#include "tally_tls.h"

/* Notes the high-water marks and refusals of the TLS heap, the stack, lwIP's pools and the network
 * driver. Agent task. */
void memory_notes_take(tally_t *agent, const tally_tls_t *tls);

#endif
