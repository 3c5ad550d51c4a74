/* SPDX-License-Identifier: Apache-2.0 */
/* Kaltura's player events with their numbers and the parameters of its event tracking. */
#include "export.h"
#include "tally/enums.h"

static const export_word_t deliveries[] = {{TALLY_DELIVERY_PROGRESSIVE, "http"}, {0, NULL}};

static const export_word_t protections[] = {
    {TALLY_PROTECTION_WIDEVINE, "drm"}, {TALLY_PROTECTION_PLAYREADY, "drm"},
    {TALLY_PROTECTION_FAIRPLAY, "drm"}, {TALLY_PROTECTION_CAS, "drm"},
    {TALLY_PROTECTION_OTHER, "drm"},    {0, NULL},
};

static const export_row_t rows[] = {
    WITH("eventType", export_event_number),
    WITH("eventName", export_name),
    WITH("eventIndex", export_sequence),
    WITH("time", export_wall),
    WITH("partnerId", export_operator),
    TEXT("entryId", "ci"),
    TEXT("flavourId", "rn"),
    WITH("sessionId", export_session),
    WITH("sessionStartTime", export_session_start),
    PART("position", "ep?pp", 1000),
    WORD("playbackType", "pl"),
    WORD_OF("deliveryType", "dy", deliveries),
    WORD_OF("protection", "pr", protections),
    TEXT("clientVer", "pv"),
    TEXT("clientTag", "pg"),
    TEXT("uiConfId", "pe"),
    TEXT("device", "dt"),
    TEXT("operatingSystem", "os"),
    TEXT("browser", "bn"),
    TEXT("application", "dx"),
    TEXT("category", "cg"),
    TEXT("playbackContext", "cg"),
    TEXT("customVar1", "c0"),
    TEXT("customVar2", "c1"),
    TEXT("customVar3", "c2"),
    SERVER("country"),
    SERVER("city"),
    SERVER("ks"),
    SERVER("kalsig"),
    SERVER("referrer"),
    SERVER("syndicationDomain"),
    WITH(NULL, export_extra),
    LAST,
};

/* Buffering since the last VIEW; all else so far. */
static const export_row_t view_rows[] = {
    PART("playTimeSum", "pt", 1000),   PART("bufferTime", "~bd", 1000),
    NUMBER("actualBitrate", "br"),     NUMBER("preferredBitrate", "n4"),
    NUMBER("averageBitrate", "bm/bw"), LAST,
};
static const export_row_t play_rows[] = {PART("bufferTime", "bd", 1000), LAST};
static const export_row_t target_rows[] = {PART("targetPosition", "ep", 1000), LAST};
static const export_row_t speed_rows[] = {PART("playbackSpeed", "lr", 1000), LAST};
static const export_row_t caption_rows[] = {NUMBER("caption", "ec"), LAST};
static const export_row_t language_rows[] = {NUMBER("language", "ec"), LAST};
static const export_row_t bitrate_rows[] = {NUMBER("actualBitrate", "ec"), LAST};
static const export_row_t manifest_rows[] = {PART("manifestTime", "mm", 1000), LAST};
static const export_row_t licence_rows[] = {PART("licenseTime", "mn", 1000), LAST};
static const export_row_t error_rows[] = {NUMBER("errorCode", "ec"), TEXT("errorMessage", "em"),
                                          LAST};

#define TOLD(event_name, event_number, these)                                                      \
    .name = (event_name), .number = (event_number), .rows = rows, .extra = (these)

static const export_event_t events[] = {
    {OF_KIND("hx"), .if_above = "~m3", TOLD("playerImpression", 1, NULL)},
    {OF_KIND("s"), TOLD("playRequested", 2, NULL)},
    {OF_KIND("s"), TOLD("BUFFER_START", 45, NULL)},
    {OF_EVENT(FIRST_FRAME), TOLD("play", 3, play_rows)},
    {OF_EVENT(FIRST_FRAME), TOLD("BUFFER_END", 46, NULL)},
    {OF_EVENT(RESUME), TOLD("resume", 4, NULL)},
    {OF_KIND("hx"), .if_above = "!mp", TOLD("CAN_PLAY", 5, NULL)},
    {OF_CODE(MILESTONE, 25), TOLD("playThrough25", 11, NULL)},
    {OF_CODE(MILESTONE, 50), TOLD("playThrough50", 12, NULL)},
    {OF_CODE(MILESTONE, 75), TOLD("playThrough75", 13, NULL)},
    {OF_CODE(MILESTONE, 100), TOLD("playThrough100", 14, NULL)},
    {OF_KIND("hx"), .if_above = "~m0", TOLD("enterFullscreen", 31, NULL)},
    {OF_KIND("hx"), .if_above = "-~m0", TOLD("exitFullscreen", 32, NULL)},
    {OF_EVENT(PAUSE), TOLD("pause", 33, NULL)},
    {OF_EVENT(REPLAY), TOLD("replay", 34, NULL)},
    {OF_EVENT(SEEK), TOLD("seek", 35, NULL)},
    {OF_EVENT(SEEK), TOLD("BUFFER_START", 45, NULL)},
    {OF_EVENT(SEEKED), TOLD("BUFFER_END", 46, target_rows)},
    {OF_EVENT(SUBTITLE), TOLD("captions", 38, caption_rows)},
    {OF_EVENT(RENDITION_USER), TOLD("SOURCE_SELECTED", 39, bitrate_rows)},
    {OF_KIND("hx"), .if_above = "~lr", TOLD("speed", 41, speed_rows)},
    {OF_KIND("hx"), .if_above = "-~lr", TOLD("speed", 41, speed_rows)},
    {OF_EVENT(AUDIO_TRACK), TOLD("AUDIO_SELECTED", 42, language_rows)},
    {OF_EVENT(RENDITION_AUTO), TOLD("FLAVOR_SWITCHED", 43, bitrate_rows)},
    {OF_EVENT(STALL_BEGIN), TOLD("BUFFER_START", 45, NULL)},
    {OF_EVENT(STALL_END), TOLD("BUFFER_END", 46, NULL)},
    {OF_EVENT(ERROR), TOLD("ERROR", 98, error_rows)},
    {OF_EVENT(FATAL), TOLD("ERROR", 98, error_rows)},
    {OF_KIND("hx"), TOLD("VIEW", 99, view_rows)},
    {OF_KIND("hx"), .if_above = "!mm", TOLD("PLAY_MANIFEST", 100, manifest_rows)},
    {OF_KIND("hx"), .if_above = "!mn", TOLD("DRM_LICENSE", 101, licence_rows)},
};

const export_system_t export_kaltura = {"kaltura", false, events,
                                        sizeof(events) / sizeof(events[0])};
