/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyd: receives a live channel, plays it as a viewer would see it, and reports what that viewer
 * saw. An example of all that an OEM has to connect.
 */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "device.h"
#include "run.h"
#include "say.h"

enum { EXIT_USAGE = 2 };

static int usage(void) {
    say(stderr, "usage: tallyd --run CONFIG     receive and report until SIGTERM\n"
                "       tallyd --check CONFIG   say what is wrong with a configuration\n"
                "       tallyd --version\n");
    return EXIT_USAGE;
}

/* The credentials are parsed and the agent is built, but nothing is opened to the network, and no
 * store in a file: a tallyd that runs with this configuration has them locked, and one that never
 * ran is not to have its first boot told by a check. */
static int check(config_t *config, const char *name) {
    static device_t device;
    config->spool[0] = '\0';
    config->settings[0] = '\0';
    config->log = TALLY_LOG_WARNING; /* that the agent started would be no news here */
    if (!device_open(&device, config, stderr)) {
        return RUN_FAILED;
    }
    device_close(&device);
    say(stdout, "tallyd: %s: good\n", name);
    return RUN_DONE;
}

int main(int argc, char **argv) {
    static config_t config;
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        say(stdout, "tallyd " TALLY_VERSION "\n");
        return RUN_DONE;
    }
    const bool checks = argc == 3 && strcmp(argv[1], "--check") == 0;
    const bool runs = argc == 3 && strcmp(argv[1], "--run") == 0;
    if (!checks && !runs) {
        return usage();
    }
    if (!config_load(&config, argv[2], stderr)) {
        return RUN_FAILED;
    }
    return checks ? check(&config, argv[2]) : (int)run(&config);
}
