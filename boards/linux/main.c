/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyd: reports what the players of this machine tell it, and what a viewer would see of a live
 * channel that it receives itself.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "config.h"
#include "device.h"
#include "run.h"
#include "say.h"

enum { EXIT_USAGE = 2 };

static int usage(void) {
    say(stderr, "usage: tallyd --run CONFIG     report until SIGTERM; SIGHUP reads CONFIG anew\n"
                "       tallyd --check CONFIG   say what is wrong with a configuration\n"
                "       tallyd --version\n");
    return EXIT_USAGE;
}

/* The credentials are parsed and the agent is built, but nothing is opened to the network, and no
 * store in a file: a tallyd that runs with this configuration has them locked, and one that never
 * ran is not to have its first boot told by a check. */
static int check(config_t *config, const char *name, bool good) {
    static device_t device;
    good &= check_files(config, stderr);
    good &= check_socket(config, stderr);
    config->spool[0] = '\0';
    config->settings[0] = '\0';
    config->log = TALLY_LOG_WARNING; /* that the agent started would be no news here */
    if (!good || !device_open(&device, config, stderr)) {
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
    const bool good = config_load(&config, argv[2], stderr);
    if (checks) {
        return check(&config, argv[2], good);
    }
    return good ? (int)run(&config) : RUN_FAILED;
}
