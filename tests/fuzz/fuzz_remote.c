/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes are a remote configuration: a whole message or, behind a first byte that is odd, its map,
 * which is put into one. The signature is always good. Whatever comes:
 *
 *   - nothing is read or written but the message and the room before it, and both stand as they
 *     were;
 *   - each message is refused whole, with one of four errors, or gives a configuration within its
 *     limits, and the same one again;
 *   - what is signed ends with the map.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzzer.h"
#include "metrics.h"
#include "remote.h"
#include "test.h"

enum { SIGNATURE_BYTES = 64, SIG_HEADS_BYTES = 17, MAP_MOST = 2048 };

static const tally_endpoint_t endpoints[] = {
    {{"a.example", 443}, "/v1/records"},
    {{"b.example", 443}, "/v1/records"},
};

static int32_t verify(void *ctx, const uint8_t *message, uint32_t bytes,
                      const uint8_t signature[SIGNATURE_BYTES]) {
    (void)ctx;
    assert_memory_equal(message, "\x84\x6ASignature1\x43\xA1\x01\x26\x40", SIG_HEADS_BYTES);
    assert_memory_equal(signature - 2, "\x58\x40", 2);
    assert_ptr_equal(message + bytes, signature - 2);
    return TALLY_OK;
}

static const tally_verifier_t verifier = {NULL, verify};
static const tally_options_t options = {
    .endpoints = endpoints,
    .endpoint_count = sizeof endpoints / sizeof endpoints[0],
    .device_id = "stb-1",
    .operator_id = "acme",
    .verifier = &verifier,
};

static void check_thresholds(const tally_remote_t *remote) {
    assert_in_range(remote->thresholds, 0, TALLY_REMOTE_THRESHOLDS);
    for (uint32_t i = 0; i < remote->thresholds; i++) {
        const uint32_t metric = remote->threshold[i].metric;
        assert_in_range(metric, 0, TALLY_METRICS - 1);
        assert_in_range(tally_metric_infos[metric].kind, 0, TALLY_KIND_DURATION);
        assert_in_range(remote->threshold[i].rise, 1, UINT32_MAX);
        assert_true(i == 0 || remote->threshold[i - 1].metric != metric);
    }
}

static void check_limits(const tally_remote_t *remote) {
    const uint32_t always =
        1u << TALLY_G_AGENT | 1u << TALLY_G_BOOT | 1u << TALLY_G_DIMENSION | 1u << TALLY_G_PLAYBACK;
    assert_int_not_equal(remote->version, 0);
    assert_true(remote->heartbeat_ms == 0 || remote->heartbeat_ms >= 1000);
    assert_in_range(remote->heartbeat_ms, 0, 3600000);
    assert_true(remote->upload_ms == 0 || remote->upload_ms >= 10000);
    assert_in_range(remote->upload_ms, 0, 86400000);
    assert_true(remote->daily_bytes == 0 || remote->daily_bytes >= 65536);
    assert_in_range(remote->sampling_ppm, 0, 1000000);
    assert_int_equal(remote->groups_off & always, 0);
    assert_int_equal(remote->groups_off >> TALLY_GROUPS, 0);
    assert_in_range(remote->endpoint, 0, options.endpoint_count - 1);
    check_thresholds(remote);
}

static void check_same(const tally_remote_t *one, const tally_remote_t *other) {
    assert_memory_equal(one, other, offsetof(tally_remote_t, threshold));
    for (uint32_t i = 0; i < one->thresholds && i < TALLY_REMOTE_THRESHOLDS; i++) {
        assert_int_equal(one->threshold[i].metric, other->threshold[i].metric);
        assert_int_equal(one->threshold[i].rise, other->threshold[i].rise);
    }
}

static bool is_known(int32_t status) {
    return status == TALLY_OK || status == TALLY_E_CBOR || status == TALLY_E_AUDIENCE ||
           status == TALLY_E_CONFIG;
}

static void read_message(const uint8_t *message, size_t size) {
    uint8_t *const room = calloc(1, TALLY_REMOTE_ROOM + size);
    static const uint8_t zeros[TALLY_REMOTE_ROOM];
    tally_remote_t remotes[2];
    tally_remote_t untouched;
    assert_non_null(room);
    if (size > 0) {
        memcpy(room + TALLY_REMOTE_ROOM, message, size);
    }
    memset(&untouched, 0xA5, sizeof untouched);
    for (uint32_t i = 0; i < 2; i++) {
        memset(&remotes[i], 0xA5, sizeof remotes[i]);
        const int32_t status =
            tally_remote_read(room + TALLY_REMOTE_ROOM, (uint32_t)size, &options, &remotes[i]);
        assert_true(is_known(status));
        assert_memory_equal(room, zeros, sizeof zeros);
        if (size > 0) {
            assert_memory_equal(room + TALLY_REMOTE_ROOM, message, size);
        }
        if (status == TALLY_OK) {
            check_limits(&remotes[i]);
        } else {
            assert_memory_equal(&remotes[i], &untouched, sizeof untouched);
        }
    }
    check_same(&remotes[0], &remotes[1]);
    free(room);
}

static void read_map(const uint8_t *map, size_t size) {
    static uint8_t message[MAP_MOST + 80];
    static const uint8_t heads[] = {0xD2, 0x84, 0x43, 0xA1, 0x01, 0x26, 0xA0};
    size_t end = sizeof heads;
    memcpy(message, heads, sizeof heads);
    if (size < 24) {
        message[end++] = (uint8_t)(0x40 + size);
    } else if (size < 256) {
        message[end++] = 0x58;
        message[end++] = (uint8_t)size;
    } else {
        message[end++] = 0x59;
        message[end++] = (uint8_t)(size >> 8);
        message[end++] = (uint8_t)size;
    }
    memcpy(message + end, map, size);
    end += size;
    message[end++] = 0x58;
    message[end++] = SIGNATURE_BYTES;
    read_message(message, end + SIGNATURE_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 0 && (data[0] & 1) != 0) {
        read_map(data + 1, size - 1 < MAP_MOST ? size - 1 : MAP_MOST);
    } else {
        read_message(data, size);
    }
    return 0;
}
