/* SPDX-License-Identifier: Apache-2.0 */
#include "webrtc.h"

#include <stddef.h>
#include <string.h>

#include "atomic.h"
#include "cbor.h"
#include "text.h"

#define WRAP_SHARE (UINT32_C(1) << 28)
#define WRAP       (INT64_C(1) << 32)
#define WENT_BACK  (UINT32_C(1) << 31)
#define PPM        1000000

_Static_assert(sizeof(tally_webrtc_image_t) == 4 * (size_t)TALLY_WEBRTC_WORDS, "words are no more");
_Static_assert((int)TALLY_WEBRTC_OUTBOUND_METRICS <= (int)TALLY_WEBRTC_INBOUND_METRICS &&
                   (int)TALLY_WEBRTC_SUMS_OUTBOUND <= (int)TALLY_WEBRTC_SUMS_INBOUND,
               "the direction with the most metrics");

/* --- members and their metrics -------------------------------------------------------------- */

#define PLACE(member, metric) (uint8_t)(TALLY_M_##metric - FIRST),

/* Of each member, its place in the group: numbers, then texts. */
#define FIRST TALLY_M_WEBRTC_INBOUND_FIRST
static const uint8_t inbound_places[] = {
    TALLY_WEBRTC_INBOUND_SUMS(PLACE) TALLY_WEBRTC_INBOUND_GAUGES(PLACE)
        PLACE(mime_type, IN_MIME_TYPE) PLACE(mid, IN_MID) PLACE(track_identifier, IN_TRACK)};
#undef FIRST
#define FIRST TALLY_M_WEBRTC_OUTBOUND_FIRST
static const uint8_t outbound_places[] = {TALLY_WEBRTC_OUTBOUND_SUMS(
    PLACE) TALLY_WEBRTC_OUTBOUND_GAUGES(PLACE) PLACE(mime_type, OUT_MIME_TYPE) PLACE(mid, OUT_MID)};
#undef FIRST
#define FIRST TALLY_M_WEBRTC_PAIR_FIRST
static const uint8_t pair_places[] = {TALLY_WEBRTC_PAIR_SUMS(PLACE)
                                          TALLY_WEBRTC_PAIR_GAUGES(PLACE)};
#undef FIRST

enum { INBOUND_TEXTS = 3, OUTBOUND_TEXTS = 2 };

/* How an object of the stack is laid out: so many numbers, the cumulative ones first, then so many
 * texts. What both directions have has its place here. */
typedef struct {
    const uint8_t *places;
    uint16_t first; /* metric of the group */
    uint8_t group;
    uint8_t sums;
    uint8_t numbers;
    uint8_t texts;
    uint8_t bitrate;
    uint8_t resets;
} object_t;

/* The order that both directions begin with. */
enum {
    PACKETS = TALLY_WEBRTC_NTH_IN_PACKETS,
    LOST = TALLY_WEBRTC_NTH_IN_LOST,
    BYTES = TALLY_WEBRTC_NTH_IN_BYTES,
};
_Static_assert(PACKETS == 0 && (int)PACKETS == (int)TALLY_WEBRTC_NTH_OUT_PACKETS &&
                   (int)LOST == (int)TALLY_WEBRTC_NTH_OUT_REMOTE_LOST &&
                   (int)BYTES == (int)TALLY_WEBRTC_NTH_OUT_BYTES,
               "packets tell of a restart of all");

#define INBOUND_AT(metric)  (TALLY_M_##metric - TALLY_M_WEBRTC_INBOUND_FIRST)
#define OUTBOUND_AT(metric) (TALLY_M_##metric - TALLY_M_WEBRTC_OUTBOUND_FIRST)

