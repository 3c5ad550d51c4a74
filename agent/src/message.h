/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_MESSAGE_H
#define TALLY_SRC_MESSAGE_H
/*
 * Reads the records of a player's message into values. Somebody else has made them: what is given
 * back is within the registry's ranges, whatever came in.
 */
#include <stdint.h>

#include "cbor_read.h"
#include "metrics.h"

enum { TALLY_MESSAGE_RECORD_BYTES = 4096 };

/* One record. */
typedef struct {
    char kind;
    uint32_t version; /* of a greeting, which has no session and no time */
    uint32_t session; /* 0: of none */
    uint16_t stream;  /* of that session; 0 unless its kind is of a stream */
    uint32_t texts_lost;
    uint32_t text_bytes;
    uint64_t at_ms;
    uint64_t can[TALLY_GROUPS];     /* what a greeting says can be measured */
    uint64_t present[TALLY_GROUPS]; /* one bit for each metric that is there */
    tally_value_t values[TALLY_METRICS];
    tally_level_t levels[TALLY_LEVEL_METRICS];
    tally_histogram_t histograms[TALLY_HISTOGRAM_METRICS];
    char texts[TALLY_MESSAGE_RECORD_BYTES]; /* each needs no more here than there */
} tally_message_t;

/* Reads the next record, and moves on behind it. Groups, keys, kinds and values of lists that the
 * registry does not know are passed over; so are texts that are too long, and counted. 0;
 * TALLY_E_CBOR: no such record; TALLY_E_ARGUMENT: a value out of its range; TALLY_E_TOO_BIG. */
int32_t tally_message_read(tally_cbor_reader_t *cbor, tally_message_t *out);

/* The values of one group. */
tally_view_t tally_message_view(const tally_message_t *message, enum tally_group group);

#endif
