/* SPDX-License-Identifier: Apache-2.0 */
/* THEOplayer's analytics: few events, and the parts of its ratios beside them. */
#include "export.h"
#include "tally/enums.h"

static const export_row_t rows[] = {
    WITH("event", export_name),
    WITH("time", export_wall),
    WITH("sessionId", export_session),
    WITH("deviceId", export_device),
    TEXT("source", "sq"),
    TEXT("contentId", "ci"),
    TEXT("playerVersion", "pv"),
    PART("currentTime", "ep?pp", 1000),
    WITH(NULL, export_extra),
    LAST,
};

static const export_row_t lasted_rows[] = {NUMBER("duration", "ec"), LAST};

static const export_row_t metric_rows[] = {
    OBJECT("metrics"),
    NUMBER("Startup Time", "su"),
    NUMBER("video startup time", "su"),
    NUMBER("Seek Time", "sl/sk"),
    TIMES("Buffer Rate", "sc/pt", 60000),
    NUMBER("Rebuffer Ratio", "sd/pt+sd"),
    BOOL("Exit Before Video Start", "xs"),
    NUMBER("Error Rate", "sf+pf/pa"),
    END_OBJECT,
    OBJECT("parts"),
    NUMBER("plays", "fp"),
    NUMBER("attempts", "pa"),
    NUMBER("failures", "sf+pf"),
    NUMBER("seeks", "sk"),
    NUMBER("seeking_ms", "sl"),
    NUMBER("stalls", "sc"),
    NUMBER("stalled_ms", "sd"),
    NUMBER("played_ms", "pt"),
    END_OBJECT,
    LAST,
};

#define TOLD(event_name, these) .name = (event_name), .rows = rows, .extra = (these)

static const export_event_t events[] = {
    {OF_EVENT(FIRST_FRAME), TOLD("impression", NULL)},
    {OF_EVENT(FIRST_FRAME), TOLD("play", NULL)},
    {OF_EVENT(SEEK), TOLD("seek", NULL)},
    {OF_EVENT(SEEKED), TOLD("seeked", lasted_rows)},
    {OF_EVENT(STALL_BEGIN), TOLD("buffer", NULL)},
    {OF_EVENT(STALL_END), TOLD("buffered", lasted_rows)},
    {OF_KIND("h"), TOLD("heartbeat", metric_rows)},
    {OF_KIND("h"), TOLD("ping", NULL)},
    {OF_KIND("x"), TOLD("end", metric_rows)},
};

const export_system_t export_theoplayer = {"theoplayer", false, events,
                                           sizeof(events) / sizeof(events[0])};
