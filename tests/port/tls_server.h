/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_PORT_TLS_SERVER_H
#define TALLY_TESTS_PORT_TLS_SERVER_H
/*
 * A real TLS server: one `openssl s_server -rev` process on a free port of 127.0.0.1, which sends
 * every line back reversed. It demands a certificate of its clients.
 */
#include <stdint.h>
#include <sys/types.h>

typedef struct {
    pid_t pid;
    int log; /* what the process printed */
    uint16_t port;
} tls_server_t;

typedef struct {
    const char *certificate; /* its own: "server" stands for server.pem and server.key */
    const char *client_ca;   /* the CA of its clients: "ca" stands for ca.pem */
    const char *chain;       /* "rsa" stands for the intermediates in rsa-chain.pem; NULL: none */
    uint16_t port;           /* 0: any */
    const char *option[4];   /* more options of s_server and their values, or NULL */
} tls_server_options_t;

/* The server that a correctly set up device gets along with. */
extern const tls_server_options_t tls_server_good;

/* Fails the test when the server does not come up. */
tls_server_t tls_server_start(const tls_server_options_t *options);

void tls_server_stop(const tls_server_t *server);

#endif
