/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAY_H
#define SAY_H
#include <stdio.h>

/* fprintf() for output that nobody can be told has failed, or that is judged as a whole by ferror()
 * at its end. */
void say(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
