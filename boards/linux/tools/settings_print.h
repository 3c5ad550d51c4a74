/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SETTINGS_PRINT_H
#define SETTINGS_PRINT_H
/* The image of a settings log, as text: agent/SPEC.md, "Settings". */
#include <stdio.h>

#include "flash.h"

/* One line for each of the log's two blocks, with `has_items` a line for each entry in it, and a
 * line for each value that counts: values themselves may be secrets and are not told. False where
 * there is damage. The image has at least 2 blocks. */
bool settings_print(FILE *out, const flash_image_t *image, bool has_items);

#endif
