/* SPDX-License-Identifier: Apache-2.0 */
#include "http_date.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define YEAR_LEAST      2020u
#define YEAR_MOST       2099u  /* up to here each fourth year is a leap year */
#define MARCH_2000_DAYS 11017u /* its first day, since 1970 */
#define MONTH_AT        8

enum { DAY, YEAR, HOUR, MINUTE, SECOND, NUMBERS };

const char *tally_http_scan(const char *text, const char *form, uint32_t *numbers) {
    bool in_number = false;
    for (; *form != '\0'; form++, text++) {
        const uint8_t letter = (uint8_t)*text;
        if (*form == '0') {
            if (letter < '0' || letter > '9') {
                return NULL;
            }
            *numbers = (in_number ? *numbers * 10 : 0) + letter - '0';
        } else {
            if (*form == 'A' ? letter < 'A' : letter != (uint8_t)*form) {
                return NULL;
            }
            numbers += in_number ? 1 : 0;
        }
        in_number = *form == '0';
    }
    return text;
}

/* 0 for March to 11 for February: the day that comes and goes is then the year's last. 12: none. */
static uint32_t month_from_march(const char *text) {
    static const char names[36] = "MarAprMayJunJulAugSepOctNovDecJanFeb";
    uint32_t month = 0;
    while (month < 12 && memcmp(names + (size_t)month * 3, text, 3) != 0) {
        month++;
    }
    return month;
}

static uint32_t days_before(uint32_t month) {
    return (153 * month + 2) / 5;
}

uint32_t tally_http_date(const char *text) {
    uint32_t numbers[NUMBERS];
    const char *const end = tally_http_scan(text, "AAA, 00 AAA 0000 00:00:00 GMT", numbers);
    if (end == NULL || *end != '\0') {
        return 0;
    }
    const uint32_t month = month_from_march(text + MONTH_AT);
    const uint32_t year = numbers[YEAR];
    const uint32_t day = numbers[DAY] - 1;
    const uint32_t february = year % 4 == 0 ? 29 : 28;
    const uint32_t days = month < 11 ? days_before(month + 1) - days_before(month) : february;
    /* 60 is a leap second, which unix time does not have: it falls on the next one. */
    if (month > 11 || year - YEAR_LEAST > YEAR_MOST - YEAR_LEAST || day >= days ||
        numbers[HOUR] > 23 || numbers[MINUTE] > 59 || numbers[SECOND] > 60) {
        return 0;
    }
    const uint32_t years = year - 2000 - (month >= 10 ? 1 : 0);
    const uint32_t past = MARCH_2000_DAYS + years * 365 + years / 4 + days_before(month) + day;
    return ((past * 24 + numbers[HOUR]) * 60 + numbers[MINUTE]) * 60 + numbers[SECOND];
}
