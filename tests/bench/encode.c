/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally_bench_encode tally|tinycbor COUNT: encodes one heartbeat COUNT times, and does nothing else
 * that depends on COUNT. tally_bench_encode sizes: prints how large it is and how many fields it
 * has.
 *
 * The 61 fields are all of PLAYBACK and ADS but those of renditions, which the player of this
 * session has no choice of. Both encoders leave out what is 0 and make the same bytes; whether they
 * do is checked at every start.
 */
#include <src/cbor.h> /* TinyCBOR's */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* A live channel in time shift: 1.85 s to join, 40 minutes of content, two stalls, three pauses,
 * one break of two ads of 15 and 20 s. X(metric, value) */
#define PLAYBACK_FIELDS(X)                                                                         \
    X(BUFFERING_TIME, 5710)                                                                        \
    X(ERROR_CLASS, 0)                                                                              \
    X(REFUSALS, 0)                                                                                 \
    X(ERROR_CODE, 0)                                                                               \
    X(ERRORS, 0)                                                                                   \
    X(FIRST_PICTURE_TIME, 0)                                                                       \
    X(FIRST_PLAYS, 1)                                                                              \
    X(FURTHEST, 0)                                                                                 \
    X(IDLE_TIME, 12)                                                                               \
    X(JOINING_TIME, 2470)                                                                          \
    X(LIVE_CORRECTIONS, 0)                                                                         \
    X(MILESTONE, 0)                                                                                \
    X(STALL_LONGEST, 2100)                                                                         \
    X(PLAY_ATTEMPTS, 1)                                                                            \
    X(PAUSES, 3)                                                                                   \
    X(PAUSED_TIME, 95300)                                                                          \
    X(PLAYBACK_FAILURES, 0)                                                                        \
    X(POSITION, 2404000)                                                                           \
    X(PRELOAD_TIME, 0)                                                                             \
    X(PAUSED_STALLED_TIME, 0)                                                                      \
    X(PLAY_TIME, 2435000)                                                                          \
    X(RESUMES, 3)                                                                                  \
    X(REPLAYS, 0)                                                                                  \
    X(STALLS, 2)                                                                                   \
    X(STALLED_TIME, 3240)                                                                          \
    X(STATE, TALLY_STATE_PLAYING)                                                                  \
    X(START_FAILURES, 0)                                                                           \
    X(STARTUPS_SPOILT, 0)                                                                          \
    X(SEEKS, 0)                                                                                    \
    X(SEEKING_TIME, 0)                                                                             \
    X(STOP_REASON, 0)                                                                              \
    X(SUSPENSIONS, 0)                                                                              \
    X(STARTUP_TIME, 1850)                                                                          \
    X(STARTUP_WITH_ADS, 1850)                                                                      \
    X(STARTUP_PLAYING, 1890)                                                                       \
    X(STARTUP_PLAYING_ADS, 1890)                                                                   \
    X(TERMINAL_TIME, 0)                                                                            \
    X(UNIQUE_PLAY_TIME, 2400000)                                                                   \
    X(ELAPSED_TIME, 2536022)                                                                       \
    X(EXITS_BEFORE_START, 0)                                                                       \
    X(SUSPENDED_TIME, 0)                                                                           \
    X(ZAP_TIME, 0)                                                                                 \
    X(ZAPPING_TIME, 0)

#define ADS_FIELDS(X)                                                                              \
    X(AD_IMPRESSIONS, 2)                                                                           \
    X(AD_BREAKS, 1)                                                                                \
    X(AD_COMPLETES, 2)                                                                             \
    X(AD_ERRORS, 0)                                                                                \
    X(AD_BUFFERING_TIME, 620)                                                                      \
    X(AD_STALLED_TIME, 0)                                                                          \
    X(AD_JOINING_TIME, 620)                                                                        \
    X(AD_SKIPS, 0)                                                                                 \
    X(AD_LOADS, 2)                                                                                 \
    X(AD_MILESTONE, 100)                                                                           \
    X(AD_STALLS, 0)                                                                                \
    X(AD_PLAYS, 2)                                                                                 \
    X(AD_REQUESTS, 1)                                                                              \
    X(AD_PAUSED_TIME, 0)                                                                           \
    X(AD_CLICKS, 0)                                                                                \
    X(AD_PAUSES, 0)                                                                                \
    X(AD_PLAY_TIME, 35000)                                                                         \
    X(AD_RESUMES, 0)

#define ONE_MORE(metric, value) +1
_Static_assert((PLAYBACK_FIELDS(ONE_MORE) ADS_FIELDS(ONE_MORE)) == 61, "as the figures are called");

typedef struct {
    enum tally_metric metric;
    int64_t value;
} field_t;

#define ROW(metric, value) {TALLY_M_##metric, value},
static const field_t playback_fields[] = {PLAYBACK_FIELDS(ROW)};
static const field_t ads_fields[] = {ADS_FIELDS(ROW)};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum { SEQUENCE = 512, SESSION = 7, UPTIME_MS = 3600000, ROOM = 512 };

