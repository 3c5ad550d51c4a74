/* SPDX-License-Identifier: Apache-2.0 */
#include "tally_posix_store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILL_BYTES 4096u

/* ---- calls that may stop half way ----------------------------------------------------------- */

static bool read_all(int fd, uint8_t *out, uint32_t size, off_t at) {
    while (size > 0) {
        const ssize_t done = pread(fd, out, size, at);
        if (done > 0) {
            out += done;
            size -= (uint32_t)done;
            at += done;
        } else if (done == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

static bool write_all(int fd, const uint8_t *data, uint32_t size, off_t at) {
    while (size > 0) {
        const ssize_t done = pwrite(fd, data, size, at);
        if (done > 0) {
            data += done;
            size -= (uint32_t)done;
            at += done;
        } else if (done == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

static bool erase_all(int fd, off_t at, off_t size) {
    uint8_t erased[FILL_BYTES];
    memset(erased, 0xFF, sizeof erased);
    while (size > 0) {
        const uint32_t part = size < (off_t)sizeof erased ? (uint32_t)size : FILL_BYTES;
        if (!write_all(fd, erased, part, at)) {
            return false;
        }
        at += part;
        size -= part;
    }
    return true;
}

/* `call` is fsync or fdatasync. */
static bool synced(int (*call)(int fd), int fd) {
    int failed = call(fd);
    while (failed != 0 && errno == EINTR) {
        failed = call(fd);
    }
    return failed == 0;
}

/* ---- the store ------------------------------------------------------------------------------ */

/* Also refuses sums that would wrap around. */
static bool is_inside(const tally_store_t *store, uint32_t block, uint32_t offset, uint32_t size) {
    return block < store->blocks && offset <= store->block_bytes &&
           size <= store->block_bytes - offset;
}

static off_t place(const tally_store_t *store, uint32_t block, uint32_t offset) {
    return (off_t)block * store->block_bytes + offset;
}

/* An error of the kernel's own writing back is told here too, whichever call comes first. */
static bool flush(tally_posix_store_t *file) {
    const bool flushed = synced(fdatasync, file->fd);
    file->lost = file->lost || (file->pending && !flushed);
    file->pending = false;
    return flushed;
}

static int32_t file_read(void *ctx, uint32_t block, uint32_t offset, uint8_t *out, uint32_t size) {
    const tally_posix_store_t *file = ctx;
    const tally_store_t *store = &file->store;
    const bool done = is_inside(store, block, offset, size) &&
                      read_all(file->fd, out, size, place(store, block, offset));
    return done ? TALLY_OK : TALLY_E_IO;
}

static int32_t file_program(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                            uint32_t size) {
    tally_posix_store_t *file = ctx;
    const tally_store_t *store = &file->store;
    if (!is_inside(store, block, offset, size) || offset % store->program_bytes != 0 ||
        size % store->program_bytes != 0) {
        return TALLY_E_IO;
    }
    file->pending = true;
    return write_all(file->fd, data, size, place(store, block, offset)) ? TALLY_OK : TALLY_E_IO;
}

static int32_t file_erase(void *ctx, uint32_t block) {
    tally_posix_store_t *file = ctx;
    const tally_store_t *store = &file->store;
    const bool done = is_inside(store, block, 0, 0) &&
                      erase_all(file->fd, place(store, block, 0), store->block_bytes) &&
                      flush(file);
    return done ? TALLY_OK : TALLY_E_IO;
}

static int32_t file_sync(void *ctx) {
    tally_posix_store_t *file = ctx;
    const bool flushed = flush(file);
    const bool kept = flushed && !file->lost;
    file->lost = false;
    return kept ? TALLY_OK : TALLY_E_IO;
}

/* ---- creating ------------------------------------------------------------------------------- */

static int32_t refusal(void) {
    const bool no_space = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
    return no_space ? TALLY_E_TOO_BIG : TALLY_E_IO;
}

static int closed(int fd) {
    const int error = errno;
    (void)close(fd);
    errno = error;
    return -1;
}

/* Without this a power cut could take a new file's name away, and all of its records with it. */
static bool folder_synced(const char *path) {
    char folder[PATH_MAX];
    const char *const slash = strrchr(path, '/');
    (void)snprintf(folder, sizeof folder, "%.*s.", slash == NULL ? 0 : (int)(slash + 1 - path),
                   path);
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool done = fd >= 0 && synced(fsync, fd);
    (void)closed(fd);
    return done;
}

/* A file system that cannot set space aside takes it when the bytes are written. */
static bool set_aside(int fd, off_t bytes) {
    int error = posix_fallocate(fd, 0, bytes);
    while (error == EINTR) {
        error = posix_fallocate(fd, 0, bytes);
    }
    errno = error;
    return error == 0 || error == EOPNOTSUPP || error == EINVAL;
}

/*
 * The size of the file says how far its creation came: 0, then one byte too many, and the right
 * size only when all else is durable. A change of size is never torn, so no power cut leaves a file
 * that is taken for whole and is not, and what an unfinished one holds need not be looked at.
 * fsync() and not fdatasync(): the last size must not be put off until there are records.
 */
static int32_t create(int fd, const char *path, off_t bytes) {
    const bool created = ftruncate(fd, bytes + 1) == 0 && set_aside(fd, bytes + 1) &&
                         erase_all(fd, 0, bytes) && synced(fsync, fd) && folder_synced(path) &&
                         ftruncate(fd, bytes) == 0 && synced(fsync, fd);
    if (created) {
        return TALLY_OK;
    }
    const int error = errno;
    const bool emptied = ftruncate(fd, 0) == 0; /* others need the space more */
    (void)emptied;
    errno = error;
    return refusal();
}

/* ---- opening and closing -------------------------------------------------------------------- */

static int32_t take(int fd, const char *path, off_t bytes) {
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? TALLY_E_STATE : TALLY_E_IO;
    }
    struct stat found;
    if (fstat(fd, &found) != 0) {
        return TALLY_E_IO;
    }
    if (!S_ISREG(found.st_mode)) {
        return TALLY_E_CONFIG;
    }
    if (found.st_size == bytes) {
        return TALLY_OK;
    }
    if (found.st_size != 0 && found.st_size != bytes + 1) {
        return TALLY_E_CONFIG;
    }
    return create(fd, path, bytes);
}

static bool is_allowed(uint32_t block_bytes, uint32_t blocks, uint32_t program_bytes) {
    const bool granularity_good =
        program_bytes == 1 || program_bytes == 4 || program_bytes == 8 || program_bytes == 16;
    return granularity_good && blocks > 0 && block_bytes >= 256 && block_bytes <= 1024u * 1024u &&
           block_bytes % program_bytes == 0;
}

int32_t tally_posix_store_open(tally_posix_store_t *file, const char *path, uint32_t block_bytes,
                               uint32_t blocks, uint32_t program_bytes) {
    if (file == NULL) {
        return TALLY_E_ARGUMENT;
    }
    file->fd = -1;
    if (path == NULL || !is_allowed(block_bytes, blocks, program_bytes)) {
        return TALLY_E_ARGUMENT;
    }
    *file = (tally_posix_store_t){
        .store =
            {
                .ctx = file,
                .block_bytes = block_bytes,
                .blocks = blocks,
                .program_bytes = program_bytes,
                .read = file_read,
                .program = file_program,
                .erase = file_erase,
                .sync = file_sync,
            },
        .fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600),
    };
    if (file->fd < 0) {
        return refusal();
    }
    const int32_t status = take(file->fd, path, place(&file->store, blocks, 0));
    if (status != TALLY_OK) {
        file->fd = closed(file->fd);
    }
    return status;
}

void tally_posix_store_close(tally_posix_store_t *file) {
    if (file->fd >= 0) {
        file->fd = closed(file->fd);
    }
}

const tally_store_t *tally_posix_store(const tally_posix_store_t *file) {
    return &file->store;
}
