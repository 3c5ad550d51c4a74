/* SPDX-License-Identifier: Apache-2.0 */
/* Datazoom's events, with Millicast's WebRTC statistics, as its collector takes them. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "export.h"
#include "names.h"
#include "tally/enums.h"

#define TEXT_ROOM 4200u /* four texts of the longest that a record has, and what is between */
#define ID_ROOM   64u

/* ---- event ---------------------------------------------------------------------------------- */

/* By bitrate; null for the same and for what is no change of rendition. */
static void put_shift(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    int64_t type = 0;
    (void)fold_number(told->fold, TALLY_M_EVENT_TYPE, 0, &type);
    const formula_value_t step = formula_value(told->fold, "ec-ed");
    const bool is_change =
        step.is_known && (type == TALLY_EVENT_RENDITION_AUTO || type == TALLY_EVENT_RENDITION_USER);
    const char *const shift = step.above > 0 ? "up" : "down";
    writer_string(writer, row->name, is_change && step.above != 0 ? shift : NULL);
}

static void put_player_state(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    const int32_t state = told->fold->session->state.state;
    writer_string(writer, row->name, names_value(&names_units[NAMES_UNIT_STATE], state));
}

/* The sum of what sessions told; the boot's total may be a little older than they are. */
static void put_errors(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    int64_t in_ads;
    const formula_value_t all = formula_value(told->fold, "ge");
    const bool of_content = strcmp(row->name, "num_errors_content") == 0;
    if (!fold_ad_errors(told->fold, &in_ads) || (of_content && !all.is_known)) {
        writer_null(writer, row->name);
        return;
    }
    const int64_t in_content = all.above > in_ads ? all.above - in_ads : 0;
    writer_integer(writer, row->name, of_content ? in_content : in_ads);
}

/* ---- texts ---------------------------------------------------------------------------------- */

typedef struct {
    char text[TEXT_ROOM];
    size_t size;
} joined_t;

static void append(joined_t *joined, const char *text, size_t bytes) {
    if (bytes <= sizeof(joined->text) - joined->size) {
        memcpy(joined->text + joined->size, text, bytes);
        joined->size += bytes;
    }
}

/* All that there is of these texts, with a separator between. */
static void put_joined(writer_t *writer, const export_told_t *told, const export_row_t *row,
                       const char *separator) {
    joined_t joined = {.size = 0};
    bool is_any = false;
    for (const char *key = row->formula; *key != '\0'; key += key[2] == ' ' ? 3 : 2) {
        cbor_item_t text;
        if (fold_text(told->fold, formula_metric(key), &text)) {
            append(&joined, separator, is_any ? strlen(separator) : 0);
            append(&joined, text.text, text.text_bytes);
            is_any = true;
        }
    }
    if (is_any) {
        writer_text(writer, row->name, joined.text, joined.size);
    } else {
        writer_null(writer, row->name);
    }
}

static void put_user_agent(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    put_joined(writer, told, row, "; ");
}

static void put_track_id(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    put_joined(writer, told, row, "-");
}

/* "Mac OS X 10.15.7": the version is the last word if that begins with a digit. */
static size_t bytes_of_name(const cbor_item_t *text) {
    size_t at = text->text_bytes;
    while (at > 0 && text->text[at - 1] != ' ') {
        at--;
    }
    const bool has_version =
        at > 1 && at < text->text_bytes && isdigit((unsigned char)text->text[at]) != 0;
    return has_version ? at - 1 : text->text_bytes;
}

static void put_name_part(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    cbor_item_t text;
    if (fold_text(told->fold, formula_metric(row->formula), &text)) {
        writer_text(writer, row->name, text.text, bytes_of_name(&text));
    } else {
        writer_null(writer, row->name);
    }
}

static void put_version_part(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    cbor_item_t text;
    const bool is_known = fold_text(told->fold, formula_metric(row->formula), &text);
    const size_t name_bytes = is_known ? bytes_of_name(&text) : 0;
    if (is_known && name_bytes < text.text_bytes) {
        writer_text(writer, row->name, text.text + name_bytes + 1,
                    text.text_bytes - name_bytes - 1);
    } else {
        writer_null(writer, row->name);
    }
}

