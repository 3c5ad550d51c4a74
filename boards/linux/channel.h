/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHANNEL_H
#define CHANNEL_H
/* One live channel that tallyd receives itself and plays as a viewer would see it. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"
#include "receiver.h"
#include "udp.h"

typedef struct {
    udp_t udp; /* its fd is -1 if no channel is configured */
    receiver_t receiver;
} channel_t;

/* Opens the socket and joins the channel, if `config` has one. False, with a line on `errors`, if
 * that cannot be. */
bool channel_open(channel_t *channel, const config_t *config, tally_t *agent,
                  const receiver_config_t *receiver, FILE *errors);

/* Plays what came and what time alone brings about. Returns after how many milliseconds to call
 * again, UINT32_MAX: never. */
uint32_t channel_turn(channel_t *channel, bool *has_ended);

/* Ends the session, if there is one. */
void channel_leave(channel_t *channel);

void channel_close(channel_t *channel);

#endif
