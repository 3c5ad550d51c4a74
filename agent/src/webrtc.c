/* SPDX-License-Identifier: Apache-2.0 */
#include "webrtc.h"

#include <stddef.h>
#include <string.h>

#include "atomic.h"
#include "cbor.h"
#include "text.h"

/* 32-bit counters within a sixteenth below their end, then within one above 0, have wrapped. */
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

/* Of each member, its place in the group. */
#define FIRST TALLY_M_WEBRTC_INBOUND_FIRST
static const uint8_t inbound_places[] = {TALLY_WEBRTC_INBOUND_SUMS(PLACE)
                                             TALLY_WEBRTC_INBOUND_GAUGES(PLACE)};
#undef FIRST
#define FIRST TALLY_M_WEBRTC_OUTBOUND_FIRST
static const uint8_t outbound_places[] = {TALLY_WEBRTC_OUTBOUND_SUMS(PLACE)
                                              TALLY_WEBRTC_OUTBOUND_GAUGES(PLACE)};
#undef FIRST
#define FIRST TALLY_M_WEBRTC_PAIR_FIRST
static const uint8_t pair_places[] = {TALLY_WEBRTC_PAIR_SUMS(PLACE)
                                          TALLY_WEBRTC_PAIR_GAUGES(PLACE)};
#undef FIRST

/* How an object of the stack is laid out: so many numbers, the cumulative ones first. What both
 * directions have has its place here. */
typedef struct {
    const uint8_t *places;
    uint8_t group;
    uint8_t sums;
    uint8_t numbers;
    uint8_t bitrate;
    uint8_t mime_type;
    uint8_t mid;
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
    .group = TALLY_G_WEBRTC_INBOUND,
    .sums = TALLY_WEBRTC_SUMS_INBOUND,
    .numbers = sizeof inbound_places,
    .bitrate = INBOUND_AT(IN_BITRATE),
    .mime_type = INBOUND_AT(IN_MIME_TYPE),
    .mid = INBOUND_AT(IN_MID),
    .resets = INBOUND_AT(IN_RESETS),
};
static const object_t outbound = {
    .places = outbound_places,
    .group = TALLY_G_WEBRTC_OUTBOUND,
    .sums = TALLY_WEBRTC_SUMS_OUTBOUND,
    .numbers = sizeof outbound_places,
    .bitrate = OUTBOUND_AT(OUT_BITRATE),
    .mime_type = OUTBOUND_AT(OUT_MIME_TYPE),
    .mid = OUTBOUND_AT(OUT_MID),
    .resets = OUTBOUND_AT(OUT_RESETS),
};
static const object_t pair_of_track = {
    .places = pair_places,
    .group = TALLY_G_WEBRTC_PAIR,
    .sums = TALLY_WEBRTC_SUMS_PAIR,
    .numbers = sizeof pair_places,
};
#undef PLACE

/* Members are walked as the array that they are laid out as. */
_Static_assert(offsetof(tally_webrtc_inbound_t, mime_type) == 8 * sizeof inbound_places &&
                   offsetof(tally_webrtc_outbound_t, mime_type) == 8 * sizeof outbound_places &&
                   sizeof(tally_webrtc_pair_t) == 8 * sizeof pair_places,
               "numbers lie in a row");

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
    return &tally_metric_infos[tally_group_infos[object->group].first + object->places[number]];
}

static bool are_in_range(const object_t *object, const int64_t *members) {
    for (uint32_t i = 0; i < object->numbers; i++) {
        if (members[i] != TALLY_WEBRTC_ABSENT &&
            !tally_metrics_is_in_range(info_of(object, i), members[i])) {
            return false;
        }
    }
    return true;
}

/* --- totals --------------------------------------------------------------------------------- */

static bool has_wrapped(int64_t last, int64_t now) {
    return last >= WRAP - WRAP_SHARE && last < WRAP && now < WRAP_SHARE;
}

