/* SPDX-License-Identifier: Apache-2.0 */
#include "histogram.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "test.h"

enum { ROOM = 110, VALUES = 100000, SETS = 2000, SET_MOST = 40 };

/* What is on the wire. */
typedef struct {
    int32_t scale;
    uint32_t zeros;
    int32_t offset;
    uint32_t used;
    uint32_t counts[TALLY_HISTOGRAM_BUCKETS];
} wire_t;

static int64_t read_integer(const uint8_t **at) {
    const uint8_t head = *(*at)++;
    uint64_t argument = head & 0x1F;
    if (argument >= 24) {
        const uint32_t bytes = 1u << (argument - 24);
        argument = 0;
        for (uint32_t i = 0; i < bytes; i++) {
            argument = (argument << 8) | *(*at)++;
        }
    }
    assert_true(head < 0x40);
    return head < 0x20 ? (int64_t)argument : -1 - (int64_t)argument;
}

static wire_t wire_of(const tally_histogram_t *histogram) {
    uint8_t buffer[ROOM];
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, buffer, sizeof buffer);
    tally_histogram_encode(histogram, &cbor);
    assert_false(tally_cbor_overflowed(&cbor));
    const uint8_t *at = buffer;
    assert_in_range(*at, 0x80 + 3, 0x80 + 3 + TALLY_HISTOGRAM_BUCKETS);
    wire_t wire = {.used = *at++ - 0x80u - 3u};
    wire.scale = (int32_t)read_integer(&at);
    wire.zeros = (uint32_t)read_integer(&at);
    wire.offset = (int32_t)read_integer(&at);
    for (uint32_t i = 0; i < wire.used; i++) {
        wire.counts[i] = (uint32_t)read_integer(&at);
    }
    assert_int_equal(at - buffer, cbor.used);
    return wire;
}

static tally_histogram_t histogram_of(const uint64_t *values, uint32_t count) {
    tally_histogram_t histogram;
    tally_histogram_init(&histogram);
    for (uint32_t i = 0; i < count; i++) {
        tally_histogram_add(&histogram, values[i]);
    }
    return histogram;
}

