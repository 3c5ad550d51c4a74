/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFORMANCE_BROKEN_H
#define CONFORMANCE_BROKEN_H
/*
 * Ports that are broken on purpose, one rule each: a callback of the sound device behind one that
 * does something wrong.
 */
#include "device.h"

typedef struct {
    const char *name; /* what is wrong, in the words of whoever has to mend it */
    enum tally_conformance_rule rule;
    void (*spoil)(device_t *device); /* at each boot */
    bool shows_after_restart;        /* and not before */
    bool dies;                       /* in the callback: the last line has to name the rule */
} broken_t;

typedef struct {
    const broken_t *rows;
    uint32_t count;
} broken_table_t;

extern const broken_table_t broken_clocks;
extern const broken_table_t broken_ports; /* the rest of tally_port_t */
extern const broken_table_t broken_stores;
extern const broken_table_t broken_transports;
extern const broken_table_t broken_verifiers;

/* The sound callbacks of the device that was spoilt. */
extern tally_port_t broken_sound_port;
extern tally_store_t broken_sound_store; /* the spool's */
extern tally_transport_t broken_sound_transport;
extern tally_verifier_t broken_sound_verifier;

#endif
