/* SPDX-License-Identifier: Apache-2.0 */
/* What Azure Media Player's plugin sends to Application Insights, with the words of Google's too.
 */
#include <inttypes.h>

#include "export.h"
#include "tally/enums.h"

#define HEX_ROOM 16u

static bool is_live(const fold_t *fold) {
    int64_t type;
    return fold_number(fold, TALLY_M_PLAYBACK_TYPE, 0, &type) && type == TALLY_PLAYBACK_LIVE;
}

static void put_is_live(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    if (formula_value(told->fold, "pl").is_known) {
        writer_bool(writer, row->name, is_live(told->fold));
    } else {
        writer_null(writer, row->name);
    }
}

/* Azure's codes are 32 bits, in hexadecimal. */
static void put_hex(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    const formula_value_t code = formula_value(told->fold, row->formula);
    char hex[HEX_ROOM];
    (void)snprintf(hex, sizeof(hex), "0x%" PRIX32, (uint32_t)(uint64_t)code.above);
    writer_string(writer, row->name, code.is_known ? hex : NULL);
}

static void put_live_time(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    const formula_value_t played = formula_value(told->fold, row->formula);
    if (played.is_known && is_live(told->fold)) {
        writer_quotient(writer, row->name, played.above, 1000);
    } else {
        writer_null(writer, row->name);
    }
}

static const export_row_t rows[] = {
    WITH("name", export_name),
    WITH("time", export_wall),
    OBJECT("properties"),
    TEXT("PluginVersion", "pg"),
    TEXT("PlayerVersion", "pv"),
    TEXT("PlaybackTech", "ph"),
    TEXT("MimeType", "mi"),
    TEXT("StreamId", "sm"),
    WITH("isLive", put_is_live),
    WORD("ProtectionType", "pr"),
    TEXT("Sdn", "cd"),
    TEXT("userId", "vi"),
    WITH("accountId", export_operator),
    TEXT("eventLabel", "ev"),
    WITH("deviceId", export_device),
    WITH("sessionId", export_session),
    END_OBJECT,
    OBJECT("measurements"),
    WITH(NULL, export_extra),
    END_OBJECT,
    LAST,
};

static const export_row_t config_rows[] = {TEXT("playerConfig", "pe"), TEXT("playerName", "pn"),
                                           LAST};
static const export_row_t load_rows[] = {NUMBER("loadTime", "mt"), LAST};
static const export_row_t position_rows[] = {PART("currentTime", "ep", 1000), LAST};
static const export_row_t seeked_rows[] = {PART("currentTime", "ep", 1000),
                                           NUMBER("seekTime", "ec"), LAST};
static const export_row_t error_rows[] = {
    NUMBER("code", "ec"),
    {.how = EXPORT_WITH, .name = "errorCode", .formula = "ec", .with = put_hex},
    PART("currentTime", "ep", 1000),
    LAST,
};
static const export_row_t fullscreen_rows[] = {BOOL("fullscreen", "m0"), LAST};
static const export_row_t completed_rows[] = {NUMBER("count", "~mq"),
                                              NUMBER("measuredBandwidth", "8~mb/~n1"),
                                              NUMBER("perceivedBandwidth", "ln"), LAST};
static const export_row_t failed_rows[] = {NUMBER("count", "~me"), NUMBER("isVideo", "~n2"),
                                           NUMBER("error", "n3"), LAST};

static const export_row_t metric_rows[] = {
    NUMBER("loadTime", "mt"),
    NUMBER("start value", "mt"),
    NUMBER("playTime", "pt"),
    PART("playTimeMins", "pt", 60000),
    PART("playTimeSecs", "pt", 1000),
    PART("getTotalUniquePlayTime", "ut", 1000),
    {.how = EXPORT_WITH, .name = "playTimeLive", .formula = "pt", .with = put_live_time},
    PART("fullscreenTime", "m2", 1000),
    TIMES("percentPlayed", "ut/md", 100),
    NUMBER("percentReached", "fu"),
    TIMES("PercentsPlayed", "ut/md", 100),
    NUMBER("rebufferCount", "sc"),
    NUMBER("rebufferTime", "sd"),
    NUMBER("totalRebufferTime", "sd"),
    NUMBER("bufferingTime", "sd"),
    NUMBER("buffered", "lb"),
    NUMBER("bufferAhead", "lb"),
    NUMBER("avgBitrate", "bm/bw"),
    NUMBER("AverageBitrate", "bm/bw"),
    NUMBER("measuredBandwidth", "8~mb/~n1"),
    NUMBER("avgMeasuredBandwidth", "8mb/n1"),
    NUMBER("perceivedBandwidth", "ln"),
    NUMBER("avgPerceivedBandwidth", "ln.mean"),
    NUMBER("failedDownloads", "me"),
    PART("currentTime", "pp", 1000),
    LAST,
};

static const export_row_t summary_rows[] = {
    NUMBER("playTime", "pt"),
    PART("fullscreenTime", "m2", 1000),
    NUMBER("rebufferCount", "sc"),
    NUMBER("rebufferTime", "sd"),
    NUMBER("loadTime", "mt"),
    TIMES("percentPlayed", "ut/md", 100),
    NUMBER("avgBitrate", "bm/bw"),
    NUMBER("failedDownloads", "me"),
    {.how = EXPORT_WITH, .name = "errorCode", .formula = "eo", .with = put_hex},
    LAST,
};

#define TOLD(event_name, these) .name = (event_name), .rows = rows, .extra = (these)

static const export_event_t events[] = {
    {OF_KIND("s"), TOLD("playerConfig", config_rows)},
    {OF_KIND("hx"), .if_above = "~m3", TOLD("loaded", NULL)},
    {OF_KIND("hx"), .if_above = "~m3", TOLD("loadedmetadata", NULL)},
    {OF_KIND("hx"), .if_above = "!mt", TOLD("sourceset", NULL)},
    {OF_KIND("hx"), .if_above = "!mt", TOLD("canplaythrough", load_rows)},
    {OF_KIND("hx"), .if_above = "~m0", TOLD("fullscreen", fullscreen_rows)},
    {OF_KIND("hx"), .if_above = "-~m0", TOLD("fullscreen", fullscreen_rows)},
    {OF_KIND("hx"), .if_above = "~mq", TOLD("downloadCompleted", completed_rows)},
    {OF_KIND("hx"), .if_above = "~me", TOLD("downloadFailed", failed_rows)},
    {OF_EVENT(FIRST_FRAME), TOLD("viewed", position_rows)},
    {OF_EVENT(FIRST_FRAME), TOLD("start", position_rows)},
    {OF_EVENT(PAUSE), TOLD("pause", position_rows)},
    {OF_EVENT(SEEK), TOLD("seeking", position_rows)},
    {OF_EVENT(SEEKED), TOLD("seeked", seeked_rows)},
    {OF_EVENT(SEEKED), TOLD("seek", seeked_rows)},
    {OF_EVENT(STALL_BEGIN), TOLD("waiting", position_rows)},
    {OF_EVENT(STALL_BEGIN), TOLD("buffering", position_rows)},
    {OF_EVENT(ENDED), TOLD("ended", position_rows)},
    {OF_EVENT(ENDED), TOLD("end", position_rows)},
    {OF_EVENT(ERROR), TOLD("error", error_rows)},
    {OF_EVENT(FATAL), TOLD("error", error_rows)},
    {OF_KIND("hx"), TOLD("metrics", metric_rows)},
    {OF_KIND("x"), TOLD("playbackSummary", summary_rows)},
};

const export_system_t export_appinsights = {"appinsights", false, events,
                                            sizeof(events) / sizeof(events[0])};
