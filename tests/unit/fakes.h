/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKES_H
#define FAKES_H
/*
 * A platform that does what a test says: its clock stands still until it is moved, its server
 * answers from a script, its store fails on demand. Fields under "the test sets" may be changed at
 * any time between two calls.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/port.h"

/* --- port ----------------------------------------------------------------------------------- */

typedef struct {
    tally_port_t port;
    /* the test sets */
    uint64_t now_ms;
    tally_wall_t wall;
    uint32_t random; /* what every draw gives */
    bool random_fails;
    /* the test reads */
    uint32_t walls_set;
} fake_port_t;

void fake_port_init(fake_port_t *fake);

/* --- transport ------------------------------------------------------------------------------ */

enum { FAKE_REPLIES = 8, FAKE_SENT_BYTES = 65536 };

typedef struct {
    tally_transport_t transport;
    /* the test sets */
    const char *host;     /* that is asked for, NULL: collector.example */
    int32_t open_says;    /* what open() returns */
    uint32_t send_most;   /* bytes that one send takes, 0: would block */
    uint32_t takes_most;  /* bytes that one connection takes before it would block */
    int32_t send_says;    /* an error that every send returns, 0: none */
    uint32_t give_most;   /* bytes that one receive gives */
    int32_t receive_says; /* what receive returns when the reply is out: 0 or an error */
    bool stutters;        /* the first, third ... call of each kind would block */
    bool stale;           /* the server has left: an error from each call until open() */
    uint32_t reply_after; /* bytes of a request that bring its reply, 0: all of them */
    const char *replies[FAKE_REPLIES];
    uint32_t reply_bytes;                               /* of each reply, 0: they are texts */
    void (*hears)(const char *request, uint32_t bytes); /* each complete request, or NULL */
    /* the test reads */
    bool is_open;
    uint32_t opens; /* that were answered with TALLY_OPEN */
    uint32_t closes;
    uint32_t requests; /* complete ones */
    uint32_t sent_bytes;
    uint8_t sent[FAKE_SENT_BYTES];
    /* its own */
    uint32_t open_calls;
    uint32_t send_calls;
    uint32_t receive_calls;
    uint32_t opened_at;    /* where in `sent` this connection begins */
    uint32_t request_at;   /* where in `sent` the request under way begins */
    uint32_t replied;      /* replies that have begun */
    const char *reply;     /* what is left of the one under way */
    const char *reply_end; /* NULL: with its NUL */
} fake_transport_t;

/* A server that takes everything and says nothing until `replies` are set. */
void fake_transport_init(fake_transport_t *fake);

/* Forgets complete requests, to make room for more; what is under way stays. */
void fake_transport_forget(fake_transport_t *fake);

/* --- store ---------------------------------------------------------------------------------- */

/* How much reaches the medium although program() fails. */
enum fake_program_failure { FAKE_NOTHING, FAKE_HALF, FAKE_ALL };

typedef struct {
    tally_store_t store;
    /* the test sets: the how manyth call from now fails, 0: none; and so many calls behind it */
    uint32_t read_fails_in;
    uint32_t program_fails_in;
    uint32_t erase_fails_in;
    uint32_t sync_fails_in;
    uint32_t reads_fail_more;
    uint32_t programs_fail_more;
    uint32_t erases_fail_more;
    uint32_t syncs_fail_more;
    enum fake_program_failure program_failure;
    uint32_t worn_block;    /* cannot be erased, counted from 1; 0: none */
    uint32_t dead_block;    /* cannot be read, counted from 1; 0: none */
    bool zeros_are_refused; /* where something was programmed before, as with ECC */
    /* the test reads and damages */
    uint32_t reads; /* calls since the last fake_store_init() */
    uint32_t programs;
    uint32_t erases;
    uint8_t memory[384 * 1024];
} fake_store_t;

/* Every call is checked against port.h: inside the store, on the granularity, erased before. */
void fake_store_init(fake_store_t *fake, uint32_t block_bytes, uint32_t blocks,
                     uint32_t program_bytes);

#endif
