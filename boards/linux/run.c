/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "channel.h"
#include "check.h"
#include "device.h"
#include "notify.h"
#include "players.h"
#include "say.h"
#include "trim.h"

#define PARTING_US UINT64_C(5000000) /* for the last upload after a signal */
#define ENDING_MS  1000u             /* a look at what is left of the spool, at least */

enum phase {
    RUNNING,
    UPLOADING, /* the channel is over and no new one begins */
    PARTING,   /* the same with a deadline */
};

typedef struct {
    config_t *config; /* in force */
    config_t *next;   /* read, and not in force yet */
    enum phase phase;
    bool restarts;    /* the agent begins anew behind PARTING, with `next` */
    bool has_failed;  /* the kernel lets nothing be waited for */
    uint32_t pending; /* records, a turn ago */
    uint64_t deadline_us;
    int signal_fd;
    notify_t notify;
    players_t players;
    channel_t channel;
    device_t device;
} daemon_t;

static uint64_t now_us(const daemon_t *daemon) {
    return device_now_ms(&daemon->device) * 1000;
}

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* ---- start and end -------------------------------------------------------------------------- */

/* Signals arrive by a descriptor: none can slip in between a look at a flag and the sleep. A log
 * nobody reads, or a file that may not grow, is an error of that write and no more. */
static int open_signals(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0) {
        return -1;
    }
    return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* The agent and what it is told by; nothing is held if that cannot be. */
static bool open_agent(daemon_t *daemon) {
    if (!device_open(&daemon->device, daemon->config, stderr)) {
        return false;
    }
    if (!channel_open(&daemon->channel, daemon->config, &daemon->device.agent,
                      &daemon->device.receiver_config, stderr)) {
        device_close(&daemon->device);
        return false;
    }
    return true;
}

static void close_agent(daemon_t *daemon) {
    channel_close(&daemon->channel);
    device_close(&daemon->device);
}

static void serve(daemon_t *daemon) {
    daemon->phase = RUNNING;
    players_serve(&daemon->players, daemon->config, &daemon->device.agent);
    trim_code();
    notify_tell(&daemon->notify, "READY=1\nSTATUS=running\n");
}

static bool open_all(daemon_t *daemon) {
    daemon->signal_fd = open_signals();
    if (daemon->signal_fd < 0) {
        say(stderr, "tallyd: signals: %s\n", strerror(errno));
        return false;
    }
    if (!check_files(daemon->config, stderr) || !open_agent(daemon)) {
        close(daemon->signal_fd);
        return false;
    }
    if (!players_open(&daemon->players, daemon->config)) {
        close_agent(daemon);
        close(daemon->signal_fd);
        return false;
    }
    notify_open(&daemon->notify);
    return true;
}

