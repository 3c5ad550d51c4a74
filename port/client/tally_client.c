/* SPDX-License-Identifier: Apache-2.0 */
#include "tally_client.h"

#include <signal.h>
#include <stdlib.h>

#include "client.h"

/* What runs on it needs a tenth; the rest is for a C library that keeps thread-local data there. */
#define STACK_BYTES ((size_t)128 * 1024)

/* All that hooks can tell. */
static const uint64_t everything[TALLY_GROUPS] = {
    [TALLY_G_DIMENSION] = TALLY_CAN_ALL(DIMENSION),
    [TALLY_G_EVENT] = TALLY_CAN_ALL(EVENT),
    [TALLY_G_FRAMES] = TALLY_CAN_ALL(FRAMES),
    [TALLY_G_ADS] = TALLY_CAN_ALL(ADS),
    [TALLY_G_WEBRTC_INBOUND] = TALLY_CAN_ALL(WEBRTC_INBOUND),
    [TALLY_G_LEVEL] = TALLY_CAN_ALL(LEVEL),
    [TALLY_G_MEDIA] = TALLY_CAN_ALL(MEDIA),
    [TALLY_G_WEBRTC_OUTBOUND] = TALLY_CAN_ALL(WEBRTC_OUTBOUND),
    [TALLY_G_PLAYBACK] = TALLY_CAN_ALL(PLAYBACK),
    [TALLY_G_RTP] = TALLY_CAN_ALL(RTP),
    [TALLY_G_TS] = TALLY_CAN_ALL(TS),
    [TALLY_G_WEBRTC_PAIR] = TALLY_CAN_ALL(WEBRTC_PAIR),
    [TALLY_G_SINCE] = TALLY_CAN_ALL(SINCE),
};

static const char *socket_of(const tally_client_options_t *options) {
    if (options->socket != NULL) {
        return options->socket;
    }
    const char *const chosen = secure_getenv("TALLY_SOCKET");
    return chosen != NULL ? chosen : TALLY_CLIENT_SOCKET;
}

/* Neither the signals nor the priority of whoever opens the client are the thread's. */
static int begin_thread_with(tally_client_t *client, pthread_attr_t *attributes) {
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_attr_setstacksize(attributes, STACK_BYTES);
    (void)pthread_attr_setinheritsched(attributes, PTHREAD_EXPLICIT_SCHED);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(&client->thread, attributes, tally_client_run, client);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

static bool begin_thread(tally_client_t *client) {
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) {
        return false;
    }
    const int failed = begin_thread_with(client, &attributes);
    (void)pthread_attr_destroy(&attributes);
    return failed == 0;
}

static bool begin_agent(tally_client_t *client, const uint64_t *capabilities) {
    client->sink = (tally_link_t){.ctx = client, .put = tally_client_take};
    return pthread_mutex_init(&client->agent, NULL) == 0 &&
           tally_player_init(&client->tally, capabilities != NULL ? capabilities : everything,
                             &client->port.port, &client->sink) == TALLY_OK;
}

tally_t *tally_client_open(const tally_client_options_t *options) {
    static const tally_client_options_t defaults = {0};
    const tally_client_options_t *const chosen = options != NULL ? options : &defaults;
    tally_client_t *const client = calloc(1, sizeof *client);
    if (client == NULL) {
        return NULL;
    }
    if (tally_client_port_init(&client->port) != TALLY_OK) {
        free(client);
        return NULL;
    }
    if (tally_connection_init(&client->connection, &client->port.port, socket_of(chosen)) &&
        begin_agent(client, chosen->capabilities) && begin_thread(client)) {
        return &client->tally;
    }
    tally_client_port_close(&client->port);
    free(client);
    return NULL;
}

void tally_client_close(tally_t *tally) {
    if (tally == NULL) {
        return;
    }
    tally_client_t *const client = tally_client_of(tally);
    if (tally_client_port_is_home(&client->port)) {
        atomic_store(&client->is_closing, true);
        client->port.port.wake(client->port.port.ctx);
        (void)pthread_join(client->thread, NULL);
    }
    tally_connection_close(&client->connection);
    tally_client_port_close(&client->port);
    free(client);
}

void tally_client_stats(const tally_t *tally, tally_client_stats_t *out) {
    const tally_client_figures_t *const figures = &tally_client_of(tally)->figures;
    *out = (tally_client_stats_t){
        .is_connected = atomic_load(&figures->is_connected),
        .connections = atomic_load(&figures->connections),
        .sent = atomic_load(&figures->sent),
        .waiting = atomic_load(&figures->waiting),
        .dropped = atomic_load(&figures->dropped),
        .refused = atomic_load(&figures->refused),
    };
}
