/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

#include <string.h>

#include "http_date.h"

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

/* What headers told. */
enum {
    OF_COSE = 1,  /* a Content-Type, */
    OF_OTHER = 2, /* and another one */
    LENGTH = 4,
    CODING = 8,
    LAST_ONE = 16, /* the last header was one of those that are looked at */
};

/* The headers that are looked at, in this order in `names`. */
enum header {
    CONTENT_LENGTH,
    CONTENT_TYPE,
    CONNECTION,
    DATE,
    RETRY_AFTER,
    TRANSFER_ENCODING,
    HEADERS_KNOWN
};

#define NUMBER_MOST UINT32_C(99999999)
#define NO_NUMBER   UINT32_MAX

void tally_http_reply_begin(tally_http_reply_t *reply) {
    memset(reply, 0, sizeof *reply);
}

static char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? (char)(letter + ('a' - 'A')) : letter;
}

static bool is_space(char letter) {
    return letter == ' ' || letter == '\t';
}

/* What follows `word` (lower case) and space in the text; NULL if it does not begin so. */
static const char *behind(const char *text, const char *word) {
    for (; *word != '\0'; word++, text++) {
        if (lower(*text) != *word) {
            return NULL;
        }
    }
    while (is_space(*text)) {
        text++;
    }
    return text;
}

static enum header find_header(const char *line, const char **value) {
    static const char names[] = "content-length:\0"
                                "content-type:\0"
                                "connection:\0"
                                "date:\0"
                                "retry-after:\0"
                                "transfer-encoding:";
    const char *name = names;
    uint32_t header = CONTENT_LENGTH;
    while (header < HEADERS_KNOWN && (*value = behind(line, name)) == NULL) {
        name += strlen(name) + 1;
        header++;
    }
    return (enum header)header;
}

/* A decimal number that is all of the text, at most NUMBER_MOST; NO_NUMBER if it is none. */
static uint32_t number_of(const char *text) {
    uint32_t number = *text != '\0' ? 0 : NO_NUMBER;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return NO_NUMBER;
        }
        number = number * 10 + (uint32_t)(*text - '0');
        number = number < NUMBER_MOST ? number : NUMBER_MOST;
    }
    return number;
}

static int32_t on_status_line(tally_http_reply_t *reply) {
    uint32_t numbers[2]; /* minor version, status */
    const char *const end = tally_http_scan(reply->line, "HTTP/1.0 000", numbers);
    if (end == NULL || (*end != ' ' && *end != '\0') || numbers[1] - 100 >= 500) {
        return TALLY_E_HTTP;
    }
    reply->status = (uint16_t)numbers[1];
    reply->close = numbers[0] == 0;
    /* An interim reply before this one may have told these. */
    reply->told = 0;
    reply->body_left = 0;
    reply->date_s = 0;
    reply->retry_after_s = 0;
    reply->retry_at_s = 0;
    reply->state = HEADERS;
    return TALLY_OK;
}

static int32_t on_content_length(tally_http_reply_t *reply, const char *value) {
    const uint32_t length = number_of(value);
    if (length == NO_NUMBER || reply->line_bytes >= TALLY_HTTP_LINE_MOST ||
        ((reply->told & LENGTH) != 0 && length != reply->body_left)) {
        return TALLY_E_HTTP;
    }
    reply->told |= LENGTH;
    reply->body_left = length;
    return length <= TALLY_HTTP_BODY_MOST ? TALLY_OK : TALLY_E_HTTP_SIZE;
}

static int32_t on_header(tally_http_reply_t *reply) {
    if (is_space(reply->line[0])) {
        /* Folded (RFC 9112 5.2): more of the header before, which has been judged without it. */
        return (reply->told & LAST_ONE) != 0 ? TALLY_E_HTTP : TALLY_OK;
    }
    const char *value = NULL;
    const enum header header = find_header(reply->line, &value);
    reply->told |= LAST_ONE;
    switch (header) {
    case CONTENT_LENGTH: return on_content_length(reply, value);
    case CONTENT_TYPE: {
        const char *const rest = behind(value, "application/cose");
        const bool is_cose = rest != NULL && (*rest == '\0' || *rest == ';');
        reply->told |= is_cose ? OF_COSE : OF_OTHER;
        break;
    }
    case CONNECTION: reply->close = reply->close || behind(value, "close") != NULL; break;
    case DATE: reply->date_s = tally_http_date(value); break;
    case RETRY_AFTER: {
        const uint32_t seconds = number_of(value);
        reply->retry_after_s = seconds != NO_NUMBER ? seconds : 0;
        reply->retry_at_s = tally_http_date(value);
        break;
    }
    case TRANSFER_ENCODING: reply->told |= CODING; break;
    case HEADERS_KNOWN: reply->told &= (uint8_t)~LAST_ONE; break;
    }
    return TALLY_OK;
}

static void on_end_of_headers(tally_http_reply_t *reply) {
    if (reply->status < 200) {
        reply->state = STATUS_LINE; /* an interim reply (RFC 9110 15.2): the real one follows */
        return;
    }
    const uint8_t told = reply->told;
    const bool has_none = reply->status == 204 || reply->status == 304;
    const bool has_end = has_none || (told & (LENGTH | CODING)) == LENGTH;
    if (has_none || !has_end) {
        reply->body_left = 0;
    }
    if (!has_end || (told & CODING) != 0) {
        /* The body ends somehow; its status is all we need, so the connection goes instead. */
        reply->close = true;
    }
    reply->has_body = !has_end || reply->body_left > 0;
    reply->is_message = reply->status == 200 && has_end && (told & (OF_COSE | OF_OTHER)) == OF_COSE;
    if (!reply->is_message || reply->body_left > reply->body_room) {
        reply->body_room = 0;
    }
    if (reply->date_s != 0 && reply->retry_at_s > reply->date_s) {
        reply->retry_after_s = reply->retry_at_s - reply->date_s;
    }
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
    const bool is_empty = end == 0;
    while (end > 1 && is_space(reply->line[end - 1])) {
        end--;
    }
    memset(reply->line + end, 0, (uint32_t)TALLY_HTTP_LINE_MOST - end);
    int32_t status = TALLY_OK;
    if (reply->state == STATUS_LINE) {
        status = on_status_line(reply);
    } else if (is_empty) {
        on_end_of_headers(reply);
    } else {
        status = on_header(reply);
    }
    reply->line_bytes = 0;
    return status;
}

static int32_t take_head_byte(tally_http_reply_t *reply, char byte) {
    if (++reply->head_bytes > TALLY_HTTP_HEAD_MOST) {
        return TALLY_E_HTTP_SIZE;
    }
    if (byte == '\n') {
        return on_line(reply);
    }
    if (byte == '\0') {
        return TALLY_E_HTTP;
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
            if (reply->body_bytes < reply->body_room) {
                reply->body[reply->body_bytes++] = data[i];
            }
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