static const object_t inbound = {
    .places = inbound_places,
    .first = TALLY_M_WEBRTC_INBOUND_FIRST,
    .group = TALLY_G_WEBRTC_INBOUND,
    .sums = TALLY_WEBRTC_SUMS_INBOUND,
    .numbers = sizeof inbound_places - INBOUND_TEXTS,
    .texts = INBOUND_TEXTS,
    .bitrate = INBOUND_AT(IN_BITRATE),
    .resets = INBOUND_AT(IN_RESETS),
};
static const object_t outbound = {
    .places = outbound_places,
    .first = TALLY_M_WEBRTC_OUTBOUND_FIRST,
    .group = TALLY_G_WEBRTC_OUTBOUND,
    .sums = TALLY_WEBRTC_SUMS_OUTBOUND,
    .numbers = sizeof outbound_places - OUTBOUND_TEXTS,
    .texts = OUTBOUND_TEXTS,
    .bitrate = OUTBOUND_AT(OUT_BITRATE),
    .resets = OUTBOUND_AT(OUT_RESETS),
};
static const object_t pair_of_track = {
    .places = pair_places,
    .first = TALLY_M_WEBRTC_PAIR_FIRST,
    .group = TALLY_G_WEBRTC_PAIR,
    .sums = TALLY_WEBRTC_SUMS_PAIR,
    .numbers = sizeof pair_places,
};
#undef PLACE

/* Members are walked as the array that they are laid out as. */
_Static_assert(offsetof(tally_webrtc_inbound_t, mime_type) ==
                       8 * (sizeof inbound_places - INBOUND_TEXTS) &&
                   offsetof(tally_webrtc_outbound_t, mime_type) ==
                       8 * (sizeof outbound_places - OUTBOUND_TEXTS) &&
                   sizeof(tally_webrtc_pair_t) == 8 * sizeof pair_places,
               "numbers lie in a row");
_Static_assert(offsetof(tally_webrtc_inbound_t, track_identifier) ==
                       offsetof(tally_webrtc_inbound_t, mime_type) + 2 * sizeof(char *) &&
                   offsetof(tally_webrtc_outbound_t, mid) ==
                       offsetof(tally_webrtc_outbound_t, mime_type) + sizeof(char *),
               "texts lie in a row behind them");

/* The texts of an image, in their members' order. */
static const struct {
    uint8_t bytes;
    uint8_t begin; /* from the first */
} image_texts[INBOUND_TEXTS] = {
    {TALLY_WEBRTC_MIME_BYTES, 0},
    {TALLY_WEBRTC_MID_BYTES, TALLY_WEBRTC_MIME_BYTES},
    {TALLY_WEBRTC_TRACK_BYTES, TALLY_WEBRTC_MIME_BYTES + TALLY_WEBRTC_MID_BYTES},
};

static char *image_text(tally_webrtc_image_t *image, uint32_t i) {
    return (char *)image + offsetof(tally_webrtc_image_t, mime_type) + image_texts[i].begin;
}

static void clear(void *stats, uint32_t bytes, const object_t *object) {
    int64_t *const members = stats;
    memset(stats, 0, bytes);
    for (uint32_t i = 0; i < object->numbers; i++) {
        members[i] = TALLY_WEBRTC_ABSENT;
    }
}

void tally_webrtc_no_inbound(tally_webrtc_inbound_t *stats) {
    clear(stats, sizeof *stats, &inbound);
}

void tally_webrtc_no_outbound(tally_webrtc_outbound_t *stats) {
    clear(stats, sizeof *stats, &outbound);
}

void tally_webrtc_no_pair(tally_webrtc_pair_t *pair) {
    clear(pair, sizeof *pair, &pair_of_track);
}

static const tally_metric_info_t *info_of(const object_t *object, uint32_t number) {
    return &tally_metric_infos[object->first + object->places[number]];
}

/* No object is none out of range. */
static bool are_in_range(const object_t *object, const int64_t *members) {
    for (uint32_t i = 0; members != NULL && i < object->numbers; i++) {
        if (members[i] != TALLY_WEBRTC_ABSENT &&
            !tally_metrics_is_in_range(info_of(object, i), members[i])) {
            return false;
        }
    }
    return true;
}

/* --- totals --------------------------------------------------------------------------------- */

/* 32-bit counters within a sixteenth below their end, then within one above 0, have wrapped. */
static bool has_wrapped(int64_t last, int64_t now) {
    return last < WRAP && (uint32_t)last >= WRAP - WRAP_SHARE && now < WRAP_SHARE;
}