/* ---- session, player, video ----------------------------------------------------------------- */

static void put_boot_start(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    const fold_t *const fold = told->fold;
    const int64_t start_ms =
        fold->boot_record.wall_ms != FOLD_UNKNOWN ? fold->boot_record.wall_ms : fold->boot_wall_ms;
    export_time(writer, row->name, start_ms);
}

/* HAVE_NOTHING, HAVE_CURRENT_DATA and HAVE_ENOUGH_DATA of HTML; null: unknown. */
static void put_ready_state(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    switch (told->fold->session->state.state) {
    case TALLY_STATE_PLAYING:
    case TALLY_STATE_PAUSED:
    case TALLY_STATE_AD_PLAYING:
    case TALLY_STATE_AD_PAUSED: writer_integer(writer, row->name, 4); break;
    case TALLY_STATE_STALLED:
    case TALLY_STATE_PAUSED_STALLED:
    case TALLY_STATE_AD_STALLED:
    case TALLY_STATE_SEEKING:
    case TALLY_STATE_ENDED: writer_integer(writer, row->name, 2); break;
    case TALLY_STATE_IDLE:
    case TALLY_STATE_JOINING:
    case TALLY_STATE_ZAPPING:
    case TALLY_STATE_AD_JOINING: writer_integer(writer, row->name, 0); break;
    default: writer_null(writer, row->name); break;
    }
}

static void put_media_type(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    const fold_t *const fold = told->fold;
    int64_t type = -1;
    (void)fold_number(fold, TALLY_M_EVENT_TYPE, 0, &type);
    const bool is_stall = type == TALLY_EVENT_STALL_BEGIN || type == TALLY_EVENT_STALL_END;
    const formula_value_t stalled_ad = formula_value(fold, "ed");
    const bool in_ad = is_stall && stalled_ad.is_known ? stalled_ad.above == 1 : export_in_ad(fold);
    const bool is_known = fold->session->state.state != PLAYER_STATE_UNKNOWN || is_stall;
    writer_string(writer, row->name, !is_known ? NULL : in_ad ? "ad" : "content");
}

static void put_event_id(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    const fold_t *const fold = told->fold;
    char id[ID_ROOM];
    const int bytes = snprintf(id, sizeof(id), "%014" PRIx64 "-%" PRId64,
                               (uint64_t)fold->head->boot, fold->sequence);
    if (told->nth > 0) {
        (void)snprintf(id + bytes, sizeof(id) - (size_t)bytes, "-%" PRIu32, told->nth);
    }
    writer_string(writer, row->name, fold->head->present ? id : NULL);
}

/* ---- the collector about itself ------------------------------------------------------------- */

static const export_row_t attempts_row[] = {NUMBER("attempt_count", "~az/~au"), LAST};
static const export_row_t attempt_row[] = {NUMBER("attempt", "~az/~au"), LAST};
static const export_row_t status_row[] = {NUMBER("status_code", "lh"), LAST};

static const export_row_t process_row[] = {NUMBER("metric_value", "al"), LAST};
static const export_row_t queue_row[] = {NUMBER("metric_value", "aq"), LAST};
static const export_row_t send_row[] = {NUMBER("metric_value", "ak"), LAST};
static const export_row_t call_row[] = {NUMBER("metric_value", "aj"), LAST};

