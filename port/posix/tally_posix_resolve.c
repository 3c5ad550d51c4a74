/* SPDX-License-Identifier: Apache-2.0 */
#include "tally_posix_resolve.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST_BYTES    256 /* a DNS name has at most 253 characters */
#define SERVICE_BYTES 6

/* Belongs to two threads. The one that comes last to `done` or `abandoned` frees it. */
struct tally_posix_lookup {
    pthread_mutex_t lock;
    bool done;
    bool abandoned;
    const tally_port_t *port; /* not looked at once abandoned */
    struct addrinfo *list;
    char host[HOST_BYTES];
    char service[SERVICE_BYTES];
};

static struct addrinfo *look_up(const char *host, const char *service, int flags) {
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICSERV | flags,
    };
    struct addrinfo *list = NULL;
    return getaddrinfo(host, service, &hints, &list) == 0 ? list : NULL;
}

static void lookup_free(tally_posix_lookup_t *lookup) {
    (void)pthread_mutex_destroy(&lookup->lock);
    free(lookup);
}

static void *lookup_run(void *argument) {
    tally_posix_lookup_t *lookup = argument;
    struct addrinfo *list = look_up(lookup->host, lookup->service, 0);

    (void)pthread_mutex_lock(&lookup->lock);
    const bool abandoned = lookup->abandoned;
    if (!abandoned) {
        lookup->list = list;
        lookup->done = true;
        lookup->port->wake(lookup->port->ctx); /* under the lock: the port is alive until then */
    }
    (void)pthread_mutex_unlock(&lookup->lock);

    if (abandoned) {
        if (list != NULL) {
            freeaddrinfo(list);
        }
        lookup_free(lookup);
    }
    return NULL;
}

/* The new thread takes no signals: the program's handlers expect its own threads. */
static int start_detached(tally_posix_lookup_t *lookup) {
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    const int failed = pthread_create(&thread, NULL, lookup_run, lookup);
    if (!failed) {
        (void)pthread_detach(thread);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

static void print_service(char service[SERVICE_BYTES], uint16_t port) {
    (void)snprintf(service, SERVICE_BYTES, "%" PRIu16, port);
}

struct addrinfo *tally_posix_resolve_literal(const tally_peer_t *peer) {
    char service[SERVICE_BYTES];
    print_service(service, peer->port);
    return look_up(peer->host, service, AI_NUMERICHOST);
}

tally_posix_lookup_t *tally_posix_resolve_start(const tally_peer_t *peer,
                                                const tally_port_t *port) {
    const size_t host_bytes = strlen(peer->host) + 1;
    if (host_bytes > HOST_BYTES) {
        return NULL;
    }
    tally_posix_lookup_t *lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL) {
        return NULL;
    }
    lookup->port = port;
    memcpy(lookup->host, peer->host, host_bytes);
    print_service(lookup->service, peer->port);
    if (pthread_mutex_init(&lookup->lock, NULL) != 0) {
        free(lookup);
        return NULL;
    }
    if (start_detached(lookup) != 0) {
        lookup_free(lookup);
        return NULL;
    }
    return lookup;
}

bool tally_posix_resolve_poll(tally_posix_lookup_t *lookup, struct addrinfo **list) {
    (void)pthread_mutex_lock(&lookup->lock);
    const bool done = lookup->done;
    (void)pthread_mutex_unlock(&lookup->lock);
    if (done) {
        *list = lookup->list;
        lookup_free(lookup);
    }
    return done;
}

void tally_posix_resolve_abandon(tally_posix_lookup_t *lookup) {
    (void)pthread_mutex_lock(&lookup->lock);
    const bool done = lookup->done;
    lookup->abandoned = true;
    (void)pthread_mutex_unlock(&lookup->lock);
    if (done) {
        if (lookup->list != NULL) {
            freeaddrinfo(lookup->list);
        }
        lookup_free(lookup);
    }
}
