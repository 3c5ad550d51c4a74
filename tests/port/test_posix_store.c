/* SPDX-License-Identifier: Apache-2.0 */
/* The store in a file, with all that a real kernel and real file systems say to it. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_rig.h"

enum { NOBODY = 65534 };

/* ---- what a store does ---------------------------------------------------------------------- */

static void a_new_store_is_erased_and_has_its_space(void **state) {
    (void)state;
    struct stat found;
    rig_assert_erased();
    assert_int_equal(fstat(rig.file.fd, &found), 0);
    assert_int_equal(found.st_size, STORE_BYTES);
    assert_true(found.st_blocks * 512 >= STORE_BYTES);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(fcntl(rig.file.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

static void keeps_its_content_over_close_and_open(void **state) {
    (void)state;
    static const uint8_t data[] = {1, 2, 3, 4, 5};
    uint8_t out[7];
    assert_int_equal(rig.store->program(rig.store->ctx, 1, 6139, data, 5), TALLY_OK);
    assert_int_equal(rig.store->sync(rig.store->ctx), TALLY_OK);
    rig_close();
    assert_int_equal(rig_open(), TALLY_OK);
    assert_int_equal(rig.store->read(rig.store->ctx, 1, 6137, out, 7), TALLY_OK);
    assert_memory_equal(out, "\xFF\xFF\1\2\3\4\5", 7);
    assert_int_equal(rig.store->read(rig.store->ctx, 2, 0, out, 2), TALLY_OK);
    assert_memory_equal(out, "\xFF\xFF", 2);
}

static void takes_zeros_over_anything(void **state) {
    (void)state;
    static const uint8_t zeros[4] = {0};
    uint8_t out[8];
    assert_int_equal(rig.store->program(rig.store->ctx, 0, 8, (const uint8_t *)"records!", 8),
                     TALLY_OK);
    assert_int_equal(rig.store->program(rig.store->ctx, 0, 10, zeros, 4), TALLY_OK);
    assert_int_equal(rig.store->read(rig.store->ctx, 0, 8, out, 8), TALLY_OK);
    assert_memory_equal(out, "re\0\0\0\0s!", 8);
}

static void erases_one_block_only(void **state) {
    (void)state;
    static uint8_t all[STORE_BYTES];
    memset(all, 0x5A, sizeof all);
    for (uint32_t i = 0; i < BLOCKS; i++) {
        assert_int_equal(rig.store->program(rig.store->ctx, i, 0, all, BLOCK_BYTES), TALLY_OK);
    }
    assert_int_equal(rig.store->erase(rig.store->ctx, 1), TALLY_OK);
    rig_read(all);
    for (uint32_t i = 0; i < STORE_BYTES; i++) {
        assert_int_equal(all[i], i / BLOCK_BYTES == 1 ? 0xFF : 0x5A);
    }
}

static void refuses_places_outside(void **state) {
    (void)state;
    uint8_t data[8] = {0};
    assert_int_equal(rig.store->read(rig.store->ctx, BLOCKS, 0, data, 1), TALLY_E_IO);
    assert_int_equal(rig.store->read(rig.store->ctx, 0, 6140, data, 8), TALLY_E_IO);
    assert_int_equal(rig.store->read(rig.store->ctx, 0, 4, data, UINT32_MAX), TALLY_E_IO);
    assert_int_equal(rig.store->program(rig.store->ctx, BLOCKS, 0, data, 4), TALLY_E_IO);
    assert_int_equal(rig.store->program(rig.store->ctx, 0, 6140, data, 8), TALLY_E_IO);
    assert_int_equal(rig.store->erase(rig.store->ctx, BLOCKS), TALLY_E_IO);
    assert_int_equal(rig_file_bytes(), STORE_BYTES);
    rig_assert_erased();
}

static void refuses_to_program_off_the_granularity(void **state) {
    (void)state;
    const uint8_t data[8] = {0};
    assert_int_equal(tally_posix_store_open(&rig.file, rig.path, BLOCK_BYTES, BLOCKS, 4), TALLY_OK);
    assert_int_equal(rig.store->program(rig.store->ctx, 0, 4, data, 4), TALLY_OK);
    assert_int_equal(rig.store->program(rig.store->ctx, 0, 2, data, 4), TALLY_E_IO);
    assert_int_equal(rig.store->program(rig.store->ctx, 0, 4, data, 3), TALLY_E_IO);
}

static void a_closed_store_refuses_everything(void **state) {
    (void)state;
    uint8_t data[4] = {0};
    rig_close();
    assert_int_equal(rig.store->read(rig.store->ctx, 0, 0, data, 4), TALLY_E_IO);
    assert_int_equal(rig.store->program(rig.store->ctx, 0, 0, data, 4), TALLY_E_IO);
    assert_int_equal(rig.store->erase(rig.store->ctx, 0), TALLY_E_IO);
    assert_int_equal(rig.store->sync(rig.store->ctx), TALLY_E_IO);
    rig_close();
}

static void refuses_sizes_the_contract_forbids(void **state) {
    (void)state;
    tally_posix_store_t *const file = &rig.file;
    file->fd = STDERR_FILENO; /* whatever was there before: it is not the store's to close */
    assert_int_equal(tally_posix_store_open(NULL, rig.path, 256, 3, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_posix_store_open(file, NULL, 256, 3, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_posix_store_open(file, rig.path, 128, 3, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_posix_store_open(file, rig.path, 1 << 21, 3, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_posix_store_open(file, rig.path, 260, 3, 8), TALLY_E_ARGUMENT);
    assert_int_equal(tally_posix_store_open(file, rig.path, 256, 0, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_posix_store_open(file, rig.path, 256, 3, 2), TALLY_E_ARGUMENT);
    assert_int_equal(access(rig.path, F_OK), -1);
    assert_int_equal(file->fd, -1);
}

/* ---- files it is given ---------------------------------------------------------------------- */

static void one_file_is_one_store(void **state) {
    (void)state;
    tally_posix_store_t other;
    assert_int_equal(tally_posix_store_open(&other, rig.path, BLOCK_BYTES, BLOCKS, 1),
                     TALLY_E_STATE);
    tally_posix_store_close(&other);
    const pid_t child = fork();
    if (child == 0) {
        _exit(tally_posix_store_open(&other, rig.path, BLOCK_BYTES, BLOCKS, 1) == TALLY_E_STATE
                  ? 0
                  : 1);
    }
    int ended = -1;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
    rig_close();
    assert_int_equal(tally_posix_store_open(&other, rig.path, BLOCK_BYTES, BLOCKS, 1), TALLY_OK);
    tally_posix_store_close(&other);
}

static void a_file_of_another_size_is_refused_and_kept(void **state) {
    (void)state;
    static const size_t sizes[] = {1, STORE_BYTES - BLOCK_BYTES, STORE_BYTES - 1, STORE_BYTES + 2};
    static char bytes[STORE_BYTES + 2];
    static char after[sizeof bytes];
    memset(bytes, 'r', sizeof bytes);
    for (uint32_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        rig_put_file(bytes, sizes[i]);
        assert_int_equal(rig_open(), TALLY_E_CONFIG);
        FILE *const in = fopen(rig.path, "r");
        assert_non_null(in);
        assert_int_equal(fread(after, 1, sizeof after, in), sizes[i]);
        assert_int_equal(fclose(in), 0);
        assert_memory_equal(after, bytes, sizes[i]);
    }
}

static void a_file_of_the_right_size_is_kept_whatever_it_holds(void **state) {
    (void)state;
    static uint8_t bytes[STORE_BYTES];
    static uint8_t after[STORE_BYTES];
    memset(bytes, 0x5A, sizeof bytes);
    rig_put_file(bytes, sizeof bytes);
    assert_int_equal(rig_open(), TALLY_OK);
    rig_read(after);
    assert_memory_equal(after, bytes, sizeof bytes);
}

static void an_empty_or_unfinished_file_is_made_a_store(void **state) {
    (void)state;
    static char bytes[STORE_BYTES + 1]; /* the size of an unfinished one, and any content */
    for (size_t size = 0; size <= sizeof bytes; size += sizeof bytes) {
        rig_put_file(bytes, size);
        assert_int_equal(rig_open(), TALLY_OK);
        rig_assert_erased();
        assert_int_equal(rig_file_bytes(), STORE_BYTES);
        rig_close();
    }
}

static void a_link_is_not_followed(void **state) {
    (void)state;
    char target[80];
    (void)snprintf(target, sizeof target, "%s/target", rig.folder);
    assert_int_equal(symlink(target, rig.path), 0);
    errno = 0;
    assert_int_equal(rig_open(), TALLY_E_IO);
    assert_int_equal(errno, ELOOP);
    assert_int_equal(access(target, F_OK), -1);
}

static void what_is_no_regular_file_is_refused(void **state) {
    (void)state;
    assert_int_equal(mkfifo(rig.path, 0600), 0);
    assert_int_equal(rig_open(), TALLY_E_CONFIG);
    assert_int_equal(tally_posix_store_open(&rig.file, "/dev/full", BLOCK_BYTES, BLOCKS, 1),
                     TALLY_E_CONFIG);
    errno = 0;
    assert_int_equal(tally_posix_store_open(&rig.file, rig.folder, BLOCK_BYTES, BLOCKS, 1),
                     TALLY_E_IO);
    assert_int_equal(errno, EISDIR);
}

static void a_folder_that_is_not_there(void **state) {
    (void)state;
    tally_posix_store_t file;
    errno = 0;
    assert_int_equal(tally_posix_store_open(&file, "/no/such/store", BLOCK_BYTES, BLOCKS, 1),
                     TALLY_E_IO);
    assert_int_equal(errno, ENOENT);
}

static void a_name_without_a_folder_lies_in_the_current_one(void **state) {
    (void)state;
    const int here = open(".", O_RDONLY | O_DIRECTORY);
    assert_int_equal(chdir(rig.folder), 0);
    const int32_t status = tally_posix_store_open(&rig.file, "store", BLOCK_BYTES, BLOCKS, 1);
    assert_int_equal(fchdir(here), 0);
    (void)close(here);
    assert_int_equal(status, TALLY_OK);
    assert_int_equal(rig_file_bytes(), STORE_BYTES);
}

/* What open() says to a user who is not root, whom modes do not stop; errno of it. */
static int refused_to_a_user(void) {
    const bool root = geteuid() == 0;
    assert_true(!root || seteuid(NOBODY) == 0);
    errno = 0;
    const int32_t status = rig_open();
    const int error = errno;
    assert_true(!root || seteuid(0) == 0);
    assert_int_equal(status, TALLY_E_IO);
    return error;
}

static void a_file_that_may_only_be_read(void **state) {
    (void)state;
    rig_close();
    assert_int_equal(chmod(rig.folder, 0755), 0);
    assert_int_equal(chmod(rig.path, 0444), 0);
    assert_int_equal(refused_to_a_user(), EACCES);
}

static void a_folder_that_may_only_be_read(void **state) {
    (void)state;
    assert_int_equal(chmod(rig.folder, 0555), 0);
    const int error = refused_to_a_user();
    assert_int_equal(chmod(rig.folder, 0755), 0);
    assert_int_equal(error, EACCES);
}

/* ---- what a kernel refuses of itself -------------------------------------------------------- */

/* Writes at and behind this place in any file of this process fail, and those across it stop
 * there. */
static void limit_files(rlim_t bytes) {
    struct rlimit limit;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_limit_in_the_midst_of_the_store(void **state) {
    (void)state;
    static const uint8_t data[200] = {0};
    uint8_t out[200];
    limit_files(2 * BLOCK_BYTES + 100);
    const int32_t erased = rig.store->erase(rig.store->ctx, 2);
    const int32_t before = rig.store->program(rig.store->ctx, 1, 0, data, 200);
    const int32_t across = rig.store->program(rig.store->ctx, 2, 0, data, 200);
    const int32_t behind = rig.store->program(rig.store->ctx, 2, 100, data, 100);
    limit_files(RLIM_INFINITY);
    assert_int_equal(erased, TALLY_E_IO);
    assert_int_equal(before, TALLY_OK);
    assert_int_equal(across, TALLY_E_IO);
    assert_int_equal(behind, TALLY_E_IO);
    assert_int_equal(rig.store->read(rig.store->ctx, 2, 0, out, 200), TALLY_OK);
    assert_memory_equal(out, data, 100); /* the kernel's write did stop half way */
    assert_int_equal(out[100], 0xFF);
    assert_int_equal(rig.store->program(rig.store->ctx, 2, 0, data, 200), TALLY_OK);
}

static void a_limit_below_the_size_of_a_new_store(void **state) {
    (void)state;
    limit_files(STORE_BYTES - 1);
    errno = 0;
    const int32_t status = rig_open();
    const int error = errno;
    limit_files(RLIM_INFINITY);
    assert_int_equal(status, TALLY_E_TOO_BIG);
    assert_int_equal(error, EFBIG);
    assert_int_equal(rig_open(), TALLY_OK);
}

static void a_file_cut_short_under_the_store(void **state) {
    (void)state;
    uint8_t out[200];
    assert_int_equal(truncate(rig.path, 100), 0);
    assert_int_equal(rig.store->read(rig.store->ctx, 0, 0, out, 100), TALLY_OK);
    assert_int_equal(rig.store->read(rig.store->ctx, 0, 0, out, 200), TALLY_E_IO);
    assert_int_equal(rig.store->read(rig.store->ctx, 2, 0, out, 1), TALLY_E_IO);
}

/* ---- a full file system --------------------------------------------------------------------- */

enum { MANY_BLOCKS = 100 };

static bool put_text(const char *name, const char *text) {
    FILE *const out = fopen(name, "w");
    if (out == NULL) {
        return false;
    }
    const bool written = fputs(text, out) >= 0;
    return fclose(out) == 0 && written;
}

/* Whom the files of a name space belong to. */
static bool map_user(const char *name, uint32_t id) {
    char map[32];
    (void)snprintf(map, sizeof map, "0 %u 1", (unsigned)id);
    return put_text(name, map);
}

/* In name spaces of its own this process may mount; root may where users get none. */
static bool may_mount(void) {
    const uint32_t user = geteuid();
    const uint32_t group = getegid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) {
        return map_user("/proc/self/uid_map", user) && put_text("/proc/self/setgroups", "deny") &&
               map_user("/proc/self/gid_map", group);
    }
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* This process alone sees a file system of 64 KiB in the folder. */
static bool mount_small(void) {
    return may_mount() && mount("store", rig.folder, "tmpfs", 0, "size=64k") == 0;
}

/* Takes every byte that is left. */
static bool fill_up(void) {
    static const char bytes[1024] = "full";
    char name[80];
    (void)snprintf(name, sizeof name, "%s/others", rig.folder);
    const int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ssize_t written = 1;
    for (uint32_t i = 0; i < 1024 && written > 0; i++) {
        written = write(fd, bytes, sizeof bytes);
    }
    return close(fd) == 0 && written < 0;
}

/* 0, or the number of the step that went wrong. */
static int store_in_a_small_file_system(void) {
    if (!mount_small()) {
        return 1;
    }
    const int32_t status = tally_posix_store_open(&rig.file, rig.path, BLOCK_BYTES, MANY_BLOCKS, 1);
    if (status != TALLY_E_TOO_BIG || errno != ENOSPC || rig_file_bytes() != 0) {
        return 2;
    }
    if (rig_open() != TALLY_OK || !fill_up()) {
        return 3;
    }
    static const uint8_t data[BLOCK_BYTES] = {0};
    for (uint32_t i = 0; i < BLOCKS; i++) {
        if (rig.store->erase(rig.store->ctx, i) != TALLY_OK ||
            rig.store->program(rig.store->ctx, i, 0, data, BLOCK_BYTES) != TALLY_OK ||
            rig.store->sync(rig.store->ctx) != TALLY_OK) {
            return 4;
        }
    }
    return 0;
}

static void a_file_system_without_space_is_met_at_open_and_never_later(void **state) {
    (void)state;
    const pid_t child = fork();
    if (child == 0) {
        _exit(store_in_a_small_file_system());
    }
    int ended = -1;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), 0);
}

#define OPEN(test)   cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)
#define CLOSED(test) cmocka_unit_test_setup_teardown(test, rig_set_up_closed, rig_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        OPEN(a_new_store_is_erased_and_has_its_space),
        OPEN(keeps_its_content_over_close_and_open),
        OPEN(takes_zeros_over_anything),
        OPEN(erases_one_block_only),
        OPEN(refuses_places_outside),
        CLOSED(refuses_to_program_off_the_granularity),
        OPEN(a_closed_store_refuses_everything),
        CLOSED(refuses_sizes_the_contract_forbids),
        OPEN(one_file_is_one_store),
        CLOSED(a_file_of_another_size_is_refused_and_kept),
        CLOSED(a_file_of_the_right_size_is_kept_whatever_it_holds),
        CLOSED(an_empty_or_unfinished_file_is_made_a_store),
        CLOSED(a_link_is_not_followed),
        CLOSED(what_is_no_regular_file_is_refused),
        CLOSED(a_folder_that_is_not_there),
        CLOSED(a_name_without_a_folder_lies_in_the_current_one),
        OPEN(a_file_that_may_only_be_read),
        CLOSED(a_folder_that_may_only_be_read),
        OPEN(a_limit_in_the_midst_of_the_store),
        CLOSED(a_limit_below_the_size_of_a_new_store),
        OPEN(a_file_cut_short_under_the_store),
        CLOSED(a_file_system_without_space_is_met_at_open_and_never_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
