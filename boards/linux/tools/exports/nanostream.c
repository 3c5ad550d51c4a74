/* SPDX-License-Identifier: Apache-2.0 */
/* nanoStream's player events with its statistics, and those of its Webcaster. */
#include "export.h"
#include "tally/enums.h"

enum { STATE_PAUSED = 6, STATE_BUFFERING = 7 };

static const export_word_t stops[] = {
    {TALLY_STOP_COMPLETED, "normal"},
    {TALLY_STOP_USER, "normal"},
    {TALLY_STOP_SHUTDOWN, "normal"},
    {TALLY_STOP_ZAP, "normal"},
    {TALLY_STOP_BUFFER, "buffer"},
    {TALLY_STOP_CONNECTION_CLOSED, "connectionclose"},
    {TALLY_STOP_SERVER_NOT_FOUND, "servernotfound"},
    {TALLY_STOP_STREAM_NOT_FOUND, "streamnotfound"},
    {TALLY_STOP_INTERACTION_REQUIRED, "interactionrequired"},
    {TALLY_STOP_SUSPENDED, "playbacksuspended"},
    {TALLY_STOP_ERROR, "playbackerror"},
    {TALLY_STOP_RECONNECT, "reconnectionimminent"},
    {TALLY_STOP_DESTROYED, "destroy"},
    {TALLY_STOP_RESTARTED, "playbackrestart"},
    {TALLY_STOP_HIDDEN, "visibilityhidden"},
    {TALLY_STOP_NOT_ENOUGH_DATA, "notenoughdata"},
    {TALLY_STOP_SOURCE_STOPPED, "sourcestreamstopped"},
    {0, NULL},
};

static const export_word_t aborts[] = {
    {TALLY_SWITCH_ABORTED_EQUAL, "equalsource"},
    {TALLY_SWITCH_ABORTED_SUPERSEDED, "superseded"},
    {TALLY_SWITCH_ABORTED_FREQUENCY, "frequency"},
    {0, NULL},
};

/* What its number is; null where the sources have none for it. */
static void put_state(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    switch (told->fold->session->state.state) {
    case TALLY_STATE_PAUSED:
    case TALLY_STATE_PAUSED_STALLED:
    case TALLY_STATE_AD_PAUSED: writer_integer(writer, row->name, STATE_PAUSED); break;
    case TALLY_STATE_STALLED:
    case TALLY_STATE_AD_STALLED: writer_integer(writer, row->name, STATE_BUFFERING); break;
    default: writer_null(writer, row->name); break;
    }
}

/* Where the phases of a startup begin. */
static void put_zero(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    (void)told;
    writer_integer(writer, row->name, 0);
}

static bool is_publisher(const fold_t *fold) {
    int64_t kind;
    return fold_number(fold, TALLY_M_SESSION_KIND, 0, &kind) && kind == TALLY_SESSION_PUBLISH;
}

static bool is_player(const fold_t *fold) {
    return !is_publisher(fold);
}

static const char *light(const formula_value_t *value, int64_t yellow_from, int64_t red_from) {
    if (!value->is_known) {
        return NULL;
    }
    return value->above >= red_from ? "red" : value->above >= yellow_from ? "yellow" : "green";
}

static void put_light_of_round_trip(writer_t *writer, const export_told_t *told,
                                    const export_row_t *row) {
    const formula_value_t round_trip_us = formula_value(told->fold, "on");
    writer_string(writer, row->name, light(&round_trip_us, 150000, 250000));
}

static void put_light_of_loss(writer_t *writer, const export_told_t *told,
                              const export_row_t *row) {
    const formula_value_t loss_ppm = formula_value(told->fold, "ow");
    writer_string(writer, row->name, light(&loss_ppm, 50000, 100000));
}