/* Totals end at what the wire can carry. */
static void add(int64_t *total, int64_t amount) {
    const int64_t sum = *total + amount;
    *total = sum > TALLY_CBOR_INTEGER_MOST    ? TALLY_CBOR_INTEGER_MOST
             : sum < -TALLY_CBOR_INTEGER_MOST ? -TALLY_CBOR_INTEGER_MOST
                                              : sum;
}

/* One copy of it: a shift of 64 bits is long where words have 32. */
__attribute__((noinline)) static void set_present(uint64_t *present, uint32_t at) {
    *present |= UINT64_C(1) << at;
}

/* Takes gauges as they are, and adds what the cumulative members have advanced by. Where the first
 * of them restarts the whole object has: what is not below its last value, or may fall at any time,
 * has begun at 0 too. Whether any has restarted. */
static bool take_numbers(const object_t *object, const int64_t *members, int64_t *last,
                         bool is_32_bits, tally_value_t *values, uint64_t *present) {
    bool all_restarted = false;
    bool any_restarted = false;
    for (uint32_t i = 0; i < object->numbers; i++) {
        const int64_t now = members[i];
        int64_t *const number = &values[object->places[i]].number;
        if (now == TALLY_WEBRTC_ABSENT) {
            continue;
        }
        set_present(present, object->places[i]);
        if (i >= object->sums) {
            *number = now;
            continue;
        }
        int64_t before = all_restarted ? 0 : last[i];
        if (now < before && info_of(object, i)->kind != TALLY_KIND_SIGNED) {
            if (is_32_bits && has_wrapped(before, now)) {
                before -= WRAP;
            } else {
                before = 0;
                any_restarted = true;
                all_restarted |= i == 0;
            }
        }
        add(number, now - before);
        last[i] = now;
    }
    return any_restarted;
}

/* --- rates ---------------------------------------------------------------------------------- */

#define INBOUND_RATES  (TALLY_CAN(WEBRTC_INBOUND, IN_BITRATE) | TALLY_CAN(WEBRTC_INBOUND, IN_LOSS))
#define OUTBOUND_RATES TALLY_CAN(WEBRTC_OUTBOUND, OUT_BITRATE)

/* Sets `amount * scale / of`, which is not present where `of` is 0. More than 2^50 would overflow,
 * and nothing is that fast. */
__attribute__((noinline)) static void set_rate(tally_webrtc_image_t *image, uint32_t at,
                                               uint64_t amount, uint32_t scale, uint64_t of) {
    const uint64_t most = UINT64_C(1) << 50;
    if (of != 0) {
        image->values[at].number = (int64_t)((amount < most ? amount : most) * scale / of);
        set_present(&image->present, at);
    }
}

static void take_rates(tally_webrtc_t *track, const object_t *object, tally_webrtc_image_t *image,
                       uint32_t time_ms) {
    const tally_value_t *const values = image->values;
    const int64_t bytes = values[object->places[BYTES]].number;
    const uint32_t packets = (uint32_t)values[object->places[PACKETS]].number;
    const uint32_t lost = (uint32_t)values[object->places[LOST]].number;
    const uint32_t elapsed_ms = time_ms - track->interval_ms;
    if (track->has_interval && elapsed_ms == 0) {
        return; /* what came at once is of the interval that follows */
    }
    image->present &= ~(object == &inbound ? INBOUND_RATES : OUTBOUND_RATES);
    if (track->has_interval && elapsed_ms < WENT_BACK) {
        set_rate(image, object->bitrate, (uint64_t)(bytes - track->interval_bytes), 8000,
                 elapsed_ms);
        if (object == &inbound) {
            /* Duplicates make for fewer packets lost than before: that is a loss of 0. */
            const uint32_t missing = lost - track->interval_lost;
            const uint64_t received = packets - track->interval_packets;
            const bool fell = missing >= WENT_BACK;
            set_rate(image, INBOUND_AT(IN_LOSS), fell ? 0 : missing, PPM,
                     fell ? 1 : received + missing);
        }
    }
    track->interval_bytes = bytes;
    track->interval_packets = packets;
    track->interval_lost = lost;
    track->interval_ms = time_ms;
    track->has_interval = true;
}

