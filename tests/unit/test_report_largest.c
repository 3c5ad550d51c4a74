/* SPDX-License-Identifier: Apache-2.0 */
/* How large records get, against what tally_report_largest() says before there is one. */
#include <string.h>

#include "dice.h"
#include "report.h"
#include "test.h"

#define MOST INT64_C(9007199254740992) /* 2^53 */

enum { RECORDS = 20000 };

typedef struct {
    enum tally_record kind;
    const char *groups;
} record_kind_t;

static const record_kind_t kinds[] = {
#define KIND(symbol, value, name, groups, meaning) {TALLY_RECORD_##symbol, groups},
    TALLY_RECORDS(KIND)
#undef KIND
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static uint64_t declared[TALLY_GROUPS];
static tally_value_t values[TALLY_METRICS];
static tally_level_t levels[TALLY_METRICS];
static tally_histogram_t histograms[TALLY_METRICS];
static char texts[TALLY_METRICS][64];
static uint32_t session;
static int64_t time_ms;

static uint64_t every_bit(uint32_t group) {
    const tally_group_info_t *const info = &tally_group_infos[group];
    return (UINT64_C(1) << (info->end - info->first)) - 1;
}

static uint32_t size_of(const record_kind_t *kind, const uint64_t *present) {
    const tally_wall_t wall = {.unix_ms = time_ms, .quality = TALLY_WALL_AUTHENTICATED};
    tally_view_t views[TALLY_GROUPS];
    const uint16_t stream = tally_stream_has_kind((char)kind->kind) ? UINT16_MAX : 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        if (strchr(kind->groups, tally_group_infos[i].letter) != NULL) {
            views[count] = (tally_view_t){.values = &values[tally_group_infos[i].first],
                                          .present = present[i],
                                          .group = (uint8_t)i,
                                          .stream = stream};
            count++;
        }
    }
    const tally_record_t record = {.kind = kind->kind,
                                   .session = session,
                                   .uptime_ms = (uint64_t)time_ms,
                                   .wall = &wall,
                                   .declared = declared,
                                   .views = views,
                                   .count = count};
    return tally_record_encode(&record, session, NULL, 0);
}

/* A text of `length` bytes. */
static void set_text(uint32_t metric, uint32_t length) {
    memset(texts[metric], 'x', length);
    texts[metric][length] = '\0';
    values[metric].text = texts[metric];
}

/* --- the largest ---------------------------------------------------------------------------- */

static void set_largest_histogram(tally_histogram_t *histogram) {
    tally_histogram_init(histogram);
    histogram->zeros = UINT32_MAX;
    histogram->scale = 3;
    histogram->first = 400;
    histogram->used = TALLY_HISTOGRAM_BUCKETS;
    for (uint32_t i = 0; i < TALLY_HISTOGRAM_BUCKETS; i++) {
        histogram->counts[i] = UINT32_MAX;
    }
}

static void set_largest(uint32_t metric) {
    const tally_metric_info_t *const info = &tally_metric_infos[metric];
    switch (info->kind) {
    case TALLY_KIND_TEXT: set_text(metric, 63); break;
    case TALLY_KIND_LEVEL:
        levels[metric] = (tally_level_t){.weighted = (int64_t)INT32_MIN * 4294967295,
                                         .time_ms = UINT32_MAX,
                                         .last = INT32_MIN,
                                         .least = INT32_MIN,
                                         .most = INT32_MAX};
        values[metric].level = &levels[metric];
        break;
    case TALLY_KIND_HISTOGRAM:
        set_largest_histogram(&histograms[metric]);
        values[metric].histogram = &histograms[metric];
        break;
    default:
        values[metric].number = tally_metrics_most(info) != 0 ? tally_metrics_most(info) : MOST;
        break;
    }
}

/* Dimensions that fill what a session stores, as wasteful on the wire as can be: all texts empty
 * (2 bytes stored, 4 sent), both numbers that are no enums (5 stored, 8 sent), the session's id
 * (none stored, 12 sent), of the rest texts of 24 bytes (26 stored, 29 sent), then one that takes
 * what is left. Enums only cost room. */