static const export_row_t rows[] = {
    WITH("event", export_name),
    WITH("timestamp", export_wall),
    WITH("accountId", export_operator),
    TEXT("eventId", "ev"),
    TEXT("eventLabel", "ev"),
    TEXT("userId", "vi"),
    TEXT("streamname", "sm"),
    TEXT("streamTags", "tg"),
    TEXT("OS", "os"),
    TEXT("browser", "bn"),
    TEXT("playerVersion", "pv"),
    WITH("sessionId", export_session),
    SERVER("country"),
    SERVER("accountKey"),
    TEXT("customField1", "c0"),
    TEXT("customField2", "c1"),
    TEXT("customField3", "c2"),
    TEXT("customField4", "c3"),
    TEXT("customField5", "c4"),
    TEXT("customField6", "c5"),
    TEXT("customField7", "c6"),
    TEXT("customField8", "c7"),
    TEXT("customField9", "c8"),
    TEXT("customField10", "c9"),
    WITH("state", put_state),
    PART("currentTime", "ep?pp", 1000),
    WITH(NULL, export_extra),
    LAST,
};

/* ms from the play request; nanoStream's begin at the connect. */
static const export_row_t startup_rows[] = {
    OBJECT("stats"),
    WITH("connecting", put_zero),
    NUMBER("connected", "mc"),
    NUMBER("firstFragmentReceived", "mf"),
    NUMBER("firstFrameRendered", "my"),
    NUMBER("playable", "mp"),
    NUMBER("playing", "mz"),
    PART("playStartTime", "su", 1000),
    END_OBJECT,
    LAST,
};

static const export_row_t stats_rows[] = {
    OBJECT("stats"),
    PART("playedTime", "pt", 1000),
    PART("bufferingTime", "sd", 1000),
    NUMBER("playBufferingRatio", "sd/pt"),
    OBJECT("buffer"),
    PART("end", "pp+lb", 1000),
    OBJECT("delay"),
    PART("current", "lb", 1000),
    PART("avg", "lb.mean", 1000),
    PART("min", "lb.least", 1000),
    PART("max", "lb.most", 1000),
    END_OBJECT,
    END_OBJECT,
    OBJECT("buffergoal"),
    PART("real", "lg", 1000),
    SERVER("base"),
    SERVER("min"),
    SERVER("max"),
    END_OBJECT,
    OBJECT("playout"),
    PART("end", "pp", 1000),
    END_OBJECT,
    PART("latency", "lt", 1000),
    OBJECT("bitrate"),
    TIMES("current", "lv+la", 1000),
    TIMES("avg", "lv.mean+la.mean", 1000),
    TIMES("min", "lv.least+la.least", 1000),
    TIMES("max", "lv.most+la.most", 1000),
    END_OBJECT,
    OBJECT("playbackrate"),
    PART("current", "lr", 1000),
    PART("avg", "lr.mean", 1000),
    PART("min", "lr.least", 1000),
    PART("max", "lr.most", 1000),
    END_OBJECT,
    OBJECT("framerate"),
    PART("current", "lf", 1000),
    PART("avg", "lf.mean", 1000),
    PART("min", "lf.least", 1000),
    PART("max", "lf.most", 1000),
    END_OBJECT,
    OBJECT("quality"),
    NUMBER("totalVideoFrames", "fr+fk"),
    NUMBER("droppedVideoFrames", "fk"),
    NUMBER("droppedVideoFramesCurrent", "~fk"),
    NUMBER("corruptedVideoFrames", "fb"),
    NUMBER("corruptedVideoFramesCurrent", "~fb"),
    WITH("creationTime", export_wall),
    END_OBJECT,
    NUMBER("volume", "mv"),
    BOOL("mute", "mu"),
    BOOL("fullscreen", "m0"),
    END_OBJECT,
    LAST,
};

static const export_row_t ingest_rows[] = {
    OBJECT("stats"),
    TIMES("ingestBitrateVideoAverage", "lv.mean", 1000),
    TIMES("ingestBitrateAudioAverage", "la.mean", 1000),
    PART("ingestTime", "pt", 1000),
    END_OBJECT,
    LAST,
};

static const export_row_t webcast_rows[] = {
    OBJECT("stats"),
    PART("roundTripTime", "on", 1000),
    PART("packetLoss", "ow", 10000),
    NUMBER("videoSendDelay", "~ov/~op"),
    WITH("trafficLightRtt", put_light_of_round_trip),
    WITH("trafficLightLoss", put_light_of_loss),
    NUMBER("bytesSent", "ob"),
    NUMBER("bitrate", "oi"),
    END_OBJECT,
    LAST,
};