static void put_observations(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    static const struct {
        const char *name;
        const export_row_t *value;
        const export_row_t *attempts; /* NULL: the sample has neither these nor a status */
    } observed[] = {
        {"process_duration_ms", process_row, attempts_row},
        {"queue_duration_ms", queue_row, NULL},
        {"send_duration_ms", send_row, attempts_row},
        {"call_duration_ms", call_row, attempt_row},
    };
    const int64_t wall_ms = told->fold->agent_record.wall_ms;
    writer_open(writer, row->name, '[');
    for (size_t i = 0; i < sizeof(observed) / sizeof(observed[0]); i++) {
        writer_open(writer, NULL, '{');
        export_time(writer, "time", wall_ms);
        writer_string(writer, "metric_name", observed[i].name);
        writer_open(writer, "dimension", '{');
        writer_null(writer, "target");
        export_rows(writer, told, observed[i].attempts);
        export_rows(writer, told, observed[i].attempts != NULL ? status_row : NULL);
        writer_close(writer, '}');
        export_rows(writer, told, observed[i].value);
        writer_close(writer, '}');
    }
    writer_close(writer, ']');
}

/* ---- WebRTC --------------------------------------------------------------------------------- */

static void put_track_time(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    export_time(writer, row->name, told->fold->track->last.wall_ms);
}

/* Packets a second between the track's last two records; left out before the second. */
static void put_packet_rate(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    const fold_scope_t *const track = told->fold->track;
    const formula_value_t packets = formula_value(told->fold, row->formula);
    const bool is_known = packets.is_known && track->previous.uptime_ms != FOLD_UNKNOWN &&
                          track->last.uptime_ms > track->previous.uptime_ms;
    if (is_known) {
        writer_quotient(writer, row->name, packets.above * 1000,
                        track->last.uptime_ms - track->previous.uptime_ms);
    }
}

static const export_row_t inbound_video_rows[] = {NUMBER("frameHeight", "jx"),
                                                  NUMBER("frameWidth", "jw"),
                                                  PART("framesPerSecond", "jy", 1000), LAST};

static const export_row_t inbound_rows[] = {
    TEXT("mimeType", "j7"),
    WITH("timestamp", put_track_time),
    NUMBER("totalBytesReceived", "jb"),
    NUMBER("totalPacketsReceived", "jp"),
    NUMBER("totalPacketsLost", "jl"),
    PART("jitter", "jj", 1000000),
    {.how = EXPORT_WITH, .name = "id", .formula = "j8 j9", .with = put_track_id},
    TEXT("mid", "j8"),
    TEXT("trackIdentifier", "j9"),
    NUMBER("bitrate", "j4"),
    PART("packetsLostRatioPerSecond", "j5", 1000000),
    NUMBER("packetsLostDeltaPerSecond", "~jl"),
    {.how = EXPORT_WITH, .name = "packetRate", .formula = "~jp", .with = put_packet_rate},
    IF_PART("jitterBufferDelay", "jc", 1000),
    IF_NUMBER("jitterBufferEmittedCount", "je"),
    IF_NUMBER("framesReceived", "jf"),
    IF_NUMBER("framesDecoded", "jg"),
    IF_NUMBER("keyFramesDecoded", "jh"),
    IF_NUMBER("framesDropped", "jk"),
    IF_NUMBER("framesRendered", "j1"),
    IF_NUMBER("freezeCount", "js"),
    IF_PART("totalFreezesDuration", "ju", 1000),
    IF_NUMBER("pauseCount", "jv"),
    IF_PART("totalPausesDuration", "j2", 1000),
    IF_PART("totalDecodeTime", "j0", 1000),
    IF_NUMBER("packetsDiscarded", "jd"),
    IF_NUMBER("nackCount", "jn"),
    IF_NUMBER("pliCount", "jq"),
    IF_NUMBER("firCount", "ji"),
    IF_NUMBER("totalSamplesReceived", "ja"),
    IF_NUMBER("concealedSamples", "jm"),
    IF_NUMBER("concealmentEvents", "jo"),
    IF_NUMBER("retransmittedPacketsReceived", "jr"),
    IF_NUMBER("fecPacketsReceived", "jz"),
    IF_PART("jitterBufferTargetDelay", "j3", 1000),
    LAST,
};