static uint64_t set_largest_dimensions(void) {
    uint64_t present = 0;
    uint32_t room = TALLY_SESSION_TEXT_BYTES;
    for (uint32_t i = TALLY_M_DIMENSION_FIRST; i < TALLY_M_DIMENSION_END; i++) {
        const uint8_t kind = tally_metric_infos[i].kind;
        const uint32_t stored = i == TALLY_M_SESSION_ID ? 0 : kind == TALLY_KIND_TEXT ? 2 : 5;
        if (kind != TALLY_KIND_ENUM && stored <= room) {
            values[i].number = i == TALLY_M_SESSION_ID ? MOST : INT32_MAX;
            if (kind == TALLY_KIND_TEXT) {
                set_text(i, 0);
            }
            room -= stored;
            present |= UINT64_C(1) << (i - TALLY_M_DIMENSION_FIRST);
        }
    }
    for (uint32_t i = TALLY_M_DIMENSION_FIRST; i < TALLY_M_DIMENSION_END && room > 0; i++) {
        if (tally_metric_infos[i].kind == TALLY_KIND_TEXT) {
            const uint32_t more = room < 24 ? room : 24;
            set_text(i, more);
            room -= more;
        }
    }
    return present;
}

static void declare_everything_at_its_largest(uint64_t *present) {
    session = UINT32_MAX;
    time_ms = MOST;
    for (uint32_t i = 0; i < TALLY_METRICS; i++) {
        set_largest(i);
    }
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        declared[i] = every_bit(i);
        present[i] = every_bit(i);
    }
    present[TALLY_G_DIMENSION] = set_largest_dimensions();
}

static void test_report_largest_is_what_the_largest_record_takes(void **state) {
    (void)state;
    uint64_t present[TALLY_GROUPS];
    declare_everything_at_its_largest(present);
    for (uint32_t i = 0; i < KINDS; i++) {
        const uint32_t bound = tally_report_largest(kinds[i].kind, declared);
        const uint32_t size = size_of(&kinds[i], present);
        /* Dimensions: not as many texts of 24 bytes fit as if all were that long. */
        const uint32_t slack = strchr(kinds[i].groups, 'd') != NULL ? 4 : 0;
        print_message("%c: %u of %u bytes\n", kinds[i].kind, (unsigned)size, (unsigned)bound);
        assert_in_range(size, bound - slack, bound);
    }
}

/* By hand: k 4, q 7, s 7, u 11, w 11, and 1 around them. */
static void test_report_largest_of_nothing_declared_is_the_frame(void **state) {
    (void)state;
    const uint64_t nothing[TALLY_GROUPS] = {0};
    assert_int_equal(tally_report_largest(TALLY_RECORD_HEARTBEAT, nothing), 41);
    assert_int_equal(tally_report_largest(TALLY_RECORD_START, nothing), 44); /* c, empty */
}

static void test_report_largest_counts_by_kind_of_metric(void **state) {
    (void)state;
    uint64_t some[TALLY_GROUPS] = {0};
    some[TALLY_G_PLAYBACK] = TALLY_CAN(PLAYBACK, STALLS) | TALLY_CAN(PLAYBACK, MILESTONE) |
                             TALLY_CAN(PLAYBACK, STATE) | TALLY_CAN(PLAYBACK, ERROR_CODE);
    some[TALLY_G_LEVEL] = TALLY_CAN(LEVEL, LATENCY);
    some[TALLY_G_RTP] = 1; /* not in heartbeats */
    /* p: 3 and four keys of 3 with 9, 2 (to 100), 1 (to 15) and 9; l: 3 and a key of 3 with 26 */
    assert_int_equal(tally_report_largest(TALLY_RECORD_HEARTBEAT, some), 41 + 36 + 32);
    some[TALLY_G_HISTOGRAM] = TALLY_CAN(HISTOGRAM, ZAP_HISTOGRAM);
    assert_int_equal(tally_report_largest(TALLY_RECORD_VIEWING, some), 41 + 3 + 3 + 110);
    /* d: 3, and a text that fills 192 bytes of a session, of which 7 could be of 26; with two
     * halves the id of a session */
    some[TALLY_G_DIMENSION] = TALLY_CAN(DIMENSION, VIEWER);
    assert_int_equal(tally_report_largest(TALLY_RECORD_END, some),
                     41 + 36 + 32 + 3 + 192 + 7 + 2 + 12);
}

