/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_FAULT_TRACE_H
#define TALLY_TESTS_FAULT_TRACE_H
/* What happens, line by line, to stdout, for scenarios that are played alone. */
#include <stdbool.h>
#include <stdio.h>

extern bool trace_is_on;

#define TRACE(...) (trace_is_on ? (void)printf(__VA_ARGS__) : (void)0)

#endif