static void close_all(daemon_t *daemon) {
    players_close(&daemon->players);
    close_agent(daemon);
    notify_close(&daemon->notify);
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

/* ---- another configuration ------------------------------------------------------------------ */

static void swap_configs(daemon_t *daemon) {
    config_t *const before = daemon->config;
    daemon->config = daemon->next;
    daemon->next = before;
}

/* The socket stays if it is the same one: players that come meanwhile wait in it. */
static bool open_players_anew(daemon_t *daemon) {
    const bool is_same = players_fit(&daemon->players, daemon->config);
    if (!is_same) {
        players_close(&daemon->players);
    }
    return is_same || players_open(&daemon->players, daemon->config);
}

static bool open_anew(daemon_t *daemon) {
    if (!open_agent(daemon)) {
        return false;
    }
    if (!open_players_anew(daemon)) {
        close_agent(daemon);
        return false;
    }
    return true;
}

/* With the new configuration; if the agent will not have that, with the one before. */
static bool restart(daemon_t *daemon) {
    (void)tell_left(daemon);
    close_agent(daemon);
    swap_configs(daemon);
    daemon->restarts = false;
    if (open_anew(daemon)) {
        say(stderr, "tallyd: %s: in force, the agent began anew\n", daemon->config->name);
        return true;
    }
    say(stderr, "tallyd: %s: refused, the one before stays\n", daemon->config->name);
    swap_configs(daemon);
    return open_anew(daemon);
}

/* What is in a file need not be uploaded before an agent begins anew with it. */
static void part(daemon_t *daemon) {
    if (daemon->phase != PARTING) {
        const bool can_wait = daemon->restarts && daemon->config->spool[0] != '\0';
        channel_leave(&daemon->channel);
        players_part(&daemon->players);
        tally_flush(&daemon->device.agent);
        daemon->deadline_us = now_us(daemon) + (can_wait ? 0 : PARTING_US);
        daemon->phase = PARTING;
    }
}

/* A mistake anywhere in the file leaves everything as it is. */
static void reload(daemon_t *daemon) {
    notify_reloading(&daemon->notify);
    const char *const name = daemon->config->name;
    if (!config_load(daemon->next, name, stderr) || !check_files(daemon->next, stderr)) {
        say(stderr, "tallyd: %s: refused, the one before stays\n", name);
        notify_tell(&daemon->notify, "READY=1\nSTATUS=configuration refused, see the log\n");
        return;
    }
    if (config_needs_restart(daemon->config, daemon->next) ||
        credentials_changed(daemon->config, &daemon->device.credentials)) {
        daemon->restarts = true;
        part(daemon);
        return;
    }
    config_take_over(daemon->config, daemon->next);
    device_set_log(&daemon->device, daemon->config->log);
    players_check(&daemon->players);
    say(stderr, "tallyd: %s: in force\n", name);
    notify_tell(&daemon->notify, "READY=1\nSTATUS=running\n");
}

/* ---- the loop ------------------------------------------------------------------------------- */

static void take_signals(daemon_t *daemon) {
    struct signalfd_siginfo info;
    while (read(daemon->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGHUP) {
            notify_tell(&daemon->notify, "STOPPING=1\nSTATUS=stopping\n");
            daemon->restarts = false;
            part(daemon);
        } else if (daemon->phase == RUNNING) {
            reload(daemon);
        }
    }
}

static uint32_t take_input(daemon_t *daemon) {
    bool has_ended = false;
    const uint32_t wait_ms = least(players_take(&daemon->players, now_us(daemon)),
                                   channel_turn(&daemon->channel, &has_ended));
    if (has_ended && daemon->config->exit_when_ended) {
        tally_flush(&daemon->device.agent);
        daemon->phase = UPLOADING;
    }
    return wait_ms;
}

static bool is_over(const daemon_t *daemon) {
    const tally_t *const agent = &daemon->device.agent;
    const bool is_destroying = tally_consent_state(agent) == TALLY_CONSENT_WITHDRAWING;
    switch (daemon->phase) {
    case RUNNING: return false;
    case UPLOADING: return tally_pending(agent) == 0;
    case PARTING: break;
    }
    return (tally_pending(agent) == 0 && !is_destroying) || now_us(daemon) >= daemon->deadline_us;
}

/* Most of the code is there for uploads, which are minutes apart. */
static void trim_behind_upload(daemon_t *daemon) {
    const uint32_t pending = tally_pending(&daemon->device.agent);
    if (pending < daemon->pending) {
        trim_code();
    }
    daemon->pending = pending;
}

/* One turn: what came in, what is due, what the agent makes of it. False at the end. The sign of
 * life is given by a turn that got this far. */
static bool turn(daemon_t *daemon) {
    take_signals(daemon);
    uint32_t wait_ms = daemon->phase == RUNNING ? take_input(daemon) : ENDING_MS;
    wait_ms = least(wait_ms, device_step(&daemon->device));
    players_answer(&daemon->players);
    trim_behind_upload(daemon);
    if (is_over(daemon)) {
        return false;
    }
    wait_ms = least(wait_ms, notify_alive(&daemon->notify, now_us(daemon)));
    const bool running = daemon->phase == RUNNING;
    struct pollfd fds[4] = {
        {.fd = daemon->signal_fd, .events = POLLIN},
        {.fd = running ? daemon->channel.udp.fd : -1, .events = POLLIN},
        {.fd = running ? daemon->players.poll_fd : -1, .events = POLLIN},
    };
    daemon->has_failed = !device_wait(&daemon->device, wait_ms, fds, 3);
    return !daemon->has_failed;
}

enum run_result run(config_t *config) {
    static daemon_t daemon; /* large */
    static config_t next;
    daemon.config = config;
    daemon.next = &next;
    if (!open_all(&daemon)) {
        return RUN_FAILED;
    }
    serve(&daemon);
    bool runs = true;
    while (runs) {
        runs = turn(&daemon);
        if (!runs && daemon.restarts) {
            if (!restart(&daemon)) {
                return RUN_FAILED;
            }
            serve(&daemon);
            runs = true;
        }
    }
    const enum run_result result = daemon.has_failed ? RUN_FAILED : tell_left(&daemon);
    close_all(&daemon);
    return result;
}
