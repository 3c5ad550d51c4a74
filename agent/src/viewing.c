/* SPDX-License-Identifier: Apache-2.0 */
#include "viewing.h"

#include <string.h>

void tally_viewing_init(tally_viewing_t *viewing) {
    memset(viewing, 0, sizeof *viewing);
    for (uint32_t i = 0; i < TALLY_HISTOGRAM_METRICS; i++) {
        tally_histogram_init(&viewing->histograms[i]);
    }
}

void tally_viewing_add(tally_viewing_t *viewing, enum tally_metric metric, int64_t amount) {
    viewing->values[metric - TALLY_M_VIEWING_FIRST].number += amount;
}

void tally_viewing_sample(tally_viewing_t *viewing, enum tally_metric histogram, int64_t value,
                          uint32_t count) {
    tally_histogram_add_many(&viewing->histograms[histogram - TALLY_M_HISTOGRAM_FIRST],
                             value > 0 ? (uint64_t)value : 0, count);
}

void tally_viewing_fold(tally_viewing_t *viewing, const tally_figures_t *figures) {
    static const struct {
        uint16_t to;
        uint8_t from;
    } sums[] = {
        {TALLY_M_FOLDED_TIME, TALLY_PLAYBACK_AT(ELAPSED_TIME)},
        {TALLY_M_FOLDED_PLAY_TIME, TALLY_PLAYBACK_AT(PLAY_TIME)},
        {TALLY_M_FOLDED_STALLS, TALLY_PLAYBACK_AT(STALLS)},
        {TALLY_M_FOLDED_STALLED_TIME, TALLY_PLAYBACK_AT(STALLED_TIME)},
        {TALLY_M_FOLDED_FAILURES, TALLY_PLAYBACK_AT(START_FAILURES)},
        {TALLY_M_FOLDED_FAILURES, TALLY_PLAYBACK_AT(PLAYBACK_FAILURES)},
        {TALLY_M_FOLDED_PLAYS, TALLY_PLAYBACK_AT(FIRST_PLAYS)},
        {TALLY_M_FOLDED_JOINING_TIME, TALLY_PLAYBACK_AT(JOINING_TIME)},
        {TALLY_M_FOLDED_JOINING_TIME, TALLY_PLAYBACK_AT(ZAPPING_TIME)},
        {TALLY_M_FOLDED_EXITS, TALLY_PLAYBACK_AT(EXITS_BEFORE_START)},
    };
    tally_viewing_add(viewing, TALLY_M_FOLDED_SESSIONS, 1);
    for (uint32_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        tally_viewing_add(viewing, (enum tally_metric)sums[i].to,
                          tally_figures_get(figures, sums[i].from));
    }
}

tally_view_t tally_viewing_view(const tally_viewing_t *viewing) {
    return (tally_view_t){.values = viewing->values, .present = 0, .group = TALLY_G_VIEWING};
}

tally_view_t tally_viewing_histograms(const tally_viewing_t *viewing,
                                      tally_value_t out[TALLY_HISTOGRAM_METRICS]) {
    for (uint32_t i = 0; i < TALLY_HISTOGRAM_METRICS; i++) {
        out[i].histogram = &viewing->histograms[i];
    }
    return (tally_view_t){
        .values = out, .present = TALLY_CAN_ALL(HISTOGRAM), .group = TALLY_G_HISTOGRAM};
}
