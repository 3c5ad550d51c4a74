/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets through a bad network, counted twice: as they come by the engine with its 64-bit window,
 * and in the end by a slow model, which has written down of every packet of every source whether it
 * came, came back or was lost, and walks that journal from its first line to its last.
 */
#include <stdbool.h>
#include <string.h>

#include "dice.h"
#include "tally/stats.h"
#include "test.h"

#ifndef PACKETS
#define PACKETS 2000000u
#endif

enum {
    JOURNAL = 200000, /* packets of one stream, from its init on */
    LIFE_MOST = 30000,
    WINDOW = 64, /* a packet further behind is given up */
    HELD_MOST = 16,
    BURST_MOST = 2000,
    GMIN = 16,
    SEVERE_LENGTH = 5,
    SEVERE_DISTANCE = 100,
    CLOCK_HZ = 90000,
};

enum { CAME = 1, RECOVERED = 2 };

/* One stream: a source follows another, each a stretch of the journal. */
typedef struct {
    uint8_t fate[JOURNAL]; /* of each packet expected, as far as it counts for events */
    uint32_t expected;
    uint32_t begins; /* the source's first line */
    uint32_t received;
    uint32_t duplicates;
    uint32_t out_of_order;
    uint32_t recovered;
    uint32_t sources;
    uint32_t restarts;
    uint32_t jitter_q4_us;
    uint32_t arrival_us;
    uint32_t timestamp;
} model_t;

typedef struct {
    uint32_t bursts, burst_packets, burst_lost;
    uint32_t events, longest, least, distance, severe_length, severe_distance;
} losses_t;

static model_t model;
static tally_rtp_t rtp;
static dice_t dice;
static uint32_t ssrc;
static uint16_t first_sequence; /* of the source */
static uint32_t clock_us;

/* --- the model ------------------------------------------------------------------------------ */

/* A.8; the time between the timestamps to the nearest microsecond. */
static void model_jitter(uint32_t timestamp, uint32_t arrival_us) {
    const int64_t ticks = (int32_t)(timestamp - model.timestamp);
    const int64_t twice = (ticks < 0 ? -ticks : ticks) * 2000000;
    const int64_t sent_us = (twice + CLOCK_HZ) / (2 * CLOCK_HZ) * (ticks < 0 ? -1 : 1);
    const int64_t change_us = (int32_t)(arrival_us - model.arrival_us) - sent_us;
    const uint32_t distance_us = (uint32_t)(change_us < 0 ? -change_us : change_us);
    model.jitter_q4_us += distance_us - ((model.jitter_q4_us + 8) >> 4);
    model.timestamp = timestamp;
    model.arrival_us = arrival_us;
}

static enum tally_rtp_order model_receive(uint32_t line) {
    const bool is_known = line < model.expected && model.fate[line] != 0;
    model.received++;
    if (is_known) {
        model.duplicates++;
        model.fate[line] |= CAME;
        return TALLY_RTP_DUPLICATE;
    }
    model.fate[line] = CAME;
    if (line < model.expected) {
        model.out_of_order++;
        return TALLY_RTP_LATE;
    }
    model.expected = line + 1;
    return TALLY_RTP_NEXT;
}

static enum tally_rtp_order model_recover(uint32_t line) {
    if (line < model.expected && model.fate[line] != 0) {
        return TALLY_RTP_DUPLICATE;
    }
    model.fate[line] = RECOVERED;
    model.received++;
    model.recovered++;
    if (line < model.expected) {
        return TALLY_RTP_LATE;
    }
    model.expected = line + 1;
    return TALLY_RTP_NEXT;
}

/* The lines that are settled: all but the last source's last 64. */
static uint32_t settled(void) {
    const uint32_t given_up = model.expected > WINDOW ? model.expected - WINDOW : 0;
    return given_up > model.begins ? given_up : model.begins;
}

static bool is_lost(uint32_t line, uint8_t saved_by) {
    return (model.fate[line] & saved_by) == 0;
}

static uint32_t events_before(void) {
    uint32_t events = 0;
    for (uint32_t line = 1; line < settled(); line++) {
        events += is_lost(line, CAME) && !is_lost(line - 1, CAME) ? 1 : 0;
    }
    return events;
}

/* From each loss event to the next. */
static void walk_events(losses_t *losses) {
    uint32_t run = 0;
    uint32_t received = 0;
    for (uint32_t line = 0; line < settled(); line++) {
        if (!is_lost(line, CAME | RECOVERED)) {
            received++;
            run = 0;
            continue;
        }
        if (run == 0 && losses->events > 0) {
            losses->distance += received;
            losses->least = received < losses->least ? received : losses->least;
            losses->severe_distance += received < SEVERE_DISTANCE ? 1 : 0;
        }
        losses->events += run == 0 ? 1 : 0;
        run++;
        received = 0;
        losses->longest = run > losses->longest ? run : losses->longest;
        losses->severe_length += run == SEVERE_LENGTH ? 1 : 0;
    }
}

