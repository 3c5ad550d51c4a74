/* SPDX-License-Identifier: Apache-2.0 */
/* A process that writes to a store is killed, again and again: what it had said to be durable is in
 * the file. */
#include "test.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dice.h"
#include "store_rig.h"

enum { ROUNDS = 30, DELAY_MOST_US = 30000, ENTRY_BYTES = 96, ENTRIES = BLOCK_BYTES / ENTRY_BYTES };

static dice_t dice;
static uint8_t model[STORE_BYTES];

/* ---- the endless sequence of operations: a block is erased, then filled with entries --------- */

typedef struct {
    uint32_t block;
    uint32_t offset;
    uint32_t bytes;
    bool erases;
} operation_t;

static operation_t operation(uint32_t number) {
    const uint32_t step = number % (ENTRIES + 1);
    const uint32_t block = number / (ENTRIES + 1) % BLOCKS;
    if (step == 0) {
        return (operation_t){.block = block, .bytes = BLOCK_BYTES, .erases = true};
    }
    return (operation_t){.block = block, .offset = (step - 1) * ENTRY_BYTES, .bytes = ENTRY_BYTES};
}

static void bytes_of(uint32_t number, uint8_t out[BLOCK_BYTES]) {
    const operation_t op = operation(number);
    if (op.erases) {
        memset(out, 0xFF, op.bytes);
        return;
    }
    dice_t bytes = {.state = number};
    for (uint32_t i = 0; i < op.bytes; i++) {
        out[i] = (uint8_t)dice_bits(&bytes);
    }
}

static uint8_t *place_in_model(uint32_t number) {
    const operation_t op = operation(number);
    return model + (size_t)op.block * BLOCK_BYTES + op.offset;
}

/* ---- the writer ----------------------------------------------------------------------------- */

static int32_t carry_out(uint32_t number) {
    static uint8_t bytes[BLOCK_BYTES];
    const operation_t op = operation(number);
    if (op.erases) {
        return rig.store->erase(rig.store->ctx, op.block);
    }
    bytes_of(number, bytes);
    const int32_t status = rig.store->program(rig.store->ctx, op.block, op.offset, bytes, op.bytes);
    return status == TALLY_OK ? rig.store->sync(rig.store->ctx) : status;
}

/* Says the number of each operation when it is durable. Ends only by being killed. */
static void write_for_ever(uint32_t number, int report) {
    bool good = rig_open() == TALLY_OK;
    while (good) {
        good = carry_out(number) == TALLY_OK &&
               write(report, &number, sizeof number) == (ssize_t)sizeof number;
        number++;
    }
    _exit(1);
}

/* Number of the first operation that was not reported. */
static uint32_t write_until_killed(uint32_t next) {
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    const pid_t child = fork();
    if (child == 0) {
        write_for_ever(next, pipes[1]);
    }
    const struct timespec delay = {.tv_nsec = (long)dice_roll(&dice, DELAY_MOST_US) * 1000};
    (void)nanosleep(&delay, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    int ended = 0;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFSIGNALED(ended)); /* and not of a failure of its own before that */
    (void)close(pipes[1]);
    uint32_t number = 0;
    while (read(pipes[0], &number, sizeof number) == (ssize_t)sizeof number) {
        assert_int_equal(number, next);
        bytes_of(number, place_in_model(number));
        next++;
    }
    (void)close(pipes[0]);
    return next;
}

/* The operation that was under way may have left anything in its own place, and nowhere else. */
static void assert_all_there(uint32_t under_way) {
    static uint8_t found[STORE_BYTES];
    const size_t begin = (size_t)(place_in_model(under_way) - model);
    const size_t end = begin + operation(under_way).bytes;
    rig_read(found);
    assert_memory_equal(found, model, begin);
    assert_memory_equal(found + end, model + end, STORE_BYTES - end);
}

static void what_was_said_to_be_durable_is_there_after_a_kill(void **state) {
    (void)state;
    uint32_t next = 0;
    memset(model, 0xFF, sizeof model);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        next = write_until_killed(next);
        assert_int_equal(rig_open(), TALLY_OK); /* the dead hold no lock */
        assert_all_there(next);
        rig_close();
    }
    print_message("%u operations, killed %u times\n", (unsigned)next, (unsigned)ROUNDS);
    assert_true(next > ROUNDS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_said_to_be_durable_is_there_after_a_kill,
                                        rig_set_up_closed, rig_tear_down),
    };
    dice = dice_from_environment();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
