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
    (void)snprintf(certificate, sizeof certificate, CERTS_DIR "/%s.pem", options->certificate);
    (void)snprintf(key, sizeof key, CERTS_DIR "/%s.key", options->certificate);
    (void)snprintf(client_ca, sizeof client_ca, CERTS_DIR "/%s.pem", options->client_ca);
    const char *const arguments[] = {
        OPENSSL_PROGRAM,
        "s_server",
        "-accept",
        "127.0.0.1:0",
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
        options->option[0],
        options->option[1],
        NULL,
    };
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

/* The port of the line "ACCEPT 127.0.0.1:40123", 0 while it is not there. */
static uint16_t find_port(int log) {
    char text[4096];
    const ssize_t size = pread(log, text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    const char *line = strstr(text, "ACCEPT 127.0.0.1:");
    const char *end = line != NULL ? strchr(line, '\n') : NULL;
    return end != NULL ? (uint16_t)strtoul(strchr(line, ':') + 1, NULL, 10) : 0;
}

tls_server_t tls_server_start(const tls_server_options_t *options) {
    tls_server_t server = {.log = memfd_create("s_server", MFD_CLOEXEC)};
    assert_true(server.log >= 0);
    server.pid = spawn(options, server.log);
    for (int i = 0; i < START_TRIES && server.port == 0; i++) {
        (void)usleep(START_PAUSE_US);
        server.port = find_port(server.log);
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
