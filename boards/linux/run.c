/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "device.h"
#include "say.h"
#include "udp.h"

#define PARTING_US  UINT64_C(5000000) /* for the last upload after a signal */
#define BATCHES_MAX 4u                /* of datagrams in one turn; the agent must not starve */

enum phase {
    RECEIVING,
    UPLOADING, /* the session is over and no new one begins */
    PARTING,   /* the same with a deadline */
};

typedef struct {
    const config_t *config;
    enum phase phase;
    uint64_t deadline_us;
    int signal_fd;
    udp_t udp;
    receiver_t receiver;
    device_t device;
} daemon_t;

/* ---- start and end -------------------------------------------------------------------------- */

/* Signals arrive by a descriptor: none can slip in between a look at a flag and the sleep. */
static int open_signals(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0) {
        return -1;
    }
    return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void say_address(const daemon_t *daemon) {
    const config_listen_t *const listen = &daemon->config->listen;
    const bool is_ipv6 = strchr(listen->address, ':') != NULL;
    say(stdout, "tallyd: listening on udp://%s%s%s:%u\n", is_ipv6 ? "[" : "", listen->address,
        is_ipv6 ? "]" : "", udp_port(&daemon->udp));
    (void)fflush(stdout);
}

static bool open_input(daemon_t *daemon) {
    daemon->signal_fd = open_signals();
    if (daemon->signal_fd < 0) {
        say(stderr, "tallyd: signals: %s\n", strerror(errno));
        return false;
    }
    const int error = udp_open(&daemon->udp, &daemon->config->listen);
    if (error != 0) {
        say(stderr, "tallyd: listen: %s\n", strerror(error));
        close(daemon->signal_fd);
        return false;
    }
    return true;
}

static void close_input(daemon_t *daemon) {
    udp_close(&daemon->udp);
    close(daemon->signal_fd);
}

/* What the server did not take is there at the next start if the spool is a file. */
static enum run_result tell_left(const daemon_t *daemon) {
    const uint32_t left = tally_pending(&daemon->device.agent);
    const bool is_kept = daemon->config->spool[0] != '\0';
    if (left > 0) {
        say(stderr, "tallyd: %u records %s\n", (unsigned)left,
            is_kept ? "wait in the spool" : "were not taken by the server");
    }
    return left == 0 || is_kept ? RUN_DONE : RUN_RECORDS_LEFT;
}

/* ---- the loop ------------------------------------------------------------------------------- */

static void part(daemon_t *daemon, uint64_t now_us) {
    if (daemon->phase != PARTING) {
        receiver_leave(&daemon->receiver, TALLY_STOP_SHUTDOWN);
        tally_flush(&daemon->device.agent);
        daemon->deadline_us = now_us + PARTING_US;
        daemon->phase = PARTING;
    }
}

static bool signal_came(const daemon_t *daemon) {
    struct signalfd_siginfo info;
    return read(daemon->signal_fd, &info, sizeof info) == (ssize_t)sizeof info;
}

/* A source that comes back after it had stopped begins a new session. */
static void receive(daemon_t *daemon) {
    uint32_t count = UDP_BATCH;
    for (uint32_t batch = 0; batch < BATCHES_MAX && count == UDP_BATCH; batch++) {
        count = udp_receive(&daemon->udp);
        for (uint32_t i = 0; i < count; i++) {
            const udp_datagram_t *const datagram = &daemon->udp.datagrams[i];
            if (!receiver_joined(&daemon->receiver)) {
                (void)receiver_join(&daemon->receiver);
            }
            (void)receiver_datagram(&daemon->receiver, datagram->data, datagram->bytes,
                                    datagram->arrival_us);
        }
    }
}

/* Datagrams that come while time has already been told must not be told as earlier. */
static uint32_t tick(daemon_t *daemon) {
    const uint64_t now_us = udp_now_us();
    daemon->udp.latest_us = now_us;
    const bool was_joined = receiver_joined(&daemon->receiver);
    const uint32_t wait_ms = receiver_tick(&daemon->receiver, now_us);
    const bool ended = was_joined && !receiver_joined(&daemon->receiver);
    if (ended && daemon->config->exit_when_ended) {
        tally_flush(&daemon->device.agent);
        daemon->phase = UPLOADING;
    }
    return wait_ms;
}

static bool is_over(const daemon_t *daemon) {
    const tally_t *const agent = &daemon->device.agent;
    const bool is_destroying = tally_consent_state(agent) == TALLY_CONSENT_WITHDRAWING;
    switch (daemon->phase) {
    case RECEIVING: return false;
    case UPLOADING: return tally_pending(agent) == 0;
    case PARTING: break;
    }
    return (tally_pending(agent) == 0 && !is_destroying) || udp_now_us() >= daemon->deadline_us;
}

/* One turn: what came in, what is due, what the agent makes of it. False at the end. */
static bool turn(daemon_t *daemon) {
    if (signal_came(daemon)) {
        part(daemon, udp_now_us());
    }
    uint32_t wait_ms = RECEIVER_TICK_MS;
    if (daemon->phase == RECEIVING) {
        receive(daemon);
        wait_ms = tick(daemon);
    }
    const uint32_t agent_ms = device_step(&daemon->device);
    if (is_over(daemon)) {
        return false;
    }
    const bool receiving = daemon->phase == RECEIVING;
    struct pollfd fds[3] = {
        {.fd = daemon->signal_fd, .events = POLLIN},
        {.fd = receiving ? daemon->udp.fd : -1, .events = POLLIN},
    };
    device_wait(&daemon->device, agent_ms < wait_ms ? agent_ms : wait_ms, fds, 2);
    return true;
}

enum run_result run(const config_t *config) {
    static daemon_t daemon; /* large */
    daemon.config = config;
    if (!device_open(&daemon.device, config, stderr)) {
        return RUN_FAILED;
    }
    if (!open_input(&daemon)) {
        device_close(&daemon.device);
        return RUN_FAILED;
    }
    receiver_init(&daemon.receiver, &daemon.device.agent, &daemon.device.receiver_config);
    (void)receiver_join(&daemon.receiver);
    say_address(&daemon);
    while (turn(&daemon)) {
    }
    const enum run_result result = tell_left(&daemon);
    close_input(&daemon);
    device_close(&daemon.device);
    return result;
}
