/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACME_PORT_H
#define ACME_PORT_H
/*
 * The port of a box that is none of tally's boards: port/template, filled in as far as a first
 * record needs it. There is no network yet. acme_linux.c and acme_an386.c have what differs.
 */
#include <stdint.h>

#include "tally/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Starts clock and sleep. Before anything else. */
void acme_start(void);

extern const tally_port_t acme_port;
extern const tally_transport_t acme_transport;

/* From now on turn(argument) is called once in about 10 ms as the box calls hooks: in the tick's
 * interrupt on MPS2 AN386, in a thread on Linux. NULL: no more, from when this returns. For the
 * conformance kit. Agent task. */
void acme_every_tick(void (*turn)(void *argument), void *argument);

/* Waits for about so long by a clock that is not the port's, and returns how long it was. For the
 * conformance kit. Agent task. */
uint32_t acme_wait_ms(uint32_t ms);

/* Returns after `most_ms`, or when the port's wake() was called since the last return. Agent task.
 */
void acme_sleep(uint32_t most_ms);

#ifdef __cplusplus
}
#endif

#endif
