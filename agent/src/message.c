/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <stddef.h>
#include <string.h>

#include "tally/status.h"

#if TALLY_PLAYERS > 0

#define SCALE_MOST     3
#define SCALE_LEAST    (-2)
#define FINEST_BUCKETS 512 /* the last bucket of 64 bits at SCALE_MOST */

/* The longest text of a group other than DIMENSION, as report.h has it. */
enum { STREAM_TEXT_MOST = 63 };

typedef struct {
    tally_cbor_reader_t *cbor;
    tally_message_t *out;
    bool is_off;     /* a value was out of its range */
    bool has_stream; /* a number of one */
} reading_t;

/* --- keys ----------------------------------------------------------------------------------- */

/* Of a map that is being read: each key must come behind the one before (RFC 8949 4.2.1). */
typedef struct {
    const uint8_t *text;
    uint32_t bytes;
} key_t;

static void read_key(tally_cbor_reader_t *cbor, key_t *key) {
    uint32_t bytes;
    const uint8_t *const text = tally_cbor_read_string(cbor, TALLY_CBOR_TEXT, &bytes);
    if (cbor->failed) {
        return;
    }
    const bool is_behind = key->text == NULL || bytes > key->bytes ||
                           (bytes == key->bytes && memcmp(text, key->text, bytes) > 0);
    cbor->failed = !is_behind;
    *key = (key_t){.text = text, .bytes = bytes};
}

/* Two letters in the order of their bytes. */
static uint32_t order_of(const tally_metric_info_t *info) {
    const uint32_t letters = tally_cbor_letters(info->key);
    return (letters & 0xFF) << 8 | letters >> 8;
}

/* The metric of a key, at or behind `metric`; the group's end if it has none. */
static uint32_t find_metric(const tally_group_info_t *group, uint32_t metric, const uint8_t *key) {
    const uint32_t order = (uint32_t)key[0] << 8 | key[1];
    while (metric < group->end && order_of(&tally_metric_infos[metric]) < order) {
        metric++;
    }
    const bool is_it = metric < group->end && order_of(&tally_metric_infos[metric]) == order;
    return is_it ? metric : group->end;
}

/* TALLY_GROUPS if there is no such group. */
static uint32_t find_group(uint8_t letter) {
    uint32_t group = 0;
    while (group < TALLY_GROUPS && (uint8_t)tally_group_infos[group].letter != letter) {
        group++;
    }
    return group;
}

/* --- values --------------------------------------------------------------------------------- */

static void note(reading_t *reading, uint32_t group, uint32_t metric) {
    reading->out->present[group] |= UINT64_C(1) << (metric - tally_group_infos[group].first);
}

static void read_number(reading_t *reading, uint32_t group, uint32_t metric) {
    const tally_metric_info_t *const info = &tally_metric_infos[metric];
    const int64_t value = tally_cbor_read_integer(reading->cbor);
    const bool is_small = value >= INT32_MIN && value <= INT32_MAX;
    if (!tally_metrics_is_in_range(info, value)) {
        /* Another version of a list may be longer. */
        reading->is_off = reading->is_off || info->kind != TALLY_KIND_ENUM;
        return;
    }
    if (group == TALLY_G_DIMENSION && metric != TALLY_M_SESSION_ID && !is_small) {
        reading->is_off = true;
        return;
    }
    reading->out->values[metric].number = value;
    note(reading, group, metric);
}

static void read_text(reading_t *reading, uint32_t group, uint32_t metric) {
    tally_message_t *const out = reading->out;
    uint32_t bytes;
    const uint8_t *const text = tally_cbor_read_string(reading->cbor, TALLY_CBOR_TEXT, &bytes);
    const uint32_t most =
        group == TALLY_G_DIMENSION ? TALLY_TEXT_BYTES - 1 : (uint32_t)STREAM_TEXT_MOST;
    if (text == NULL) {
        return;
    }
    if (bytes > most) {
        out->texts_lost++;
        return;
    }
    char *const place = out->texts + out->text_bytes;
    memcpy(place, text, bytes);
    place[bytes] = '\0';
    out->text_bytes += bytes + 1;
    out->values[metric].text = place;
    note(reading, group, metric);
}

