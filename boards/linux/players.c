/* SPDX-License-Identifier: Apache-2.0 */
#include "players.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer.h"
#include "say.h"

#define A_SECOND_US     UINT64_C(1000000)
#define MESSAGES_AHEAD  (4 * A_SECOND_US) /* a player begins with all there is to tell */
#define SHARE           16u               /* messages of one player in a turn */
#define LEFT_MOST       512u              /* messages that the kernel may hold of one player */
#define ANSWERS_BYTES   8192              /* that it may hold for one */
#define ACCEPT_COST_US  (A_SECOND_US / 50)
#define ACCEPT_AHEAD_US (4 * A_SECOND_US)
#define ACCEPT_RETRY_US A_SECOND_US /* when there is no memory or no descriptor */
#define LOG_COST_US     (10 * A_SECOND_US)
#define LOG_AHEAD_US    (90 * A_SECOND_US)
#define LISTENER        ((uint32_t)TALLY_PLAYERS) /* its place among those watched */

/* ---- log ------------------------------------------------------------------------------------ */

static void tell(const players_t *players, enum tally_log_level level, const struct ucred *who,
                 const char *what) {
    if (level <= players->config->log) {
        say(stderr, "tallyd: player, process %ld, user %lu: %s\n", (long)who->pid,
            (unsigned long)who->uid, what);
    }
}

static void tell_of(const players_t *players, enum tally_log_level level, const player_t *player,
                    const char *what) {
    const struct ucred who = {.pid = player->pid, .uid = player->uid};
    tell(players, level, &who, what);
}

/* Whoever is refused can try again at once, and is not to fill the log with it. */
static void refuse(players_t *players, const struct ucred *who, const char *why, uint64_t now_us) {
    players->refused++;
    if (pace_wait_ms(&players->log_pace, now_us, LOG_AHEAD_US) > 0) {
        players->untold++;
        return;
    }
    pace_pay(&players->log_pace, now_us, LOG_COST_US);
    char text[96];
    (void)snprintf(text, sizeof text, "refused: %s", why);
    if (players->untold > 0) {
        (void)snprintf(text, sizeof text, "refused: %s (and %u others before)", why,
                       (unsigned)players->untold);
    }
    players->untold = 0;
    tell(players, TALLY_LOG_WARNING, who, text);
}

/* ---- watching ------------------------------------------------------------------------------- */

static bool watch(const players_t *players, int how, int fd, uint32_t place, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u32 = place};
    return epoll_ctl(players->poll_fd, how, fd, &event) == 0;
}

static bool watch_player(const players_t *players, int how, const player_t *player) {
    return watch(players, how, player->fd, (uint32_t)(player - players->list),
                 EPOLLIN | (player->is_deaf ? EPOLLOUT : 0u));
}

/* A connection that hung up is always ready: one that is not to be read is not watched at all. */
static void set_paused(const players_t *players, player_t *player, bool paused) {
    if (player->is_paused != paused) {
        player->is_paused = paused;
        (void)watch_player(players, paused ? EPOLL_CTL_DEL : EPOLL_CTL_ADD, player);
    }
}

static void set_deaf(const players_t *players, player_t *player, bool deaf) {
    if (player->is_deaf != deaf) {
        player->is_deaf = deaf;
        (void)watch_player(players, EPOLL_CTL_MOD, player);
    }
}

static void set_accepting(players_t *players, bool accepting) {
    if (players->is_accepting != accepting) {
        players->is_accepting = accepting;
        (void)watch(players, accepting ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, players->listener.fd,
                    LISTENER, EPOLLIN);
    }
}

/* ---- coming and going ----------------------------------------------------------------------- */

static bool is_allowed(const config_users_t *users, uid_t uid) {
    bool allowed = users->count == 0;
    for (uint32_t i = 0; i < users->count; i++) {
        allowed |= users->list[i] == uid;
    }
    return allowed;
}

/* Why a player of this user may not come; NULL: it may. */
static const char *objection(const players_t *players, uid_t uid) {
    uint32_t all = 0;
    uint32_t own = 0;
    for (uint32_t i = 0; i < TALLY_PLAYERS; i++) {
        const player_t *const player = &players->list[i];
        all += player->fd >= 0;
        own += player->fd >= 0 && player->uid == uid;
    }
    if (!is_allowed(&players->config->player_users, uid)) {
        return "not one of player_user";
    }
    if (all >= players->config->players) {
        return "more than `players`";
    }
    return own >= players->config->players_per_user ? "more than `players_per_user`" : NULL;
}

