/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MANIFEST_H
#define MANIFEST_H
/*
 * What a manifest declares: HLS (RFC 8216), MPEG-DASH (ISO/IEC 23009-1), Smooth Streaming. Only
 * what is reported is read; the text comes from the network and may be anything.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tally/enums.h"

#define MANIFEST_VARIANTS   32
#define MANIFEST_NAME_BYTES 32

typedef struct {
    uint32_t kbps; /* declared, rounded */
    uint32_t width;
    uint32_t height; /* 0: not declared */
    char name[MANIFEST_NAME_BYTES];
} manifest_variant_t;

typedef struct {
    enum tally_delivery delivery; /* HLS, DASH or SMOOTH */
    int32_t playback;             /* enum tally_playback, -1: it does not say */
    int32_t protection;           /* enum tally_protection */
    uint32_t count;
    manifest_variant_t variants[MANIFEST_VARIANTS]; /* of the video, if there is one */
} manifest_t;

/* Reads `bytes` of text, which need not end in 0. False: no manifest of a kind that is known. */
bool manifest_read(manifest_t *manifest, const char *text, size_t bytes);

/* The system whose UUID is within an identifier, as events and caps of GStreamer have it too: OTHER
 * if it is none that is known. */
enum tally_protection manifest_protection(const char *id, size_t bytes);

#endif
