/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_HTTP_H
#define TALLY_SRC_HTTP_H
/*
 * HTTP/1.1 (RFC 9112) as far as an uploader needs it: one request head out; a status line, six
 * headers and a body in. The reader takes bytes as they come, keeps one line and holds no reply
 * longer than its limits. The only body that it keeps is a COSE message; others are skipped.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/port.h"

enum {
    TALLY_HTTP_HEAD_MOST = 4096,  /* bytes of status line and headers, interim replies included */
    TALLY_HTTP_BODY_MOST = 65536, /* bytes of a reply's body */
    TALLY_HTTP_LINE_MOST = 64,    /* of a line that are looked at; our headers are shorter */
};

/* Writes the head of a POST of `body_bytes`; the bytes written, or TALLY_E_TOO_BIG. */
int32_t tally_http_post(uint8_t *out, uint32_t size, const tally_peer_t *peer, const char *path,
                        uint32_t body_bytes);

typedef struct {
    uint8_t state;
    uint8_t told; /* by the headers so far */
    bool done;
    bool close;      /* the connection cannot carry another request */
    bool has_body;   /* the body is not empty, or its end is not known */
    bool is_message; /* 200, and the body is a COSE message of known length */
    uint16_t status;
    uint32_t body_left;
    uint32_t head_bytes;
    uint32_t date_s;        /* the server's, unix; 0: not told */
    uint32_t retry_after_s; /* 0: not told, or as a date without the server's own */
    uint32_t retry_at_s;
    uint32_t line_bytes; /* may exceed what `line` holds */
    uint8_t *body;       /* where a message goes that fits; the caller may set them */
    uint32_t body_room;  /* until the reply's head is complete */
    uint32_t body_bytes; /* that went there */
    char line[TALLY_HTTP_LINE_MOST];
} tally_http_reply_t;

void tally_http_reply_begin(tally_http_reply_t *reply);

/* Takes received bytes; `reply->done` tells when the reply is complete. 0, TALLY_E_HTTP for what is
 * not HTTP/1.x, TALLY_E_HTTP_SIZE beyond a limit. Bytes behind a complete reply were not asked for:
 * the connection is marked to be closed. */
int32_t tally_http_reply_take(tally_http_reply_t *reply, const uint8_t *data, uint32_t bytes);

#endif
