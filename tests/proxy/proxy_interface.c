/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxy_interface PORT CERTS INTERFACE HOW: in a network name space of its own, where INTERFACE
 * leads to a collector at 10.0.2.2. Once a line comes in on standard input the device boots and
 * uploads; with a request on its way the interface gets another address. HOW the device finds out:
 * "reconnect": it is told, "wait": by its deadlines. The last line is JSON.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device.h"

enum { BLOCKS = 32, QUIET_MS = 100, APART_MS = 5001, TURNS_MOST = 1000 };

static device_t device;
static bool deaf;        /* what is under way will never be answered */
static uint64_t took_ms; /* from the change to the last record accepted, in the device's time */

static bool set_address(const char *interface, const char *text) {
    struct ifreq request = {0};
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct sockaddr_in mask = {.sin_family = AF_INET, .sin_addr = {htonl(0xFFFFFF00u)}};
    (void)inet_pton(AF_INET, text, &address.sin_addr);
    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    memcpy(&request.ifr_addr, &address, sizeof address);
    bool set = ioctl(fd, SIOCSIFADDR, &request) == 0;
    memcpy(&request.ifr_netmask, &mask, sizeof mask);
    set = set && ioctl(fd, SIOCSIFNETMASK, &request) == 0;
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    set = set && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    (void)close(fd);
    return set;
}

/* The clock is put forward only while nothing is under way, or nothing can come of it. */
static void deliver(void) {
    for (uint32_t i = 0; i < TURNS_MOST && tally_pending(&device.agent) > 0; i++) {
        const uint32_t wait_ms = tally_step(&device.agent);
        const bool idle = tally_uplink_is_idle(&device.agent.uplink);
        struct pollfd fd = tally_posix_tcp_poll(&device.tcp);
        const uint32_t patience_ms = idle || wait_ms == 0 ? 0 : QUIET_MS;
        const bool stirs = tally_posix_wait(&device.posix, patience_ms, &fd, 1) != 0;
        if (!stirs && tally_pending(&device.agent) > 0 && (idle || deaf)) {
            device_skip(&device, wait_ms);
            deaf = deaf && idle;
        }
    }
}

static void tell(int32_t number) {
    device_skip(&device, APART_MS);
    (void)tally_hook_tell(&device.agent, device.session, TALLY_HOOK_ERROR, number, 0);
    (void)tally_step(&device.agent);
    tally_flush(&device.agent);
}

static bool boot(const char *port, const char *certs) {
    static uint8_t memory[BLOCKS * DEVICE_BLOCK_BYTES];
    const device_setup_t setup = {
        .certs = certs,
        .host = "10.0.2.2",
        .port = (uint16_t)strtoul(port, NULL, 10),
        .upload_ms = 30000,
        .heartbeat_ms = 3600000,
        .capabilities = {[TALLY_G_EVENT] = TALLY_CAN_ALL(EVENT)},
        .memory = memory,
        .blocks = BLOCKS,
    };
    return device_boot(&device, &setup);
}

/* Three uploads: before the change, during it, and behind it. */
static bool play(const char *interface, const char *how) {
    (void)tally_step(&device.agent);
    tally_flush(&device.agent);
    deliver();
    tell(1);
    (void)tally_step(&device.agent);
    const bool is_under_way = !tally_uplink_is_idle(&device.agent.uplink);
    if (!is_under_way || !set_address(interface, "10.0.2.16")) {
        return false;
    }
    deaf = strcmp(how, "wait") == 0;
    const uint64_t before_ms = device.port.monotonic_ms(&device);
    if (!deaf) {
        tally_reconnect(&device.agent);
    }
    deliver();
    took_ms = device.port.monotonic_ms(&device) - before_ms;
    tell(2);
    deliver();
    return true;
}

int main(int argc, char **argv) {
    char line[8];
    if (argc != 5) {
        return 2;
    }
    printf("ready\n");
    (void)fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL || !set_address(argv[3], "10.0.2.15") ||
        !boot(argv[1], argv[2])) {
        return 2;
    }
    const bool played = play(argv[3], argv[4]);
    const tally_uplink_stats_t *const stats = &device.agent.uplink.stats;
    printf("{\"made\": %u, \"pending\": %u, \"attempts\": %u, \"accepted\": %u, "
           "\"failed_net\": %u, \"connects\": %u, \"last_error\": %d, \"took_ms\": %llu}\n",
           (unsigned)device.agent.spool.made, (unsigned)tally_pending(&device.agent),
           (unsigned)stats->attempts, (unsigned)stats->accepted, (unsigned)stats->failed_net,
           (unsigned)stats->connects, (int)stats->last_error, (unsigned long long)took_ms);
    device_stop(&device);
    return played ? 0 : 1;
}
