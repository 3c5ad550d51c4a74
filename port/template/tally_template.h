/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TEMPLATE_H
#define TALLY_TEMPLATE_H
/*
 * The template of a port: copy this folder, rename it and fill in the callbacks of
 * tally_template.c. As it stands it compiles and tells the truth, which is that it has no clock,
 * no random numbers, no network and no store; an agent on it measures nothing and sends nothing.
 *
 * The contract of each callback is in tally/port.h. A port needs only what its board lacks: TCP
 * from the network stack, TLS from port/mbedtls, and port/ram when there is no flash.
 */
#include "tally/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the callbacks get as `ctx`: handles of drivers and of the agent task go here. */
typedef struct {
    tally_port_t port;
    tally_transport_t transport;
    tally_store_t store;
} tally_template_t;

/* Fills the three tables. Does not block. `board` must not move and lives as long as the agent. */
void tally_template_init(tally_template_t *board);

/* The tables for tally_init(). Valid as long as `board`. */
const tally_port_t *tally_template_port(const tally_template_t *board);
const tally_transport_t *tally_template_transport(const tally_template_t *board);
const tally_store_t *tally_template_store(const tally_template_t *board);

#ifdef __cplusplus
}
#endif

#endif
