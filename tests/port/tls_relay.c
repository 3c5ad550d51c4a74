/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "tls_relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in loopback(uint16_t port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(port)};
}

/* Moves what is there; false at the end of the stream. */
static bool pass_client(tls_relay_t *relay, int client, int server) {
    uint8_t data[4096];
    const ssize_t got = recv(client, data, sizeof data, 0);
    if (got <= 0) {
        return false;
    }
    if (relay->hello_size == 0) {
        relay->hello_size =
            (uint32_t)got < sizeof relay->hello ? (uint32_t)got : (uint32_t)sizeof relay->hello;
        memcpy(relay->hello, data, relay->hello_size);
    }
    return send(server, data, (size_t)got, MSG_NOSIGNAL) == got;
}

static bool pass_server(tls_relay_t *relay, int server, int client) {
    uint8_t data[4096];
    ssize_t got = recv(server, data, sizeof data, 0);
    if (got <= 0) {
        return false;
    }
    const bool is_here = relay->at >= relay->passed && relay->at < relay->passed + (uint32_t)got;
    const uint32_t offset = relay->at - relay->passed;
    relay->passed += (uint32_t)got;
    if (is_here && relay->deed == TLS_RELAY_FLIP) {
        data[offset] ^= 0xFF;
    }
    if (is_here && relay->deed == TLS_RELAY_CUT) {
        got = (ssize_t)offset;
    }
    const bool sent = send(client, data, (size_t)got, MSG_NOSIGNAL) == got;
    return sent && !(is_here && relay->deed == TLS_RELAY_CUT);
}

static void *relay_run(void *argument) {
    tls_relay_t *relay = argument;
    const struct sockaddr_in address = loopback(relay->server_port);
    const int client = accept(relay->listener, NULL, NULL);
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool going = connect(server, (const struct sockaddr *)&address, sizeof address) == 0;
    while (going) {
        struct pollfd fds[2] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
        going = poll(fds, 2, -1) > 0 &&
                (fds[0].revents == 0 || pass_client(relay, client, server)) &&
                (fds[1].revents == 0 || pass_server(relay, server, client));
    }
    (void)close(server);
    (void)close(client);
    return NULL;
}

void tls_relay_start(tls_relay_t *relay, uint16_t server_port, enum tls_relay_deed deed,
                     uint32_t at) {
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    *relay = (tls_relay_t){.deed = deed, .at = at, .server_port = server_port};
    relay->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(relay->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(relay->listener, 1), 0);
    assert_int_equal(getsockname(relay->listener, (struct sockaddr *)&address, &size), 0);
    relay->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&relay->thread, NULL, relay_run, relay), 0);
}

void tls_relay_join(tls_relay_t *relay) {
    (void)pthread_join(relay->thread, NULL);
    (void)close(relay->listener);
}