/* --- texts ---------------------------------------------------------------------------------- */

/* NULL leaves what there is. */
static int32_t take_texts(const object_t *object, const char *const *texts,
                          tally_webrtc_image_t *image) {
    for (uint32_t i = 0; i < object->texts; i++) {
        if (texts[i] == NULL) {
            continue;
        }
        const int32_t length = tally_text_length(texts[i], image_texts[i].bytes);
        if (length < 0) {
            return length;
        }
        memcpy(image_text(image, i), texts[i], (uint32_t)length + 1);
        set_present(&image->present, object->places[object->numbers + i]);
    }
    return TALLY_OK;
}

/* --- one update ----------------------------------------------------------------------------- */

int32_t tally_webrtc_init(tally_webrtc_t *track, enum tally_group group, uint32_t counter_bits) {
    if ((group != TALLY_G_WEBRTC_INBOUND && group != TALLY_G_WEBRTC_OUTBOUND) ||
        (counter_bits != 32 && counter_bits != 64)) {
        return TALLY_E_ARGUMENT;
    }
    memset(track, 0, sizeof *track);
    track->group = (uint32_t)group;
    track->is_32_bits = counter_bits == 32;
    return TALLY_OK;
}

static void publish(tally_webrtc_t *track, const tally_webrtc_image_t *image) {
    tally_atomic_update_begin(&track->version);
    for (uint32_t i = 0; i < TALLY_WEBRTC_WORDS; i++) {
        uint32_t word;
        memcpy(&word, (const char *)image + (size_t)4 * i, sizeof word);
        tally_atomic_store(&track->words[i], word);
    }
    tally_atomic_update_end(&track->version);
}

/* All is worked out on a copy, so that it can still be thrown away. The writer reads its own words
 * plainly. */
static int32_t take(tally_webrtc_t *track, const object_t *object, const void *stats,
                    const tally_webrtc_pair_t *pair, uint32_t time_ms) {
    const int64_t *const members = stats;
    const int64_t *const pair_members = (const void *)pair;
    tally_webrtc_image_t image;
    if (track->group != object->group) {
        return TALLY_E_STATE;
    }
    memcpy(&image, track->words, sizeof image);
    const int32_t status = take_texts(object, (const void *)(members + object->numbers), &image);
    if (status != TALLY_OK) {
        return status;
    }
    if (!are_in_range(object, members) || !are_in_range(&pair_of_track, pair_members)) {
        return TALLY_E_ARGUMENT;
    }
    bool restarted =
        take_numbers(object, members, track->last, track->is_32_bits, image.values, &image.present);
    if (pair != NULL) {
        restarted |= take_numbers(&pair_of_track, pair_members, track->last_of_pair,
                                  track->is_32_bits, image.pair, &image.pair_present);
    }
    image.values[object->resets].number += restarted ? 1 : 0;
    take_rates(track, object, &image, time_ms);
    publish(track, &image);
    return TALLY_OK;
}

int32_t tally_webrtc_inbound(tally_webrtc_t *track, const tally_webrtc_inbound_t *stats,
                             const tally_webrtc_pair_t *pair, uint32_t time_ms) {
    return take(track, &inbound, stats, pair, time_ms);
}

int32_t tally_webrtc_outbound(tally_webrtc_t *track, const tally_webrtc_outbound_t *stats,
                              const tally_webrtc_pair_t *pair, uint32_t time_ms) {
    return take(track, &outbound, stats, pair, time_ms);
}

/* --- the agent's side ----------------------------------------------------------------------- */

bool tally_webrtc_read(const tally_webrtc_t *track, tally_webrtc_image_t *out) {
    const object_t *const object = track->group == TALLY_G_WEBRTC_INBOUND ? &inbound : &outbound;
    if (!tally_metrics_snapshot(&track->version, track->words, TALLY_WEBRTC_WORDS, out)) {
        return false;
    }
    for (uint32_t i = 0; i < object->texts; i++) {
        out->values[object->places[object->numbers + i]].text = image_text(out, i);
    }
    return true;
}
