/* SPDX-License-Identifier: Apache-2.0 */
#include "dimensions.h"

#include <stdbool.h>
#include <string.h>

#include "tally/status.h"

enum { NUMBER_BYTES = 1 + (int)sizeof(int32_t) };

static bool is_text(uint32_t which) {
    return tally_metric_infos[(uint32_t)TALLY_M_DIMENSION_FIRST + which].kind == TALLY_KIND_TEXT;
}

static uint32_t entry_bytes(const uint8_t *entry) {
    return is_text(entry[0]) ? 1 + (uint32_t)strlen((const char *)entry + 1) + 1 : NUMBER_BYTES;
}

/* Takes an entry out; those behind it move up. */
static void drop(tally_dimensions_t *dimensions, uint32_t which) {
    uint32_t at = 0;
    while (dimensions->bytes[at] != which) {
        at += entry_bytes(&dimensions->bytes[at]);
    }
    const uint32_t bytes = entry_bytes(&dimensions->bytes[at]);
    memmove(&dimensions->bytes[at], &dimensions->bytes[at + bytes], dimensions->used - at - bytes);
    dimensions->used = (uint16_t)(dimensions->used - bytes);
}

static uint32_t bytes_of(const tally_dimensions_t *dimensions, uint32_t which) {
    uint32_t at = 0;
    while (at < dimensions->used && dimensions->bytes[at] != which) {
        at += entry_bytes(&dimensions->bytes[at]);
    }
    return at < dimensions->used ? entry_bytes(&dimensions->bytes[at]) : 0;
}

static int32_t put(tally_dimensions_t *dimensions, enum tally_metric metric, const void *payload,
                   uint32_t bytes) {
    const uint32_t which = (uint32_t)metric - (uint32_t)TALLY_M_DIMENSION_FIRST;
    const uint32_t before = bytes_of(dimensions, which);
    if (1 + bytes > TALLY_SESSION_TEXT_BYTES - dimensions->used + before) {
        return TALLY_E_FULL;
    }
    if (before != 0) {
        drop(dimensions, which);
    }
    dimensions->bytes[dimensions->used] = (uint8_t)which;
    memcpy(&dimensions->bytes[dimensions->used + 1], payload, bytes);
    dimensions->used = (uint16_t)(dimensions->used + 1 + bytes);
    dimensions->present |= UINT64_C(1) << which;
    return TALLY_OK;
}

int32_t tally_dimensions_set(tally_dimensions_t *dimensions, enum tally_metric metric,
                             int32_t number) {
    return put(dimensions, metric, &number, sizeof number);
}

int32_t tally_dimensions_set_text(tally_dimensions_t *dimensions, enum tally_metric metric,
                                  const char *text) {
    return put(dimensions, metric, text, (uint32_t)strlen(text) + 1);
}

tally_view_t tally_dimensions_view(const tally_dimensions_t *dimensions,
                                   tally_value_t out[TALLY_DIMENSION_METRICS]) {
    for (uint32_t at = 0; at < dimensions->used; at += entry_bytes(&dimensions->bytes[at])) {
        const uint8_t *const entry = &dimensions->bytes[at];
        if (is_text(entry[0])) {
            out[entry[0]].text = (const char *)entry + 1;
        } else {
            int32_t number = 0;
            memcpy(&number, entry + 1, sizeof number);
            out[entry[0]].number = number;
        }
    }
    return (tally_view_t){
        .values = out, .present = dimensions->present, .group = TALLY_G_DIMENSION};
}
