/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "tls_server.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_TRIES = 500, START_PAUSE_US = 10000 };

extern char **environ;

const tls_server_options_t tls_server_good = {.certificate = "server", .client_ca = "ca"};

static pid_t spawn(const tls_server_options_t *options, int log) {
    char certificate[512];
    char key[512];
    char client_ca[512];
    char chain[512];
    char accept[32];
    (void)snprintf(certificate, sizeof certificate, CERTS_DIR "/%s.pem", options->certificate);
    (void)snprintf(key, sizeof key, CERTS_DIR "/%s.key", options->certificate);
    (void)snprintf(client_ca, sizeof client_ca, CERTS_DIR "/%s.pem", options->client_ca);
    (void)snprintf(chain, sizeof chain, CERTS_DIR "/%s-chain.pem",
                   options->chain != NULL ? options->chain : "");
    (void)snprintf(accept, sizeof accept, "127.0.0.1:%u", options->port);
    const char *arguments[24] = {
        OPENSSL_PROGRAM,
        "s_server",
        "-accept",
        accept,
        "-rev",
        "-cert",
        certificate,
        "-key",
        key,
        "-CAfile",
        client_ca,
        "-Verify",
        "1",
        "-verify_return_error",
    };
    size_t count = 14;
    if (options->chain != NULL) {
        arguments[count++] = "-cert_chain";
        arguments[count++] = chain;
    }
    memcpy(arguments + count, options->option, sizeof options->option);
    posix_spawn_file_actions_t actions;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, log, STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, log, STDERR_FILENO);
    pid_t pid = -1;
    /* posix_spawn() does not write to the arguments; its type is older than const. */
    const int failed = posix_spawn(&pid, OPENSSL_PROGRAM, &actions, NULL,
                                   (char *const *)(uintptr_t)arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    assert_int_equal(failed, 0);
    return pid;
}

/* The port of the line "ACCEPT 127.0.0.1:40123", 0 while it is not there; of "ACCEPT", which is all
 * that is said when the port was given. */
static uint16_t find_port(int log, uint16_t given) {
    char text[4096];
    const ssize_t size = pread(log, text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    const char *line = strstr(text, given != 0 ? "ACCEPT" : "ACCEPT 127.0.0.1:");
    const char *end = line != NULL ? strchr(line, '\n') : NULL;
    if (end == NULL || given != 0) {
        return end != NULL ? given : 0;
    }
    return (uint16_t)strtoul(strchr(line, ':') + 1, NULL, 10);
}

tls_server_t tls_server_start(const tls_server_options_t *options) {
    tls_server_t server = {.log = memfd_create("s_server", MFD_CLOEXEC)};
    assert_true(server.log >= 0);
    server.pid = spawn(options, server.log);
    for (int i = 0; i < START_TRIES && server.port == 0; i++) {
        (void)usleep(START_PAUSE_US);
        server.port = find_port(server.log, options->port);
    }
    if (server.port == 0) {
        tls_server_stop(&server);
        fail_msg("openssl s_server did not start");
    }
    return server;
}

void tls_server_stop(const tls_server_t *server) {
    (void)kill(server->pid, SIGKILL);
    (void)waitpid(server->pid, NULL, 0);
    (void)close(server->log);
}