#define HISTOGRAM(...)                                                                             \
    histogram_of((const uint64_t[]){__VA_ARGS__},                                                  \
                 sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static void assert_wire(const wire_t *wire, const wire_t *expected) {
    assert_int_equal(wire->scale, expected->scale);
    assert_int_equal(wire->zeros, expected->zeros);
    assert_int_equal(wire->offset, expected->offset);
    assert_int_equal(wire->used, expected->used);
    assert_memory_equal(wire->counts, expected->counts, sizeof wire->counts);
}

static void assert_holds(const tally_histogram_t *histogram, const wire_t *expected) {
    const wire_t wire = wire_of(histogram);
    assert_wire(&wire, expected);
}

static void assert_same(const tally_histogram_t *a, const tally_histogram_t *b) {
    assert_memory_equal(a, b, sizeof *a);
}

/* --- which bucket --------------------------------------------------------------------------- */

/* A value alone is in this bucket of scale 3. */
static void assert_index(uint64_t value, int32_t index) {
    const tally_histogram_t histogram = histogram_of(&value, 1);
    assert_holds(&histogram, &(wire_t){.scale = 3, .offset = index, .used = 1, .counts = {1}});
}

static void test_histogram_of_nothing_and_of_zeros(void **state) {
    (void)state;
    tally_histogram_t histogram;
    tally_histogram_init(&histogram);
    assert_holds(&histogram, &(wire_t){.scale = 3});
    tally_histogram_add(&histogram, 0);
    tally_histogram_add(&histogram, 0);
    assert_holds(&histogram, &(wire_t){.scale = 3, .zeros = 2});
}

static void test_histogram_powers_of_two_close_their_bucket(void **state) {
    (void)state;
    assert_index(1, -1); /* (2^(-1/8), 1] */
    assert_index(2, 7);  /* (2^(7/8), 2] */
    assert_index(4, 15);
    assert_index(8, 23);
    assert_index(1024, 79);
    assert_index(1025, 80);
    assert_index(UINT64_C(1) << 32, 255);
    assert_index((UINT64_C(1) << 32) + 1, 256);
    assert_index((UINT64_C(1) << 53) - 1, 423);
    assert_index(UINT64_C(1) << 53, 423);
    assert_index((UINT64_C(1) << 53) + 1, 424);
    assert_index(UINT64_MAX, 511);
}

/* 8 * log2(value), rounded up, less 1. */
static void test_histogram_small_values_at_scale_3(void **state) {
    (void)state;
    assert_index(3, 12);      /* 12.68 */
    assert_index(5, 18);      /* 18.58 */
    assert_index(6, 20);      /* 20.68 */
    assert_index(7, 22);      /* 22.46 */
    assert_index(1000, 79);   /* 79.73 */
    assert_index(60000, 126); /* 126.98 */
}

/* The bounds 2^(63 + k/8) lie between two integers each: here is the lower one. */
static void test_histogram_bounds_are_exact(void **state) {
    (void)state;
    static const uint64_t floors[] = {
        UINT64_C(10058158527438640870), UINT64_C(10968499650544839023),
        UINT64_C(11961233684655323370), UINT64_C(13043817825332782212),
        UINT64_C(14224384202002324189), UINT64_C(15511800964685064948),
        UINT64_C(16915738899553466670),
    };
    for (int32_t k = 1; k <= 7; k++) {
        assert_index(floors[k - 1], 63 * 8 + k - 1);
        assert_index(floors[k - 1] + 1, 63 * 8 + k);
    }
}

/* 1 and 2^19 together leave buckets of scale 0: (1/2, 1], (1, 2], (2, 4], (4, 8], ... */
static void test_histogram_scale_0_has_inclusive_upper_bounds(void **state) {
    (void)state;
    const tally_histogram_t histogram = HISTOGRAM(1, 1 << 19, 2, 3, 4, 5, 8, 7, 6, 9);
    assert_holds(&histogram,
                 &(wire_t){.scale = 0,
                           .offset = -1,
                           .used = 20,
                           .counts = {1, 1, 2, 4, 1, [19] = 1}}); /* 1; 2; 3 4; 5 to 8; 9 */
}

/* --- downscale ------------------------------------------------------------------------------ */

/* Buckets of scale 3: 1 is in -1, 2 in 7, 3 in 12, 4 in 15, 5 in 18: just 20 of them. 6 would be in
 * 20. At scale 2 each index is half, rounded down. */
static void test_histogram_downscale_adds_pairs_from_a_negative_offset(void **state) {
    (void)state;
    tally_histogram_t histogram = HISTOGRAM(1, 2, 3, 4, 5);
    assert_holds(&histogram, &(wire_t){.scale = 3,
                                       .offset = -1,
                                       .used = 20,
                                       .counts = {1, [8] = 1, [13] = 1, [16] = 1, [19] = 1}});
    tally_histogram_add(&histogram, 6);
    assert_holds(&histogram, &(wire_t){.scale = 2, /* -1 3 6 7 9 10 */
                                       .offset = -1,
                                       .used = 12,
                                       .counts = {1, [4] = 1, [7] = 1, 1, [10] = 1, 1}});
}

/* 1000, 1100 ... 1400 are in 79, 80 ... 83; 6000 is in 100, too far for 79 but not for 81. */
static void test_histogram_downscale_adds_pairs_from_an_odd_offset(void **state) {
    (void)state;
    tally_histogram_t histogram = HISTOGRAM(1000, 1100, 1100, 1200, 1300, 1400);
    assert_holds(&histogram,
                 &(wire_t){.scale = 3, .offset = 79, .used = 5, .counts = {1, 2, 1, 1, 1}});
    tally_histogram_add(&histogram, 6000);
    assert_holds(&histogram, &(wire_t){.scale = 2, /* 79; 80 81; 82 83; 100 */
                                       .offset = 39,
                                       .used = 12,
                                       .counts = {1, 3, 2, [11] = 1}});
}

static void test_histogram_downscale_adds_pairs_from_an_even_offset(void **state) {
    (void)state;
    tally_histogram_t histogram = HISTOGRAM(1100, 1100, 1200, 1300);
    tally_histogram_add(&histogram, 200);          /* bucket 61, below */
    assert_holds(&histogram, &(wire_t){.scale = 2, /* 61; 80 81; 82 */
                                       .offset = 30,
                                       .used = 12,
                                       .counts = {1, [10] = 3, 1}});
}

static void test_histogram_scale_stays_while_20_buckets_do(void **state) {
    (void)state;
    tally_histogram_t histogram = HISTOGRAM(1200); /* 81 */
    tally_histogram_add(&histogram, 6000);         /* 100 */
    assert_holds(&histogram,
                 &(wire_t){.scale = 3, .offset = 81, .used = 20, .counts = {1, [19] = 1}});
    tally_histogram_add(&histogram, 1100); /* 80 */
    assert_holds(&histogram,
                 &(wire_t){.scale = 2, .offset = 40, .used = 11, .counts = {2, [10] = 1}});
}

/* 2^53 at scale -2: (16^13, 16^14], as 53 / 4 is 13.25. */
static void test_histogram_holds_the_widest_range(void **state) {
    (void)state;
    tally_histogram_t histogram = HISTOGRAM(1, UINT64_C(1) << 53, 16, 17);
    assert_holds(&histogram, &(wire_t){.scale = -2, /* 1; 16; 17 */
                                       .offset = -1,
                                       .used = 15,
                                       .counts = {1, 1, 1, [14] = 1}});
    tally_histogram_add(&histogram, UINT64_MAX);
    assert_holds(
        &histogram,
        &(wire_t){.scale = -2, .offset = -1, .used = 17, .counts = {1, 1, 1, [14] = 1, [16] = 1}});
}

/* --- merging -------------------------------------------------------------------------------- */

static void test_histogram_merge_takes_the_smaller_scale(void **state) {
    (void)state;
    const tally_histogram_t fine = HISTOGRAM(1000, 1100, 0);
    const tally_histogram_t coarse = HISTOGRAM(200, 1200, 0); /* scale 3: 61 and 81 */
    /* scale 2: 30; 39; 40 with 1100 and 1200 */
    const wire_t expected = {
        .scale = 2, .zeros = 2, .offset = 30, .used = 11, .counts = {1, [9] = 1, 2}};
    tally_histogram_t merged = fine;
    tally_histogram_merge(&merged, &coarse);
    assert_holds(&merged, &expected);
    merged = coarse;
    tally_histogram_merge(&merged, &fine);
    assert_holds(&merged, &expected);
}

static void test_histogram_merge_goes_below_both_scales(void **state) {
    (void)state;
    tally_histogram_t merged = HISTOGRAM(1);
    const tally_histogram_t other = HISTOGRAM(1 << 19);
    tally_histogram_merge(&merged, &other);
    assert_holds(&merged, &(wire_t){.scale = 0, .offset = -1, .used = 20, .counts = {1, [19] = 1}});
}

static void test_histogram_merge_with_an_empty_one(void **state) {
    (void)state;
    const tally_histogram_t full = HISTOGRAM(0, 1, 300, 70000);
    tally_histogram_t empty;
    tally_histogram_init(&empty);
    tally_histogram_t merged = full;
    tally_histogram_merge(&merged, &empty);
    assert_same(&merged, &full);
    merged = empty;
    tally_histogram_merge(&merged, &full);
    assert_same(&merged, &full);
}

/* Doubling, 32 times: 2^32 of each value, had they room. */
static tally_histogram_t full_of(tally_histogram_t histogram) {
    for (uint32_t i = 0; i < 32; i++) {
        const tally_histogram_t twin = histogram;
        tally_histogram_merge(&histogram, &twin);
    }
    return histogram;
}

static void test_histogram_full_counts_stand_still(void **state) {
    (void)state;
    tally_histogram_t histogram = full_of(HISTOGRAM(0, 1000));
    const wire_t full = {
        .scale = 3, .zeros = UINT32_MAX, .offset = 79, .used = 1, .counts = {UINT32_MAX}};
    assert_holds(&histogram, &full);
    tally_histogram_add(&histogram, 0);
    tally_histogram_add(&histogram, 1000);
    assert_holds(&histogram, &full);
    tally_histogram_add(&histogram, 1100); /* its neighbour counts on */
    assert_holds(
        &histogram,
        &(wire_t){
            .scale = 3, .zeros = UINT32_MAX, .offset = 79, .used = 2, .counts = {UINT32_MAX, 1}});
}

static void test_histogram_full_counts_stand_still_through_a_downscale(void **state) {
    (void)state;
    tally_histogram_t histogram = full_of(HISTOGRAM(1100, 1200)); /* 80 and 81: a pair */
    tally_histogram_add(&histogram, 200);
    assert_holds(&histogram,
                 &(wire_t){.scale = 2, .offset = 30, .used = 11, .counts = {1, [10] = UINT32_MAX}});
}

/* --- bytes ---------------------------------------------------------------------------------- */

static void test_histogram_bytes_on_the_wire(void **state) {
    (void)state;
    static const uint8_t expected[] = {
        0x88,             /* 8 items */
        0x03, 0x01,       /* scale 3, one zero */
        0x18, 0x4F,       /* offset 79 */
        0x01, 0x18, 0x1E, /* 1000 once, 1100 30 times, */
        0x01, 0x00, 0x02, /* 1200, none, 1400 twice */
    };
    tally_histogram_t histogram = HISTOGRAM(1000, 1200, 1400, 1400, 0);
    for (uint32_t i = 0; i < 30; i++) {
        tally_histogram_add(&histogram, 1100);
    }
    uint8_t buffer[sizeof expected];
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, buffer, sizeof buffer);
    tally_histogram_encode(&histogram, &cbor);
    assert_int_equal(cbor.used, sizeof expected);
    assert_memory_equal(buffer, expected, sizeof expected);
}

