/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_HTTP_DATE_H
#define TALLY_SRC_HTTP_DATE_H
/* What HTTP says in a fixed form: the date of headers (RFC 9110 5.6.7) is one. */
#include <stdint.h>

/* Reads numbers out of a text that begins as `form` says: '0' stands for a digit, 'A' for 'A' and
 * above, anything else for itself. Returns what follows, NULL if it does not begin so. */
const char *tally_http_scan(const char *text, const char *form, uint32_t *numbers);

/* Unix seconds of an IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT"; 0 for anything else, and outside
 * 2020 to 2099: no server that knows its time says so. The day of the week is not looked at. */
uint32_t tally_http_date(const char *text);

#endif
