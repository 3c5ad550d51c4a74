/* SPDX-License-Identifier: Apache-2.0 */
#include "arrays.h"

#include <inttypes.h>
#include <math.h>

#include "say.h"

enum level_element { LAST, LEAST, MOST, MEAN, TIME_MS };
enum histogram_element { SCALE, ZEROS, OFFSET, FIRST_COUNT };

bool arrays_has(enum tally_kind kind) {
    return kind == TALLY_KIND_LEVEL || kind == TALLY_KIND_HISTOGRAM;
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool is_between(int64_t value, int64_t least, int64_t most) {
    return value >= least && value <= most;
}

static const char *fault_of_level(const array_t *level) {
    const int64_t *const value = level->elements;
    if (level->count != ARRAYS_LEVEL_ELEMENTS) {
        return "a level that is not five numbers";
    }
    if (!is_between(value[LEAST], INT32_MIN, INT32_MAX) ||
        !is_between(value[MOST], INT32_MIN, INT32_MAX) ||
        !is_between(value[TIME_MS], 0, UINT32_MAX)) {
        return "a level beyond 32 bits";
    }
    return is_between(value[LAST], value[LEAST], value[MOST]) &&
                   is_between(value[MEAN], value[LEAST], value[MOST])
               ? NULL
               : "a level outside its own least and most";
}

static const char *fault_of_histogram(const array_t *histogram) {
    const int64_t *const value = histogram->elements;
    const uint32_t count = histogram->count;
    if (count < ARRAYS_HISTOGRAM_HEAD) {
        return "a histogram without scale, zeros or offset";
    }
    if (!is_between(value[SCALE], ARRAYS_SCALE_LEAST, ARRAYS_SCALE_MOST) ||
        !is_between(value[OFFSET], -1, ARRAYS_OFFSET_MOST)) {
        return "a histogram of a scale or offset that does not exist";
    }
    for (uint32_t i = 0; i < count; i++) {
        if (i != SCALE && i != OFFSET && !is_between(value[i], 0, UINT32_MAX)) {
            return "a histogram with a count beyond 32 bits";
        }
    }
    if (count == ARRAYS_HISTOGRAM_HEAD) {
        return value[ZEROS] > 0 && value[OFFSET] == 0 ? NULL : "an empty histogram";
    }
    return value[FIRST_COUNT] > 0 && value[count - 1] > 0
               ? NULL
               : "a histogram with a first or last bucket that is empty";
}

bool arrays_read(cbor_reader_t *reader, enum tally_kind kind, array_t *array) {
    cbor_item_t head;
    cbor_item_t element;
    const bool is_level = kind == TALLY_KIND_LEVEL;
    if (!cbor_expect(reader, CBOR_ARRAY, "not an array, as this key wants", &head)) {
        return false;
    }
    if (head.count > ARRAYS_ELEMENTS_MOST) {
        return cbor_fail(reader, head.at, "more buckets than a histogram has");
    }
    array->count = head.count;
    for (uint32_t i = 0; i < head.count; i++) {
        if (!cbor_expect(reader, CBOR_INTEGER, "not an integer, as this array wants", &element)) {
            return false;
        }
        array->elements[i] = element.integer;
    }
    const char *const fault = is_level ? fault_of_level(array) : fault_of_histogram(array);
    return fault == NULL || cbor_fail(reader, head.at, fault);
}

/* ---- printing ------------------------------------------------------------------------------- */

static void print_level(FILE *out, const array_t *level) {
    static const char *const names[ARRAYS_LEVEL_ELEMENTS] = {"last", "least", "most", "mean",
                                                             "time_ms"};
    for (uint32_t i = 0; i < ARRAYS_LEVEL_ELEMENTS; i++) {
        say(out, "%s\"%s\":%" PRId64, i > 0 ? "," : "", names[i], level->elements[i]);
    }
}

static void print_histogram(FILE *out, const array_t *histogram) {
    const int64_t *const value = histogram->elements;
    const uint32_t buckets = histogram->count - ARRAYS_HISTOGRAM_HEAD;
    const double octaves = exp2((double)-value[SCALE]); /* from one bound to the next */
    say(out, "\"scale\":%" PRId64 ",\"zeros\":%" PRId64 ",\"offset\":%" PRId64 ",\"counts\":[",
        value[SCALE], value[ZEROS], value[OFFSET]);
    for (uint32_t i = 0; i < buckets; i++) {
        say(out, "%s%" PRId64, i > 0 ? "," : "", value[FIRST_COUNT + i]);
    }
    say(out, "]");
    if (buckets > 0) {
        say(out, ",\"above\":%.6g,\"to\":%.6g", exp2((double)value[OFFSET] * octaves),
            exp2((double)(value[OFFSET] + buckets) * octaves));
    }
}

void arrays_print(FILE *out, enum tally_kind kind, const array_t *array) {
    say(out, "{");
    if (kind == TALLY_KIND_LEVEL) {
        print_level(out, array);
    } else {
        print_histogram(out, array);
    }
    say(out, "}");
}
