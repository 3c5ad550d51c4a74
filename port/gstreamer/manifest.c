/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest.h"

#include <string.h>

/* A piece of the text: a line, an element's tag, an attribute's value. */
typedef struct {
    const char *at;
    size_t bytes;
} piece_t;

static bool begins(piece_t piece, const char *with) {
    const size_t bytes = strlen(with);
    return piece.bytes >= bytes && memcmp(piece.at, with, bytes) == 0;
}

/* Where `what` stands in the piece; `bytes` of the piece if nowhere. */
static size_t find(piece_t piece, const char *what) {
    const size_t bytes = strlen(what);
    for (size_t i = 0; i + bytes <= piece.bytes; i++) {
        if (memcmp(piece.at + i, what, bytes) == 0) {
            return i;
        }
    }
    return piece.bytes;
}

static bool holds(piece_t piece, const char *what) {
    return find(piece, what) < piece.bytes;
}

static piece_t behind(piece_t piece, size_t skip) {
    const size_t bytes = skip < piece.bytes ? skip : piece.bytes;
    return (piece_t){piece.at + bytes, piece.bytes - bytes};
}

static size_t length_until(piece_t piece, char end) {
    const char *const found = memchr(piece.at, end, piece.bytes);
    return found == NULL ? piece.bytes : (size_t)(found - piece.at);
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == ':' || c == '_';
}

/* The value of NAME=value or NAME="value", the name not being the end of a longer one. Empty: there
 * is none. */
static piece_t attribute(piece_t piece, const char *name) {
    const size_t length = strlen(name);
    const char *const start = piece.at;
    piece_t rest = piece;
    while (rest.bytes > 0) {
        rest = behind(rest, find(rest, name));
        const bool whole = rest.bytes > length && (rest.at == start || !is_letter(rest.at[-1]));
        rest = behind(rest, length);
        if (!whole || rest.at[0] != '=') {
            continue;
        }
        rest = behind(rest, 1);
        if (rest.bytes > 0 && (rest.at[0] == '"' || rest.at[0] == '\'')) {
            const piece_t value = behind(rest, 1);
            return (piece_t){value.at, length_until(value, rest.at[0])};
        }
        return (piece_t){rest.at, length_until(rest, ',')};
    }
    return (piece_t){piece.at, 0};
}

/* The decimal number at the beginning; 0 if there is none or it is beyond 32 bits. */
static uint32_t number(piece_t piece) {
    uint64_t value = 0;
    for (size_t i = 0; i < piece.bytes && piece.at[i] >= '0' && piece.at[i] <= '9'; i++) {
        value = value * 10 + (uint64_t)(piece.at[i] - '0');
        if (value > UINT32_MAX) {
            return 0;
        }
    }
    return (uint32_t)value;
}

static bool is_same(const manifest_variant_t *a, const manifest_variant_t *b) {
    return a->kbps == b->kbps && a->width == b->width && a->height == b->height;
}

/* Takes a variant in; redundant ones, of the same figures, once. */
static void add(manifest_t *manifest, uint32_t bps, uint32_t width, uint32_t height, piece_t name) {
    manifest_variant_t variant = {
        .kbps = bps / 1000 + (bps % 1000 >= 500 ? 1 : 0), .width = width, .height = height};
    for (uint32_t i = 0; i < manifest->count; i++) {
        if (is_same(&manifest->variants[i], &variant)) {
            return;
        }
    }
    if (variant.kbps == 0 || variant.kbps > INT32_MAX || manifest->count == MANIFEST_VARIANTS) {
        return;
    }
    if (name.bytes < MANIFEST_NAME_BYTES) {
        memcpy(variant.name, name.at, name.bytes);
    }
    manifest->variants[manifest->count] = variant;
    manifest->count++;
}

/* --- HLS ---------------------------------------------------------------------------------------
 */
