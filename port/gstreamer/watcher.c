/* SPDX-License-Identifier: Apache-2.0 */
#include "watcher.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "capabilities.h"
#include "player_inside.h"
#include "tally_client.h"

#define TICK_MS    100
#define RESTING_MS 1000

/* Nobody's process ends later than this because of us. */
#define END_MS 500

static struct {
    GMutex lock; /* of the list, and of beginning */
    GSList *players;
    GThread *thread;
    tally_t *tally;
    gchar *socket;
    gchar *application;
    int wake;  /* eventfd, -1 before the begin */
    int ended; /* another: it has */
    pid_t process;
    gint is_stopping;
} watcher = {.wake = -1, .ended = -1};

void watcher_configure(const gchar *socket, const gchar *application) {
    g_mutex_lock(&watcher.lock);
    g_free(watcher.socket);
    g_free(watcher.application);
    watcher.socket = g_strdup(socket);
    watcher.application = g_strdup(application);
    g_mutex_unlock(&watcher.lock);
}

tally_t *watcher_tally(void) {
    return watcher.tally;
}

const char *watcher_application(void) {
    return watcher.application != NULL ? watcher.application : g_get_prgname();
}

static void signal_on(int fd) {
    const uint64_t one = 1;
    const int saved = errno; /* runs inside other people's code */
    if (fd >= 0 && write(fd, &one, sizeof one) < 0) {
        errno = saved; /* full: it is awake already */
    }
}

void watcher_wake(void) {
    signal_on(__atomic_load_n(&watcher.wake, __ATOMIC_ACQUIRE));
}

/* ---- the thread ----------------------------------------------------------------------------- */

static GSList *list_players(void) {
    g_mutex_lock(&watcher.lock);
    GSList *const copy = g_slist_copy(watcher.players);
    g_mutex_unlock(&watcher.lock);
    return copy;
}

static void forget(player_t *player) {
    g_mutex_lock(&watcher.lock);
    watcher.players = g_slist_remove(watcher.players, player);
    g_mutex_unlock(&watcher.lock);
    player_unref(player);
}

static enum pace look_at_all(void) {
    GSList *const players = list_players();
    const uint64_t now_ms = player_now_ms();
    enum pace pace = PACE_NONE;
    for (GSList *at = players; at != NULL; at = at->next) {
        player_t *const player = at->data;
        const enum pace own = player_tick(player, now_ms);
        if (player->is_over) {
            forget(player);
        } else {
            pace = MAX(pace, own);
        }
    }
    g_slist_free(players);
    return pace;
}

static void rest(enum pace pace) {
    struct pollfd wake = {.fd = watcher.wake, .events = POLLIN};
    uint64_t count = 0;
    const int wait_ms = pace == PACE_PLAYING ? TICK_MS : pace == PACE_RESTING ? RESTING_MS : -1;
    if (poll(&wake, 1, wait_ms) > 0) {
        (void)!read(watcher.wake, &count, sizeof count);
    }
}

static gpointer watch(gpointer unused) {
    (void)unused;
    while (g_atomic_int_get(&watcher.is_stopping) == 0) {
        rest(look_at_all());
    }
    GSList *const players = list_players();
    for (GSList *at = players; at != NULL; at = at->next) {
        player_shut(at->data);
    }
    g_slist_free(players);
    signal_on(watcher.ended);
    return NULL;
}

/* ---- begin ---------------------------------------------------------------------------------- */

/* No signal of the application's is for this thread. */
static GThread *begin_thread(void) {
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    GThread *const thread = g_thread_try_new("tally", watch, NULL, NULL);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return thread;
}

/* Under the lock. */
static bool begin(void) {
    if (watcher.thread != NULL) {
        return watcher.process == getpid();
    }
    uint64_t can[TALLY_GROUPS];
    capabilities_declare(can);
    const tally_client_options_t options = {.socket = watcher.socket, .capabilities = can};
    const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    watcher.ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    watcher.tally = tally_client_open(&options);
    watcher.process = getpid();
    __atomic_store_n(&watcher.wake, wake, __ATOMIC_RELEASE);
    watcher.thread = wake >= 0 && watcher.tally != NULL ? begin_thread() : NULL;
    return watcher.thread != NULL;
}

void watcher_add(player_t *player) {
    g_mutex_lock(&watcher.lock);
    const bool has_begun = begin();
    if (has_begun) {
        watcher.players = g_slist_append(watcher.players, player_ref(player));
    }
    g_mutex_unlock(&watcher.lock);
    if (has_begun) {
        watcher_wake();
    }
}

/* The process ends in order: sessions that are open are closed, and what was told gets away. Its
 * other threads may still run, and hold any lock: nothing is waited for without a limit. */
__attribute__((destructor)) static void end(void) {
    if (watcher.thread == NULL || watcher.process != getpid()) {
        return;
    }
    struct pollfd ended = {.fd = watcher.ended, .events = POLLIN};
    g_atomic_int_set(&watcher.is_stopping, 1);
    watcher_wake();
    if (poll(&ended, 1, END_MS) > 0) {
        tally_client_close(watcher.tally);
    }
}
