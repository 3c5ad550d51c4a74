/* SPDX-License-Identifier: Apache-2.0 */
/* A process of its own for each suite. */
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"

void machine_begin(int argc, char **argv) {
    (void)argc;
    (void)argv;
}

int machine_run(int (*suite)(void)) {
    const pid_t child = fork();
    if (child == 0) {
        exit(suite());
    }
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}