static const export_row_t outbound_rows[] = {
    TEXT("mimeType", "ok"),
    WITH("timestamp", put_track_time),
    NUMBER("totalBytesSent", "ob"),
    NUMBER("bytesSentDelta", "~ob"),
    NUMBER("totalPacketsSent", "op"),
    NUMBER("packetsSentDelta", "~op"),
    TEXT("id", "ou"),
    TEXT("mid", "ou"),
    NUMBER("bitrate", "oi"),
    NUMBER("targetBitrate", "oa"),
    NUMBER("retransmittedPacketsSent", "or"),
    NUMBER("retransmittedPacketsSentDelta", "~or"),
    NUMBER("retransmittedBytesSent", "oh"),
    NUMBER("retransmittedBytesSentDelta", "~oh"),
    LAST,
};

static const export_row_t outbound_video_rows[] = {
    NUMBER("frameHeight", "oz"),
    NUMBER("frameWidth", "oy"),
    PART("framesPerSecond", "o0", 1000),
    NUMBER("framesSent", "oc"),
    WORD("qualityLimitationReason", "og"),
    OBJECT("qualityLimitationDurations"),
    PART("cpu", "od", 1000),
    PART("bandwidth", "oe", 1000),
    PART("other", "of", 1000),
    END_OBJECT,
    LAST,
};

/* The tracks of the record's session whose media `formula` says is this. */
static void put_tracks(writer_t *writer, const export_told_t *told, const char *formula,
                       int64_t media, const export_row_t *rows, const export_row_t *more) {
    fold_t *const fold = told->fold;
    fold_scope_t *const track = fold->track;
    for (uint32_t i = 0; i < fold->track_count; i++) {
        fold->track = &fold->tracks[i];
        const formula_value_t is = formula_value(fold, formula);
        if (is.is_known && is.above == media && fold_is_our_track(fold, fold->track)) {
            writer_open(writer, NULL, '{');
            export_rows(writer, told, rows);
            export_rows(writer, told, more);
            writer_close(writer, '}');
        }
    }
    fold->track = track;
}

static void put_media(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    const bool is_video = strcmp(row->name, "video") == 0;
    const int64_t media = is_video ? TALLY_MEDIA_VIDEO : TALLY_MEDIA_AUDIO;
    writer_open(writer, row->name, '{');
    writer_open(writer, "inbounds", '[');
    put_tracks(writer, told, "j6", media, inbound_rows, is_video ? inbound_video_rows : NULL);
    writer_close(writer, ']');
    writer_open(writer, "outbounds", '[');
    put_tracks(writer, told, "oj", media, outbound_rows, is_video ? outbound_video_rows : NULL);
    writer_close(writer, ']');
    writer_close(writer, '}');
}

/* ---- all members of an event ---------------------------------------------------------------- */

