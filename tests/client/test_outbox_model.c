/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random connections, answers and floods against a model with room for everything: each kept
 * message is acknowledged, waits, or was dropped unsent; none is sent out of order, none that was
 * acknowledged is sent again, and all bytes are as they were put.
 */
#include "dice.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "outbox.h"

#define OPERATIONS 60000u
#define PHASE      1000u
#define SESSIONS   4u

enum fate { WAITS, SENT, ACKNOWLEDGED, DROPPED };

static struct {
    uint8_t fates[OPERATIONS]; /* enum fate of each message kept */
    uint32_t made;
    uint32_t oldest;                    /* of those that wait or were sent */
    uint32_t at;                        /* the last one sent on this connection */
    uint32_t latest[SESSIONS];          /* snapshot of each */
    uint32_t on_connection[OPERATIONS]; /* what each number on it was; none kept: OPERATIONS */
    uint32_t number;
    uint32_t acknowledged;
    uint32_t dropped;
} model;

static tally_outbox_t outbox;

/* A message says what it is, at any length, and its bytes follow from that. */
typedef struct {
    uint32_t id;
    uint32_t session; /* SESSIONS: kept */
} label_t;

static uint32_t write_message(dice_t *dice, uint8_t *out, label_t label) {
    const uint32_t size = (uint32_t)sizeof label + dice_roll(dice, 1u << dice_roll(dice, 13));
    memset(out, (int)(label.id & 0xFF), size);
    memcpy(out, &label, sizeof label);
    return size;
}

static label_t read_message(const tally_outbox_message_t *message) {
    label_t label;
    assert_true(message->size >= sizeof label);
    memcpy(&label, message->bytes, sizeof label);
    for (uint32_t i = sizeof label; i < message->size; i++) {
        assert_int_equal(message->bytes[i], label.id & 0xFF);
    }
    return label;
}

/* The outbox says how many it dropped; which ones the model knows: the oldest not sent. */
static void note_drops(void) {
    uint32_t at = model.oldest;
    while (model.dropped < outbox.dropped) {
        if (at == model.made) {
            fail_msg("more dropped than there are");
        }
        if (model.fates[at] == WAITS) {
            model.fates[at] = DROPPED;
            model.dropped++;
        }
        at++;
    }
}

static void put(dice_t *dice) {
    static uint8_t bytes[TALLY_MESSAGE_BYTES];
    const bool is_kept = dice_roll(dice, 3) > 0;
    const label_t label =
        is_kept ? (label_t){.id = model.made, .session = SESSIONS}
                : (label_t){.id = (uint32_t)dice_bits(dice), .session = dice_roll(dice, SESSIONS)};
    const uint32_t size = write_message(dice, bytes, label);
    assert_int_equal(
        tally_outbox_put(&outbox, is_kept ? TALLY_KEEP : TALLY_REPLACE, label.session, bytes, size),
        TALLY_OK);
    note_drops();
    if (is_kept) {
        model.made++;
    } else {
        model.latest[label.session] = label.id;
    }
}

static void note_sent(const label_t *label) {
    uint32_t kept = OPERATIONS;
    if (label->session == SESSIONS) {
        kept = label->id;
        assert_int_equal(model.fates[kept], WAITS);
        assert_true(model.number == 0 || model.at == OPERATIONS || kept > model.at);
        model.fates[kept] = SENT;
        model.at = kept;
    } else {
        assert_int_equal(label->id, model.latest[label->session]);
    }
    model.on_connection[model.number++] = kept;
}

static void send_some(dice_t *dice) {
    tally_outbox_message_t message;
    for (uint32_t i = dice_roll(dice, 8); i > 0 && tally_outbox_next(&outbox, &message); i--) {
        const label_t label = read_message(&message);
        note_sent(&label);
        tally_outbox_sent(&outbox);
    }
}

static void acknowledge(dice_t *dice) {
    const uint32_t up_to =
        model.acknowledged + dice_roll(dice, model.number - model.acknowledged + 1);
    assert_int_equal(tally_outbox_acknowledge(&outbox, up_to), TALLY_OK);
    for (; model.acknowledged < up_to; model.acknowledged++) {
        const uint32_t kept = model.on_connection[model.acknowledged];
        if (kept < OPERATIONS) {
            model.fates[kept] = ACKNOWLEDGED;
        }
    }
}

static void lose_connection(void) {
    tally_outbox_rewind(&outbox);
    for (uint32_t i = model.oldest; i < model.made; i++) {
        if (model.fates[i] == SENT) {
            model.fates[i] = WAITS;
        }
    }
    model.number = 0;
    model.acknowledged = 0;
    model.at = OPERATIONS;
}

static void check(void) {
    while (model.oldest < model.made && model.fates[model.oldest] >= ACKNOWLEDGED) {
        model.oldest++;
    }
    assert_true(outbox.used <= TALLY_CLIENT_QUEUE_BYTES);
    assert_true(outbox.sent <= TALLY_CLIENT_QUEUE_BYTES / 2);
}

static void test_outbox_neither_loses_nor_repeats_in_silence(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    tally_outbox_init(&outbox);
    model.at = OPERATIONS;
    uint32_t puts = 0;
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        const uint32_t roll = dice_roll(&dice, 100);
        if (i % PHASE == 0) {
            puts = dice_roll(&dice, 2) == 0 ? 40 : 90; /* a daemon that keeps up, or not */
        }
        if (roll < puts) {
            put(&dice);
        } else if (roll < (puts + 98) / 2) {
            send_some(&dice);
        } else if (roll < 98) {
            acknowledge(&dice);
        } else {
            lose_connection();
        }
        check();
    }
    /* In the end all that waits arrives. */
    tally_outbox_message_t message;
    while (tally_outbox_next(&outbox, &message)) {
        send_some(&dice);
        acknowledge(&dice);
    }
    while (model.acknowledged < model.number) {
        acknowledge(&dice);
    }
    check();
    assert_int_equal(model.oldest, model.made);
    assert_int_equal(outbox.count, 0);
    assert_int_equal(tally_outbox_lost(&outbox), model.dropped);
    assert_in_range(model.dropped, model.made / 20, model.made * 9 / 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outbox_neither_loses_nor_repeats_in_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