/* Each stretch from a loss to the last one before GMIN packets in a row come; 2 losses at least. */
static void walk_bursts(losses_t *losses) {
    uint32_t line = 0;
    while (line < settled()) {
        uint32_t lost = 0;
        uint32_t length = 0; /* up to the last loss */
        uint32_t received = 0;
        for (uint32_t at = line; at < settled() && received < GMIN; at++) {
            const bool lost_here = is_lost(at, CAME | RECOVERED);
            if (lost == 0 && !lost_here) {
                break;
            }
            lost += lost_here ? 1 : 0;
            received = lost_here ? 0 : received + 1;
            length = lost_here ? at + 1 - line : length;
        }
        losses->bursts += lost > 1 ? 1 : 0;
        losses->burst_packets += lost > 1 ? length : 0;
        losses->burst_lost += lost > 1 ? lost : 0;
        line += length > 0 ? length : 1;
    }
}

/* --- engine against model ------------------------------------------------------------------- */

static uint32_t value(enum tally_metric metric) {
    return rtp.values[(uint32_t)metric - (uint32_t)TALLY_M_RTP_FIRST];
}

static void compare_packets(void) {
    assert_int_equal(value(TALLY_M_RTP_EXPECTED), model.expected);
    assert_int_equal(value(TALLY_M_RTP_RECEIVED), model.received);
    assert_int_equal(value(TALLY_M_RTP_LOST), model.expected - model.received);
    assert_int_equal(value(TALLY_M_RTP_DUPLICATES), model.duplicates);
    assert_int_equal(value(TALLY_M_RTP_OUT_OF_ORDER), model.out_of_order);
    assert_int_equal(value(TALLY_M_RTP_RECOVERED), model.recovered);
    assert_int_equal(value(TALLY_M_RTP_JITTER), model.jitter_q4_us >> 4);
    assert_int_equal(value(TALLY_M_RTP_SOURCE_CHANGES), model.sources - 1);
    assert_int_equal(value(TALLY_M_RTP_RESTARTS), model.restarts);
}

static void compare_losses(void) {
    losses_t losses = {.least = TALLY_NO_VALUE};
    walk_events(&losses);
    walk_bursts(&losses);
    assert_int_equal(value(TALLY_M_RTP_LOSS_EVENTS), losses.events);
    assert_int_equal(value(TALLY_M_RTP_LOSS_EVENTS_BEFORE), events_before());
    assert_int_equal(value(TALLY_M_RTP_LOSS_LONGEST), losses.longest);
    assert_int_equal(value(TALLY_M_RTP_LOSS_DISTANCE_LEAST), losses.least);
    assert_int_equal(value(TALLY_M_RTP_LOSS_DISTANCE), losses.distance);
    assert_int_equal(value(TALLY_M_RTP_SEVERE_LENGTH), losses.severe_length);
    assert_int_equal(value(TALLY_M_RTP_SEVERE_DISTANCE), losses.severe_distance);
    assert_int_equal(value(TALLY_M_RTP_BURSTS), losses.bursts);
    assert_int_equal(value(TALLY_M_RTP_BURST_PACKETS), losses.burst_packets);
    assert_int_equal(value(TALLY_M_RTP_BURST_LOST), losses.burst_lost);
}

static uint16_t sequence_of(uint32_t line) {
    return (uint16_t)(first_sequence + (line - model.begins));
}

static int32_t engine_receive(uint32_t from, uint16_t sequence, uint32_t timestamp) {
    const tally_rtp_header_t header = {.ssrc = from, .sequence = sequence, .timestamp = timestamp};
    return tally_rtp_packet(&rtp, &header, clock_us);
}

/* What would come too late for the window is lost on the way instead. */
static bool is_in_time(uint32_t line) {
    return line >= model.begins && line < JOURNAL && line + WINDOW > model.expected;
}

static void receive(uint32_t line) {
    clock_us += 500 + dice_roll(&dice, 4000);
    if (is_in_time(line)) {
        const uint32_t timestamp = line * 211; /* 2,344.4 us */
        const enum tally_rtp_order order = model_receive(line);
        model_jitter(timestamp, clock_us);
        assert_int_equal(engine_receive(ssrc, sequence_of(line), timestamp), order);
    }
}