static const export_row_t rows[] = {
    OBJECT("event"),
    OBJECT("metrics"),
    NUMBER("engagement_duration_ms", "gd"),
    NUMBER("num_ad_plays", "ga"),
    NUMBER("num_content_plays", "gc"),
    NUMBER("num_errors", "ge"),
    WITH("num_errors_ads", put_errors),
    WITH("num_errors_content", put_errors),
    NUMBER("num_requests_content", "gq"),
    NUMBER("bandwidth_kbps", "ln"),
    NUMBER("buffer_duration_ms", "bd"),
    NUMBER("buffer_duration_ads_ms", "if"),
    NUMBER("buffer_duration_content_ms", "bd-if"),
    NUMBER("buffer_length_ms", "lb"),
    WITH("content_session_start_ts_ms", export_session_start),
    NUMBER("pause_duration_ms", "pd+ps"),
    NUMBER("pause_duration_ads_ms", "iu"),
    NUMBER("pause_duration_content_ms", "pd+ps-iu"),
    NUMBER("playback_duration_ms", "pt"),
    NUMBER("playback_duration_ads_ms", "ix"),
    NUMBER("playback_duration_content_ms", "pt-ix"),
    PART("playback_rate", "lr", 1000),
    WITH("player_state", put_player_state),
    BOOL("player_viewable", "m1"),
    NUMBER("player_viewable_percent", "m1"),
    PART("playhead_position_sec", "ep?pp", 1000),
    NUMBER("rendition_height", "mh"),
    TEXT("rendition_name", "rn"),
    NUMBER("rendition_width", "mw"),
    NUMBER("stall_count", "sc"),
    NUMBER("stall_count_ads", "in"),
    NUMBER("stall_count_content", "sc-in"),
    NUMBER("stall_duration_ms", "sd"),
    NUMBER("stall_duration_ads_ms", "ig"),
    NUMBER("stall_duration_content_ms", "sd-ig"),
    NUMBER("time_since_last_ad_break_start_ms", "ya"),
    NUMBER("time_since_last_ad_completed_ms", "yc"),
    NUMBER("time_since_last_buffer_start_ms", "yb|yd"),
    NUMBER("time_since_last_buffer_start_ad_ms", "yd"),
    NUMBER("time_since_last_buffer_start_content_ms", "yb"),
    NUMBER("time_since_last_heartbeat_ms", "yg"),
    NUMBER("time_since_last_milestone_ad_ms", "yn"),
    NUMBER("time_since_last_milestone_content_ms", "ym"),
    NUMBER("time_since_last_pause_ms", "yp"),
    NUMBER("time_since_last_rendition_change_ms", "ye"),
    NUMBER("time_since_last_request_ad_ms", "yq"),
    NUMBER("time_since_last_seek_start_ms", "yk"),
    NUMBER("time_since_last_stall_start_ms", "yl|yt"),
    NUMBER("time_since_last_stall_start_ad_ms", "yt"),
    NUMBER("time_since_last_stall_start_content_ms", "yl"),
    NUMBER("time_since_last_started_ad_ms", "yi"),
    NUMBER("time_since_request_content_ms", "yu"),
    NUMBER("time_since_started_content_ms", "ys"),
    NUMBER("volume_level_percent", "mv"),
    NUMBER("event_count", "gs"),
    IF_NUMBER("rendition_video_bitrate", "br"),
    IF_NUMBER("totalStartupDuration", "su"),
    END_OBJECT,
    OBJECT("attributes"),
    WITH("abs_shift", put_shift),
    WITH(NULL, export_extra),
    END_OBJECT,
    WITH("type", export_name),
    WITH("timestamp", export_wall),
    END_OBJECT,
    SERVER("configuration_id"),
    SERVER("connector_list"),
    WITH("customer_code", export_operator),
    OBJECT("user_details"),
    WITH("app_session_id", export_boot),
    WITH("app_session_start_ts_ms", put_boot_start),
    SERVER("client_ip"),
    {.how = EXPORT_WITH, .name = "user_agent", .formula = "bn os dm fw", .with = put_user_agent},
    WITH("content_session_id", export_session),
    END_OBJECT,
    OBJECT("player"),
    TEXT("player_name", "pn"),
    BOOL("autostart", "ma"),
    BOOL("default_muted", "mg"),
    PART("default_playback_rate", "mr", 1000),
    BOOL("fullscreen", "m0"),
    BOOL("loop", "mo"),
    BOOL("muted", "mu"),
    WORD("preload", "ms"),
    WITH("ready_state", put_ready_state),
    WORD("streaming_protocol", "dy"),
    IF_TEXT("player_version", "pv"),
    IF_TEXT("plugin_version", "pg"),
    IF_TEXT("playback_tech", "ph"),
    END_OBJECT,
    OBJECT("device"),
    {.how = EXPORT_WITH, .name = "browser_name", .formula = "bn", .with = put_name_part},
    SERVER("browser_height"),
    {.how = EXPORT_WITH, .name = "browser_version", .formula = "bn", .with = put_version_part},
    SERVER("browser_width"),
    SERVER("cookies_enabled"),
    WITH("device_id", export_device),
    TEXT("device_type", "dt"),
    {.how = EXPORT_WITH, .name = "os_name", .formula = "os", .with = put_name_part},
    {.how = EXPORT_WITH, .name = "os_version", .formula = "os", .with = put_version_part},
    IF_TEXT("device_model", "dm"),
    END_OBJECT,
    OBJECT("geo_location"),
    SERVER("city"),
    SERVER("country"),
    SERVER("country_code"),
    SERVER("latitude"),
    SERVER("longitude"),
    SERVER("postal_code"),
    SERVER("region"),
    SERVER("region_code"),
    SERVER("continent"),
    SERVER("continent_code"),
    SERVER("district"),
    TEXT("timezone_name", "bt"),
    SERVER("timezone_offset"),
    END_OBJECT,
    OBJECT("ops_metadata"),
    NUMBER("server_ts_offset_ms", "-ag"),
    TEXT("player_context_id", "pi"),
    WITH("collector_observability", put_observations),
    END_OBJECT,
    OBJECT("ad"),
    SERVER("ad_blocker"),
    IF_TEXT("ad_id", "di"),
    IF_WORD("ad_position", "dq"),
    IF_TEXT("ad_system", "ds"),
    IF_TEXT("ad_break_id", "db"),
    IF_TEXT("ad_session_id", "de"),
    IF_TEXT("ad_creative_id", "dc"),
    IF_TEXT("advertiser_name", "da"),
    IF_TEXT("deal_id", "dl"),
    END_OBJECT,
    OBJECT("video"),
    WITH("media_type", put_media_type),
    NUMBER("player_height", "dh"),
    NUMBER("player_width", "dw"),
    TEXT("source", "sq"),
    IF_TEXT("title", "ct"),
    IF_PART("duration_sec", "md", 1000),
    END_OBJECT,
    OBJECT("custom"),
    OBJECT("webRTCStats"),
    WITH("audio", put_media),
    WITH("video", put_media),
    OBJECT("raw"),
    END_OBJECT,
    PART("totalRoundTripTime", "xt", 1000000),
    PART("currentRoundTripTime", "xr", 1000000),
    NUMBER("availableOutgoingBitrate", "xa"),
    WORD("candidateType", "xc"),
    IF_NUMBER("responsesReceived", "xd"),
    END_OBJECT,
    IF_TEXT("custom_1", "c0"),
    IF_TEXT("custom_2", "c1"),
    IF_TEXT("custom_3", "c2"),
    IF_TEXT("custom_4", "c3"),
    IF_TEXT("custom_5", "c4"),
    IF_TEXT("custom_6", "c5"),
    IF_TEXT("custom_7", "c6"),
    IF_TEXT("custom_8", "c7"),
    IF_TEXT("custom_9", "c8"),
    IF_TEXT("custom_10", "c9"),
    END_OBJECT,
    WITH("event_id", put_event_id),
    LAST,
};

