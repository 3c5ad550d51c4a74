/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6979, A.2.5: "ECDSA, 256 Bits (Prime Field)", with SHA-256. */
#include <stddef.h>
#include <string.h>

#include "kit.h"

#define HALF_BYTES      32u
#define SIGNATURE_BYTES 64u
#define MESSAGE_BYTES   6u

const uint8_t tally_conformance_key[TALLY_CONFORMANCE_KEY_BYTES] = {
    0x04, 0x60, 0xFE, 0xD4, 0xBA, 0x25, 0x5A, 0x9D, 0x31, 0xC9, 0x61, 0xEB, 0x74,
    0xC6, 0x35, 0x6D, 0x68, 0xC0, 0x49, 0xB8, 0x92, 0x3B, 0x61, 0xFA, 0x6C, 0xE6,
    0x69, 0x62, 0x2E, 0x60, 0xF2, 0x9F, 0xB6, 0x79, 0x03, 0xFE, 0x10, 0x08, 0xB8,
    0xBC, 0x99, 0xA4, 0x1A, 0xE9, 0xE9, 0x56, 0x28, 0xBC, 0x64, 0xF2, 0xF1, 0xB2,
    0x0C, 0x2D, 0x7E, 0x9F, 0x51, 0x77, 0xA3, 0xC2, 0x94, 0xD4, 0x46, 0x22, 0x99};

static const uint8_t sample[] = "sample";
static const uint8_t sample_signature[SIGNATURE_BYTES] = {
    0xEF, 0xD4, 0x8B, 0x2A, 0xAC, 0xB6, 0xA8, 0xFD, 0x11, 0x40, 0xDD, 0x9C, 0xD4, 0x5E, 0x81, 0xD6,
    0x9D, 0x2C, 0x87, 0x7B, 0x56, 0xAA, 0xF9, 0x91, 0xC3, 0x4D, 0x0E, 0xA8, 0x4E, 0xAF, 0x37, 0x16,
    0xF7, 0xCB, 0x1C, 0x94, 0x2D, 0x65, 0x7C, 0x41, 0xD4, 0x36, 0xC7, 0xA1, 0xB6, 0xE2, 0x9F, 0x65,
    0xF3, 0xE9, 0x00, 0xDB, 0xB9, 0xAF, 0xF4, 0x06, 0x4D, 0xC4, 0xAB, 0x2F, 0x84, 0x3A, 0xCD, 0xA8};
static const uint8_t test[] = "test";
static const uint8_t test_signature[SIGNATURE_BYTES] = {
    0xF1, 0xAB, 0xB0, 0x23, 0x51, 0x83, 0x51, 0xCD, 0x71, 0xD8, 0x81, 0x56, 0x7B, 0x1E, 0xA6, 0x63,
    0xED, 0x3E, 0xFC, 0xF6, 0xC5, 0x13, 0x2B, 0x35, 0x4F, 0x28, 0xD3, 0xB0, 0xB7, 0xD3, 0x83, 0x67,
    0x01, 0x9F, 0x41, 0x13, 0x74, 0x2A, 0x2B, 0x14, 0xBD, 0x25, 0x92, 0x6B, 0x49, 0xC6, 0x49, 0x15,
    0x5F, 0x26, 0x7E, 0x60, 0xD3, 0x81, 0x4B, 0x4C, 0x0C, 0xC8, 0x42, 0x50, 0xE4, 0x6F, 0x00, 0x83};

/* The order of the curve (SP 800-186, 3.2.1.3). */
static const uint8_t order[HALF_BYTES] = {
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51};

static int32_t verify(const tally_kit_t *kit, const uint8_t *message, uint32_t bytes,
                      const uint8_t signature[SIGNATURE_BYTES]) {
    const tally_verifier_t *const verifier = kit->setup->verifier;
    return verifier->verify(verifier->ctx, message, bytes, signature);
}

uint8_t tally_check_verifier_complete(tally_kit_t *kit) {
    if (kit->setup->verifier == NULL) {
        return tally_kit_unchecked(kit, "no verifier given");
    }
    kit->note = "verify";
    return tally_kit_judge(kit->setup->verifier->verify != NULL);
}

uint8_t tally_check_verifier_accepts(tally_kit_t *kit) {
    const int32_t status = verify(kit, sample, MESSAGE_BYTES, sample_signature);
    const int32_t other = verify(kit, test, sizeof test - 1u, test_signature);
    if (status != TALLY_OK || other != TALLY_OK) {
        return tally_kit_failed(kit, "returned", status != TALLY_OK ? status : other);
    }
    return TALLY_CONFORMANCE_PASSED;
}

/* The code for a signature that is sound in all but one bit. What is accepted has its own rules. */
uint8_t tally_check_verifier_status(tally_kit_t *kit) {
    uint8_t signature[SIGNATURE_BYTES];
    memcpy(signature, sample_signature, sizeof signature);
    signature[SIGNATURE_BYTES / 2u] ^= 1u;
    const int32_t status = verify(kit, sample, MESSAGE_BYTES, signature);
    if (status != TALLY_OK && status != TALLY_E_SIGNATURE) {
        return tally_kit_failed(kit, "returned", status);
    }
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_verifier_message(tally_kit_t *kit) {
    uint8_t message[MESSAGE_BYTES + 1u];
    for (uint32_t at = 0; at < MESSAGE_BYTES; at++) {
        memcpy(message, sample, sizeof message);
        message[at] ^= (uint8_t)(1u << at);
        if (verify(kit, message, MESSAGE_BYTES, sample_signature) == TALLY_OK) {
            return tally_kit_failed(kit, "changed byte", at);
        }
    }
    for (uint32_t bytes = 0; bytes <= MESSAGE_BYTES + 1u; bytes++) {
        if (bytes != MESSAGE_BYTES && verify(kit, sample, bytes, sample_signature) == TALLY_OK) {
            return tally_kit_failed(kit, "of 6 bytes there were", bytes);
        }
    }
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_verifier_signature(tally_kit_t *kit) {
    for (uint32_t at = 0; at < SIGNATURE_BYTES; at++) {
        uint8_t signature[SIGNATURE_BYTES];
        memcpy(signature, sample_signature, sizeof signature);
        signature[at] ^= (uint8_t)(1u << at % 8u);
        if (verify(kit, sample, MESSAGE_BYTES, signature) == TALLY_OK) {
            return tally_kit_failed(kit, "changed byte", at);
        }
    }
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_verifier_range(tally_kit_t *kit) {
    static const uint8_t zeros[HALF_BYTES];
    uint8_t ones[HALF_BYTES];
    memset(ones, 0xFF, sizeof ones);
    const uint8_t *const halves[] = {zeros, order, ones, sample_signature,
                                     sample_signature + HALF_BYTES};
    for (uint32_t r = 0; r < 4u; r++) {
        for (uint32_t s = 0; s < 5u; s++) {
            if (s == 3u || (r == 3u && s == 4u)) {
                continue; /* sound in both halves, or twice r */
            }
            uint8_t signature[SIGNATURE_BYTES];
            memcpy(signature, halves[r], HALF_BYTES);
            memcpy(signature + HALF_BYTES, halves[s], HALF_BYTES);
            if (verify(kit, sample, MESSAGE_BYTES, signature) == TALLY_OK) {
                return tally_kit_failed(
                    kit, "r and s (0: zeros, 1: the order, 2: ones):", (int64_t)r * 10 + s);
            }
        }
    }
    return TALLY_CONFORMANCE_PASSED;
}
