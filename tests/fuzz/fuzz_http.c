/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes are what a server, or whoever stands between, sends as its reply. Whatever comes:
 *
 *   - it is told complete, incomplete or wrong within the limits, and nothing outside it is read;
 *   - whole, cut once anywhere, and byte by byte it means the same;
 *   - what counts as accepted has an end that the reply told, and no body but a message;
 *   - a message lies in its room.
 */
#include <stdbool.h>
#include <string.h>

#include "fuzzer.h"
#include "http.h"
#include "test.h"

#define ROOM 16u

typedef struct {
    tally_http_reply_t reply;
    int32_t status;
    uint8_t room[ROOM];
} reading_t;

static void feed(reading_t *reading, const uint8_t *data, size_t size) {
    if (reading->status == TALLY_OK) {
        reading->status = tally_http_reply_take(&reading->reply, data, (uint32_t)size);
    }
}

static void begin(reading_t *reading) {
    memset(reading, 0, sizeof *reading);
    tally_http_reply_begin(&reading->reply);
    reading->reply.body = reading->room;
    reading->reply.body_room = ROOM;
}

static bool is_acceptance(const tally_http_reply_t *reply) {
    return reply->done && reply->status >= 200 && reply->status <= 299 &&
           (!reply->has_body || reply->is_message);
}

static void check(const reading_t *reading, size_t size) {
    const tally_http_reply_t *const reply = &reading->reply;
    assert_true(reading->status == TALLY_OK || reading->status == TALLY_E_HTTP ||
                reading->status == TALLY_E_HTTP_SIZE);
    assert_true(reply->head_bytes <= (uint32_t)TALLY_HTTP_HEAD_MOST + 1);
    assert_true(reply->head_bytes <= size);
    assert_true(reply->body_bytes <= ROOM);
    assert_true(reply->body_bytes == 0 || reply->is_message);
    assert_true(reading->status == TALLY_OK || !reply->done);
    assert_true(!reply->done || (reply->status >= 200 && reply->status <= 599));
    assert_true(!reply->done || reply->body_left == 0);
    assert_true(!is_acceptance(reply) || !reply->has_body || reply->status == 200);
    assert_true(reply->date_s == 0 || (reply->date_s >= 1577836800 && reply->date_s < 4102444800));
}

static void assert_same(const reading_t *a, const reading_t *b) {
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->reply.status, b->reply.status);
    assert_int_equal(a->reply.done, b->reply.done);
    assert_int_equal(a->reply.close, b->reply.close);
    assert_int_equal(a->reply.has_body, b->reply.has_body);
    assert_int_equal(a->reply.is_message, b->reply.is_message);
    assert_int_equal(a->reply.date_s, b->reply.date_s);
    assert_int_equal(a->reply.retry_after_s, b->reply.retry_after_s);
    assert_int_equal(a->reply.body_bytes, b->reply.body_bytes);
    assert_memory_equal(a->room, b->room, ROOM);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    reading_t whole;
    begin(&whole);
    feed(&whole, data, size);
    check(&whole, size);
    for (size_t cut = 0; cut < size; cut++) {
        reading_t halves;
        begin(&halves);
        feed(&halves, data, cut);
        feed(&halves, data + cut, size - cut);
        assert_same(&whole, &halves);
    }
    reading_t bytes;
    begin(&bytes);
    for (size_t i = 0; i < size; i++) {
        const uint8_t byte = data[i]; /* alone: the sanitizer sees a read beyond it */
        feed(&bytes, &byte, 1);
    }
    assert_same(&whole, &bytes);
    return 0;
}
