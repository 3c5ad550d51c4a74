/* SPDX-License-Identifier: Apache-2.0 */
#include "remote.h"

#include <stddef.h>
#include <string.h>

#include "cbor.h"
#include "cbor_read.h"
#include "metrics.h"

enum {
    SIGNATURE_BYTES = 64,
    HEADS_BYTES = TALLY_REMOTE_HEADS_BYTES,
    SIG_HEADS_BYTES = 17,
    PPM = 1000000,
};
_Static_assert(SIG_HEADS_BYTES - HEADS_BYTES <= TALLY_REMOTE_ROOM, "in front of a message");
_Static_assert(TALLY_GROUPS <= 32, "a group has a bit");

/* What is in front of the payload: in a message, and in what its signature is over. */
static const uint8_t heads[HEADS_BYTES] = {0xD2, 0x84, 0x43, 0xA1, 0x01, 0x26, 0xA0};
static const uint8_t sig_heads[SIG_HEADS_BYTES] = {
    0x84, 0x6A, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', '1', 0x43, 0xA1, 0x01, 0x26, 0x40};

/* A key whose value is a number. */
typedef struct {
    char key;
    uint8_t offset;
    uint32_t least;
    uint32_t most;
} number_t;

static const number_t numbers[] = {
    {'b', offsetof(tally_remote_t, daily_bytes), 65536, UINT32_MAX - 1},
    {'h', offsetof(tally_remote_t, heartbeat_ms), 1000, 3600000},
    {'p', offsetof(tally_remote_t, sampling_ppm), 0, PPM},
    {'s', offsetof(tally_remote_t, stop_until_s), 0, UINT32_MAX},
    {'u', offsetof(tally_remote_t, upload_ms), 10000, 86400000},
    {'v', offsetof(tally_remote_t, version), 0, UINT32_MAX},
};
enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

/* Groups that tell what is the case at all: never off. */
static const uint32_t always =
    1u << TALLY_G_AGENT | 1u << TALLY_G_BOOT | 1u << TALLY_G_DIMENSION | 1u << TALLY_G_PLAYBACK;

/* Groups whose metrics may have a threshold: of a session and its streams. */
static const uint32_t watched =
#if TALLY_METRICS_USER
    1u << TALLY_G_USER |
#endif
    1u << TALLY_G_ADS | 1u << TALLY_G_FRAMES | 1u << TALLY_G_MEDIA | 1u << TALLY_G_PLAYBACK |
    1u << TALLY_G_RTP | 1u << TALLY_G_TS | 1u << TALLY_G_WEBRTC_INBOUND;

/* A map that is being read. */
typedef struct {
    tally_cbor_reader_t cbor;
    const tally_options_t *options;
    tally_remote_t remote;
    bool is_ours;      /* of our operator */
    bool is_anothers;  /* for another device */
    bool is_elsewhere; /* no endpoint of ours */
} reading_t;

void tally_remote_none(tally_remote_t *remote) {
    *remote = (tally_remote_t){.daily_bytes = UINT32_MAX, .sampling_ppm = PPM};
}

/* --- values --------------------------------------------------------------------------------- */

static uint32_t clamped(uint32_t value, uint32_t least, uint32_t most) {
    const uint32_t high = value < least ? least : value;
    return high > most ? most : high;
}

/* False if the key's value is no number. */
static bool read_number(reading_t *reading, char key) {
    const number_t *number = numbers;
    while (number->key != key) {
        if (++number == numbers + NUMBERS) {
            return false;
        }
    }
    uint32_t value = tally_cbor_read_head(&reading->cbor, TALLY_CBOR_UNSIGNED);
    if (key != 'b' || value != 0) {
        value = clamped(value, number->least, number->most);
    }
    memcpy((uint8_t *)&reading->remote + number->offset, &value, sizeof value);
    return true;
}

/* After a failure `length` is 0, and `text` never is empty. */
static bool is_text(const char *text, const uint8_t *bytes, uint32_t length) {
    return strlen(text) == length && memcmp(text, bytes, length) == 0;
}

/* Whether the text that comes is this one. */
static bool read_same(reading_t *reading, const char *text) {
    uint32_t length;
    const uint8_t *const bytes = tally_cbor_read_string(&reading->cbor, TALLY_CBOR_TEXT, &length);
    return is_text(text, bytes, length);
}

static void read_endpoint(reading_t *reading) {
    uint32_t length;
    const uint8_t *const host = tally_cbor_read_string(&reading->cbor, TALLY_CBOR_TEXT, &length);
    const tally_options_t *const options = reading->options;
    uint32_t endpoint = 0;
    while (endpoint < options->endpoint_count &&
           !is_text(options->endpoints[endpoint].peer.host, host, length)) {
        endpoint++;
    }
    reading->remote.endpoint = (uint8_t)endpoint;
    reading->is_elsewhere = endpoint == options->endpoint_count;
}

static void read_groups(reading_t *reading) {
    uint32_t length;
    uint32_t letters = 0;
    const uint8_t *const text = tally_cbor_read_string(&reading->cbor, TALLY_CBOR_TEXT, &length);
    for (uint32_t i = 0; i < length; i++) {
        const uint32_t letter = (uint32_t)text[i] - 'a';
        if (letter > 'z' - 'a' || (letters >> letter & 1) != 0) {
            reading->cbor.failed = true;
            return;
        }
        letters |= 1u << letter;
    }
    uint32_t off = 0;
    for (uint32_t group = 0; group < TALLY_GROUPS; group++) {
        off |= (letters >> (tally_group_infos[group].letter - 'a') & 1) << group;
    }
    reading->remote.groups_off = off & ~always;
}

/* The metric with that key; TALLY_METRICS if there is none. */
static uint32_t metric_of(const uint8_t *key) {
    const uint32_t letters = key[0] | (uint32_t)key[1] << 8;
    uint32_t metric = 0;
    while (metric < TALLY_METRICS &&
           tally_cbor_letters(tally_metric_infos[metric].key) != letters) {
        metric++;
    }
    return metric;
}

static void read_threshold(reading_t *reading, uint32_t metric) {
    tally_remote_t *const remote = &reading->remote;
    const enum tally_group group = tally_metrics_group((enum tally_metric)metric);
    const uint32_t rise = tally_cbor_read_head(&reading->cbor, TALLY_CBOR_UNSIGNED);
    if (tally_metric_infos[metric].kind > TALLY_KIND_DURATION || (watched >> group & 1) == 0) {
        reading->cbor.failed = true;
        return;
    }
    remote->threshold[remote->thresholds].metric = (uint16_t)metric;
    remote->threshold[remote->thresholds].rise = rise != 0 ? rise : 1;
    remote->thresholds++;
}

/* The text of so many bytes that is a key, bytewise behind the one before. */
static const uint8_t *read_key(tally_cbor_reader_t *cbor, uint32_t bytes, const uint8_t *before) {
    uint32_t length;
    const uint8_t *const key = tally_cbor_read_string(cbor, TALLY_CBOR_TEXT, &length);
    cbor->failed =
        cbor->failed || length != bytes || (before != NULL && memcmp(before, key, bytes) >= 0);
    return cbor->failed ? NULL : key;
}

static void read_thresholds(reading_t *reading) {
    tally_cbor_reader_t *const cbor = &reading->cbor;
    const uint8_t *key = NULL;
    uint32_t pairs = tally_cbor_read_head(cbor, TALLY_CBOR_MAP);
    if (pairs > TALLY_REMOTE_THRESHOLDS) {
        cbor->failed = true;
    }
    for (; pairs > 0 && (key = read_key(cbor, 2, key)) != NULL; pairs--) {
        const uint32_t metric = metric_of(key);
        if (metric < TALLY_METRICS) {
            read_threshold(reading, metric);
        } else {
            tally_cbor_read_skip(cbor);
        }
    }
}

/* --- map ------------------------------------------------------------------------------------ */

static void read_value(reading_t *reading, char key) {
    if (read_number(reading, key)) {
        return;
    }
    switch (key) {
    case 'd': reading->is_anothers = !read_same(reading, reading->options->device_id); break;
    case 'e': read_endpoint(reading); break;
    case 'g': read_groups(reading); break;
    case 'o': reading->is_ours = read_same(reading, reading->options->operator_id); break;
    case 't': read_thresholds(reading); break;
    default: tally_cbor_read_skip(&reading->cbor); break;
    }
}

/* What is wrong with the form is told before what is wrong with the contents. */
static int32_t read_map(reading_t *reading) {
    tally_cbor_reader_t *const cbor = &reading->cbor;
    const uint8_t *key = NULL;
    uint32_t pairs = tally_cbor_read_head(cbor, TALLY_CBOR_MAP);
    for (; pairs > 0 && (key = read_key(cbor, 1, key)) != NULL; pairs--) {
        read_value(reading, (char)*key);
    }
    if (cbor->failed || cbor->left > 0 || reading->remote.version == 0) {
        return TALLY_E_CBOR;
    }
    if (!reading->is_ours || reading->is_anothers) {
        return TALLY_E_AUDIENCE;
    }
    return reading->is_elsewhere ? TALLY_E_CONFIG : TALLY_OK;
}

/* --- message -------------------------------------------------------------------------------- */

static void exchange(uint8_t *one, uint8_t *other, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        const uint8_t byte = one[i];
        one[i] = other[i];
        other[i] = byte;
    }
}