/* [last, least, most, mean, time] */
static void read_level(reading_t *reading, uint32_t group, uint32_t metric) {
    tally_cbor_reader_t *const cbor = reading->cbor;
    int64_t items[5] = {0};
    cbor->failed = tally_cbor_read_head(cbor, TALLY_CBOR_ARRAY) != 5 || cbor->failed;
    for (uint32_t i = 0; i < 5; i++) {
        items[i] = tally_cbor_read_integer(cbor);
    }
    const int64_t last = items[0];
    const int64_t least = items[1];
    const int64_t most = items[2];
    const int64_t mean = items[3];
    const int64_t time_ms = items[4];
    if (least < INT32_MIN || most > INT32_MAX || last < least || last > most || mean < least ||
        mean > most || time_ms < 0 || time_ms > UINT32_MAX || (time_ms == 0 && mean != last)) {
        reading->is_off = true;
        return;
    }
    tally_level_t *const level = &reading->out->levels[metric - TALLY_M_LEVEL_FIRST];
    *level = (tally_level_t){.weighted = mean * time_ms,
                             .time_ms = (uint32_t)time_ms,
                             .last = (int32_t)last,
                             .least = (int32_t)least,
                             .most = (int32_t)most};
    reading->out->values[metric].level = level;
    note(reading, group, metric);
}

static bool is_histogram_sound(const tally_histogram_t *histogram, int64_t scale, int64_t zeros,
                               int64_t offset) {
    const uint32_t used = histogram->used;
    if (scale > SCALE_MOST || scale < SCALE_LEAST || zeros < 0 || zeros > UINT32_MAX) {
        return false;
    }
    if (used == 0) {
        return offset == 0;
    }
    const int64_t last = FINEST_BUCKETS >> (SCALE_MOST - scale);
    return offset >= -1 && offset + (int64_t)used <= last && histogram->counts[0] != 0 &&
           histogram->counts[used - 1] != 0;
}

/* [scale, zeros, offset, counts...] */
static void read_histogram(reading_t *reading, uint32_t group, uint32_t metric) {
    tally_cbor_reader_t *const cbor = reading->cbor;
    tally_histogram_t histogram = {0};
    const uint32_t items = tally_cbor_read_head(cbor, TALLY_CBOR_ARRAY);
    if (items < 3 || items > 3 + TALLY_HISTOGRAM_BUCKETS) {
        cbor->failed = true;
        return;
    }
    const int64_t scale = tally_cbor_read_integer(cbor);
    const int64_t zeros = tally_cbor_read_integer(cbor);
    const int64_t offset = tally_cbor_read_integer(cbor);
    histogram.used = (uint8_t)(items - 3);
    for (uint32_t i = 0; i < histogram.used; i++) {
        const int64_t count = tally_cbor_read_integer(cbor);
        reading->is_off = reading->is_off || count < 0 || count > UINT32_MAX;
        histogram.counts[i] = (uint32_t)count;
    }
    if (!is_histogram_sound(&histogram, scale, zeros, offset)) {
        reading->is_off = true;
        return;
    }
    histogram.zeros = (uint32_t)zeros;
    histogram.first = histogram.used > 0 ? (uint16_t)(offset + 1) : 0;
    histogram.scale = (int8_t)scale;
    tally_histogram_t *const place = &reading->out->histograms[metric - TALLY_M_HISTOGRAM_FIRST];
    *place = histogram;
    reading->out->values[metric].histogram = place;
    note(reading, group, metric);
}

/* --- groups --------------------------------------------------------------------------------- */

static void read_value(reading_t *reading, uint32_t group, uint32_t metric) {
    switch (tally_metric_infos[metric].kind) {
    case TALLY_KIND_TEXT: read_text(reading, group, metric); break;
    case TALLY_KIND_LEVEL: read_level(reading, group, metric); break;
    case TALLY_KIND_HISTOGRAM: read_histogram(reading, group, metric); break;
    default: read_number(reading, group, metric); break;
    }
}

static void read_group(reading_t *reading, uint32_t group) {
    tally_cbor_reader_t *const cbor = reading->cbor;
    const tally_group_info_t *const info = &tally_group_infos[group];
    const uint32_t pairs = tally_cbor_read_head(cbor, TALLY_CBOR_MAP);
    uint32_t metric = info->first;
    key_t key = {0};
    for (uint32_t i = 0; i < pairs && !cbor->failed; i++) {
        read_key(cbor, &key);
        const uint32_t found =
            !cbor->failed && key.bytes == 2 ? find_metric(info, metric, key.text) : info->end;
        if (found == info->end) {
            tally_cbor_read_skip(cbor);
        } else {
            metric = found;
            read_value(reading, group, metric);
        }
    }
}

/* A text of keys in a row, those of the registry in their order. */
static void read_keys(reading_t *reading, uint32_t group) {
    const tally_group_info_t *const info = &tally_group_infos[group];
    uint32_t bytes;
    const uint8_t *const text = tally_cbor_read_string(reading->cbor, TALLY_CBOR_TEXT, &bytes);
    for (uint32_t at = 0; at + 1 < bytes; at += 2) {
        const uint32_t metric = find_metric(info, info->first, text + at);
        if (metric < info->end) {
            reading->out->can[group] |= UINT64_C(1) << (metric - info->first);
        }
    }
}