static void recover(uint32_t line) {
    if (is_in_time(line)) {
        assert_int_equal(tally_rtp_recovered(&rtp, sequence_of(line)), model_recover(line));
    }
}

/* --- the network ---------------------------------------------------------------------------- */

/* Packets that a network holds back, and lets go in any order. */
typedef struct {
    uint32_t lines[HELD_MOST];
    uint32_t count;
} held_t;

static void hold(held_t *held, uint32_t line) {
    if (held->count < HELD_MOST) {
        held->lines[held->count] = line;
        held->count++;
    }
}

static void let_go(held_t *held) {
    if (held->count > 0) {
        const uint32_t which = dice_roll(&dice, held->count);
        receive(held->lines[which]);
        held->count--;
        held->lines[which] = held->lines[held->count];
    }
}

/* One packet that is nobody's: of another source, or far from the sequence. */
static void stray(void) {
    const bool is_foreign = dice_roll(&dice, 2) == 0;
    const uint16_t last = sequence_of(model.expected - 1);
    const uint16_t far = (uint16_t)(last + 3000 + dice_roll(&dice, 65536 - 3000 - 99));
    const uint32_t from = is_foreign ? ssrc + 1000000 : ssrc;
    assert_int_equal(engine_receive(from, is_foreign ? (uint16_t)(last + 1) : far, 5),
                     TALLY_RTP_UNSURE);
    receive(model.expected); /* the source is alive */
}

/* Sends packet `line`; returns the next one. A `bad` network loses one in five. */
static uint32_t send(uint32_t line, bool is_bad, held_t *held) {
    switch (dice_roll(&dice, is_bad ? 15 : 300)) {
    case 0:
    case 1:
    case 2: break; /* lost */
    case 3: hold(held, line); break;
    case 4:
        receive(line);
        receive(line);
        break;
    case 5:
        receive(line);
        hold(held, line); /* its copy takes the long way */
        break;
    case 6: let_go(held); break;
    case 7: recover(line - dice_roll(&dice, WINDOW + 1)); break;
    case 8: stray(); break;
    default: receive(line); break;
    }
    const bool is_burst = dice_roll(&dice, 5000) == 0;
    const uint32_t next = line + 1 > model.expected ? line + 1 : model.expected;
    return next + (is_burst ? dice_roll(&dice, BURST_MOST) : 0);
}

/* A source is believed with its second packet. */
static void begin_source(void) {
    /* The first changes are one of each kind. */
    const bool is_restart = model.sources == 1 || (model.sources > 2 && dice_roll(&dice, 2) == 0);
    const uint16_t last = sequence_of(model.expected - 1);
    /* So far that the second packet is no latecomer of the sequence before either. */
    const uint16_t far = (uint16_t)(last + 3000 + dice_roll(&dice, 65536 - 3000 - 101));
    const uint32_t line = model.expected;
    ssrc += is_restart ? 0 : 1;
    first_sequence = is_restart ? far : (uint16_t)dice_bits(&dice);
    assert_int_equal(engine_receive(ssrc, first_sequence, line * 211), TALLY_RTP_UNSURE);
    model.begins = line;
    model.sources++;
    model.restarts += is_restart ? 1 : 0;
    model.jitter_q4_us = is_restart ? model.jitter_q4_us : 0;
    model.arrival_us = clock_us;
    model.timestamp = line * 211;
    (void)model_receive(line);
    receive(line + 1);
}

static void play_source(uint32_t most) {
    held_t held = {.count = 0};
    const uint32_t life = 2 + dice_roll(&dice, LIFE_MOST);
    bool is_bad = false;
    begin_source();
    const uint32_t end = model.begins + life < most ? model.begins + life : most;
    for (uint32_t line = model.expected; line < end; line = send(line, is_bad, &held)) {
        is_bad = dice_roll(&dice, 400) == 0 ? !is_bad : is_bad;
        compare_packets();
    }
    compare_packets();
}

static void test_rtp_counts_as_the_model_does(void **state) {
    (void)state;
    const uint32_t streams = dice_share(PACKETS) / JOURNAL;
    dice = dice_from_environment();
    for (uint32_t i = 0; i < streams; i++) {
        memset(&model, 0, sizeof model);
        assert_int_equal(tally_rtp_init(&rtp, CLOCK_HZ), TALLY_OK);
        while (model.expected + BURST_MOST + 2 * WINDOW < JOURNAL) {
            play_source(JOURNAL - BURST_MOST - WINDOW);
        }
        compare_losses();
        assert_true(model.duplicates > 0 && model.out_of_order > 0 && model.recovered > 0);
        assert_true(model.restarts > 0 && model.restarts + 1 < model.sources);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rtp_counts_as_the_model_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
