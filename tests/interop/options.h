/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_INTEROP_OPTIONS_H
#define TALLY_INTEROP_OPTIONS_H
/* The switches of the interop device. */
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const char *host; /* what is connected to, and the name that TLS verifies */
    const char *path;
    const char *ca;          /* PEM files; NULL: the pin decides alone */
    const char *certificate; /* NULL: the device shows none */
    const char *key;
    const char *pin;      /* 64 hexadecimal digits, SHA-256 of the server's public key; or NULL */
    const char *settings; /* a settings log that outlives the process; NULL: none */
    uint16_t port;
    uint32_t heap_bytes;  /* for TLS */
    uint32_t uploads;     /* outcomes to wait for */
    uint32_t sessions;    /* viewed before each upload */
    uint32_t period_ms;   /* of uploads, so also what the first retry after a failure waits for */
    uint32_t timeout_ms;  /* for all of it */
    int64_t wall_unix_s;  /* authenticated; 0: unknown */
    int64_t least_unix_s; /* it is not earlier than this; 0: unknown */
    bool keeps;           /* the connection, between uploads */
    bool is_talkative;    /* the agent's log goes to standard error */
} options_t;

/* False, with a line on standard error, for what is no switch or no value of it. */
bool options_read(options_t *options, int argc, char **argv);

#endif