/* ---- which records are which events --------------------------------------------------------- */

static bool is_in_content(const fold_t *fold) {
    return !export_in_ad(fold);
}

static const export_row_t milestone_rows[] = {NUMBER("milestone_percent", "ec"), LAST};
static const export_row_t error_rows[] = {
    NUMBER("error_code", "ec"),
    TEXT("error_msg", "em"),
    WORD_OF("error_class", "ed", export_error_classes),
    LAST,
};
static const export_row_t lasted_rows[] = {NUMBER("duration_ms", "ec"), LAST};
static const export_row_t trigger_rows[] = {NUMBER("trigger", "ec"), LAST};
static const export_row_t track_rows[] = {NUMBER("track", "ec"), LAST};
static const export_row_t code_rows[] = {NUMBER("code", "ec"), NUMBER("detail", "ed"), LAST};
static const export_row_t stop_rows[] = {WORD("stop_reason", "sr"), IF_NUMBER("error_code", "eo"),
                                         IF_TEXT("error_msg", "em"), LAST};

#define TOLD(event_name) .name = (event_name), .rows = rows
#define EVENT(event, called)                                                                       \
    { OF_EVENT(event), TOLD(called) }
#define EVENT_WITH(event, called, with_these)                                                      \
    { OF_EVENT(event), TOLD(called), .extra = (with_these) }
#define KIND(letters, called)                                                                      \
    { OF_KIND(letters), TOLD(called) }
