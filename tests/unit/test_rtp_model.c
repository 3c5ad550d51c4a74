/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A million packets through a bad network, counted twice: by the engine with its 64-bit window, and
 * by a slow model that remembers how often every single packet arrived.
 */
#include <stdbool.h>
#include <string.h>

#include "dice.h"
#include "tally/stats.h"
#include "test.h"

enum {
    PACKETS = 1000000,
    START = 64000, /* the first sequence number wraps soon */
    WINDOW = 64,   /* the engine knows a packet again that is less than this behind the highest */
    HELD_MOST = 16,
    BURST_MOST = 2000,
};

typedef struct {
    uint8_t arrivals[PACKETS]; /* of each packet, by its number */
    uint32_t highest;
    uint32_t received;
    uint32_t duplicates;
    uint32_t out_of_order;
} model_t;

static model_t model;
static tally_rtp_t rtp;

static enum tally_rtp_order model_receive(uint32_t number) {
    const bool known = model.arrivals[number] > 0;
    const bool behind = number < model.highest;
    model.arrivals[number]++;
    model.received++;
    if (known) {
        model.duplicates++;
        return TALLY_RTP_DUPLICATE;
    }
    if (behind) {
        model.out_of_order++;
        return TALLY_RTP_LATE;
    }
    model.highest = number;
    return TALLY_RTP_NEXT;
}

static uint32_t value(enum tally_metric metric) {
    return rtp.values[(uint32_t)metric - (uint32_t)TALLY_M_RTP_FIRST];
}

static void compare(void) {
    const uint32_t expected = model.highest + 1;
    assert_int_equal(value(TALLY_M_RTP_EXPECTED), expected);
    assert_int_equal(value(TALLY_M_RTP_RECEIVED), model.received);
    assert_int_equal(value(TALLY_M_RTP_LOST), expected - model.received);
    assert_int_equal(value(TALLY_M_RTP_DUPLICATES), model.duplicates);
    assert_int_equal(value(TALLY_M_RTP_OUT_OF_ORDER), model.out_of_order);
    assert_int_equal(value(TALLY_M_RTP_SOURCE_CHANGES), 0);
}

static int32_t engine_receive(uint32_t number) {
    const tally_rtp_header_t header = {.sequence = (uint16_t)(START + number)};
    return tally_rtp_packet(&rtp, &header, number);
}

/* What would come too late for the window is lost on the way instead. */
static void receive(uint32_t number) {
    if (number + WINDOW > model.highest) {
        const enum tally_rtp_order order = model_receive(number);
        assert_int_equal(engine_receive(number), order);
    }
}

/* Packets that a network holds back, and lets go in any order. */
typedef struct {
    uint32_t numbers[HELD_MOST];
    uint32_t count;
} held_t;

static void hold(held_t *held, uint32_t number) {
    if (held->count < HELD_MOST) {
        held->numbers[held->count] = number;
        held->count++;
    }
}

static void let_go(held_t *held, dice_t *dice) {
    if (held->count > 0) {
        const uint32_t which = dice_roll(dice, held->count);
        receive(held->numbers[which]);
        held->count--;
        held->numbers[which] = held->numbers[held->count];
    }
}

/* Sends packet `number`; returns the number of the next one. */
static uint32_t send(uint32_t number, held_t *held, dice_t *dice) {
    switch (dice_roll(dice, 40)) {
    case 0: break; /* lost */
    case 1: hold(held, number); break;
    case 2:
        receive(number);
        receive(number);
        break;
    case 3:
        receive(number);
        hold(held, number); /* its copy takes the long way */
        break;
    case 4: let_go(held, dice); /* fall through */
    default: receive(number); break;
    }
    const bool burst = dice_roll(dice, 20000) == 0;
    return number + 1 + (burst ? dice_roll(dice, BURST_MOST) : 0);
}

static void test_rtp_counts_as_the_model_does(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    held_t held = {.count = 0};
    assert_int_equal(tally_rtp_init(&rtp, 90000), TALLY_OK);
    memset(&model, 0, sizeof model);
    (void)engine_receive(0);
    (void)model_receive(0);
    receive(1);
    for (uint32_t number = 2; number < PACKETS; number = send(number, &held, &dice)) {
        compare();
    }
    compare();
    assert_true(model.duplicates > 0 && model.out_of_order > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rtp_counts_as_the_model_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