/* Totals end at what the wire can carry. */
static void add(int64_t *total, int64_t amount) {
    const int64_t sum = *total + amount;
    *total = sum > TALLY_CBOR_INTEGER_MOST    ? TALLY_CBOR_INTEGER_MOST
             : sum < -TALLY_CBOR_INTEGER_MOST ? -TALLY_CBOR_INTEGER_MOST
                                              : sum;
}

/* Adds what the cumulative members have advanced by. Where the first of them restarts the whole
 * object has: what is not below its last value, or may fall at any time, has begun at 0 too.
 * Whether any has restarted. */
static bool take_sums(const object_t *object, const int64_t *members, int64_t *last,
                      bool is_32_bits, tally_value_t *values) {
    bool all_restarted = false;
    bool any_restarted = false;
    for (uint32_t i = 0; i < object->sums; i++) {
        const int64_t now = members[i];
        if (now == TALLY_WEBRTC_ABSENT) {
            continue;
        }
        int64_t before = all_restarted ? 0 : last[i];
        if (now < before && info_of(object, i)->kind != TALLY_KIND_SIGNED) {
            const bool wrapped = is_32_bits && has_wrapped(before, now);
            before = wrapped ? before - WRAP : 0;
            any_restarted |= !wrapped;
            all_restarted |= !wrapped && i == 0;
        }
        add(&values[object->places[i]].number, now - before);
        last[i] = now;
    }
    return any_restarted;
}

static bool take_numbers(const object_t *object, const int64_t *members, int64_t *last,
                         bool is_32_bits, tally_value_t *values, uint64_t *present) {
    const bool restarted = take_sums(object, members, last, is_32_bits, values);
    for (uint32_t i = 0; i < object->numbers; i++) {
        if (members[i] != TALLY_WEBRTC_ABSENT) {
            *present |= UINT64_C(1) << object->places[i];
            if (i >= object->sums) {
                values[object->places[i]].number = members[i];
            }
        }
    }
    return restarted;
}

/* --- rates ---------------------------------------------------------------------------------- */

/* More than 2^50 bytes would overflow, and nothing is that fast. */
static int64_t bits_per_second(int64_t bytes, uint32_t ms) {
    const int64_t most = INT64_C(1) << 50;
    return (int64_t)((uint64_t)(bytes < most ? bytes : most) * 8000 / ms);
}

/* Of what was expected. Duplicates make for fewer packets lost than before: that is no loss. */
static uint32_t loss_ppm(uint32_t received, int32_t lost) {
    return lost <= 0 ? 0 : (uint32_t)((uint64_t)lost * PPM / ((uint64_t)received + (uint32_t)lost));
}

/* A rate that is not known of the last interval is not present. */
static void set_rate(tally_webrtc_image_t *image, uint32_t at, bool is_known, int64_t rate) {
    const uint64_t bit = UINT64_C(1) << at;
    image->values[at].number = rate;
    image->present = is_known ? image->present | bit : image->present & ~bit;
}

static void take_rates(tally_webrtc_t *track, const object_t *object, tally_webrtc_image_t *image,
                       uint32_t time_ms) {
    const tally_value_t *const values = image->values;
    const uint32_t elapsed_ms = time_ms - track->interval_ms;
    const bool is_known = track->has_interval && elapsed_ms < WENT_BACK;
    if (is_known && elapsed_ms == 0) {
        return; /* what came at once is of the interval that follows */
    }
    const int64_t bytes = values[object->places[BYTES]].number;
    const uint32_t packets = (uint32_t)values[object->places[PACKETS]].number;
    const uint32_t lost = (uint32_t)values[object->places[LOST]].number;
    const uint32_t received = packets - track->interval_packets;
    const int32_t missing = (int32_t)(lost - track->interval_lost);
    set_rate(image, object->bitrate, is_known,
             is_known ? bits_per_second(bytes - track->interval_bytes, elapsed_ms) : 0);
    if (object == &inbound) {
        set_rate(image, INBOUND_AT(IN_LOSS), is_known && (received != 0 || missing != 0),
                 loss_ppm(received, missing));
    }
    track->interval_bytes = bytes;
    track->interval_packets = packets;
    track->interval_lost = lost;
    track->interval_ms = time_ms;
    track->has_interval = true;
}