static const export_row_t position_rows[] = {OBJECT("playout"), PART("start", "ep", 1000),
                                             END_OBJECT, LAST};
static const export_row_t lasted_rows[] = {PART("duration", "ec", 1000), LAST};
static const export_row_t error_rows[] = {NUMBER("code", "ec"),
                                          WORD_OF("class", "ed", export_error_classes),
                                          TEXT("message", "em"), LAST};
static const export_row_t volume_rows[] = {NUMBER("volume", "mv"), LAST};
static const export_row_t mute_rows[] = {BOOL("mute", "mu"), LAST};
static const export_row_t fullscreen_rows[] = {BOOL("fullscreen", "m0"), LAST};
static const export_row_t speed_rows[] = {PART("speed", "lr", 1000), LAST};
static const export_row_t abort_rows[] = {WORD_OF("reason", "ec", aborts), LAST};
static const export_row_t stop_rows[] = {WORD_OF("reason", "sr", stops), NUMBER("code", "eo"),
                                         TEXT("message", "em"), LAST};

#define TOLD(event_name, these) .name = (event_name), .rows = rows, .extra = (these)

static const export_event_t events[] = {
    {OF_KIND("hx"), .if_above = "~m3", TOLD("Player Loading", NULL)},
    {OF_KIND("hx"), .if_above = "!mz", TOLD("onStartupStats", startup_rows)},
    {OF_EVENT(FIRST_FRAME), TOLD("onPlay", position_rows)},
    {OF_EVENT(RESUME), TOLD("onPlay", NULL)},
    {OF_EVENT(PAUSE), TOLD("onPause", NULL)},
    {OF_EVENT(STALL_BEGIN), TOLD("onStartBuffering", NULL)},
    {OF_EVENT(STALL_END), TOLD("onStopBuffering", lasted_rows)},
    {OF_EVENT(ERROR), TOLD("onWarning", error_rows)},
    {OF_EVENT(FATAL), TOLD("onError", error_rows)},
    {OF_CODE(SOURCE_SWITCH, TALLY_SWITCH_REQUESTED), TOLD("update source request", NULL)},
    {OF_CODE(SOURCE_SWITCH, TALLY_SWITCH_SUCCEEDED), TOLD("update source success", NULL)},
    {OF_CODE(SOURCE_SWITCH, TALLY_SWITCH_FAILED), TOLD("update source fail", NULL)},
    {OF_CODE(SOURCE_SWITCH, TALLY_SWITCH_ABORTED_EQUAL), TOLD("update source abort", abort_rows)},
    {OF_CODE(SOURCE_SWITCH, TALLY_SWITCH_ABORTED_SUPERSEDED),
     TOLD("update source abort", abort_rows)},
    {OF_CODE(SOURCE_SWITCH, TALLY_SWITCH_ABORTED_FREQUENCY),
     TOLD("update source abort", abort_rows)},
    {OF_KIND("hx"), .if_above = "~mv", TOLD("volume", volume_rows)},
    {OF_KIND("hx"), .if_above = "-~mv", TOLD("volume", volume_rows)},
    {OF_KIND("hx"), .if_above = "~mu", TOLD("mute", mute_rows)},
    {OF_KIND("hx"), .if_above = "-~mu", TOLD("mute", mute_rows)},
    {OF_KIND("hx"), .if_above = "~m0", TOLD("fullscreen", fullscreen_rows)},
    {OF_KIND("hx"), .if_above = "-~m0", TOLD("fullscreen", fullscreen_rows)},
    {OF_KIND("hx"), .if_above = "~lr", TOLD("speed", speed_rows)},
    {OF_KIND("hx"), .if_above = "-~lr", TOLD("speed", speed_rows)},
    {OF_KIND("hx"), .if_so = is_player, TOLD("onStats", stats_rows)},
    {OF_KIND("hx"), .if_so = is_publisher, TOLD("ingest", ingest_rows)},
    {OF_KIND("o"), TOLD("webcaster", webcast_rows)},
    {OF_KIND("x"), TOLD("onStop", stop_rows)},
};

const export_system_t export_nanostream = {"nanostream", false, events,
                                           sizeof(events) / sizeof(events[0])};