static void hls_key(manifest_t *manifest, piece_t list) {
    const piece_t method = attribute(list, "METHOD");
    const piece_t format = attribute(list, "KEYFORMAT");
    if (begins(method, "NONE")) {
        return;
    }
    if (begins(format, "com.apple.streamingkeydelivery")) {
        manifest->protection = TALLY_PROTECTION_FAIRPLAY;
    } else if (begins(format, "urn:uuid:edef8ba9")) {
        manifest->protection = TALLY_PROTECTION_WIDEVINE;
    } else if (begins(format, "com.microsoft.playready")) {
        manifest->protection = TALLY_PROTECTION_PLAYREADY;
    } else if (format.bytes == 0 || begins(format, "identity")) {
        manifest->protection = TALLY_PROTECTION_AES;
    } else {
        manifest->protection = TALLY_PROTECTION_OTHER;
    }
}

static void hls_line(manifest_t *manifest, piece_t line) {
    const piece_t list = behind(line, length_until(line, ':') + 1);
    if (begins(line, "#EXT-X-STREAM-INF:")) {
        const piece_t size = attribute(list, "RESOLUTION");
        add(manifest, number(attribute(list, "BANDWIDTH")), number(size),
            number(behind(size, length_until(size, 'x') + 1)), attribute(list, "NAME"));
    } else if (begins(line, "#EXT-X-KEY:") || begins(line, "#EXT-X-SESSION-KEY:")) {
        hls_key(manifest, list);
    } else if (begins(line, "#EXT-X-ENDLIST") || begins(line, "#EXT-X-PLAYLIST-TYPE:VOD")) {
        manifest->playback = TALLY_PLAYBACK_VOD;
    } else if (begins(line, "#EXT-X-PLAYLIST-TYPE:EVENT")) {
        manifest->playback = TALLY_PLAYBACK_DVR;
    } else if (begins(line, "#EXT-X-TARGETDURATION:") && manifest->playback < 0) {
        manifest->playback = TALLY_PLAYBACK_LIVE;
    }
}

static void read_hls(manifest_t *manifest, piece_t text) {
    manifest->delivery = TALLY_DELIVERY_HLS;
    while (text.bytes > 0) {
        const size_t length = length_until(text, '\n');
        hls_line(manifest, (piece_t){text.at, length});
        text = behind(text, length + 1);
    }
}

/* --- XML: DASH and Smooth Streaming ------------------------------------------------------------
 */

/* Which kind of media an AdaptationSet or StreamIndex holds, as far as it says. */
typedef struct {
    bool is_video;
    uint32_t width;
    uint32_t height;
} set_t;

static bool says_video(piece_t tag) {
    return begins(attribute(tag, "contentType"), "video") ||
           begins(attribute(tag, "mimeType"), "video") || begins(attribute(tag, "Type"), "video") ||
           attribute(tag, "width").bytes > 0;
}

static bool is_same_letter(char a, char b) {
    return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b);
}

/* Whether the piece contains the UUID, in letters of either case. */
static bool holds_uuid(piece_t piece, const char *uuid) {
    const size_t bytes = strlen(uuid);
    for (size_t i = 0; i + bytes <= piece.bytes; i++) {
        size_t same = 0;
        while (same < bytes && is_same_letter(piece.at[i + same], uuid[same])) {
            same++;
        }
        if (same == bytes) {
            return true;
        }
    }
    return false;
}

enum tally_protection manifest_protection(const char *id, size_t bytes) {
    static const struct {
        const char *uuid;
        enum tally_protection protection;
    } known[] = {{"edef8ba9-79d6-4ace-a3c8-27dcd51d21ed", TALLY_PROTECTION_WIDEVINE},
                 {"9a04f079-9840-4286-ab92-e65be0885f95", TALLY_PROTECTION_PLAYREADY},
                 {"94ce86fb-07ff-4f43-adb8-93d2fa968ca2", TALLY_PROTECTION_FAIRPLAY},
                 {"e2719d58-a985-b3c9-781a-b030af78d30e", TALLY_PROTECTION_AES},
                 {"1077efec-c0b2-4d02-ace3-3c1e52e2fb4b", TALLY_PROTECTION_AES}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (holds_uuid((piece_t){id, bytes}, known[i].uuid)) {
            return known[i].protection;
        }
    }
    return TALLY_PROTECTION_OTHER;
}

