/* SPDX-License-Identifier: Apache-2.0 */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "say.h"

#define HANDED_OVER_FD 3 /* SD_LISTEN_FDS_START */
#define BACKLOG        64

/* ---- handed over ---------------------------------------------------------------------------- */

static long number_in(const char *name) {
    const char *const text = getenv(name); /* NOLINT(concurrency-mt-unsafe): threads come later */
    return text != NULL ? strtol(text, NULL, 10) : -1;
}

bool listener_handed_over(void) {
    return number_in("LISTEN_PID") == (long)getpid() && number_in("LISTEN_FDS") > 0;
}

static bool option_is(int fd, int option, int expected) {
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 && value == expected;
}

static bool take_over(listener_t *listener, const config_t *config, FILE *errors) {
    const int fd = HANDED_OVER_FD;
    if (config->socket[0] == '\0') {
        say(errors, "%s: socket: missing, and one is handed over\n", config->name);
        return false;
    }
    if (number_in("LISTEN_FDS") != 1 || !option_is(fd, SO_DOMAIN, AF_UNIX) ||
        !option_is(fd, SO_TYPE, SOCK_SEQPACKET) || !option_is(fd, SO_ACCEPTCONN, 1)) {
        say(errors, "tallyd: what was handed over is not one Unix socket that listens, of type "
                    "SOCK_SEQPACKET\n");
        return false;
    }
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        say(errors, "tallyd: socket handed over: %s\n", strerror(errno));
        return false;
    }
    listener->fd = fd;
    listener->is_handed_over = true;
    return true;
}

/* ---- of our own ----------------------------------------------------------------------------- */

static socklen_t address_of(const config_t *config, struct sockaddr_un *out) {
    const size_t length = strlen(config->socket);
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(out->sun_path, config->socket, length);
    const bool is_abstract = config->socket[0] == '@';
    if (is_abstract) {
        out->sun_path[0] = '\0';
    }
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (is_abstract ? 0 : 1));
}

/* Whose process answers there; 0: nobody's, -1: that cannot be said. */
static pid_t owner_of(const struct sockaddr_un *address, socklen_t bytes) {
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    struct ucred owner = {.pid = -1};
    socklen_t size = sizeof owner;
    if (connect(fd, (const struct sockaddr *)address, bytes) != 0) {
        owner.pid = errno == ECONNREFUSED ? 0 : -1;
    } else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &owner, &size) != 0) {
        owner.pid = -1;
    }
    close(fd);
    return owner.pid;
}

/* Binds with the permissions that are configured from the first moment on. */
static bool bind_as(int fd, const config_t *config, const struct sockaddr_un *address,
                    socklen_t bytes) {
    const mode_t before = umask((mode_t)(~config->socket_mode & 0777));
    const bool bound = bind(fd, (const struct sockaddr *)address, bytes) == 0;
    const int error = errno;
    (void)umask(before);
    errno = error;
    return bound;
}

/* What answers to this name, in `out`, or NULL: nothing does, and its file is gone. */
static const char *clear(const config_t *config, const struct sockaddr_un *address, socklen_t bytes,
                         char out[48]) {
    struct stat found;
    if (config->socket[0] != '@' &&
        (lstat(config->socket, &found) != 0 || !S_ISSOCK(found.st_mode))) {
        return "is there, and not a socket";
    }
    const pid_t owner = owner_of(address, bytes);
    if (owner != 0) {
        (void)snprintf(out, 48, owner > 0 ? "in use by process %ld" : "in use", (long)owner);
        return out;
    }
    return unlink(config->socket) == 0 ? NULL : strerror(errno);
}

/* A file without a process behind it is what a dead tallyd left. Two that start at once are told
 * apart by their spool, which only one of them got. */
static const char *bind_anew(int fd, const config_t *config, char out[48]) {
    struct sockaddr_un address;
    const socklen_t bytes = address_of(config, &address);
    if (bind_as(fd, config, &address, bytes)) {
        return NULL;
    }
    if (errno != EADDRINUSE) {
        return strerror(errno);
    }
    const char *const why = clear(config, &address, bytes, out);
    if (why != NULL) {
        return why;
    }
    return bind_as(fd, config, &address, bytes) ? NULL : strerror(errno);
}

static bool bind_and_listen(listener_t *listener, const config_t *config, FILE *errors) {
    char text[48];
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const char *why = fd < 0 ? strerror(errno) : bind_anew(fd, config, text);
    const bool is_bound = why == NULL;
    if (is_bound && listen(fd, BACKLOG) != 0) {
        why = strerror(errno);
    }
    if (is_bound) {
        memcpy(listener->name, config->socket, sizeof listener->name);
        listener->mode = config->socket_mode;
    }
    listener->fd = fd;
    if (why != NULL) {
        config_complain(config, config->socket, errors, config->socket, why);
        listener_close(listener);
    }
    return why == NULL;
}

bool listener_open(listener_t *listener, const config_t *config, FILE *errors) {
    *listener = (listener_t){.fd = -1};
    if (listener_handed_over()) {
        return take_over(listener, config, errors);
    }
    return config->socket[0] == '\0' || bind_and_listen(listener, config, errors);
}

bool listener_fits(const listener_t *listener, const config_t *config) {
    return listener->is_handed_over ||
           (strcmp(listener->name, config->socket) == 0 && listener->mode == config->socket_mode);
}

void listener_close(listener_t *listener) {
    if (listener->fd >= 0) {
        close(listener->fd);
        listener->fd = -1;
    }
    if (listener->name[0] != '\0' && listener->name[0] != '@') {
        (void)unlink(listener->name);
    }
    listener->name[0] = '\0';
}
