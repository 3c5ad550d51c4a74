/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMOCKA_SUITE_H
#define CMOCKA_SUITE_H
/* cmocka with the headers it wants to see before its own, and the suites of this folder; each
 * returns how many of its tests failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

int playout_suite(void);
int demux_suite(void);
int receiver_suite(void);

#endif
