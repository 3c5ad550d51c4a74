/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzzer.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    return setenv("CMOCKA_TEST_ABORT", "1", 1); /* an assertion that fails is a crash */
}