/* --- any record ----------------------------------------------------------------------------- */

/* A number of any length up to `most`. */
static int64_t roll_number(dice_t *dice, int64_t most) {
    const int64_t number = (int64_t)(dice_bits(dice) >> 1 >> dice_roll(dice, 63));
    return number <= most ? number : most;
}

static void roll_value(dice_t *dice, uint32_t metric) {
    const tally_metric_info_t *const info = &tally_metric_infos[metric];
    switch (info->kind) {
    case TALLY_KIND_TEXT: set_text(metric, dice_roll(dice, 64)); break;
    case TALLY_KIND_LEVEL:
        tally_level_set(&levels[metric], true, (int32_t)roll_number(dice, INT32_MAX));
        tally_level_advance(&levels[metric], (uint64_t)roll_number(dice, MOST));
        tally_level_set(&levels[metric], false, -(int32_t)roll_number(dice, INT32_MAX));
        values[metric].level = &levels[metric];
        break;
    case TALLY_KIND_HISTOGRAM:
        tally_histogram_init(&histograms[metric]);
        for (uint32_t i = dice_roll(dice, 60); i > 0; i--) {
            tally_histogram_add(&histograms[metric], (uint64_t)roll_number(dice, MOST));
        }
        values[metric].histogram = &histograms[metric];
        break;
    case TALLY_KIND_SIGNED: values[metric].number = -roll_number(dice, INT64_MAX); break;
    default:
        values[metric].number =
            roll_number(dice, tally_metrics_most(info) != 0 ? tally_metrics_most(info) : INT64_MAX);
        break;
    }
}

/* As many dimensions as a session can store, in any order. */
static uint64_t roll_dimensions(dice_t *dice) {
    uint64_t present = 0;
    uint32_t room = TALLY_SESSION_TEXT_BYTES;
    const uint32_t text_sides = dice_roll(dice, 64) + 1;
    for (uint32_t i = 0; i < 200; i++) {
        const uint32_t at = dice_roll(dice, TALLY_DIMENSION_METRICS);
        const uint32_t metric = (uint32_t)TALLY_M_DIMENSION_FIRST + at;
        const tally_metric_info_t *const info = &tally_metric_infos[metric];
        const uint32_t length = dice_roll(dice, text_sides);
        const uint32_t stored = info->kind == TALLY_KIND_TEXT ? length + 2 : 5;
        if (((declared[TALLY_G_DIMENSION] & ~present) >> at & 1) == 0 || stored > room) {
            continue;
        }
        if (info->kind == TALLY_KIND_TEXT) {
            set_text(metric, length);
        } else {
            values[metric].number = roll_number(
                dice, tally_metrics_most(info) != 0 ? tally_metrics_most(info) : INT32_MAX);
        }
        room -= metric == (uint32_t)TALLY_M_SESSION_KIND ? 0 : stored;
        present |= UINT64_C(1) << at;
    }
    return present;
}

static void test_report_is_never_larger_than_announced(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    uint64_t present[TALLY_GROUPS];
    for (uint32_t record = 0; record < dice_share(RECORDS); record++) {
        session = (uint32_t)dice_bits(&dice);
        time_ms = roll_number(&dice, MOST);
        const record_kind_t *const kind = &kinds[dice_roll(&dice, KINDS)];
        for (uint32_t i = 0; i < TALLY_METRICS; i++) {
            roll_value(&dice, i);
        }
        for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
            declared[i] = every_bit(i) & (dice_bits(&dice) | dice_bits(&dice));
            present[i] = dice_bits(&dice) | dice_bits(&dice);
        }
        present[TALLY_G_DIMENSION] = roll_dimensions(&dice);
        assert_in_range(size_of(kind, present), 1, tally_report_largest(kind->kind, declared));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_largest_is_what_the_largest_record_takes),
        cmocka_unit_test(test_report_largest_of_nothing_declared_is_the_frame),
        cmocka_unit_test(test_report_largest_counts_by_kind_of_metric),
        cmocka_unit_test(test_report_is_never_larger_than_announced),
    };
    return cmocka_run_group_tests_name("report_largest", tests, NULL, NULL);
}