/* Several systems may be offered: the last one named. The scheme mp4protection names none. */
static void dash_protection(manifest_t *manifest, piece_t tag) {
    const enum tally_protection protection = manifest_protection(tag.at, tag.bytes);
    if (protection != TALLY_PROTECTION_OTHER || manifest->protection == TALLY_PROTECTION_NONE) {
        manifest->protection = (int32_t)protection;
    }
}

static void dash_representation(manifest_t *manifest, piece_t tag, const set_t *set) {
    const uint32_t width = number(attribute(tag, "width"));
    const uint32_t height = number(attribute(tag, "height"));
    if (set->is_video || says_video(tag)) {
        add(manifest, number(attribute(tag, "bandwidth")), width > 0 ? width : set->width,
            height > 0 ? height : set->height, attribute(tag, "id"));
    }
}

static void smooth_level(manifest_t *manifest, piece_t tag, const set_t *set) {
    if (set->is_video) {
        add(manifest, number(attribute(tag, "Bitrate")), number(attribute(tag, "MaxWidth")),
            number(attribute(tag, "MaxHeight")), attribute(tag, "Index"));
    }
}

static void on_root(manifest_t *manifest, piece_t tag) {
    const bool is_dash = begins(tag, "MPD");
    const piece_t live = is_dash ? attribute(tag, "type") : attribute(tag, "IsLive");
    const piece_t window = attribute(tag, is_dash ? "timeShiftBufferDepth" : "DVRWindowLength");
    manifest->delivery = is_dash ? TALLY_DELIVERY_DASH : TALLY_DELIVERY_SMOOTH;
    if (!begins(live, "dynamic") && !begins(live, "TRUE") && !begins(live, "true")) {
        manifest->playback = TALLY_PLAYBACK_VOD;
    } else {
        manifest->playback = window.bytes > 0 ? TALLY_PLAYBACK_DVR : TALLY_PLAYBACK_LIVE;
    }
}

static void on_tag(manifest_t *manifest, piece_t tag, set_t *set) {
    if (begins(tag, "MPD") || begins(tag, "SmoothStreamingMedia")) {
        on_root(manifest, tag);
    } else if (begins(tag, "AdaptationSet") || begins(tag, "StreamIndex")) {
        *set = (set_t){says_video(tag), number(attribute(tag, "width")),
                       number(attribute(tag, "height"))};
    } else if (begins(tag, "Representation")) {
        dash_representation(manifest, tag, set);
    } else if (begins(tag, "QualityLevel")) {
        smooth_level(manifest, tag, set);
    } else if (begins(tag, "ContentProtection") || begins(tag, "ProtectionHeader")) {
        dash_protection(manifest, tag);
    }
}

static void read_xml(manifest_t *manifest, piece_t text) {
    set_t set = {false, 0, 0};
    while (text.bytes > 0) {
        text = behind(text, length_until(text, '<') + 1);
        if (begins(text, "!--")) {
            text = behind(text, find(text, "-->"));
            continue;
        }
        const piece_t tag = {text.at, length_until(text, '>')};
        on_tag(manifest, tag, &set);
        text = behind(text, tag.bytes);
    }
}

bool manifest_read(manifest_t *manifest, const char *text, size_t bytes) {
    piece_t whole = {text, bytes};
    *manifest = (manifest_t){.playback = -1, .protection = TALLY_PROTECTION_NONE};
    if (begins(whole, "\xef\xbb\xbf")) {
        whole = behind(whole, 3); /* byte order mark */
    }
    if (begins(whole, "#EXTM3U")) {
        read_hls(manifest, whole);
        return true;
    }
    if (holds(whole, "<MPD") || holds(whole, "<SmoothStreamingMedia")) {
        read_xml(manifest, whole);
        return true;
    }
    return false;
}