static void admit(players_t *players, int fd, const struct ucred *who) {
    player_t *player = players->list;
    while (player->fd >= 0) {
        player++;
    }
    const int bytes = ANSWERS_BYTES;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    players->last = players->last == UINT32_MAX ? 1 : players->last + 1;
    *player = (player_t){.fd = fd, .number = players->last, .pid = who->pid, .uid = who->uid};
    if (watch_player(players, EPOLL_CTL_ADD, player)) {
        tell(players, TALLY_LOG_DEBUG, who, "connected");
    } else {
        player->fd = -1;
        close(fd);
    }
}

/* False: there is nobody more for now. Whoever connects and goes in a loop waits for its turn in
 * the kernel. */
static bool accept_one(players_t *players, uint64_t now_us) {
    const uint32_t wait_ms = pace_wait_ms(&players->accept_pace, now_us, ACCEPT_AHEAD_US);
    if (wait_ms > 0) {
        players->accept_at_us = now_us + (uint64_t)wait_ms * 1000;
        return false;
    }
    const int fd = accept4(players->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        const bool is_short =
            errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS;
        players->accept_at_us = is_short ? now_us + ACCEPT_RETRY_US : now_us;
        return false;
    }
    pace_pay(&players->accept_pace, now_us, ACCEPT_COST_US);
    struct ucred who = {.uid = (uid_t)-1};
    socklen_t size = sizeof who;
    (void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size);
    const char *const why = objection(players, who.uid);
    if (why != NULL) {
        refuse(players, &who, why, now_us);
        close(fd);
    } else {
        admit(players, fd, &who);
    }
    return true;
}

static void accept_all(players_t *players, uint64_t now_us) {
    while (accept_one(players, now_us)) {
    }
    set_accepting(players, players->accept_at_us <= now_us);
}

static void let_go(players_t *players, player_t *player, const char *why) {
    tell_of(players, TALLY_LOG_DEBUG, player, why);
    close(player->fd);
    player->fd = -1;
}

static void leave(players_t *players, player_t *player, const char *why) {
    tally_daemon_leave(players->agent, player->number);
    let_go(players, player, why);
}

/* ---- messages ------------------------------------------------------------------------------- */

/* One message, or the end of the connection. False: there is nothing more to read. Descriptors that
 * a player sends along have no buffer here, and the kernel closes them. */
static bool take_one(players_t *players, player_t *player) {
    const ssize_t bytes = recv(player->fd, players->message, sizeof players->message, MSG_TRUNC);
    if (bytes < 0 && errno == EAGAIN) {
        return false;
    }
    if (bytes < 0 && errno == ECONNRESET) {
        return true; /* told once, before what it sent: it closed without reading its answers */
    }
    if (bytes <= 0) {
        leave(players, player, bytes == 0 ? "gone" : strerror(errno));
        return false;
    }
    const int32_t status =
        tally_daemon_take(players->agent, player->number, players->message, (uint32_t)bytes);
    player->taken++;
    if (status < 0) {
        player->refused++;
        tell_of(players, TALLY_LOG_DEBUG, player, tally_status_name(status));
    }
    player->is_ending = status == TALLY_E_VERSION || status == TALLY_E_STATE;
    return !player->is_ending;
}

static void take_share(players_t *players, player_t *player, uint64_t now_us) {
    const uint64_t cost_us = A_SECOND_US / players->config->player_messages_per_s;
    for (uint32_t i = 0; i < SHARE; i++) {
        if (pace_wait_ms(&player->pace, now_us, MESSAGES_AHEAD) > 0) {
            set_paused(players, player, true);
            return;
        }
        if (!take_one(players, player)) {
            return;
        }
        pace_pay(&player->pace, now_us, cost_us);
    }
}

static void answer(players_t *players, player_t *player) {
    uint8_t text[ANSWER_BYTES];
    const uint32_t bytes = answer_write(text, player->taken, player->refused);
    if (send(player->fd, text, bytes, MSG_NOSIGNAL) < 0 && errno == EAGAIN) {
        set_deaf(players, player, true);
    } else {
        player->answered = player->taken;
    }
}

/* ---- turns ---------------------------------------------------------------------------------- */

