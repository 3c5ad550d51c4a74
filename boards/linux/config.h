/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_H
#define CONFIG_H
/*
 * tallyd's configuration file: `key = value`, one a line; `#` begins a comment at the start of a
 * line. The table in config.c has all keys. `endpoint`, `pin` and `player_user` may be given
 * several times.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "tally/port.h"

#define CONFIG_TEXT_BYTES    64  /* the agent's limit for texts, with the NUL */
#define CONFIG_PATH_BYTES    128 /* its limit for the path of the endpoint */
#define CONFIG_HOST_BYTES    254 /* a DNS name, with the NUL */
#define CONFIG_FILE_BYTES    1024
#define CONFIG_ADDRESS_BYTES 46  /* INET6_ADDRSTRLEN */
#define CONFIG_SOCKET_BYTES  108 /* of a sockaddr_un */

typedef struct {
    char host[CONFIG_HOST_BYTES]; /* without the brackets of an IPv6 literal */
    uint16_t port;
    char path[CONFIG_PATH_BYTES];
} config_endpoint_t;

enum {
    CONFIG_ENDPOINTS = 8,
    CONFIG_PINS = 4,
    CONFIG_PIN_BYTES = 32,
    CONFIG_USERS = 16,
    CONFIG_KEYS = 40, /* at most */
};

typedef struct {
    uint32_t count;
    config_endpoint_t list[CONFIG_ENDPOINTS];
} config_endpoints_t;

/* SHA-256 of a SubjectPublicKeyInfo each. */
typedef struct {
    uint32_t count;
    uint8_t list[CONFIG_PINS][CONFIG_PIN_BYTES];
} config_pins_t;

typedef struct {
    char address[CONFIG_ADDRESS_BYTES]; /* a literal, without brackets; empty: none */
    uint16_t port;                      /* 0: the kernel chooses */
} config_listen_t;

typedef struct {
    uint32_t count; /* 0: any user */
    uid_t list[CONFIG_USERS];
} config_users_t;

enum config_consent {
    CONFIG_CONSENT_UNASKED, /* not given: none is needed */
    CONFIG_CONSENT_NO,
    CONFIG_CONSENT_YES,
};

/* Texts that were not given are empty. */
typedef struct {
    config_endpoints_t endpoints; /* the first is used, unless remote configuration says another */
    config_listen_t listen;       /* for one live channel that tallyd receives itself */
    char socket[CONFIG_SOCKET_BYTES]; /* for players: a file name, or '@' and an abstract one */
    uint32_t socket_mode;             /* permissions of the file */
    config_users_t player_users;      /* who may connect there */
    uint32_t players;                 /* connections at once, */
    uint32_t players_per_user;        /* of one user, */
    uint32_t player_messages_per_s;   /* and how much of one is read in the long run */
    char ca[CONFIG_FILE_BYTES]; /* file names, taken from the folder of the configuration file */
    char certificate[CONFIG_FILE_BYTES];
    char key[CONFIG_FILE_BYTES];
    char config_key[CONFIG_FILE_BYTES]; /* public, of remote configuration; not given: none is taken
                                         */
    config_pins_t pins;                 /* of the server; without a CA they decide alone */
    char spool[CONFIG_FILE_BYTES];      /* where records wait; not given: in RAM */
    char settings[CONFIG_FILE_BYTES];   /* small values that outlive the process; not given: none */
    char device_id[CONFIG_TEXT_BYTES];
    char operator_id[CONFIG_TEXT_BYTES];
    char device_type[CONFIG_TEXT_BYTES];
    char device_model[CONFIG_TEXT_BYTES];
    char soc[CONFIG_TEXT_BYTES];
    char firmware[CONFIG_TEXT_BYTES];
    char content_id[CONFIG_TEXT_BYTES];
    char title[CONFIG_TEXT_BYTES];
    uint32_t heartbeat_ms;
    uint32_t upload_ms;
    uint32_t daily_bytes; /* for uploads; 0: any number */
    uint32_t spool_bytes; /* of the file or the RAM; a file keeps the size it was created with */
    uint32_t age_days;    /* records older than that are given up; 0: none are */
    uint32_t start_buffer_ms;
    uint32_t resume_buffer_ms;
    uint32_t end_after_ms;
    uint32_t bitrate_kbps;
    enum tally_log_level log;
    enum config_consent consent;
    bool exit_when_ended;

    const char *name;            /* of the file */
    uint32_t lines[CONFIG_KEYS]; /* where each key was given last, in the order of the table; 0: it
                                    was not */
} config_t;

/* Reads `in` to its end. Every mistake is told on `errors` as `NAME:LINE: KEY: what is wrong`.
 * Returns whether there was none; only then is `config` to be used. `name` must outlive it. */
bool config_read(config_t *config, FILE *in, const char *name, FILE *errors);

/* The same for the file `name`. */
bool config_load(config_t *config, const char *name, FILE *errors);

/* The same complaint about what is behind a value: `member` of `config`, such as config->spool. */
void config_complain(const config_t *config, const void *member, FILE *errors, const char *what,
                     const char *why);

/* Whether something differs that cannot be taken over while the agent runs. */
bool config_needs_restart(const config_t *now, const config_t *next);

/* Takes over what can. */
void config_take_over(config_t *now, const config_t *next);

#endif