static const tally_wall_t wall = {.unix_ms = 1700000000000, .quality = TALLY_WALL_AUTHENTICATED};

/* --- the agent's encoder -------------------------------------------------------------------- */

static uint64_t declared[TALLY_GROUPS];
static tally_value_t playback[TALLY_PLAYBACK_METRICS];
static tally_value_t ads[TALLY_ADS_METRICS];
static tally_view_t views[] = {{.values = ads, .group = TALLY_G_ADS},
                               {.values = playback, .group = TALLY_G_PLAYBACK}};

static void set_view(tally_view_t *view, tally_value_t *values, const field_t *fields,
                     size_t count) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t at = (uint32_t)fields[i].metric - tally_group_infos[view->group].first;
        values[at].number = fields[i].value;
        declared[view->group] |= UINT64_C(1) << at;
        view->present |= (uint64_t)(fields[i].value != 0) << at;
    }
}

static size_t encode_tally(uint8_t *out) {
    const tally_record_t record = {.kind = TALLY_RECORD_HEARTBEAT,
                                   .session = SESSION,
                                   .uptime_ms = UPTIME_MS,
                                   .wall = &wall,
                                   .declared = declared,
                                   .views = views,
                                   .count = COUNT(views)};
    return tally_record_encode(&record, SEQUENCE, out, ROOM);
}

/* --- TinyCBOR ------------------------------------------------------------------------------- */

static size_t count_sent(const field_t *fields, size_t count) {
    size_t sent = 0;
    for (size_t i = 0; i < count; i++) {
        sent += fields[i].value != 0;
    }
    return sent;
}

static void add_map(CborEncoder *record, const char *letter, const field_t *fields, size_t count) {
    CborEncoder map;
    (void)cbor_encode_text_string(record, letter, 1);
    (void)cbor_encoder_create_map(record, &map, count_sent(fields, count));
    for (size_t i = 0; i < count; i++) {
        if (fields[i].value != 0) {
            const uint32_t letters = tally_cbor_letters(tally_metric_infos[fields[i].metric].key);
            const char key[2] = {(char)letters, (char)(letters >> 8)};
            (void)cbor_encode_text_string(&map, key, sizeof key);
            (void)cbor_encode_int(&map, fields[i].value);
        }
    }
    (void)cbor_encoder_close_container(record, &map);
}

static void add_number(CborEncoder *record, const char *letter, int64_t value) {
    (void)cbor_encode_text_string(record, letter, 1);
    (void)cbor_encode_int(record, value);
}

static size_t encode_tinycbor(uint8_t *out) {
    CborEncoder encoder;
    CborEncoder record;
    cbor_encoder_init(&encoder, out, ROOM, 0);
    (void)cbor_encoder_create_map(&encoder, &record, 7);
    add_map(&record, "i", ads_fields, COUNT(ads_fields));
    (void)cbor_encode_text_string(&record, "k", 1);
    (void)cbor_encode_text_string(&record, "h", 1);
    add_map(&record, "p", playback_fields, COUNT(playback_fields));
    add_number(&record, "q", SEQUENCE);
    add_number(&record, "s", SESSION);
    add_number(&record, "u", UPTIME_MS);
    add_number(&record, "w", wall.unix_ms);
    (void)cbor_encoder_close_container(&encoder, &record);
    return cbor_encoder_get_buffer_size(&encoder, out);
}

/* --- both ----------------------------------------------------------------------------------- */

static uint8_t bytes[ROOM];

static bool both_make_the_same(void) {
    uint8_t others[ROOM];
    const size_t size = encode_tally(bytes);
    return encode_tinycbor(others) == size && memcmp(bytes, others, size) == 0;
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        size_t (*encode)(uint8_t *out);
    } benches[] = {
        {"tally", encode_tally},
        {"tinycbor", encode_tinycbor},
    };
    set_view(&views[0], ads, ads_fields, COUNT(ads_fields));
    set_view(&views[1], playback, playback_fields, COUNT(playback_fields));
    if (!both_make_the_same()) {
        fprintf(stderr, "TinyCBOR makes another record of the same fields\n");
        return 1;
    }
    if (argc == 2 && strcmp(argv[1], "sizes") == 0) {
        printf("bytes %zu\n", encode_tally(bytes));
        printf("fields %zu\n", count_sent(playback_fields, COUNT(playback_fields)) +
                                   count_sent(ads_fields, COUNT(ads_fields)));
        return 0;
    }
    for (size_t i = 0; argc == 3 && i < COUNT(benches); i++) {
        if (strcmp(argv[1], benches[i].name) == 0) {
            const unsigned long count = strtoul(argv[2], NULL, 10);
            for (unsigned long j = 0; j < count; j++) {
                (void)benches[i].encode(bytes);
            }
            return 0;
        }
    }
    return 2;
}
