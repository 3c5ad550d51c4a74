/* SPDX-License-Identifier: Apache-2.0 */
/* The linker puts the calls below between store and kernel: they fail, stop half way, and note in
 * which order they came. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dice.h"
#include "store_rig.h"

enum call { READ, WRITE, RESIZE, SET_ASIDE, SYNC, SYNC_DATA, CALLS };

/* What is to go wrong. */
static struct {
    int error[CALLS];      /* 0: nothing */
    uint32_t after[CALLS]; /* so many good calls first */
    uint32_t times[CALLS];
    uint32_t fails_at; /* the call of this number, whichever it is, counted from 1; 0: none */
    bool dies;         /* of it */
    bool teases;       /* reads and writes stop at any byte, or are interrupted */
    bool blocked;      /* a read or write moves nothing */
} plan;
static struct {
    uint32_t calls;
    char order[256]; /* their names, those in a row once */
    char last[16];
} seen;
static dice_t dice;

static void note(const char *name) {
    if (strcmp(seen.last, name) != 0 && strlen(seen.order) < sizeof seen.order - 20) {
        (void)snprintf(seen.last, sizeof seen.last, "%s", name);
        strcat(seen.order, seen.order[0] == '\0' ? "" : " ");
        strcat(seen.order, name);
    }
}

static void will_fail(enum call call, int error, uint32_t after, uint32_t times) {
    plan.error[call] = error;
    plan.after[call] = after;
    plan.times[call] = times;
}

/* 0: the call is to go well. */
static int error_of(enum call call, const char *name) {
    note(name);
    if (++seen.calls == plan.fails_at) {
        if (plan.dies) {
            (void)raise(SIGKILL);
        }
        return EIO;
    }
    if (plan.error[call] == 0 || plan.times[call] == 0) {
        return 0;
    }
    if (plan.after[call] > 0) {
        plan.after[call]--;
        return 0;
    }
    plan.times[call]--;
    return plan.error[call];
}

static int failed(enum call call, const char *name) {
    const int error = error_of(call, name);
    errno = error != 0 ? error : errno;
    return error == 0 ? 0 : -1;
}

/* How much of a read or write takes place; -1: none, see errno. */
static ssize_t part(enum call call, const char *name, size_t size) {
    if (failed(call, name) != 0) {
        return -1;
    }
    if (plan.blocked) {
        errno = EINTR; /* of an earlier call: means nothing here */
        return 0;
    }
    if (!plan.teases) {
        return (ssize_t)size;
    }
    if (dice_roll(&dice, 3) == 0) {
        errno = EINTR;
        return -1;
    }
    return 1 + (ssize_t)dice_roll(&dice, (uint32_t)size);
}

ssize_t __real_pread64(int fd, void *out, size_t size, off_t at);
ssize_t __wrap_pread64(int fd, void *out, size_t size, off_t at);
ssize_t __wrap_pread64(int fd, void *out, size_t size, off_t at) {
    const ssize_t some = part(READ, "read", size);
    return some > 0 ? __real_pread64(fd, out, (size_t)some, at) : some;
}

ssize_t __real_pwrite64(int fd, const void *data, size_t size, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t at) {
    const ssize_t some = part(WRITE, "write", size);
    return some > 0 ? __real_pwrite64(fd, data, (size_t)some, at) : some;
}

int __real_ftruncate64(int fd, off_t size);
int __wrap_ftruncate64(int fd, off_t size);
int __wrap_ftruncate64(int fd, off_t size) {
    const char *const name = size == STORE_BYTES ? "finish" : size == 0 ? "empty" : "begin";
    return failed(RESIZE, name) == 0 ? __real_ftruncate64(fd, size) : -1;
}

