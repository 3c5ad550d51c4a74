/* SPDX-License-Identifier: Apache-2.0 */
#include "rfc6381.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define RECORD_BYTES 32 /* of a codec's configuration record that are looked at */

typedef struct {
    uint8_t byte[RECORD_BYTES];
    gsize bytes;
} record_t;

static record_t record_of(const GstStructure *structure) {
    record_t record = {{0}, 0};
    const GValue *const value = gst_structure_get_value(structure, "codec_data");
    if (value != NULL && GST_VALUE_HOLDS_BUFFER(value)) {
        record.bytes =
            gst_buffer_extract(gst_value_get_buffer(value), 0, record.byte, RECORD_BYTES);
    }
    return record;
}

static gboolean is_one_of(const char *text, const char *const list[], unsigned count) {
    for (unsigned i = 0; i < count && text != NULL; i++) {
        if (strcmp(text, list[i]) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Levels of H.264 are written as "3.1" or "4"; 0 for anything else. */
static unsigned tenfold(const char *level) {
    if (level == NULL || !g_ascii_isdigit(level[0])) {
        return 0;
    }
    const unsigned whole = (unsigned)g_ascii_digit_value(level[0]) * 10;
    const gboolean has_tenth = level[1] == '.' && g_ascii_isdigit(level[2]);
    return has_tenth ? whole + (unsigned)g_ascii_digit_value(level[2]) : whole;
}

/* ISO/IEC 14496-15 5.3.3.1: AVCDecoderConfigurationRecord. */
static void h264(const GstStructure *structure, char *name) {
    static const struct {
        const char *profile;
        unsigned idc;
        unsigned constraints; /* that x264 and most others set with it */
    } profiles[] = {{"constrained-baseline", 0x42, 0xc0},
                    {"baseline", 0x42, 0x00},
                    {"main", 0x4d, 0x40},
                    {"extended", 0x58, 0x00},
                    {"high", 0x64, 0x00},
                    {"constrained-high", 0x64, 0x0c},
                    {"progressive-high", 0x64, 0x08},
                    {"high-10", 0x6e, 0x00},
                    {"high-4:2:2", 0x7a, 0x00},
                    {"high-4:4:4", 0xf4, 0x00}};
    const record_t record = record_of(structure);
    const char *const profile = gst_structure_get_string(structure, "profile");
    const unsigned level = tenfold(gst_structure_get_string(structure, "level"));
    if (record.bytes >= 4 && record.byte[0] == 1) {
        (void)snprintf(name, RFC6381_BYTES, "avc1.%02x%02x%02x", record.byte[1], record.byte[2],
                       record.byte[3]);
        return;
    }
    (void)snprintf(name, RFC6381_BYTES, "avc1");
    for (unsigned i = 0; i < G_N_ELEMENTS(profiles) && level > 0; i++) {
        if (g_strcmp0(profile, profiles[i].profile) == 0) {
            (void)snprintf(name, RFC6381_BYTES, "avc1.%02x%02x%02x", profiles[i].idc,
                           profiles[i].constraints, level);
        }
    }
}

static uint32_t reversed(uint32_t bits) {
    uint32_t result = 0;
    for (unsigned i = 0; i < 32; i++) {
        result |= ((bits >> i) & 1u) << (31u - i);
    }
    return result;
}

/* ISO/IEC 14496-15 annex E.3: profile, compatibility reversed, tier and level, constraints without
 * the zeros at their end. */
static void h265(const GstStructure *structure, char *name) {
    static const char *const spaces[] = {"", "A", "B", "C"};
    const record_t record = record_of(structure);
    if (record.bytes < 13 || record.byte[0] != 1) {
        (void)snprintf(name, RFC6381_BYTES, "hvc1");
        return;
    }
    const uint8_t *const at = record.byte;
    const uint32_t compatible =
        ((uint32_t)at[2] << 24) | ((uint32_t)at[3] << 16) | ((uint32_t)at[4] << 8) | at[5];
    int length = snprintf(name, RFC6381_BYTES, "hvc1.%s%u.%X.%c%u", spaces[at[1] >> 6], at[1] & 31u,
                          (unsigned)reversed(compatible), (at[1] & 0x20u) != 0 ? 'H' : 'L', at[12]);
    unsigned last = 12;
    while (last > 6 && at[last - 1] == 0) {
        last--;
    }
    for (unsigned i = 6; i < last && length > 0 && length < RFC6381_BYTES - 4; i++) {
        length += snprintf(name + length, (size_t)(RFC6381_BYTES - length), ".%X", at[i]);
    }
}

/* AV1 in ISO base media, section 5: the first four bytes of av1C. */
static void av1(const GstStructure *structure, char *name) {
    const record_t record = record_of(structure);
    if (record.bytes < 4) {
        (void)snprintf(name, RFC6381_BYTES, "av01");
        return;
    }
    const unsigned flags = record.byte[2];
    const unsigned profile = record.byte[1] >> 5;
    const unsigned depth = (flags & 0x20u) != 0 ? 12 : (flags & 0x40u) != 0 ? 10 : 8;
    (void)snprintf(name, RFC6381_BYTES, "av01.%u.%02u%c.%02u", profile, record.byte[1] & 31u,
                   (flags & 0x80u) != 0 ? 'H' : 'M', depth);
}

/* vp09.PP.LL.DD needs a level, which streams do not carry: without it the name ends there. */
static void vp9(const GstStructure *structure, char *name) {
    (void)structure;
    (void)snprintf(name, RFC6381_BYTES, "vp09");
}

/* The object type of an AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1), or by the profile's name. */
static unsigned aac_object_type(const GstStructure *structure) {
    static const char *const one[] = {"main"};
    static const char *const two[] = {"lc"};
    static const char *const five[] = {"he-aac-v1", "he-aac"};
    static const char *const twenty_nine[] = {"he-aac-v2"};
    const record_t record = record_of(structure);
    const char *const profile = gst_structure_get_string(structure, "profile");
    const char *const form = gst_structure_get_string(structure, "stream-format");
    if (record.bytes >= 2 && g_strcmp0(form, "raw") == 0) {
        const unsigned type = record.byte[0] >> 3;
        return type < 31 ? type
                         : 32u + (((record.byte[0] & 7u) << 3) | ((unsigned)record.byte[1] >> 5));
    }
    return is_one_of(profile, one, 1)           ? 1
           : is_one_of(profile, two, 1)         ? 2
           : is_one_of(profile, five, 2)        ? 5
           : is_one_of(profile, twenty_nine, 1) ? 29
                                                : 0;
}

static void mpeg_audio(const GstStructure *structure, char *name) {
    int version = 0;
    (void)gst_structure_get_int(structure, "mpegversion", &version);
    if (version == 1) {
        (void)snprintf(name, RFC6381_BYTES, "mp4a.6B");
        return;
    }
    const unsigned type = aac_object_type(structure);
    if (type == 0) {
        (void)snprintf(name, RFC6381_BYTES, "mp4a.40");
    } else {
        (void)snprintf(name, RFC6381_BYTES, "mp4a.40.%u", type);
    }
}

static void mpeg_video(const GstStructure *structure, char *name) {
    int version = 0;
    (void)gst_structure_get_int(structure, "mpegversion", &version);
    (void)snprintf(name, RFC6381_BYTES, "%s",
                   version == 1   ? "mp4v.6A"
                   : version == 2 ? "mp4v.61"
                                  : "mp4v.20");
}

static const struct {
    const char *caps;
    const char *name; /* NULL: asks `write` */
    void (*write)(const GstStructure *structure, char *name);
} codecs[] = {
    {"video/x-h264", NULL, h264},       {"video/x-h265", NULL, h265},
    {"video/x-av1", NULL, av1},         {"video/x-vp9", NULL, vp9},
    {"video/x-vp8", "vp8", NULL},       {"video/mpeg", NULL, mpeg_video},
    {"audio/mpeg", NULL, mpeg_audio},   {"audio/x-opus", "opus", NULL},
    {"audio/x-vorbis", "vorbis", NULL}, {"audio/x-ac3", "ac-3", NULL},
    {"audio/x-eac3", "ec-3", NULL},     {"audio/x-ac4", "ac-4", NULL},
    {"audio/x-dts", "dtsc", NULL},      {"audio/x-flac", "fLaC", NULL},
    {"audio/x-alac", "alac", NULL},
};

gboolean rfc6381_of_caps(const GstCaps *caps, char name[RFC6381_BYTES]) {
    if (caps == NULL || !gst_caps_is_fixed(caps)) {
        return FALSE;
    }
    const GstStructure *const structure = gst_caps_get_structure(caps, 0);
    const char *const type = gst_structure_get_name(structure);
    for (unsigned i = 0; i < G_N_ELEMENTS(codecs); i++) {
        if (strcmp(type, codecs[i].caps) == 0) {
            if (codecs[i].write != NULL) {
                codecs[i].write(structure, name);
            } else {
                (void)g_strlcpy(name, codecs[i].name, RFC6381_BYTES);
            }
            return TRUE;
        }
    }
    if (g_str_has_suffix(type, "/x-raw") ||
        (!g_str_has_prefix(type, "video/") && !g_str_has_prefix(type, "audio/"))) {
        return FALSE;
    }
    (void)g_strlcpy(name, type, RFC6381_BYTES);
    return TRUE;
}
