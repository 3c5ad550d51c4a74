/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <mbedtls/platform_util.h>
#include <string.h>
#include <time.h>

#include "dice.h"
#include "tally_tls_internal.h"

static void expect_same_as_libc(int64_t unix_s) {
    const time_t libc_s = (time_t)unix_s;
    struct tm expected;
    struct tm tm;
    assert_non_null(gmtime_r(&libc_s, &expected));
    assert_ptr_equal(mbedtls_platform_gmtime_r(&unix_s, &tm), &tm);
    assert_int_equal(tm.tm_year, expected.tm_year);
    assert_int_equal(tm.tm_mon, expected.tm_mon);
    assert_int_equal(tm.tm_mday, expected.tm_mday);
    assert_int_equal(tm.tm_hour, expected.tm_hour);
    assert_int_equal(tm.tm_min, expected.tm_min);
    assert_int_equal(tm.tm_sec, expected.tm_sec);
}

static void the_calendar_agrees_with_the_c_library(void **state) {
    (void)state;
    const int64_t end_s = INT64_C(253402300800); /* year 10000 */
    for (int64_t day = 0; day < end_s / 86400; day++) {
        expect_same_as_libc(day * 86400);
    }
    dice_t dice = dice_from_environment();
    for (int i = 0; i < 100000; i++) {
        expect_same_as_libc((int64_t)(dice_bits(&dice) % (uint64_t)end_s));
    }
    expect_same_as_libc(end_s - 1);
    int64_t outside_s = end_s;
    struct tm tm;
    assert_null(mbedtls_platform_gmtime_r(&outside_s, &tm));
    outside_s = -1;
    assert_null(mbedtls_platform_gmtime_r(&outside_s, &tm));
}

static uint32_t seconds_of(int64_t unix_s) {
    const time_t libc_s = (time_t)unix_s;
    struct tm tm;
    assert_non_null(gmtime_r(&libc_s, &tm));
    const mbedtls_x509_time date = {.year = tm.tm_year + 1900,
                                    .mon = tm.tm_mon + 1,
                                    .day = tm.tm_mday,
                                    .hour = tm.tm_hour,
                                    .min = tm.tm_min,
                                    .sec = tm.tm_sec};
    return tally_tls_seconds(&date);
}

static void dates_become_seconds_again(void **state) {
    (void)state;
    for (int64_t day_s = 0; day_s <= UINT32_MAX; day_s += 86400) {
        assert_int_equal(seconds_of(day_s), day_s);
        assert_int_equal(seconds_of(day_s - 1), day_s > 0 ? day_s - 1 : 0);
    }
    dice_t dice = dice_from_environment();
    for (int i = 0; i < 100000; i++) {
        const uint32_t unix_s = (uint32_t)dice_bits(&dice);
        assert_int_equal(seconds_of(unix_s), unix_s);
    }
}

static void dates_beyond_32_bits_are_the_nearest(void **state) {
    (void)state;
    static const struct {
        int64_t unix_s;
        uint32_t expected;
    } cases[] = {
        {INT64_C(4294967295), UINT32_MAX},
        {INT64_C(4294967296), UINT32_MAX},
        {INT64_C(253402300799), UINT32_MAX}, /* RFC 5280: there is no good end */
        {0, 0},
        {INT64_C(-86400), 0},
        {INT64_C(-62135596800), 0}, /* the year 1 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(seconds_of(cases[i].unix_s), cases[i].expected);
    }
}

static tally_wall_t wall_now;

static tally_wall_t wall(void *ctx) {
    (void)ctx;
    return wall_now;
}

static uint64_t monotonic_ms(void *ctx) {
    (void)ctx;
    return 5000;
}

static void only_authenticated_time_is_taken_for_the_time(void **state) {
    (void)state;
    static const tally_port_t port = {.wall = wall, .monotonic_ms = monotonic_ms};
    int64_t unix_s = 0;
    tally_tls_time_use(&port, 1000);
    wall_now = (tally_wall_t){.unix_ms = 2000999, .quality = TALLY_WALL_AUTHENTICATED};
    assert_int_equal(tally_tls_unix_s(&unix_s), 2000);
    assert_int_equal(unix_s, 2000);
    wall_now.quality = TALLY_WALL_UNAUTHENTICATED;
    assert_int_equal(tally_tls_unix_s(NULL), 1000);
    wall_now.quality = TALLY_WALL_UNKNOWN;
    assert_int_equal(tally_tls_unix_s(NULL), 1000);
    assert_int_equal(mbedtls_ms_time(), 5000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_calendar_agrees_with_the_c_library),
        cmocka_unit_test(dates_become_seconds_again),
        cmocka_unit_test(dates_beyond_32_bits_are_the_nearest),
        cmocka_unit_test(only_authenticated_time_is_taken_for_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
