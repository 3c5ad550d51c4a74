/* SPDX-License-Identifier: Apache-2.0 */
#include "level.h"

void tally_level_set(tally_level_t *level, bool first, int32_t value) {
    if (first) {
        *level = (tally_level_t){.least = value, .most = value};
    }
    level->last = value;
    if (value < level->least) {
        level->least = value;
    }
    if (value > level->most) {
        level->most = value;
    }
}

void tally_level_advance(tally_level_t *level, uint64_t ms) {
    const uint32_t room_ms = UINT32_MAX - level->time_ms;
    const uint32_t held_ms = ms < room_ms ? (uint32_t)ms : room_ms;
    level->time_ms += held_ms;
    level->weighted += (int64_t)level->last * held_ms;
}

int32_t tally_level_mean(const tally_level_t *level) {
    const uint32_t time_ms = level->time_ms;
    if (time_ms == 0) {
        return level->last;
    }
    const bool negative = level->weighted < 0;
    const uint64_t size = (uint64_t)(negative ? -level->weighted : level->weighted);
    const int64_t mean = (int64_t)((size + time_ms / 2) / time_ms);
    return (int32_t)(negative ? -mean : mean);
}

void tally_level_encode(const tally_level_t *level, tally_cbor_t *cbor) {
    tally_cbor_array(cbor, 5);
    tally_cbor_integer(cbor, level->last);
    tally_cbor_integer(cbor, level->least);
    tally_cbor_integer(cbor, level->most);
    tally_cbor_integer(cbor, tally_level_mean(level));
    tally_cbor_integer(cbor, level->time_ms);
}
