/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fakes.h"
#include "test.h"

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

static bool stutters_now(const fake_transport_t *fake, uint32_t *calls) {
    (*calls)++;
    return fake->stutters && *calls % 2 == 1;
}

/* The bytes of the request under way, head and body, or 0 as long as its head is not complete. */
static uint32_t request_bytes(const fake_transport_t *fake) {
    const char *const request = (const char *)fake->sent + fake->request_at;
    const char *const head_end = strstr(request, "\r\n\r\n");
    const char *const length = strstr(request, "Content-Length: ");
    if (head_end == NULL || length == NULL) {
        return 0;
    }
    const uint32_t head_bytes = (uint32_t)(head_end - request) + 4;
    return head_bytes + (uint32_t)strtoul(length + strlen("Content-Length: "), NULL, 10);
}

static void begin_reply(fake_transport_t *fake) {
    if (fake->reply == NULL && fake->replied < FAKE_REPLIES) {
        fake->reply = fake->replies[fake->replied++];
        fake->reply_end = fake->reply_bytes != 0 ? fake->reply + fake->reply_bytes : NULL;
    }
}

static uint32_t reply_left(const fake_transport_t *fake) {
    if (fake->reply == NULL) {
        return 0;
    }
    return fake->reply_end != NULL ? (uint32_t)(fake->reply_end - fake->reply)
                                   : (uint32_t)strlen(fake->reply);
}

static void on_sent(fake_transport_t *fake) {
    const uint32_t bytes = fake->sent_bytes - fake->request_at;
    const uint32_t whole = request_bytes(fake);
    if (fake->reply_after != 0 && bytes >= fake->reply_after) {
        begin_reply(fake);
    }
    if (whole != 0 && bytes >= whole) {
        assert_int_equal(bytes, whole);
        fake->requests++;
        if (fake->hears != NULL) {
            fake->hears((const char *)fake->sent + fake->request_at, whole);
        }
        fake->request_at = fake->sent_bytes;
        if (fake->reply_after == 0) {
            begin_reply(fake);
        }
    }
}

static int32_t transport_open(void *ctx, const tally_peer_t *peer) {
    fake_transport_t *const fake = ctx;
    assert_string_equal(peer->host, fake->host != NULL ? fake->host : "collector.example");
    fake->is_open = true;
    fake->stale = false;
    fake->reply = NULL;
    fake->request_at = fake->sent_bytes;
    fake->opened_at = fake->sent_bytes;
    if (stutters_now(fake, &fake->open_calls)) {
        return TALLY_OPENING_CONNECT;
    }
    fake->opens += fake->open_says == TALLY_OPEN ? 1 : 0;
    return fake->open_says;
}

static int32_t transport_send(void *ctx, const uint8_t *data, uint32_t size) {
    fake_transport_t *const fake = ctx;
    assert_true(fake->is_open);
    assert_true(size > 0);
    if (fake->stale || fake->send_says < 0) {
        return fake->stale ? TALLY_E_CLOSED : fake->send_says;
    }
    if (stutters_now(fake, &fake->send_calls)) {
        return 0;
    }
    const uint32_t room = fake->takes_most - (fake->sent_bytes - fake->opened_at);
    const uint32_t taken = smaller(smaller(size, fake->send_most), room);
    assert_true(fake->sent_bytes + taken < sizeof fake->sent); /* a NUL stays behind them */
    memcpy(fake->sent + fake->sent_bytes, data, taken);
    fake->sent_bytes += taken;
    on_sent(fake);
    return (int32_t)taken;
}

static int32_t transport_receive(void *ctx, uint8_t *data, uint32_t size) {
    fake_transport_t *const fake = ctx;
    assert_true(fake->is_open);
    assert_true(size > 0);
    if (fake->stale) {
        return TALLY_E_CLOSED;
    }
    if (stutters_now(fake, &fake->receive_calls)) {
        return 0;
    }
    const uint32_t left = reply_left(fake);
    if (left == 0) {
        fake->reply = NULL;
        return fake->receive_says;
    }
    const uint32_t given = smaller(smaller(size, fake->give_most), left);
    memcpy(data, fake->reply, given);
    fake->reply += given;
    return (int32_t)given;
}

static void transport_close(void *ctx) {
    fake_transport_t *const fake = ctx;
    assert_true(fake->is_open);
    fake->is_open = false;
    fake->closes++;
}

void fake_transport_init(fake_transport_t *fake) {
    memset(fake, 0, sizeof *fake);
    fake->transport = (tally_transport_t){
        .ctx = fake,
        .open = transport_open,
        .send = transport_send,
        .receive = transport_receive,
        .close = transport_close,
    };
    fake->send_most = UINT32_MAX;
    fake->takes_most = UINT32_MAX;
    fake->give_most = UINT32_MAX;
}

void fake_transport_forget(fake_transport_t *fake) {
    const uint32_t kept = fake->sent_bytes - fake->request_at;
    memmove(fake->sent, fake->sent + fake->request_at, kept);
    memset(fake->sent + kept, 0, fake->request_at);
    fake->opened_at -= fake->request_at; /* may wrap: its distance to sent_bytes counts */
    fake->sent_bytes = kept;
    fake->request_at = 0;
}