int __real_posix_fallocate64(int fd, off_t at, off_t size);
int __wrap_posix_fallocate64(int fd, off_t at, off_t size);
int __wrap_posix_fallocate64(int fd, off_t at, off_t size) {
    const int error = error_of(SET_ASIDE, "set_aside");
    return error == 0 ? __real_posix_fallocate64(fd, at, size) : error;
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd) {
    struct stat found;
    const bool folder = fstat(fd, &found) == 0 && S_ISDIR(found.st_mode);
    return failed(SYNC, folder ? "sync_folder" : "sync") == 0 ? __real_fsync(fd) : -1;
}

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd) {
    return failed(SYNC_DATA, "sync_data") == 0 ? __real_fdatasync(fd) : -1;
}

static void all_goes_well(void) {
    memset(&plan, 0, sizeof plan);
    memset(&seen, 0, sizeof seen);
}

static int set_up(void **state) {
    const int failed_to = rig_set_up(state);
    all_goes_well();
    return failed_to;
}

static int tear_down(void **state) {
    all_goes_well();
    return rig_tear_down(state);
}

static int32_t program(uint32_t block, uint32_t offset, const void *data, uint32_t size) {
    return rig.store->program(rig.store->ctx, block, offset, data, size);
}

static int32_t erase(uint32_t block) {
    return rig.store->erase(rig.store->ctx, block);
}

static int32_t sync_store(void) {
    return rig.store->sync(rig.store->ctx);
}

/* ---- reading, programming and erasing ------------------------------------------------------- */

static void calls_that_stop_half_way_are_taken_up_again(void **state) {
    (void)state;
    static uint8_t model[STORE_BYTES];
    static uint8_t out[STORE_BYTES];
    static uint8_t data[BLOCK_BYTES];
    memset(model, 0xFF, sizeof model);
    plan.teases = true;
    for (uint32_t round = 0; round < 300; round++) {
        const uint32_t block = dice_roll(&dice, BLOCKS);
        const uint32_t offset = dice_roll(&dice, BLOCK_BYTES);
        const uint32_t size = dice_roll(&dice, BLOCK_BYTES - offset + 1);
        if (dice_roll(&dice, 4) == 0) {
            assert_int_equal(erase(block), TALLY_OK);
            memset(model + block * BLOCK_BYTES, 0xFF, BLOCK_BYTES);
        } else {
            memset(data, (int)dice_roll(&dice, 256), size);
            assert_int_equal(program(block, offset, data, size), TALLY_OK);
            memcpy(model + block * BLOCK_BYTES + offset, data, size);
        }
        rig_read(out);
        assert_memory_equal(out, model, sizeof model);
    }
}

static void errors_of_the_medium_are_told(void **state) {
    (void)state;
    static const int errors[] = {EIO, ENOSPC, EBADF};
    uint8_t byte = 0;
    for (uint32_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        will_fail(READ, errors[i], 0, 1);
        assert_int_equal(rig.store->read(rig.store->ctx, 0, 0, &byte, 1), TALLY_E_IO);
        will_fail(WRITE, errors[i], 0, 1);
        assert_int_equal(program(0, 0, &byte, 1), TALLY_E_IO);
        will_fail(WRITE, errors[i], 1, 1); /* the first part of the block was written */
        assert_int_equal(erase(0), TALLY_E_IO);
        assert_int_equal(program(0, 0, &byte, 1), TALLY_OK);
        assert_int_equal(erase(0), TALLY_OK);
        assert_int_equal(rig.store->read(rig.store->ctx, 0, 0, &byte, 1), TALLY_OK);
        assert_int_equal(byte, 0xFF);
    }
}

static void calls_that_move_nothing_do_not_go_on_for_ever(void **state) {
    (void)state;
    uint8_t byte = 0;
    plan.blocked = true;
    assert_int_equal(rig.store->read(rig.store->ctx, 0, 0, &byte, 1), TALLY_E_IO);
    assert_int_equal(program(0, 0, &byte, 1), TALLY_E_IO);
    assert_int_equal(erase(0), TALLY_E_IO);
}

