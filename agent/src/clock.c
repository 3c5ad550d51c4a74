/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include <stddef.h>

#include "agent.h"
#include "entry.h"
#include "log.h"

#define DAY_S   86400u
#define NEWS_MS 2000u

uint32_t tally_clock_unix_s(const tally_wall_t *wall) {
    const bool is_sound = wall->quality == TALLY_WALL_AUTHENTICATED && wall->unix_ms >= 0 &&
                          wall->unix_ms < INT64_C(1000) << 32;
    return is_sound ? (uint32_t)((uint64_t)wall->unix_ms / 1000) : 0;
}

void tally_clock_use(tally_t *tally) {
    const tally_options_t *const options = tally->options;
    const uint32_t unix_s = tally_clock_unix_s(&tally->report.wall);
    if (unix_s == 0) {
        return;
    }
    tally->spool.unix_s = unix_s;
    if (options->age_most_s != 0 && unix_s > options->age_most_s) {
        tally_spool_expire(&tally->spool, unix_s - options->age_most_s);
    }
    if (options->settings != NULL) {
        uint8_t time[4];
        tally_le_put(time, unix_s, sizeof time);
        (void)tally_settings_set_daily(options->settings, TALLY_SETTING_LAST_TIME, unix_s / DAY_S,
                                       time, sizeof time);
    }
}

/* Of two times that come from outside, one less the other. */
static int64_t difference(int64_t one, int64_t other) {
    return (int64_t)((uint64_t)one - (uint64_t)other);
}

static bool is_off(int64_t ms) {
    return (uint64_t)ms + NEWS_MS > UINT64_C(2) * NEWS_MS;
}

bool tally_clock_has_news(tally_t *tally) {
    tally_clock_t *const clock = &tally->clock;
    const tally_wall_t *const wall = &tally->report.wall;
    if (wall->quality <= tally->wall_quality) {
        return false;
    }
    const int64_t began_ms = difference(wall->unix_ms, (int64_t)tally->report.now_ms);
    const int64_t later_ms = difference(began_ms, clock->began_ms);
    const bool is_news = tally->wall_quality == TALLY_WALL_UNKNOWN || is_off(later_ms);
    tally->wall_quality = wall->quality;
    if (is_news) {
        clock->began_ms = began_ms;
    }
    return is_news;
}

/* A server may have its clock wrong: believed, the date would have its certificate refused from now
 * on, as not valid yet or not any more. */
static bool is_refused(const tally_t *tally, int64_t unix_ms) {
    const tally_transport_t *const transport = tally->uplink.transport;
    const int64_t unix_s = unix_ms / 1000;
    const bool is_outside = unix_s < transport->valid_from_s || unix_s > transport->valid_to_s;
    if (transport->valid_to_s == 0 || !is_outside) {
        return false;
    }
    TALLY_LOG(tally->port, CLOCK_REFUSED, unix_s / DAY_S);
    return true;
}

void tally_clock_take(tally_t *tally) {
    const tally_port_t *const port = tally->port;
    tally_report_t *const report = &tally->report;
    int64_t unix_ms;
    uint64_t at_ms;
    if (!tally_uplink_take_time(&tally->uplink, &unix_ms, &at_ms)) {
        return;
    }
    unix_ms += (int64_t)(port->monotonic_ms(port->ctx) - at_ms);
    if (report->wall.quality != TALLY_WALL_UNKNOWN) {
        tally->clock.offset_ms = difference(unix_ms, report->wall.unix_ms);
        tally->has_offset = true;
    }
    /* A date is good to half a second: to follow it closer would only make the time jump. */
    const bool is_right =
        report->wall.quality == TALLY_WALL_AUTHENTICATED && !is_off(tally->clock.offset_ms);
    if (!is_right && !is_refused(tally, unix_ms)) {
        port->set_wall(port->ctx, unix_ms);
        report->wall = port->wall(port->ctx);
    }
}
