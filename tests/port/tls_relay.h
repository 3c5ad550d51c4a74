/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_PORT_TLS_RELAY_H
#define TALLY_TESTS_PORT_TLS_RELAY_H
/*
 * A man in the middle for one connection, in a thread: passes the bytes of client and server on,
 * and does one thing to the server's.
 */
#include <pthread.h>
#include <stdint.h>

enum tls_relay_deed {
    TLS_RELAY_NOTHING,
    TLS_RELAY_CUT,  /* ends the stream to the client in good order before byte `at` */
    TLS_RELAY_FLIP, /* turns byte `at` around */
};

typedef struct {
    enum tls_relay_deed deed;
    uint32_t at;
    uint16_t server_port;
    uint16_t port; /* where the relay listens */
    int listener;
    uint32_t passed;     /* bytes of the server so far */
    uint8_t hello[2048]; /* the client's first bytes */
    uint32_t hello_size;
    pthread_t thread;
} tls_relay_t;

/* Starts to listen on 127.0.0.1. `relay` lives until tls_relay_join(). */
void tls_relay_start(tls_relay_t *relay, uint16_t server_port, enum tls_relay_deed deed,
                     uint32_t at);

/* Waits for the end of the connection, which the client must have closed. */
void tls_relay_join(tls_relay_t *relay);

#endif