/* What a greeting says can be measured; in other records it is passed over. */
static void read_capabilities(reading_t *reading) {
    tally_cbor_reader_t *const cbor = reading->cbor;
    const uint32_t pairs = tally_cbor_read_head(cbor, TALLY_CBOR_MAP);
    key_t key = {0};
    for (uint32_t i = 0; i < pairs && !cbor->failed; i++) {
        read_key(cbor, &key);
        const bool is_text = cbor->left > 0 && cbor->at[0] >> 5 == TALLY_CBOR_TEXT;
        const uint32_t group =
            !cbor->failed && key.bytes == 1 && is_text ? find_group(key.text[0]) : TALLY_GROUPS;
        if (group == TALLY_GROUPS) {
            tally_cbor_read_skip(cbor);
        } else {
            read_keys(reading, group);
        }
    }
}

/* --- records -------------------------------------------------------------------------------- */

static void read_kind(reading_t *reading) {
    uint32_t bytes;
    const uint8_t *const kind = tally_cbor_read_string(reading->cbor, TALLY_CBOR_TEXT, &bytes);
    reading->out->kind = bytes == 1 ? (char)*kind : '?';
}

static void read_time(reading_t *reading) {
    const int64_t at_ms = tally_cbor_read_integer(reading->cbor);
    reading->is_off = reading->is_off || at_ms < 0;
    reading->out->at_ms = (uint64_t)at_ms;
}

/* Kinds come before it: keys of one letter do. */
static bool is_stream(const reading_t *reading, const key_t *key) {
    return key->bytes == 2 && memcmp(key->text, "sn", 2) == 0 &&
           tally_stream_has_kind(reading->out->kind);
}

static void read_stream(reading_t *reading) {
    const uint32_t number = tally_cbor_read_head(reading->cbor, TALLY_CBOR_UNSIGNED);
    reading->is_off = reading->is_off || number == 0 || number > UINT16_MAX;
    reading->has_stream = true;
    reading->out->stream = (uint16_t)number;
}

static void read_field(reading_t *reading, const key_t *key) {
    tally_cbor_reader_t *const cbor = reading->cbor;
    tally_message_t *const out = reading->out;
    const uint8_t letter = key->bytes == 1 ? key->text[0] : 0;
    const uint32_t group = find_group(letter);
    if (letter == 'c') {
        read_capabilities(reading);
    } else if (letter == 'k') {
        read_kind(reading);
    } else if (letter == 's') {
        out->session = tally_cbor_read_head(cbor, TALLY_CBOR_UNSIGNED);
    } else if (letter == 'u') {
        read_time(reading);
    } else if (is_stream(reading, key)) {
        read_stream(reading);
    } else if (letter == 'v' && out->kind == 'p') {
        out->version = tally_cbor_read_head(cbor, TALLY_CBOR_UNSIGNED);
    } else if (group != TALLY_GROUPS) {
        read_group(reading, group);
    } else {
        tally_cbor_read_skip(cbor);
    }
}

/* Texts are left as they are: nothing points to them any more. */
static void empty(tally_message_t *out) {
    memset(out, 0, offsetof(tally_message_t, levels));
}

int32_t tally_message_read(tally_cbor_reader_t *cbor, tally_message_t *out) {
    const uint8_t *const begin = cbor->at;
    tally_cbor_reader_t whole = *cbor;
    reading_t reading = {.cbor = cbor, .out = out};
    key_t key = {0};
    empty(out);
    tally_cbor_read_skip(&whole);
    if (whole.failed) {
        return TALLY_E_CBOR;
    }
    if (whole.at - begin > TALLY_MESSAGE_RECORD_BYTES) {
        return TALLY_E_TOO_BIG;
    }
    const uint32_t pairs = tally_cbor_read_head(cbor, TALLY_CBOR_MAP);
    for (uint32_t i = 0; i < pairs && !cbor->failed; i++) {
        read_key(cbor, &key);
        if (!cbor->failed) {
            read_field(&reading, &key);
        }
    }
    if (cbor->failed || out->kind == 0 ||
        (tally_stream_has_kind(out->kind) && !reading.has_stream)) {
        return TALLY_E_CBOR;
    }
    return reading.is_off ? TALLY_E_ARGUMENT : TALLY_OK;
}

tally_view_t tally_message_view(const tally_message_t *message, enum tally_group group) {
    return (tally_view_t){.values = &message->values[tally_group_infos[group].first],
                          .present = message->present[group],
                          .group = (uint8_t)group,
                          .stream = message->stream};
}

#endif
