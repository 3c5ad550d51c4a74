/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet_device SCRIPT LEDGER CERTIFICATES HOST PORT PATH
 *
 * One simulated device: the agent with the Linux ports plays the life in SCRIPT (script.h, written
 * by lives.py) and uploads to HOST. Every record that goes into its spool is written to LEDGER too,
 * one behind the other. Ends by itself once all is uploaded, with a line of JSON about itself: 0
 * then, 1 if it could not begin, 2 for a script or a command line that is none, 3 if records are
 * left after a minute.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act.h"
#include "device.h"
#include "script.h"

enum { DONE = 0, NOT_BEGUN = 1, BAD_INPUT = 2, LEFT_OVER = 3 };
enum { FLUSH_MOST_MS = 60000, TURN_MOST_MS = 1000 };

/* --- the head of the script ---------------------------------------------------------------- */

static bool read_wall(device_setup_t *setup, const char *value) {
    setup->wall_quality =
        strcmp(value, "unknown") == 0 ? TALLY_WALL_UNKNOWN : TALLY_WALL_UNAUTHENTICATED;
    setup->wall_off_ms = strtoll(value, NULL, 10);
    return true;
}

static bool read_period(uint32_t *out, const char *value) {
    *out = (uint32_t)strtoul(value, NULL, 10);
    return *out != 0;
}

static const char **text_of(tally_options_t *agent, const char *name) {
    const struct {
        const char *name;
        const char **text;
    } texts[] = {
        {"device", &agent->device_id},  {"operator", &agent->operator_id},
        {"type", &agent->device_type},  {"model", &agent->device_model},
        {"soc", &agent->soc},           {"os", &agent->os},
        {"firmware", &agent->firmware},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(texts[i].name, name) == 0) {
            return texts[i].text;
        }
    }
    return NULL;
}

static bool read_line(device_setup_t *setup, const char *name, const char *value) {
    if (name == NULL) {
        return false;
    }
    if (strcmp(name, "heartbeat") == 0) {
        return read_period(&setup->agent.heartbeat_ms, value);
    }
    if (strcmp(name, "upload") == 0) {
        return read_period(&setup->agent.upload_ms, value);
    }
    if (strcmp(name, "wall") == 0) {
        return read_wall(setup, value);
    }
    const char **const text = text_of(&setup->agent, name);
    if (text != NULL) {
        *text = value;
    }
    return text != NULL;
}

static bool read_head(script_t *script, device_setup_t *setup) {
    const char *name = NULL;
    const char *value = NULL;
    while (script_head(script, &name, &value)) {
        if (!read_line(setup, name, value)) {
            return false;
        }
    }
    return setup->agent.device_id != NULL && setup->agent.operator_id != NULL;
}

/* --- its life ------------------------------------------------------------------------------ */

static void turn(device_t *device, uint64_t until_ms) {
    const uint32_t wait_ms = tally_step(&device->agent);
    const uint64_t now_ms = device_real_age_ms(device);
    const uint64_t left_ms = until_ms > now_ms ? until_ms - now_ms : 0;
    struct pollfd fd = tally_posix_tcp_poll(&device->tcp);
    (void)tally_posix_wait(&device->posix, wait_ms < left_ms ? wait_ms : (uint32_t)left_ms, &fd, 1);
}

/* False at a command that is none. `late_ms`: the most that this machine was behind. */
static bool live(device_t *device, script_t *script, uint64_t *late_ms) {
    script_command_t command;
    enum script_found found;
    while ((found = script_next(script, &command)) == SCRIPT_COMMAND) {
        device->due_ms = command.at_ms;
        while (device_real_age_ms(device) < command.at_ms) {
            turn(device, command.at_ms);
        }
        const uint64_t behind_ms = device_real_age_ms(device) - command.at_ms;
        *late_ms = behind_ms > *late_ms ? behind_ms : *late_ms;
        if (!act(device, &command)) {
            return false;
        }
        (void)tally_step(&device->agent); /* takes what the hooks left: a text has few places */
    }
    device->due_ms = DEVICE_NEVER_MS;
    return found == SCRIPT_END;
}

/* Until a server has all there is. */
static bool flush(device_t *device) {
    const uint64_t end_ms = device_real_age_ms(device) + FLUSH_MOST_MS;
    tally_flush(&device->agent);
    while (tally_pending(&device->agent) != 0 && device_real_age_ms(device) < end_ms) {
        turn(device, device_real_age_ms(device) + TURN_MOST_MS);
    }
    return tally_pending(&device->agent) == 0;
}

static int run(device_t *device, script_t *script) {
    uint64_t late_ms = 0;
    if (!live(device, script, &late_ms)) {
        (void)fprintf(stderr, "device: line %u of the script is no command\n",
                      (unsigned)script->line);
        return BAD_INPUT;
    }
    const bool is_flushed = flush(device);
    (void)printf("{\"device\": \"%s\", \"began_unix_ms\": %" PRId64 ", \"made\": %u, "
                 "\"pending\": %u, \"late_ms\": %u}\n",
                 device->setup.agent.device_id, device->began_unix_ms, (unsigned)device->made,
                 (unsigned)tally_pending(&device->agent), (unsigned)late_ms);
    return is_flushed ? DONE : LEFT_OVER;
}

int main(int argc, char **argv) {
    static device_t device; /* large */
    script_t script;
    if (argc != 7) {
        (void)fprintf(stderr, "usage: fleet_device SCRIPT LEDGER CERTIFICATES HOST PORT PATH\n");
        return BAD_INPUT;
    }
    device.setup.ledger = argv[2];
    device.setup.certificates = argv[3];
    device.setup.endpoint = (tally_endpoint_t){
        .peer = {argv[4], (uint16_t)strtoul(argv[5], NULL, 10)}, .path = argv[6]};
    if (!script_open(&script, argv[1])) {
        return NOT_BEGUN;
    }
    int status = BAD_INPUT;
    if (!read_head(&script, &device.setup)) {
        (void)fprintf(stderr, "device: line %u of the script says nothing of a device\n",
                      (unsigned)script.line);
    } else if (!device_boot(&device)) {
        status = NOT_BEGUN;
    } else {
        status = run(&device, &script);
        device_end(&device);
    }
    script_close(&script);
    return status;
}
