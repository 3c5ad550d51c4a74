/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZER_H
#define FUZZER_H
/* What libFuzzer calls. fuzzer.c has the first for programs with nothing else to begin with. */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