/* What is signed (RFC 9052 4.4) ends with the payload as the message has it, so its heads are put
 * in front of that for as long as it is checked. */
static bool is_signed(const tally_verifier_t *verifier, uint8_t *message, uint32_t bytes,
                      const uint8_t *signature) {
    uint8_t others[SIG_HEADS_BYTES];
    uint8_t *const begin = message + HEADS_BYTES - SIG_HEADS_BYTES;
    if (verifier == NULL) {
        return false;
    }
    memcpy(others, sig_heads, sizeof others);
    exchange(begin, others, sizeof others);
    const int32_t status = verifier->verify(verifier->ctx, begin, bytes, signature);
    exchange(begin, others, sizeof others);
    return status == TALLY_OK;
}

int32_t tally_remote_read(uint8_t *message, uint32_t bytes, const tally_options_t *options,
                          tally_remote_t *out) {
    tally_cbor_reader_t cbor;
    uint32_t map_bytes;
    uint32_t signature_bytes;
    if (bytes < HEADS_BYTES || memcmp(message, heads, HEADS_BYTES) != 0) {
        return TALLY_E_CBOR;
    }
    tally_cbor_read_begin(&cbor, message + HEADS_BYTES, bytes - HEADS_BYTES);
    const uint8_t *const map = tally_cbor_read_string(&cbor, TALLY_CBOR_BYTES, &map_bytes);
    const uint8_t *const signature =
        tally_cbor_read_string(&cbor, TALLY_CBOR_BYTES, &signature_bytes);
    if (cbor.failed || cbor.left > 0 || map_bytes > TALLY_REMOTE_MAP_MOST ||
        signature_bytes != SIGNATURE_BYTES) {
        return TALLY_E_CBOR;
    }
    const uint32_t signed_bytes =
        SIG_HEADS_BYTES - HEADS_BYTES + (uint32_t)(map - message) + map_bytes;
    if (!is_signed(options->verifier, message, signed_bytes, signature)) {
        return TALLY_E_SIGNATURE;
    }
    reading_t reading = {.options = options};
    tally_remote_none(&reading.remote);
    tally_cbor_read_begin(&reading.cbor, map, map_bytes);
    const int32_t status = read_map(&reading);
    if (status == TALLY_OK) {
        *out = reading.remote;
    }
    return status;
}
