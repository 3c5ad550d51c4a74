/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEMIHOST_H
#define SEMIHOST_H
/*
 * Semihosting: calls into the debugger or emulator a board runs under. Without one they fault, so
 * nothing in a product may depend on them.
 */
#include <stdint.h>

/* Ends the emulator with this exit code; QEMU passes on its lowest 8 bits. */
_Noreturn void semihost_exit(uint32_t code);

/* Reads `size` bytes from the start of a file of the host. Returns how many it could not read. */
uint32_t semihost_read_file(const char *path, uint8_t *out, uint32_t size);

#endif