#define CHANGE(formula, called)                                                                    \
    { OF_KIND("hx"), .if_above = (formula), TOLD(called) }

static const export_event_t events[] = {
    KIND("b", "datazoom_loaded"),
    KIND("s", "media_request"),
    KIND("s", "content_request"),
    KIND("s", "buffer_start"),
    KIND("h", "heartbeat"),
    CHANGE("~m3", "player_ready"),
    CHANGE("!mt", "media_loaded"),
    CHANGE("!mp", "content_loaded"),
    CHANGE("~mv", "volume"),
    CHANGE("-~mv", "volume"),
    CHANGE("~mu", "mute"),
    CHANGE("-~mu", "mute"),
    CHANGE("~lr", "speed"),
    CHANGE("-~lr", "speed"),
    EVENT_WITH(ERROR, "error", error_rows),
    EVENT_WITH(FATAL, "error", error_rows),
    EVENT(STALL_BEGIN, "stall_start"),
    EVENT(STALL_BEGIN, "buffer_start"),
    EVENT_WITH(STALL_END, "stall_end", lasted_rows),
    EVENT(STALL_END, "buffer_end"),
    EVENT(FIRST_FRAME, "playback_start"),
    EVENT(FIRST_FRAME, "buffer_end"),
    {OF_EVENT(PAUSE), .if_so = is_in_content, TOLD("pause")},
    {OF_EVENT(PAUSE), .if_so = export_in_ad, TOLD("ad_pause")},
    {OF_EVENT(RESUME), .if_so = is_in_content, TOLD("resume")},
    {OF_EVENT(RESUME), .if_so = export_in_ad, TOLD("ad_resume")},
    EVENT(SEEK, "seek_start"),
    EVENT(SEEK, "buffer_start"),
    EVENT_WITH(SEEKED, "seek_end", lasted_rows),
    EVENT(SEEKED, "buffer_end"),
    EVENT(LIVE_EDGE, "live_edge"),
    EVENT(ENDED, "playback_complete"),
    EVENT(REPLAY, "replay"),
    EVENT_WITH(MILESTONE, "milestone", milestone_rows),
    {OF_EVENT(RENDITION_AUTO), .if_so = is_in_content, TOLD("rendition_change")},
    {OF_EVENT(RENDITION_AUTO), .if_so = export_in_ad, TOLD("ad_rendition_change")},
    EVENT(RENDITION_USER, "rendition_change"),
    EVENT_WITH(AUDIO_TRACK, "audio_track_changed", track_rows),
    EVENT_WITH(SUBTITLE, "subtitle_change", track_rows),
    EVENT_WITH(QUALIFIED_VIEW, "qualified_view", trigger_rows),
    EVENT_WITH(REFUSED, "refused", code_rows),
    EVENT(SUSPEND, "suspend"),
    EVENT_WITH(WAKE, "wake", lasted_rows),
    EVENT_WITH(SOURCE_SWITCH, "source_switch", code_rows),
    EVENT_WITH(CUSTOM, "custom_event", code_rows),
    EVENT(AD_REQUEST, "ad_request"),
    EVENT(AD_BREAK_BEGIN, "ad_break_start"),
    EVENT(AD_BREAK_END, "ad_break_end"),
    EVENT(AD_LOADED, "ad_loaded"),
    EVENT(AD_IMPRESSION, "ad_impression"),
    EVENT(AD_START, "ad_play"),
    EVENT_WITH(AD_MILESTONE, "milestone", milestone_rows),
    EVENT(AD_CLICK, "ad_click"),
    {OF_CODE(AD_END, TALLY_AD_COMPLETED), TOLD("ad_complete")},
    {OF_CODE(AD_END, TALLY_AD_SKIPPED), TOLD("ad_skip")},
    EVENT_WITH(AD_ERROR, "ad_error", code_rows),
    {OF_KIND("x"), TOLD("end"), .extra = stop_rows},
};

const export_system_t export_datazoom = {"datazoom", true, events,
                                         sizeof(events) / sizeof(events[0])};
