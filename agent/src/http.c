/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

#include <string.h>

/* --- request -------------------------------------------------------------------------------- */

typedef struct {
    uint8_t *out;
    uint32_t size;
    uint32_t used;
} writer_t;

static void put(writer_t *writer, const char *text) {
    for (; *text != '\0'; text++) {
        if (writer->used < writer->size) {
            writer->out[writer->used] = (uint8_t)*text;
        }
        writer->used++;
    }
}

static void put_number(writer_t *writer, uint32_t number) {
    char digits[11];
    uint32_t at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    put(writer, digits + at);
}

int32_t tally_http_post(uint8_t *out, uint32_t size, const tally_peer_t *peer, const char *path,
                        uint32_t body_bytes) {
    writer_t writer = {.out = out, .size = size, .used = 0};
    const bool is_ipv6_literal = strchr(peer->host, ':') != NULL;
    put(&writer, "POST ");
    put(&writer, path);
    put(&writer, " HTTP/1.1\r\nHost: ");
    put(&writer, is_ipv6_literal ? "[" : "");
    put(&writer, peer->host);
    put(&writer, is_ipv6_literal ? "]:" : ":");
    put_number(&writer, peer->port);
    put(&writer, "\r\nContent-Type: application/cbor\r\nContent-Length: ");
    put_number(&writer, body_bytes);
    put(&writer, "\r\n\r\n");
    return writer.used <= size ? (int32_t)writer.used : TALLY_E_TOO_BIG;
}

/* --- reply ---------------------------------------------------------------------------------- */

enum { STATUS_LINE, HEADERS, BODY };

void tally_http_reply_begin(tally_http_reply_t *reply) {
    memset(reply, 0, sizeof *reply);
}

static char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? (char)(letter + ('a' - 'A')) : letter;
}

/* The value of the line if it is header `name` (lower case, with its colon), else NULL. */
static const char *header_value(const char *line, const char *name) {
    for (; *name != '\0'; name++, line++) {
        if (lower(*line) != *name) {
            return NULL;
        }
    }
    while (*line == ' ' || *line == '\t') {
        line++;
    }
    return line;
}

/* A decimal number that fills the rest of the line; false if it is none or above 10^8. */
static bool parse_number(const char *text, uint32_t *out) {
    uint32_t number = 0;
    uint32_t digits = 0;
    for (; *text >= '0' && *text <= '9' && number < 10000000; text++, digits++) {
        number = number * 10 + (uint32_t)(*text - '0');
    }
    while (*text == ' ' || *text == '\t') {
        text++;
    }
    *out = number;
    return digits > 0 && *text == '\0';
}

static bool is_word(const char *text, const char *word) {
    const char *const rest = header_value(text, word);
    return rest != NULL && *rest == '\0';
}

static int32_t on_status_line(tally_http_reply_t *reply) {
    const char *const line = reply->line;
    const bool is_http = memcmp(line, "HTTP/1.", 7) == 0 && line[7] >= '0' && line[7] <= '9' &&
                         line[8] == ' ' && line[9] >= '1' && line[9] <= '5' && line[10] >= '0' &&
                         line[10] <= '9' && line[11] >= '0' && line[11] <= '9' &&
                         (line[12] == ' ' || line[12] == '\0');
    if (!is_http) {
        return TALLY_E_HTTP;
    }
    reply->status = (uint16_t)((line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0'));
    reply->close = line[7] == '0';
    reply->has_length = false;
    reply->body_left = 0;
    reply->state = HEADERS;
    return TALLY_OK;
}

static int32_t on_header(tally_http_reply_t *reply) {
    const char *value = header_value(reply->line, "content-length:");
    if (value != NULL) {
        uint32_t length = 0;
        if (!parse_number(value, &length) || (reply->has_length && length != reply->body_left)) {
            return TALLY_E_HTTP;
        }
        reply->has_length = true;
        reply->body_left = length;
        return length <= TALLY_HTTP_BODY_MOST ? TALLY_OK : TALLY_E_HTTP_SIZE;
    }
    value = header_value(reply->line, "connection:");
    if (value != NULL && is_word(value, "close")) {
        reply->close = true;
    }
    value = header_value(reply->line, "retry-after:");
    if (value != NULL) {
        uint32_t seconds = 0;
        reply->retry_after_s = parse_number(value, &seconds) ? seconds : 0;
    }
    return TALLY_OK;
}

static void on_end_of_headers(tally_http_reply_t *reply) {
    if (reply->status < 200) {
        reply->state = STATUS_LINE; /* an interim reply (RFC 9110 15.2): the real one follows */
        return;
    }
    if (reply->status == 204 || reply->status == 304) {
        reply->has_length = true;
        reply->body_left = 0;
    }
    if (!reply->has_length) {
        /* The body ends somehow; its status is all we need, so the connection goes instead. */
        reply->close = true;
    }
    reply->has_body = !reply->has_length || reply->body_left > 0;
    reply->state = BODY;
    reply->done = reply->body_left == 0;
}

static int32_t on_line(tally_http_reply_t *reply) {
    uint32_t end = reply->line_bytes;
    if (end >= TALLY_HTTP_LINE_MOST) {
        end = TALLY_HTTP_LINE_MOST - 1;
    } else if (end > 0 && reply->line[end - 1] == '\r') {
        end--;
    }
    /* The check of the status line looks at 13 bytes. */
    memset(reply->line + end, 0, (uint32_t)TALLY_HTTP_LINE_MOST - end);
    reply->line_bytes = 0;
    if (reply->state == STATUS_LINE) {
        return on_status_line(reply);
    }
    if (end == 0) {
        on_end_of_headers(reply);
        return TALLY_OK;
    }
    return on_header(reply);
}

static int32_t take_head_byte(tally_http_reply_t *reply, char byte) {
    if (++reply->head_bytes > TALLY_HTTP_HEAD_MOST) {
        return TALLY_E_HTTP_SIZE;
    }
    if (byte == '\n') {
        return on_line(reply);
    }
    if (reply->line_bytes < TALLY_HTTP_LINE_MOST - 1) {
        reply->line[reply->line_bytes] = byte;
    }
    reply->line_bytes++;
    return TALLY_OK;
}

int32_t tally_http_reply_take(tally_http_reply_t *reply, const uint8_t *data, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        if (reply->done) {
            reply->close = true;
            return TALLY_OK;
        }
        if (reply->state == BODY) {
            reply->body_left--;
            reply->done = reply->body_left == 0;
            continue;
        }
        const int32_t status = take_head_byte(reply, (char)data[i]);
        if (status < 0) {
            return status;
        }
    }
    return TALLY_OK;
}
