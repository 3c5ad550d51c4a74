/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_LWIP_CC_H
#define TALLY_LWIP_CC_H
/*
 * What lwIP asks of compiler and platform. GCC and Clang need little.
 */
#include <stdint.h>

/* From the port's random numbers, see tally_lwip.c. */
uint32_t tally_lwip_random(void);
#define LWIP_RAND() tally_lwip_random()

/* No output: what is worth knowing is counted. A broken assertion leaves no state to go on with. */
#define LWIP_PLATFORM_DIAG(message)   ((void)0)
#define LWIP_PLATFORM_ASSERT(message) __builtin_trap()
#ifdef NDEBUG
#define LWIP_NOASSERT
#endif

/* lwIP would use printf formats of the C library for its debug output, which is off. */
#define LWIP_NO_INTTYPES_H 1
#define X8_F               "02x"
#define U16_F              "u"
#define S16_F              "d"
#define X16_F              "x"
#define U32_F              "u"
#define S32_F              "d"
#define X32_F              "x"
#define SZT_F              "u"

#endif