/* ---- what is durable ------------------------------------------------------------------------ */

static void an_erase_is_durable_before_it_returns_and_a_program_by_sync(void **state) {
    (void)state;
    assert_int_equal(erase(1), TALLY_OK);
    assert_string_equal(seen.order, "write sync_data");
    all_goes_well();
    assert_int_equal(program(1, 0, "r", 1), TALLY_OK);
    assert_string_equal(seen.order, "write");
    assert_int_equal(sync_store(), TALLY_OK);
    assert_string_equal(seen.order, "write sync_data");
}

static void an_interrupted_sync_is_taken_up_again(void **state) {
    (void)state;
    will_fail(SYNC_DATA, EINTR, 0, 3);
    assert_int_equal(sync_store(), TALLY_OK);
    assert_int_equal(seen.calls, 4);
}

static void a_failed_sync_is_told_and_later_ones_speak_of_what_came_later(void **state) {
    (void)state;
    assert_int_equal(program(0, 0, "r", 1), TALLY_OK);
    will_fail(SYNC_DATA, EIO, 0, 1);
    assert_int_equal(sync_store(), TALLY_E_IO);
    assert_int_equal(program(1, 0, "r", 1), TALLY_OK);
    assert_int_equal(sync_store(), TALLY_OK);
}

static void an_erase_that_cannot_be_made_durable_has_failed(void **state) {
    (void)state;
    will_fail(SYNC_DATA, EIO, 0, 1);
    assert_int_equal(erase(0), TALLY_E_IO);
    assert_int_equal(sync_store(), TALLY_OK); /* nothing was programmed that could be lost */
    assert_int_equal(erase(0), TALLY_OK);
}

/* The kernel tells a failure once, and here it is the erase that hears of it. */
static void an_erase_does_not_hide_from_the_sync_what_was_lost(void **state) {
    (void)state;
    assert_int_equal(program(0, 0, "r", 1), TALLY_OK);
    will_fail(SYNC_DATA, EIO, 0, 1);
    assert_int_equal(erase(1), TALLY_E_IO);
    assert_int_equal(erase(1), TALLY_OK);
    assert_int_equal(sync_store(), TALLY_E_IO);
    assert_int_equal(sync_store(), TALLY_OK);
}

static void what_an_erase_made_durable_is_not_lost_with_the_next(void **state) {
    (void)state;
    assert_int_equal(program(0, 0, "r", 1), TALLY_OK);
    assert_int_equal(erase(1), TALLY_OK);
    will_fail(SYNC_DATA, EIO, 0, 1);
    assert_int_equal(erase(2), TALLY_E_IO);
    assert_int_equal(sync_store(), TALLY_OK);
}

/* ---- creating ------------------------------------------------------------------------------- */

#define CREATION "begin set_aside write sync sync_folder finish sync"

static void it_is_finished_only_when_all_else_is_durable(void **state) {
    (void)state;
    assert_int_equal(rig_open(), TALLY_OK);
    assert_string_equal(seen.order, CREATION);
    rig_close();
    all_goes_well();
    assert_int_equal(rig_open(), TALLY_OK);
    assert_string_equal(seen.order, "");
}

static void without_a_way_to_set_space_aside_writing_takes_it(void **state) {
    (void)state;
    static const int errors[] = {EOPNOTSUPP, EINVAL};
    for (uint32_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        will_fail(SET_ASIDE, errors[i], 0, 1);
        assert_int_equal(rig_open(), TALLY_OK);
        rig_assert_erased();
        rig_close();
        assert_int_equal(unlink(rig.path), 0);
    }
}

static void a_signal_does_not_end_it(void **state) {
    (void)state;
    will_fail(SET_ASIDE, EINTR, 0, 2);
    will_fail(SYNC, EINTR, 0, 2);
    plan.teases = true;
    assert_int_equal(rig_open(), TALLY_OK);
    rig_assert_erased();
}