static void test_histogram_negative_scale_and_offset_on_the_wire(void **state) {
    (void)state;
    static const uint8_t expected[] = {
        0x92, 0x21, 0x00, 0x20, /* 18 items; scale -2, no zeros, offset -1 */
        0x01, 0x00, 0x00, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01,
    };
    const tally_histogram_t histogram = HISTOGRAM(1, UINT64_C(1) << 53);
    uint8_t buffer[sizeof expected];
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, buffer, sizeof buffer);
    tally_histogram_encode(&histogram, &cbor);
    assert_int_equal(cbor.used, sizeof expected);
    assert_memory_equal(buffer, expected, sizeof expected);
}

/* Head 1, scale 1, zeros 5, offset 3 and 20 counts of 5 bytes. */
static void test_histogram_takes_110_bytes_at_most(void **state) {
    (void)state;
    tally_histogram_t histogram;
    tally_histogram_init(&histogram);
    tally_histogram_add(&histogram, 0);
    for (uint64_t value = UINT64_C(1) << 40; value < UINT64_C(5) << 40;
         value += UINT64_C(1) << 34) {
        tally_histogram_add(&histogram, value);
    }
    histogram = full_of(histogram);
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, NULL, 0);
    tally_histogram_encode(&histogram, &cbor);
    assert_int_equal(cbor.used, 110);
}

