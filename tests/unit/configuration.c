/* SPDX-License-Identifier: Apache-2.0 */
#include "configuration.h"

#include <string.h>

#include "cbor.h"
#include "crc32.h"
#include "dice.h"
#include "test.h"

static const uint8_t sig_heads[] = {0x84, 0x6A, 'S', 'i',  'g',  'n',  'a',  't', 'u',
                                    'r',  'e',  '1', 0x43, 0xA1, 0x01, 0x26, 0x40};
static const uint8_t heads[] = {0xD2, 0x84, 0x43, 0xA1, 0x01, 0x26, 0xA0};

static void sign(const uint8_t *payload, uint32_t bytes, uint8_t out[64]) {
    uint8_t whole[sizeof sig_heads + TALLY_REMOTE_MAP_MOST + 64];
    assert_true(sizeof sig_heads + bytes <= sizeof whole);
    memcpy(whole, sig_heads, sizeof sig_heads);
    memcpy(whole + sizeof sig_heads, payload, bytes);
    dice_t dice = {.state = tally_crc32(0, whole, sizeof sig_heads + bytes)};
    for (uint32_t i = 0; i < 64; i++) {
        out[i] = (uint8_t)dice_bits(&dice);
    }
}

static int32_t verify(void *ctx, const uint8_t *message, uint32_t bytes,
                      const uint8_t signature[64]) {
    signer_t *const fake = ctx;
    uint8_t right[64];
    fake->asked++;
    assert_in_range(bytes, sizeof sig_heads + 1, sizeof sig_heads + 3 + TALLY_REMOTE_MAP_MOST);
    assert_memory_equal(message, sig_heads, sizeof sig_heads);
    sign(message + sizeof sig_heads, bytes - (uint32_t)sizeof sig_heads, right);
    return memcmp(right, signature, sizeof right) == 0 ? TALLY_OK : TALLY_E_SIGNATURE;
}

void signer_init(signer_t *fake) {
    *fake = (signer_t){.verifier = {.ctx = fake, .verify = verify}};
}

/* --- what it says --------------------------------------------------------------------------- */

configuration_t configuration(uint32_t version) {
    configuration_t made = {.count = 0};
    configuration_number(&made, 'v', version);
    configuration_text(&made, 'o', "operator");
    return made;
}

static configuration_item_t *item_of(configuration_t *made, char key) {
    for (uint32_t i = 0; i < made->count; i++) {
        if (made->items[i].key == key) {
            return &made->items[i];
        }
    }
    assert_true(made->count < CONFIGURATION_ITEMS);
    made->items[made->count].key = key;
    return &made->items[made->count++];
}

void configuration_number(configuration_t *made, char key, int64_t number) {
    *item_of(made, key) = (configuration_item_t){.key = key, .number = number};
}

void configuration_text(configuration_t *made, char key, const char *text) {
    *item_of(made, key) = (configuration_item_t){.key = key, .text = text};
}

void configuration_threshold(configuration_t *made, const char *key, uint32_t rise) {
    assert_true(made->threshold_count <= TALLY_REMOTE_THRESHOLDS);
    made->thresholds[made->threshold_count].key = key;
    made->thresholds[made->threshold_count].rise = rise;
    made->threshold_count++;
}

/* --- on the wire ---------------------------------------------------------------------------- */

static void put_item(tally_cbor_t *cbor, const configuration_item_t *item) {
    tally_cbor_letter(cbor, item->key);
    if (item->text != NULL) {
        tally_cbor_text(cbor, item->text, (uint32_t)strlen(item->text));
    } else {
        tally_cbor_integer(cbor, item->number);
    }
}

static void put_thresholds(tally_cbor_t *cbor, const configuration_t *made) {
    tally_cbor_letter(cbor, 't');
    tally_cbor_map(cbor, made->threshold_count);
    for (uint32_t i = 0; i < made->threshold_count; i++) {
        tally_cbor_text(cbor, made->thresholds[i].key, 2);
        tally_cbor_integer(cbor, made->thresholds[i].rise);
    }
}

static uint32_t put_map(const configuration_t *made, uint8_t *out, uint32_t size) {
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, out, size);
    tally_cbor_map(&cbor, made->count + (made->threshold_count > 0 ? 1 : 0));
    for (char key = 'a'; key <= 'z'; key++) {
        if (key == 't' && made->threshold_count > 0) {
            put_thresholds(&cbor, made);
        }
        for (uint32_t i = 0; i < made->count; i++) {
            if (made->items[i].key == key) {
                put_item(&cbor, &made->items[i]);
            }
        }
    }
    assert_false(tally_cbor_overflowed(&cbor));
    return cbor.used;
}

uint8_t *configuration_message(configuration_t *made) {
    uint8_t map[TALLY_REMOTE_MAP_MOST];
    const uint32_t bytes = put_map(made, map, sizeof map);
    uint8_t *const message = made->bytes + TALLY_REMOTE_ROOM;
    uint8_t *const payload = message + sizeof heads;
    uint32_t head = 0;
    memcpy(message, heads, sizeof heads);
    if (bytes >= 256) {
        payload[head++] = 0x59;
        payload[head++] = (uint8_t)(bytes >> 8);
    } else if (bytes >= 24) {
        payload[head++] = 0x58;
    }
    payload[head++] = (uint8_t)(bytes < 24 ? 0x40 + bytes : bytes);
    memcpy(payload + head, map, bytes);
    uint8_t *const signature = payload + head + bytes;
    signature[0] = 0x58;
    signature[1] = 0x40;
    sign(payload, head + bytes, signature + 2);
    made->size = (uint32_t)(signature + 2 + 64 - message);
    return message;
}