static void no_space_for_it_is_named_and_none_is_kept(void **state) {
    (void)state;
    static const struct {
        enum call call;
        int error;
    } cases[] = {{SET_ASIDE, ENOSPC}, {SET_ASIDE, EFBIG}, {WRITE, EDQUOT},
                 {WRITE, ENOSPC},     {SYNC, ENOSPC},     {RESIZE, EFBIG}};
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        will_fail(cases[i].call, cases[i].error, 0, 1);
        assert_int_equal(rig_open(), TALLY_E_TOO_BIG);
        assert_int_equal(errno, cases[i].error);
        assert_int_equal(rig_file_bytes(), 0);
    }
    assert_int_equal(rig_open(), TALLY_OK);
}

/* `number` runs over all the calls of a creation; returns false when there are no more. */
static bool open_failing_at(uint32_t number) {
    all_goes_well();
    plan.fails_at = number;
    errno = 0;
    const int32_t status = rig_open();
    if (status != TALLY_OK) {
        assert_int_equal(status, TALLY_E_IO);
        assert_int_equal(errno, EIO);
    }
    return status != TALLY_OK;
}

static void any_call_of_it_may_fail_and_the_next_open_makes_up_for_it(void **state) {
    (void)state;
    uint32_t number = 1;
    for (; open_failing_at(number); number++) {
        all_goes_well();
        assert_int_equal(rig_open(), TALLY_OK);
        rig_assert_erased();
        assert_int_equal(rig_file_bytes(), STORE_BYTES);
        rig_close();
        assert_int_equal(unlink(rig.path), 0);
    }
    assert_int_equal(number, 12); /* five writes and six others */
}

/* The process is killed at the call; whether it was at all. */
static bool killed_at(uint32_t number) {
    const pid_t child = fork();
    if (child == 0) {
        all_goes_well();
        plan.fails_at = number;
        plan.dies = true;
        _exit(rig_open() == TALLY_OK ? 0 : 1);
    }
    int ended = -1;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(ended == 0 || (WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL));
    return ended != 0;
}

static void the_process_may_die_at_any_call_of_it(void **state) {
    (void)state;
    uint32_t number = 1;
    for (; killed_at(number); number++) {
        const bool finished = number == 11; /* only the last sync was left to do */
        all_goes_well();
        assert_int_equal(rig_open(), TALLY_OK);
        assert_string_equal(seen.order, finished ? "" : CREATION);
        rig_assert_erased();
        rig_close();
        assert_int_equal(unlink(rig.path), 0);
    }
    assert_int_equal(number, 12);
}

#define OPEN(test)   cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define CLOSED(test) cmocka_unit_test_setup_teardown(test, rig_set_up_closed, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        OPEN(calls_that_stop_half_way_are_taken_up_again),
        OPEN(errors_of_the_medium_are_told),
        OPEN(calls_that_move_nothing_do_not_go_on_for_ever),
        OPEN(an_erase_is_durable_before_it_returns_and_a_program_by_sync),
        OPEN(an_interrupted_sync_is_taken_up_again),
        OPEN(a_failed_sync_is_told_and_later_ones_speak_of_what_came_later),
        OPEN(an_erase_that_cannot_be_made_durable_has_failed),
        OPEN(an_erase_does_not_hide_from_the_sync_what_was_lost),
        OPEN(what_an_erase_made_durable_is_not_lost_with_the_next),
        CLOSED(it_is_finished_only_when_all_else_is_durable),
        CLOSED(without_a_way_to_set_space_aside_writing_takes_it),
        CLOSED(a_signal_does_not_end_it),
        CLOSED(no_space_for_it_is_named_and_none_is_kept),
        CLOSED(any_call_of_it_may_fail_and_the_next_open_makes_up_for_it),
        CLOSED(the_process_may_die_at_any_call_of_it),
    };
    dice = dice_from_environment();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
