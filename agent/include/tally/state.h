/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_STATE_H
#define TALLY_STATE_H
/*
 * The size of tally_t, for the one place that allocates it. What is inside belongs to the agent and
 * may change in any release. The relative path keeps the agent's inner headers out of the include
 * path of whoever uses it; an installation keeps the two folders side by side.
 */
#include "../../src/agent.h"

#endif