static void take_event(players_t *players, const struct epoll_event *event, uint64_t now_us) {
    if (event->data.u32 == LISTENER) {
        accept_all(players, now_us);
        return;
    }
    player_t *const player = &players->list[event->data.u32];
    if ((event->events & EPOLLOUT) != 0) {
        set_deaf(players, player, false);
    }
    if ((event->events & ~(uint32_t)EPOLLOUT) != 0 && !player->is_ending) {
        take_share(players, player, now_us);
    }
}

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* Goes on with what had to wait. Returns after how many milliseconds the next of that is due. */
static uint32_t take_up(players_t *players, uint64_t now_us) {
    uint32_t wait_ms = UINT32_MAX;
    for (uint32_t i = 0; i < TALLY_PLAYERS; i++) {
        player_t *const player = &players->list[i];
        if (player->fd >= 0 && player->is_paused) {
            const uint32_t its_ms = pace_wait_ms(&player->pace, now_us, MESSAGES_AHEAD);
            set_paused(players, player, its_ms > 0);
            wait_ms = its_ms > 0 ? least(wait_ms, its_ms) : wait_ms;
        }
    }
    if (!players->is_accepting && !players->is_parting) {
        set_accepting(players, now_us >= players->accept_at_us);
    }
    if (!players->is_accepting && !players->is_parting) {
        wait_ms = least(wait_ms, (uint32_t)((players->accept_at_us - now_us) / 1000 + 1));
    }
    return wait_ms;
}

static void note_refused(players_t *players) {
    if (players->refused != players->noted) {
        players->noted = players->refused;
        (void)tally_note(players->agent, TALLY_M_PLAYERS_REFUSED, players->refused);
    }
}

uint32_t players_take(players_t *players, uint64_t now_us) {
    if (players->poll_fd < 0) {
        return UINT32_MAX;
    }
    struct epoll_event events[TALLY_PLAYERS + 1];
    const int count = epoll_wait(players->poll_fd, events, TALLY_PLAYERS + 1, 0);
    for (int i = 0; i < count; i++) {
        take_event(players, &events[i], now_us);
    }
    note_refused(players);
    return take_up(players, now_us);
}

void players_answer(players_t *players) {
    for (uint32_t i = 0; i < TALLY_PLAYERS; i++) {
        player_t *const player = &players->list[i];
        if (player->fd >= 0 && player->taken != player->answered && !player->is_deaf) {
            answer(players, player);
        }
        if (player->fd >= 0 && players->is_parting) {
            let_go(players, player, "sent to the next tallyd");
        } else if (player->fd >= 0 && player->is_ending) {
            leave(players, player, "refused to go on with");
        }
    }
}

void players_check(players_t *players) {
    for (uint32_t i = 0; i < TALLY_PLAYERS; i++) {
        player_t *const player = &players->list[i];
        if (player->fd >= 0 && !is_allowed(&players->config->player_users, player->uid)) {
            leave(players, player, "no longer one of player_user");
        }
    }
}

/* ---- start and end -------------------------------------------------------------------------- */

bool players_open(players_t *players, const config_t *config) {
    memset(players, 0, offsetof(players_t, message));
    players->poll_fd = -1;
    for (uint32_t i = 0; i < TALLY_PLAYERS; i++) {
        players->list[i].fd = -1;
    }
    if (!listener_open(&players->listener, config, stderr)) {
        return false;
    }
    if (players->listener.fd < 0) {
        return true;
    }
    players->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (players->poll_fd < 0) {
        say(stderr, "tallyd: players: %s\n", strerror(errno));
        listener_close(&players->listener);
        return false;
    }
    say(stdout, "tallyd: players at %s\n",
        players->listener.is_handed_over ? "the socket handed over" : config->socket);
    (void)fflush(stdout);
    return true;
}

bool players_fit(const players_t *players, const config_t *config) {
    return listener_fits(&players->listener, config);
}

void players_serve(players_t *players, const config_t *config, tally_t *agent) {
    players->config = config;
    players->agent = agent;
    players->refused = 0;
    players->noted = 0;
    players->is_parting = false;
    if (players->poll_fd >= 0) {
        set_accepting(players, true);
    }
}

void players_part(players_t *players) {
    if (players->poll_fd >= 0) {
        set_accepting(players, false);
    }
    players->is_parting = true;
    for (uint32_t i = 0; i < TALLY_PLAYERS; i++) {
        player_t *const player = &players->list[i];
        uint32_t left = LEFT_MOST;
        while (player->fd >= 0 && !player->is_ending && left > 0 && take_one(players, player)) {
            left--;
        }
    }
}

void players_close(players_t *players) {
    for (uint32_t i = 0; i < TALLY_PLAYERS; i++) {
        if (players->list[i].fd >= 0) {
            let_go(players, &players->list[i], "left alone");
        }
    }
    listener_close(&players->listener);
    if (players->poll_fd >= 0) {
        close(players->poll_fd);
        players->poll_fd = -1;
    }
}
