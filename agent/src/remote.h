/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_REMOTE_H
#define TALLY_SRC_REMOTE_H
/*
 * Reads remote configuration: a CBOR map of at most 1 KiB in a COSE_Sign1 message (RFC 9052 4.2),
 * signed with ES256. agent/SPEC.md "Remote configuration" has every byte. Nothing is applied here:
 * a message is read whole, or refused whole.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/port.h"
#include "tally/tally.h"

enum {
    TALLY_REMOTE_MAP_MOST = 1024,
    TALLY_REMOTE_MESSAGE_MOST = TALLY_REMOTE_MAP_MOST + 80, /* tag, headers, signature */
    TALLY_REMOTE_HEADS_BYTES = 7, /* of a message, in front of its payload's head */
    TALLY_REMOTE_ROOM = 16,       /* bytes in front of a message that checking it writes to */
    TALLY_REMOTE_THRESHOLDS = 4,
};

/* What is left open keeps the value that the device was provisioned with. */
typedef struct {
    uint32_t version;      /* from 1; 0: none */
    uint32_t heartbeat_ms; /* 0: as provisioned; likewise below */
    uint32_t upload_ms;
    uint32_t daily_bytes; /* UINT32_MAX: as provisioned; 0: any number */
    uint32_t sampling_ppm;
    uint32_t stop_until_s; /* unix time; 0: go on */
    uint32_t groups_off;   /* bit n: enum tally_group n */
    uint8_t endpoint;      /* index into the options' endpoints */
    uint8_t thresholds;
    struct {
        uint16_t metric; /* enum tally_metric, a counter or a duration */
        uint32_t rise;   /* since the last heartbeat that asks for a report at once */
    } threshold[TALLY_REMOTE_THRESHOLDS];
} tally_remote_t;

/* No configuration: all as provisioned. */
void tally_remote_none(tally_remote_t *remote);

/* Checks the signature of `message` and reads what it signs. TALLY_REMOTE_ROOM bytes in front of it
 * and the message itself are written to while that lasts, and are as before afterwards.
 * 0; TALLY_E_CBOR for another form, TALLY_E_SIGNATURE, TALLY_E_AUDIENCE if it does not name the
 * device's operator or names another device, TALLY_E_CONFIG for an endpoint that is not
 * provisioned: then `out` stays as it was. Numbers outside their range are clamped; how long a stop
 * may last is for whoever applies it. */
int32_t tally_remote_read(uint8_t *message, uint32_t bytes, const tally_options_t *options,
                          tally_remote_t *out);

#endif
