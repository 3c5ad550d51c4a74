/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the suites of suites.def one after the other; TALLY_SUITE=hook is that one alone. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define SUITE(name) int test_##name##_main(void);
#include "suites.def"
#undef SUITE

typedef struct {
    const char *name;
    int (*run)(void);
} suite_t;

#define SUITE(name) {#name, test_##name##_main},
static const suite_t suites[] = {
#include "suites.def"
};
#undef SUITE

int main(int argc, char **argv) {
    uint32_t played = 0;
    uint32_t failed = 0;
    machine_begin(argc, argv);
    const char *const only = getenv("TALLY_SUITE");
    for (uint32_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        if (only != NULL && strcmp(only, suites[i].name) != 0) {
            continue;
        }
        printf("suite %s\n", suites[i].name);
        fflush(stdout);
        played++;
        if (machine_run(suites[i].run) != 0) {
            printf("suite %s failed\n", suites[i].name);
            failed++;
        }
    }
    if (failed > 0 || played == 0) {
        printf("%lu of %lu suites failed\n", (unsigned long)failed, (unsigned long)played);
        return 1;
    }
    printf("all %lu suites passed\n", (unsigned long)played);
    return 0;
}
