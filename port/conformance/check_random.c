/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crude tests: they find what is broken, not what is weak. A sound source fails one of them in a
 * run with odds of less than 1 to 10 million: random_bias 1.6e-8 (8 positions at 6 sigma),
 * random_fills 2e-11, the others far below.
 */
#include <stddef.h>
#include <string.h>

#include "kit.h"

#define FILLS         6u
#define DRAWS         32u
#define DRAW_BYTES    256u
#define SHORT_BYTES   16u
#define SHORT_DRAWS   16u
#define SIGMAS_6_BITS 272u /* of 8,192 bits: 6 * sqrt(8192) / 2 */
#define STEP_MOST     100u /* of 8,160 steps, 32 of each are expected */

static const uint16_t sizes[] = {1,  2,  3,  4,   5,   7,   8,   15,  16,  17,  31,  32, 33,
                                 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513};
#define SIZES (sizeof sizes / sizeof sizes[0])

static int32_t draw(const tally_kit_t *kit, uint8_t *out, uint32_t size) {
    return kit->port->random(kit->port->ctx, out, size);
}

uint8_t tally_check_random_status(tally_kit_t *kit) {
    for (uint32_t i = 0; i < SIZES; i++) {
        const int32_t status = draw(kit, kit->data, sizes[i]);
        if (status != TALLY_OK) {
            return tally_kit_failed(kit, "returned", status);
        }
    }
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_random_nothing(tally_kit_t *kit) {
    for (uint32_t fill = 1; fill <= FILLS; fill++) {
        tally_kit_guard(kit, 0, (uint8_t)fill);
        const int32_t status = draw(kit, kit->data, 0);
        if (status != TALLY_OK || !tally_kit_guarded(kit, 0, (uint8_t)fill)) {
            return tally_kit_failed(kit, "returned", status);
        }
    }
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_random_beyond(tally_kit_t *kit) {
    for (uint32_t i = 0; i < SIZES * FILLS; i++) {
        const uint32_t size = sizes[i % SIZES];
        tally_kit_guard(kit, size, (uint8_t)i);
        (void)draw(kit, kit->data, size);
        if (!tally_kit_guarded(kit, size, (uint8_t)i)) {
            return tally_kit_failed(kit, "size", size);
        }
    }
    return TALLY_CONFORMANCE_PASSED;
}

/* A byte is left alone if it is what was there before in each of several draws. */
uint8_t tally_check_random_fills(tally_kit_t *kit) {
    for (uint32_t i = 0; i < SIZES; i++) {
        const uint32_t size = sizes[i];
        uint8_t *const untouched = kit->data + size;
        memset(untouched, 1, size);
        for (uint32_t round = 0; round < FILLS; round++) {
            const uint8_t fill = (uint8_t)(0xA5u + 37u * round);
            memset(kit->data, fill, size);
            (void)draw(kit, kit->data, size);
            for (uint32_t at = 0; at < size; at++) {
                untouched[at] &= kit->data[at] == fill ? 1 : 0;
            }
        }
        const uint8_t *const left = memchr(untouched, 1, size);
        if (left != NULL) {
            return tally_kit_failed(kit, "first byte left alone:", left - untouched);
        }
    }
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_random_constant(tally_kit_t *kit) {
    (void)draw(kit, kit->data, DRAW_BYTES);
    uint8_t differences = 0;
    for (uint32_t at = 1; at < DRAW_BYTES; at++) {
        differences |= kit->data[at] ^ kit->data[0];
    }
    if (differences == 0) {
        return tally_kit_failed(kit, "256 times the byte", kit->data[0]);
    }
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_random_repeats(tally_kit_t *kit) {
    for (uint32_t i = 0; i < SHORT_DRAWS; i++) {
        uint8_t *const latest = kit->data + (size_t)i * SHORT_BYTES;
        (void)draw(kit, latest, SHORT_BYTES);
        for (uint32_t other = 0; other < i; other++) {
            if (memcmp(latest, kit->data + (size_t)other * SHORT_BYTES, SHORT_BYTES) == 0) {
                return tally_kit_failed(kit, "calls between the two:", i - other - 1);
            }
        }
    }
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_random_bias(tally_kit_t *kit) {
    uint32_t ones[8] = {0};
    for (uint32_t i = 0; i < DRAWS * DRAW_BYTES; i++) {
        if (i % DRAW_BYTES == 0) {
            (void)draw(kit, kit->data, DRAW_BYTES);
        }
        for (uint32_t bit = 0; bit < 8u; bit++) {
            ones[bit] += (uint32_t)kit->data[i % DRAW_BYTES] >> bit & 1u;
        }
    }
    const uint32_t expected = DRAWS * DRAW_BYTES / 2u;
    for (uint32_t bit = 0; bit < 8u; bit++) {
        if (ones[bit] > expected + SIGMAS_6_BITS || ones[bit] < expected - SIGMAS_6_BITS) {
            return tally_kit_failed(kit, "ones of 8,192 in one bit of a byte:", ones[bit]);
        }
    }
    return TALLY_CONFORMANCE_PASSED;
}

/* Counters step by 1, what repeats a byte by 0: in sound bytes no step is more frequent. */
uint8_t tally_check_random_steps(tally_kit_t *kit) {
    uint8_t *const times = kit->data + DRAW_BYTES;
    memset(times, 0, 256);
    for (uint32_t round = 0; round < DRAWS; round++) {
        (void)draw(kit, kit->data, DRAW_BYTES);
        for (uint32_t at = 1; at < DRAW_BYTES; at++) {
            const uint8_t step = (uint8_t)(kit->data[at] - kit->data[at - 1u]);
            times[step]++;
            if (times[step] == STEP_MOST) {
                return tally_kit_failed(kit, "too often from a byte to the next: +", step);
            }
        }
    }
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_random_fails(tally_kit_t *kit) {
    const tally_conformance_setup_t *const setup = kit->setup;
    if (setup->fail_random == NULL) {
        return tally_kit_unchecked(kit, "no helper fail_random");
    }
    setup->fail_random(setup->ctx, true);
    const int32_t status = draw(kit, kit->data, DRAW_BYTES);
    setup->fail_random(setup->ctx, false);
    if (status != TALLY_E_RANDOM) {
        return tally_kit_failed(kit, "returned", status);
    }
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_random_boots(tally_kit_t *kit) {
    if (kit->setup->run != TALLY_CONFORMANCE_AFTER_RESTART) {
        return tally_kit_unchecked(kit, "needs a second run, after a restart");
    }
    if (!kit->has_random_before) {
        return tally_kit_unchecked(kit, "no store kept those of the first run");
    }
    if (memcmp(kit->random_now, kit->random_before, sizeof kit->random_now) == 0) {
        return tally_kit_failed(kit, "first byte of both boots:", kit->random_now[0]);
    }
    return TALLY_CONFORMANCE_PASSED;
}
