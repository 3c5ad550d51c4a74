/* SPDX-License-Identifier: Apache-2.0 */
#include <mbedtls/platform_time.h>
#include <mbedtls/platform_util.h>
#include <time.h>

#include "tally_tls_internal.h"

#define DAY_S 86400

/* Global, as Mbed TLS asks for the time without a context. */
static struct {
    const tally_port_t *port;
    uint32_t least_unix_s;
} source;

void tally_tls_time_use(const tally_port_t *port, uint32_t least_unix_s) {
    source.port = port;
    source.least_unix_s = least_unix_s;
}

bool tally_tls_wall(int64_t *unix_ms) {
    const tally_wall_t wall = source.port->wall(source.port->ctx);
    *unix_ms = wall.unix_ms;
    return wall.quality == TALLY_WALL_AUTHENTICATED;
}

/* The time that dates are compared with. */
int64_t tally_tls_unix_s(int64_t *out) {
    int64_t unix_ms;
    const int64_t unix_s = tally_tls_wall(&unix_ms) ? unix_ms / 1000 : source.least_unix_s;
    if (out != NULL) {
        *out = unix_s;
    }
    return unix_s;
}

/* Never the wall time: that one jumps when it is learned, and a ticket's age with it. */
mbedtls_ms_time_t mbedtls_ms_time(void) {
    return (mbedtls_ms_time_t)source.port->monotonic_ms(source.port->ctx);
}

/* The Gregorian calendar repeats itself every 146,097 days. With years that begin in March the leap
 * day is the last of a year, and months have 30.6 days, in whole days always rightly rounded. */
struct tm *mbedtls_platform_gmtime_r(const mbedtls_time_t *tt, struct tm *tm_buf) {
    if (*tt < 0 || *tt >= INT64_C(253402300800)) { /* the year 10000 has no place in a date */
        return NULL;
    }
    const uint32_t days = (uint32_t)(*tt / DAY_S) + 719468u; /* since March 1st of the year 0 */
    const uint32_t seconds = (uint32_t)(*tt % DAY_S);
    const uint32_t era = days / 146097u;
    const uint32_t day_of_era = days % 146097u;
    const uint32_t year_of_era =
        (day_of_era - day_of_era / 1460u + day_of_era / 36524u - day_of_era / 146096u) / 365u;
    const uint32_t day = day_of_era - (365u * year_of_era + year_of_era / 4u - year_of_era / 100u);
    const uint32_t month = (5u * day + 2u) / 153u; /* 0: March */
    const uint32_t year = 400u * era + year_of_era + (month >= 10u ? 1u : 0u);
    tm_buf->tm_year = (int)year - 1900;
    tm_buf->tm_mon = (int)(month >= 10u ? month - 10u : month + 2u);
    tm_buf->tm_mday = (int)(day - (153u * month + 2u) / 5u + 1u);
    tm_buf->tm_hour = (int)(seconds / 3600u);
    tm_buf->tm_min = (int)(seconds / 60u % 60u);
    tm_buf->tm_sec = (int)(seconds % 60u);
    return tm_buf;
}

/* The same calendar the other way. */
uint32_t tally_tls_seconds(const mbedtls_x509_time *date) {
    if (date->year < 1970) {
        return 0;
    }
    const uint32_t months = (uint32_t)date->year * 12u + (uint32_t)date->mon - 3u;
    const uint32_t year = months / 12u;
    const uint32_t month = months % 12u; /* 0: March */
    const uint32_t days = 365u * year + year / 4u - year / 100u + year / 400u +
                          (153u * month + 2u) / 5u + (uint32_t)date->day - 719469u;
    const uint32_t second_of_day =
        (uint32_t)date->hour * 3600u + (uint32_t)date->min * 60u + (uint32_t)date->sec;
    const uint64_t unix_s = (uint64_t)days * DAY_S + second_of_day;
    return unix_s < UINT32_MAX ? (uint32_t)unix_s : UINT32_MAX;
}