/* --- against a slow and obvious one --------------------------------------------------------- */

/* The upper exponent of a value's bucket at scales 0 to 3: value^(2^scale) in 32-bit limbs, its
 * logarithm to base 2 rounded up, which is the bits of the number below it. */
static int32_t slow_upper_of_power(uint64_t value, uint32_t factors) {
    uint32_t limbs[16] = {1};
    for (uint32_t f = 0; f < factors; f++) {
        uint32_t product[18] = {0};
        for (uint32_t i = 0; i < 16; i++) {
            uint64_t carry = 0;
            for (uint32_t j = 0; j < 2; j++) {
                carry += product[i + j] + (uint64_t)limbs[i] * (uint32_t)(value >> (32 * j));
                product[i + j] = (uint32_t)carry;
                carry >>= 32;
            }
            product[i + 2] = (uint32_t)carry;
        }
        memcpy(limbs, product, sizeof limbs);
    }
    uint32_t at = 0;
    while (limbs[at] == 0) { /* less 1 */
        limbs[at++] = UINT32_MAX;
    }
    limbs[at]--;
    int32_t bits = 0;
    for (int32_t i = 0; i < 16 * 32; i++) {
        if ((limbs[i / 32] >> (i % 32) & 1) != 0) {
            bits = i + 1;
        }
    }
    return bits;
}

static int32_t slow_index(uint64_t value, int32_t scale) {
    if (scale >= 0) {
        return slow_upper_of_power(value, 1u << scale) - 1;
    }
    int32_t octaves = 0; /* the first bound that is not below the value */
    while (octaves < 64 && value > UINT64_C(1) << octaves) {
        octaves += 1 << -scale;
    }
    return octaves / (1 << -scale) - 1;
}