/* --- texts ---------------------------------------------------------------------------------- */

/* NULL leaves what there is. */
static int32_t take_text(const char *text, char *out, uint32_t bytes, uint32_t at,
                         uint64_t *present) {
    if (text == NULL) {
        return TALLY_OK;
    }
    const int32_t length = tally_text_length(text, bytes);
    if (length < 0) {
        return length;
    }
    memcpy(out, text, (uint32_t)length + 1);
    *present |= UINT64_C(1) << at;
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

/* The texts are in the image already; nothing else is, so that it can still be thrown away. */
static int32_t take(tally_webrtc_t *track, const object_t *object, const int64_t *members,
                    const tally_webrtc_pair_t *pair, uint32_t time_ms,
                    tally_webrtc_image_t *image) {
    const int64_t *const pair_members = (const void *)pair;
    if (!are_in_range(object, members) ||
        (pair != NULL && !are_in_range(&pair_of_track, pair_members))) {
        return TALLY_E_ARGUMENT;
    }
    bool restarted = take_numbers(object, members, track->last, track->is_32_bits, image->values,
                                  &image->present);
    if (pair != NULL) {
        restarted |= take_numbers(&pair_of_track, pair_members, track->last_of_pair,
                                  track->is_32_bits, image->pair, &image->pair_present);
    }
    image->values[object->resets].number += restarted ? 1 : 0;
    take_rates(track, object, image, time_ms);
    publish(track, image);
    return TALLY_OK;
}

/* The writer reads its own words plainly. The image is whole: the texts of this update are in it.
 */
static int32_t begin(const tally_webrtc_t *track, const object_t *object, const char *mime_type,
                     const char *mid, tally_webrtc_image_t *image) {
    if (track->group != object->group) {
        return TALLY_E_STATE;
    }
    memcpy(image, track->words, sizeof *image);
    const int32_t status = take_text(mime_type, image->mime_type, sizeof image->mime_type,
                                     object->mime_type, &image->present);
    return status != TALLY_OK
               ? status
               : take_text(mid, image->mid, sizeof image->mid, object->mid, &image->present);
}

int32_t tally_webrtc_inbound(tally_webrtc_t *track, const tally_webrtc_inbound_t *stats,
                             const tally_webrtc_pair_t *pair, uint32_t time_ms) {
    tally_webrtc_image_t image;
    int32_t status = begin(track, &inbound, stats->mime_type, stats->mid, &image);
    if (status == TALLY_OK) {
        status = take_text(stats->track_identifier, image.track_identifier,
                           sizeof image.track_identifier, INBOUND_AT(IN_TRACK), &image.present);
    }
    return status != TALLY_OK ? status
                              : take(track, &inbound, (const void *)stats, pair, time_ms, &image);
}

int32_t tally_webrtc_outbound(tally_webrtc_t *track, const tally_webrtc_outbound_t *stats,
                              const tally_webrtc_pair_t *pair, uint32_t time_ms) {
    tally_webrtc_image_t image;
    const int32_t status = begin(track, &outbound, stats->mime_type, stats->mid, &image);
    return status != TALLY_OK ? status
                              : take(track, &outbound, (const void *)stats, pair, time_ms, &image);
}

/* --- the agent's side ----------------------------------------------------------------------- */

bool tally_webrtc_read(const tally_webrtc_t *track, tally_webrtc_image_t *out) {
    const bool is_inbound = track->group == TALLY_G_WEBRTC_INBOUND;
    const object_t *const object = is_inbound ? &inbound : &outbound;
    if (!tally_metrics_snapshot(&track->version, track->words, TALLY_WEBRTC_WORDS, out)) {
        return false;
    }
    out->values[object->mime_type].text = out->mime_type;
    out->values[object->mid].text = out->mid;
    if (is_inbound) {
        out->values[INBOUND_AT(IN_TRACK)].text = out->track_identifier;
    }
    return true;
}
