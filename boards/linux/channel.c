/* SPDX-License-Identifier: Apache-2.0 */
#include "channel.h"

#include <string.h>

#include "say.h"

#define BATCHES_MAX 4u /* of datagrams in one turn; the agent must not starve */

static void say_address(const channel_t *channel, const config_listen_t *listen) {
    const bool is_ipv6 = strchr(listen->address, ':') != NULL;
    say(stdout, "tallyd: listening on udp://%s%s%s:%u\n", is_ipv6 ? "[" : "", listen->address,
        is_ipv6 ? "]" : "", udp_port(&channel->udp));
    (void)fflush(stdout);
}

bool channel_open(channel_t *channel, const config_t *config, tally_t *agent,
                  const receiver_config_t *receiver, FILE *errors) {
    channel->udp.fd = -1;
    if (config->listen.address[0] == '\0') {
        return true;
    }
    const int error = udp_open(&channel->udp, &config->listen);
    if (error != 0) {
        say(errors, "tallyd: listen: %s\n", strerror(error));
        return false;
    }
    receiver_init(&channel->receiver, agent, receiver);
    (void)receiver_join(&channel->receiver);
    say_address(channel, &config->listen);
    return true;
}

/* A source that comes back after it had stopped begins a new session. */
static void receive(channel_t *channel) {
    uint32_t count = UDP_BATCH;
    for (uint32_t batch = 0; batch < BATCHES_MAX && count == UDP_BATCH; batch++) {
        count = udp_receive(&channel->udp);
        for (uint32_t i = 0; i < count; i++) {
            const udp_datagram_t *const datagram = &channel->udp.datagrams[i];
            if (!receiver_joined(&channel->receiver)) {
                (void)receiver_join(&channel->receiver);
            }
            (void)receiver_datagram(&channel->receiver, datagram->data, datagram->bytes,
                                    datagram->arrival_us);
        }
    }
}

/* Datagrams that come while time has already been told must not be told as earlier. */
uint32_t channel_turn(channel_t *channel, bool *has_ended) {
    *has_ended = false;
    if (channel->udp.fd < 0) {
        return UINT32_MAX;
    }
    receive(channel);
    const uint64_t now_us = udp_now_us();
    channel->udp.latest_us = now_us;
    const bool was_joined = receiver_joined(&channel->receiver);
    const uint32_t wait_ms = receiver_tick(&channel->receiver, now_us);
    *has_ended = was_joined && !receiver_joined(&channel->receiver);
    return wait_ms;
}

void channel_leave(channel_t *channel) {
    if (channel->udp.fd >= 0) {
        receiver_leave(&channel->receiver, TALLY_STOP_SHUTDOWN);
    }
}

void channel_close(channel_t *channel) {
    udp_close(&channel->udp);
}