/* The finest scale at which the least and the largest value leave room, then one by one. */
static wire_t slow_histogram(const uint64_t *values, uint32_t count) {
    uint64_t least = UINT64_MAX;
    uint64_t largest = 0;
    wire_t wire = {.scale = 3};
    for (uint32_t i = 0; i < count; i++) {
        wire.zeros += values[i] == 0;
        least = values[i] != 0 && values[i] < least ? values[i] : least;
        largest = values[i] > largest ? values[i] : largest;
    }
    if (largest == 0) {
        return wire;
    }
    while (slow_index(largest, wire.scale) - slow_index(least, wire.scale) >= 20) {
        wire.scale--;
    }
    wire.offset = slow_index(least, wire.scale);
    wire.used = (uint32_t)(slow_index(largest, wire.scale) - wire.offset + 1);
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] != 0) {
            wire.counts[slow_index(values[i], wire.scale) - wire.offset]++;
        }
    }
    return wire;
}

/* Any size from 0 to 64 bits, often a power of two or beside one; in a set, sizes `from` up. */
static uint64_t random_value(dice_t *dice, uint32_t from, uint32_t sizes) {
    const uint32_t bits = from + dice_roll(dice, sizes);
    const uint64_t power = bits < 64 ? UINT64_C(1) << bits : 0;
    switch (dice_roll(dice, 6)) {
    case 0: return power;
    case 1: return power - 1;
    case 2: return power + 1;
    default: return bits == 0 ? 0 : dice_bits(dice) >> (64 - bits);
    }
}

static uint32_t random_set(dice_t *dice, uint64_t values[SET_MOST]) {
    const uint32_t count = dice_roll(dice, SET_MOST + 1);
    const uint32_t from = dice_roll(dice, 65);
    const uint32_t sizes = 1 + dice_roll(dice, 65 - from);
    for (uint32_t i = 0; i < count; i++) {
        values[i] = random_value(dice, from, sizes);
    }
    return count;
}

static void test_histogram_equals_a_slow_one(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    for (uint32_t set = 0; set < dice_share(SETS); set++) {
        uint64_t values[SET_MOST];
        const uint32_t count = random_set(&dice, values);
        const tally_histogram_t histogram = histogram_of(values, count);
        const wire_t expected = slow_histogram(values, count);
        assert_holds(&histogram, &expected);
    }
}

static void test_histogram_merged_in_any_way_equals_one_that_had_all(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    for (uint32_t set = 0; set < dice_share(SETS); set++) {
        uint64_t values[2 * SET_MOST];
        const uint32_t half = random_set(&dice, values);
        const uint32_t count = half + random_set(&dice, values + half);
        const tally_histogram_t all = histogram_of(values, count);
        const tally_histogram_t first = histogram_of(values, half);
        const tally_histogram_t second = histogram_of(values + half, count - half);
        tally_histogram_t merged = first;
        tally_histogram_merge(&merged, &second);
        assert_same(&merged, &all);
        merged = second;
        tally_histogram_merge(&merged, &first);
        assert_same(&merged, &all);
    }
}

/* --- quantiles ------------------------------------------------------------------------------ */

static uint64_t between(dice_t *dice, uint32_t low, uint32_t high) {
    return low + dice_roll(dice, high - low + 1);
}

/* An even spread of 5:1. */
static uint64_t buffer_length(dice_t *dice) {
    return between(dice, 2000, 10000);
}

/* Two dice make a hill, a third a tail; 20:1. */
static uint64_t startup_time(dice_t *dice) {
    const uint64_t usual = between(dice, 300, 900) + between(dice, 0, 900);
    return dice_roll(dice, 10) == 0 ? between(dice, 1800, 6000) : usual;
}

/* Two peaks far apart; 600:1. */
static uint64_t zap_time(dice_t *dice) {
    return dice_roll(dice, 5) == 0 ? between(dice, 4000, 12000) : between(dice, 20, 80);
}

/* A long tail, 100,000:1, and a tenth of zeros. */
static uint64_t stall_time(dice_t *dice) {
    return dice_roll(dice, 10) == 0 ? 0 : 100000 / (1 + dice_roll(dice, 100000));
}

