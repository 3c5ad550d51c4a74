/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of replies against 100,000 random ones: it ends in a bounded number of bytes and never
 * leaves its buffers, which the sanitizers watch. */
#include "http.h"

#include <string.h>

#include "dice.h"
#include "test.h"

#define INPUTS 100000u

/* Pieces of replies, so that chance reaches deep. */
static const char *const words[] = {
    "HTTP/1.1 ",
    "HTTP/1.0 ",
    "200 OK",
    "100 ",
    "\r\n",
    "\n",
    "\r\n\r\n",
    "Content-Length: ",
    "Retry-After: ",
    "Connection: ",
    "Date: ",
    "Content-Type: ",
    "Transfer-Encoding: ",
    "Sun, 18 Oct 2026 12:00:00 GMT",
    "application/cose",
    "close",
    "0",
    "7",
    "65536",
    "99999999999",
    " ",
    "X-Long-Name: ",
    "\xFF\x80",
    "\t",
    ":",
};

/* Fills `out` with random words and bytes; how many bytes. */
static uint32_t random_reply(dice_t *dice, char *out) {
    uint32_t bytes = 0;
    const uint32_t pieces = dice_roll(dice, 24);
    for (uint32_t i = 0; i < pieces; i++) {
        const char *const word = words[dice_roll(dice, sizeof words / sizeof *words)];
        const uint32_t length = (uint32_t)strlen(word);
        if (dice_roll(dice, 8) == 0) {
            out[bytes++] = (char)dice_bits(dice);
        } else {
            memcpy(out + bytes, word, length);
            bytes += length;
        }
    }
    return bytes;
}

/* Hands the bytes over in random parts; the first error, else 0. */
static int32_t take_in_parts(tally_http_reply_t *reply, const char *bytes, uint32_t size,
                             dice_t *dice) {
    int32_t status = TALLY_OK;
    for (uint32_t at = 0; at < size && status == TALLY_OK;) {
        const uint32_t part = 1 + dice_roll(dice, size - at);
        status = tally_http_reply_take(reply, (const uint8_t *)bytes + at, part);
        at += part;
    }
    return status;
}

static void test_http_random_replies_are_survived(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    for (uint32_t i = 0; i < dice_share(INPUTS); i++) {
        char bytes[24 * 32];
        uint8_t room[8]; /* the sanitizers watch its end */
        const uint32_t size = random_reply(&dice, bytes);
        tally_http_reply_t reply;
        tally_http_reply_begin(&reply);
        reply.body = room;
        reply.body_room = sizeof room;
        const int32_t status = take_in_parts(&reply, bytes, size, &dice);
        assert_true(status == TALLY_OK || status == TALLY_E_HTTP || status == TALLY_E_HTTP_SIZE);
        assert_true(reply.body_bytes <= sizeof room);
    }
}

/* As above, but what follows a good status line never stops: the limits end it. */
static void test_http_endless_random_replies_end(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    for (uint32_t i = 0; i < dice_share(1000); i++) {
        tally_http_reply_t reply;
        tally_http_reply_begin(&reply);
        int32_t status = tally_http_reply_take(&reply, (const uint8_t *)"HTTP/1.1 200\n", 13);
        uint32_t bytes = 0;
        while (status == TALLY_OK && !reply.done) {
            const uint8_t byte = (uint8_t)dice_bits(&dice);
            status = tally_http_reply_take(&reply, &byte, 1);
            bytes++;
        }
        assert_true(bytes <= (uint32_t)TALLY_HTTP_HEAD_MOST + (uint32_t)TALLY_HTTP_BODY_MOST);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_random_replies_are_survived),
        cmocka_unit_test(test_http_endless_random_replies_end),
    };
    return cmocka_run_group_tests_name("http_random", tests, NULL, NULL);
}
