/* SPDX-License-Identifier: Apache-2.0 */
#include "remote_rig.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static const tally_endpoint_t endpoints[] = {
    {{"a.example", 443}, "/v1/records"},
    {{"b.example", 443}, "/v1/records"},
    {{"b.example", 8443}, "/v1/records"},
};

tally_options_t remote_options;
fake_verifier_t remote_verifier;
tally_remote_t remote_read;

/* FNV-1a, begun anew for each 8 bytes of the signature: no single bit changes without it. */
static void sign(const uint8_t *bytes, uint32_t size, uint8_t *signature) {
    for (uint32_t part = 0; part < SIGNATURE / 8; part++) {
        uint64_t hash = UINT64_C(14695981039346656037) + part;
        for (uint32_t i = 0; i < size; i++) {
            hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
        }
        for (uint32_t i = 0; i < 8; i++) {
            signature[8 * part + i] = (uint8_t)(hash >> 8 * i);
        }
    }
}

static int32_t verify(void *ctx, const uint8_t *message, uint32_t bytes,
                      const uint8_t signature[64]) {
    fake_verifier_t *const fake = ctx;
    uint8_t expected[SIGNATURE];
    assert_true(bytes <= sizeof fake->message);
    memcpy(fake->message, message, bytes);
    fake->bytes = bytes;
    fake->calls++;
    sign(message, bytes, expected);
    return memcmp(expected, signature, SIGNATURE) == 0 ? fake->says : TALLY_E_SIGNATURE;
}

void remote_rig_init(void) {
    static const tally_verifier_t verifier = {&remote_verifier, verify};
    memset(&remote_verifier, 0, sizeof remote_verifier);
    remote_options = (tally_options_t){
        .endpoints = endpoints,
        .endpoint_count = sizeof endpoints / sizeof endpoints[0],
        .device_id = "stb-1",
        .operator_id = "acme",
        .verifier = &verifier,
    };
}

static uint32_t put(uint8_t *out, const char *bytes, uint32_t size) {
    memcpy(out, bytes, size);
    return size;
}

/* The head of a byte string. */
static uint32_t put_head(uint8_t *out, uint32_t size) {
    if (size < 24) {
        out[0] = (uint8_t)(0x40 + size);
        return 1;
    }
    if (size < 256) {
        out[0] = 0x58;
        out[1] = (uint8_t)size;
        return 2;
    }
    out[0] = 0x59;
    out[1] = (uint8_t)(size >> 8);
    out[2] = (uint8_t)size;
    return 3;
}

message_t remote_message(const char *payload, uint32_t size) {
    uint8_t signs[MESSAGE_MOST];
    uint32_t end = put(signs, "\x84\x6ASignature1\x43\xA1\x01\x26\x40", 17);
    end += put_head(signs + end, size);
    end += put(signs + end, payload, size);
    message_t message = {.size = put(message.bytes, "\xD2\x84\x43\xA1\x01\x26\xA0", HEADS)};
    message.size += put_head(message.bytes + message.size, size);
    message.size += put(message.bytes + message.size, payload, size);
    message.size += put(message.bytes + message.size, "\x58\x40", 2);
    sign(signs, end, message.bytes + message.size);
    message.size += SIGNATURE;
    return message;
}

int32_t remote_read_message(const message_t *message) {
    static const uint8_t before[TALLY_REMOTE_ROOM] = "sixteen letters";
    uint8_t *const room = malloc(sizeof before + message->size);
    assert_non_null(room);
    memcpy(room, before, sizeof before);
    memcpy(room + sizeof before, message->bytes, message->size);
    memset(&remote_read, 0xA5, sizeof remote_read);
    const tally_remote_t untouched = remote_read;
    const int32_t status =
        tally_remote_read(room + sizeof before, message->size, &remote_options, &remote_read);
    assert_memory_equal(room, before, sizeof before);
    assert_memory_equal(room + sizeof before, message->bytes, message->size);
    free(room);
    if (status != TALLY_OK) {
        assert_memory_equal(&remote_read, &untouched, sizeof untouched);
    }
    return status;
}

int32_t remote_read_payload(const char *payload, uint32_t size) {
    const message_t message = remote_message(payload, size);
    return remote_read_message(&message);
}

void assert_same_remote(const tally_remote_t *one, const tally_remote_t *other) {
    assert_int_equal(one->version, other->version);
    assert_int_equal(one->heartbeat_ms, other->heartbeat_ms);
    assert_int_equal(one->upload_ms, other->upload_ms);
    assert_int_equal(one->daily_bytes, other->daily_bytes);
    assert_int_equal(one->sampling_ppm, other->sampling_ppm);
    assert_int_equal(one->stop_until_s, other->stop_until_s);
    assert_int_equal(one->groups_off, other->groups_off);
    assert_int_equal(one->endpoint, other->endpoint);
    assert_int_equal(one->thresholds, other->thresholds);
    for (uint32_t i = 0; i < one->thresholds; i++) {
        assert_int_equal(one->threshold[i].metric, other->threshold[i].metric);
        assert_int_equal(one->threshold[i].rise, other->threshold[i].rise);
    }
}