/* All there is, each size as often as the others. */
static uint64_t anything(dice_t *dice) {
    return dice_bits(dice) >> (11 + dice_roll(dice, 53));
}

static int by_size(const void *a, const void *b) {
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* As a server reads it off the wire; nearest rank. */
static double estimate(const wire_t *wire, uint32_t rank) {
    uint64_t seen = wire->zeros;
    if (rank <= seen) {
        return 0;
    }
    uint32_t i = 0;
    for (seen += wire->counts[0]; seen < rank; seen += wire->counts[i]) {
        i++;
        assert_true(i < wire->used);
    }
    const double low = exp2(ldexp(wire->offset + (int32_t)i, -wire->scale));
    const double high = exp2(ldexp(wire->offset + (int32_t)i + 1, -wire->scale));
    return 2 * low * high / (low + high);
}

static void check_quantiles(dice_t *dice, uint64_t (*draw)(dice_t *), int32_t scale,
                            double error_most) {
    static uint64_t values[VALUES];
    static const uint32_t percents[] = {1, 10, 50, 90, 99, 100};
    tally_histogram_t histogram;
    tally_histogram_init(&histogram);
    for (uint32_t i = 0; i < VALUES; i++) {
        values[i] = draw(dice);
        tally_histogram_add(&histogram, values[i]);
    }
    qsort(values, VALUES, sizeof *values, by_size);
    const wire_t wire = wire_of(&histogram);
    assert_int_equal(wire.scale, scale);
    uint64_t total = wire.zeros;
    for (uint32_t i = 0; i < wire.used; i++) {
        total += wire.counts[i];
    }
    assert_int_equal(total, VALUES);
    for (uint32_t i = 0; i < sizeof percents / sizeof *percents; i++) {
        const uint32_t rank = percents[i] * (VALUES / 100);
        const double exact = (double)values[rank - 1];
        assert_true(fabs(estimate(&wire, rank) - exact) <= error_most * exact);
    }
}

static void test_trap_23_median_in_bounded_memory_keeps_to_the_stated_error(void **state) {
    (void)state;
    assert_int_equal(sizeof(tally_histogram_t), 88); /* however many values it holds */
    dice_t dice = dice_from_environment();
    check_quantiles(&dice, buffer_length, 3, 0.044);
    check_quantiles(&dice, startup_time, 2, 0.087);
    check_quantiles(&dice, zap_time, 1, 0.172);
    check_quantiles(&dice, stall_time, 0, 0.334);
    check_quantiles(&dice, anything, -2, 0.883);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histogram_of_nothing_and_of_zeros),
        cmocka_unit_test(test_histogram_powers_of_two_close_their_bucket),
        cmocka_unit_test(test_histogram_small_values_at_scale_3),
        cmocka_unit_test(test_histogram_bounds_are_exact),
        cmocka_unit_test(test_histogram_scale_0_has_inclusive_upper_bounds),
        cmocka_unit_test(test_histogram_downscale_adds_pairs_from_a_negative_offset),
        cmocka_unit_test(test_histogram_downscale_adds_pairs_from_an_odd_offset),
        cmocka_unit_test(test_histogram_downscale_adds_pairs_from_an_even_offset),
        cmocka_unit_test(test_histogram_scale_stays_while_20_buckets_do),
        cmocka_unit_test(test_histogram_holds_the_widest_range),
        cmocka_unit_test(test_histogram_merge_takes_the_smaller_scale),
        cmocka_unit_test(test_histogram_merge_goes_below_both_scales),
        cmocka_unit_test(test_histogram_merge_with_an_empty_one),
        cmocka_unit_test(test_histogram_full_counts_stand_still),
        cmocka_unit_test(test_histogram_full_counts_stand_still_through_a_downscale),
        cmocka_unit_test(test_histogram_bytes_on_the_wire),
        cmocka_unit_test(test_histogram_negative_scale_and_offset_on_the_wire),
        cmocka_unit_test(test_histogram_takes_110_bytes_at_most),
        cmocka_unit_test(test_histogram_equals_a_slow_one),
        cmocka_unit_test(test_histogram_merged_in_any_way_equals_one_that_had_all),
        cmocka_unit_test(test_trap_23_median_in_bounded_memory_keeps_to_the_stated_error),
    };
    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
