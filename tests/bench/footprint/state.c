/* SPDX-License-Identifier: Apache-2.0 */
/* The sizes of the agent's state and of the stages that are measured apart, as symbols. */
#include <stddef.h>

#include "tally/state.h"

extern char size_of_agent[sizeof(tally_t)];
extern char size_of_spool[sizeof(tally_spool_t)];
extern char size_of_spool_state[offsetof(tally_spool_t, record)];
extern char size_of_uplink[sizeof(tally_uplink_t)];
extern char size_of_remote[sizeof(tally_policy_t) + sizeof(tally_watch_t)];
char size_of_agent[sizeof(tally_t)];
char size_of_spool[sizeof(tally_spool_t)];
char size_of_spool_state[offsetof(tally_spool_t, record)];
char size_of_uplink[sizeof(tally_uplink_t)];
char size_of_remote[sizeof(tally_policy_t) + sizeof(tally_watch_t)];
