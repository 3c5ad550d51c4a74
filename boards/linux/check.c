/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "credentials.h"

static bool complain(const config_t *config, const char *member, const char *what, const char *why,
                     FILE *errors) {
    config_complain(config, member, errors, what, why);
    return false;
}

/* The folder a file is to be created in. */
static void folder_of(const char *name, char out[CONFIG_FILE_BYTES]) {
    const char *const slash = strrchr(name, '/');
    (void)snprintf(out, CONFIG_FILE_BYTES, "%.*s", slash == NULL ? 1 : (int)(slash - name),
                   slash == NULL ? "." : name);
    if (out[0] == '\0') {
        (void)snprintf(out, CONFIG_FILE_BYTES, "/");
    }
}

static bool has_place(const config_t *config, const char *member, FILE *errors) {
    char folder[CONFIG_FILE_BYTES];
    folder_of(member, folder);
    return access(folder, W_OK | X_OK) == 0 ||
           complain(config, member, folder, strerror(errno), errors);
}

/* `member` of `config`: a file that is one of `kind`, or can be created. */
static bool check_place(const config_t *config, const char *member, mode_t kind, const char *why,
                        FILE *errors) {
    struct stat found;
    if (stat(member, &found) == 0) {
        return (found.st_mode & (mode_t)S_IFMT) == kind ||
               complain(config, member, member, why, errors);
    }
    return errno == ENOENT ? has_place(config, member, errors)
                           : complain(config, member, member, strerror(errno), errors);
}

static bool check_store(const config_t *config, const char *member, FILE *errors) {
    if (member[0] == '\0') {
        return true;
    }
    if (!check_place(config, member, S_IFREG, "not a file", errors)) {
        return false;
    }
    return access(member, R_OK | W_OK) == 0 || errno == ENOENT ||
           complain(config, member, member, strerror(errno), errors);
}

bool check_files(const config_t *config, FILE *errors) {
    bool good = credentials_check(config, errors);
    good &= check_store(config, config->spool, errors);
    good &= check_store(config, config->settings, errors);
    return good;
}

bool check_socket(const config_t *config, FILE *errors) {
    return config->socket[0] == '\0' || config->socket[0] == '@' ||
           check_place(config, config->socket, S_IFSOCK, "not a socket", errors);
}
