/* SPDX-License-Identifier: Apache-2.0 */
#include "say.h"

#include <stdarg.h>

void say(FILE *out, const char *format, ...) {
    va_list values;
    va_start(values, format);
    /* clang-tidy 14 does not see va_start(). NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    (void)vfprintf(out, format, values);
    va_end(values);
}
