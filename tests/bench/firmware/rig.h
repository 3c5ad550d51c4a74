/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RIG_H
#define RIG_H
/* What the measuring images have in common: the way up to TLS. */
#include "tally_tls.h"

/* Starts the board and waits until its network has an address. */
void rig_start(void);

/* TCP over the board's network. */
const tally_transport_t *rig_tcp(void);

/* As tally_tls_init(), with the device's credentials and a heap of so many bytes. */
int32_t rig_tls(tally_tls_t *tls, uint8_t *heap, uint32_t bytes, const tally_transport_t *lower);

/* The server that the device is provisioned for. */
tally_peer_t rig_peer(void);

/* Ends QEMU with 1 when the status is an error, and says of what. */
void rig_check(int32_t status, const char *what);

/* Prints "NAME VALUE". */
void rig_print(const char *name, uint32_t value);

#endif
