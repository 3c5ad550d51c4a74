/* SPDX-License-Identifier: Apache-2.0 */
#include "http_date.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static void test_http_date_of_known_days(void **state) {
    (void)state;
    /* date -u -d ... +%s */
    assert_int_equal(tally_http_date("Wed, 01 Jan 2020 00:00:00 GMT"), 1577836800);
    assert_int_equal(tally_http_date("Sat, 29 Feb 2020 23:59:59 GMT"), 1583020799);
    assert_int_equal(tally_http_date("Sun, 01 Mar 2020 00:00:00 GMT"), 1583020800);
    assert_int_equal(tally_http_date("Sun, 18 Oct 2026 12:00:00 GMT"), 1792324800);
    assert_int_equal(tally_http_date("Thu, 31 Dec 2099 23:59:59 GMT"), 4102444799);
}

/* Every day of the range in order: each begins 86,400 s after the one before. */
static void test_http_date_of_every_day(void **state) {
    (void)state;
    static const char names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    uint32_t expected = 1577836800;
    for (int year = 2020; year <= 2099; year++) {
        for (int month = 0; month < 12; month++) {
            const int lengths[] = {31, year % 4 == 0 ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
                                   31};
            for (int day = 0; day <= 32; day++) {
                char text[64];
                (void)snprintf(text, sizeof text, "Mon, %02d %s %d 00:00:00 GMT", day, names[month],
                               year);
                const int is_one = day >= 1 && day <= lengths[month];
                assert_int_equal(tally_http_date(text), is_one ? expected : 0);
                expected += is_one ? 86400 : 0;
            }
        }
    }
    assert_int_equal(expected, 4102444800);
}

static void test_http_date_leap_second_falls_on_the_next(void **state) {
    (void)state;
    assert_int_equal(tally_http_date("Sat, 31 Dec 2022 23:59:60 GMT"), 1672531200);
    assert_int_equal(tally_http_date("Sat, 31 Dec 2022 23:59:61 GMT"), 0);
}

static void test_http_date_that_is_none(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "0",
        "Sun, 18 Oct 2026 12:00:00",
        "Sun, 18 Oct 2026 12:00:00 UTC",
        "Sun, 18 Oct 2026 12:00:00 GMT+1",
        "Sun, 18 Oct 2026 12:00:00 gmt",
        "Sun, 18 oct 2026 12:00:00 GMT",
        "Sun, 18 Okt 2026 12:00:00 GMT",
        "Sun, 18 ctN 2026 12:00:00 GMT",
        "Sun, 8 Oct 2026 12:00:00 GMT",
        "Sun,  8 Oct 2026 12:00:00 GMT",
        "Sun, 18 Oct 2026 24:00:00 GMT",
        "Sun, 18 Oct 2026 12:60:00 GMT",
        "Sun, 18 Oct 2026 -1:00:00 GMT",
        "Sunday, 18-Oct-26 12:00:00 GMT", /* obsolete: RFC 850 */
        "Sun Oct 18 12:00:00 2026",       /* obsolete: asctime() */
        "2026-10-18T12:00:00Z",
    };
    for (uint32_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(tally_http_date(texts[i]), 0);
    }
}

static void test_http_date_of_a_clock_that_was_never_set(void **state) {
    (void)state;
    assert_int_equal(tally_http_date("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
    assert_int_equal(tally_http_date("Tue, 31 Dec 2019 23:59:59 GMT"), 0);
    assert_int_equal(tally_http_date("Fri, 01 Jan 2100 00:00:00 GMT"), 0);
    assert_int_equal(tally_http_date("Fri, 31 Dec 9999 23:59:59 GMT"), 0);
}

/* Cut anywhere it is none, and nothing behind its end is read. */
static void test_http_date_cut_anywhere(void **state) {
    (void)state;
    static const char whole[] = "Sun, 18 Oct 2026 12:00:00 GMT";
    for (uint32_t bytes = 0; bytes < sizeof whole - 1; bytes++) {
        char *const cut = malloc(bytes + 1);
        assert_non_null(cut);
        memcpy(cut, whole, bytes);
        cut[bytes] = '\0';
        assert_int_equal(tally_http_date(cut), 0);
        free(cut);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_date_of_known_days),
        cmocka_unit_test(test_http_date_of_every_day),
        cmocka_unit_test(test_http_date_leap_second_falls_on_the_next),
        cmocka_unit_test(test_http_date_that_is_none),
        cmocka_unit_test(test_http_date_of_a_clock_that_was_never_set),
        cmocka_unit_test(test_http_date_cut_anywhere),
    };
    return cmocka_run_group_tests_name("http_date", tests, NULL, NULL);
}
