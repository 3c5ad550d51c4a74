/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kit finds nothing wrong with a sound device, and exactly one rule broken in each port that
 * breaks one. A callback that crashes or never returns is named by the last line.
 */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broken.h"
#include "verifier.h"

#define NEVER_RETURNS_S 1u

tally_port_t broken_sound_port;
tally_store_t broken_sound_store;
tally_transport_t broken_sound_transport;
tally_verifier_t broken_sound_verifier;

static const broken_table_t *const tables[] = {&broken_clocks, &broken_ports, &broken_stores,
                                               &broken_transports, &broken_verifiers};
#define TABLES (sizeof tables / sizeof tables[0])

static device_t *device; /* shared with the children that die */
static tally_conformance_result_t result;

static int set_up(void **state) {
    (void)state;
    broken_sound_verifier = conformance_verifier();
    device = mmap(NULL, sizeof *device, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return device == MAP_FAILED ? -1 : 0;
}

/* A run of the kit on a device that has just booted. */
static int32_t run(enum tally_conformance_run which, const broken_t *fault) {
    device_boot(device, which);
    broken_sound_port = device->port;
    broken_sound_store = device->stores[0].store;
    broken_sound_transport = device->transport;
    device->verifier = broken_sound_verifier;
    if (fault != NULL) {
        fault->spoil(device);
    }
    return tally_conformance_run(&result, &device->setup);
}

static void print_said(void) {
    (void)fputs(device->said, stdout); /* too much for print_message() */
}

/* ---- a sound device ------------------------------------------------------------------------- */

static void a_sound_device_passes_what_one_run_can_check(void **state) {
    (void)state;
    device_manufacture(device);
    const int32_t failed = run(TALLY_CONFORMANCE_FIRST_RUN, NULL);
    if (failed != 0 || result.not_checked != 2) {
        print_said();
    }
    assert_int_equal(failed, 0);
    assert_int_equal(result.verdicts[TALLY_RULE_STORE_RESTART], TALLY_CONFORMANCE_NOT_CHECKED);
    assert_int_equal(result.verdicts[TALLY_RULE_RANDOM_BOOTS], TALLY_CONFORMANCE_NOT_CHECKED);
    assert_int_equal(result.not_checked, 2);
    assert_int_equal(result.passed, TALLY_RULE_END - 1 - 2);
    assert_ptr_equal(device_offence(), NULL);
}

static void a_sound_device_passes_all_after_a_restart(void **state) {
    (void)state;
    device_manufacture(device);
    (void)run(TALLY_CONFORMANCE_FIRST_RUN, NULL);
    const int32_t failed = run(TALLY_CONFORMANCE_AFTER_RESTART, NULL);
    if (failed != 0 || result.not_checked != 0) {
        print_said();
    }
    assert_int_equal(failed, 0);
    assert_int_equal(result.not_checked, 0);
    assert_int_equal(result.passed, TALLY_RULE_END - 1);
    assert_ptr_equal(device_offence(), NULL);
}

static void the_second_run_leaves_the_stores_erased(void **state) {
    (void)state;
    device_manufacture(device);
    (void)run(TALLY_CONFORMANCE_FIRST_RUN, NULL);
    (void)run(TALLY_CONFORMANCE_AFTER_RESTART, NULL);
    for (uint32_t i = 0; i < DEVICE_STORES; i++) {
        const tally_store_t *const store = &device->stores[i].store;
        assert_int_equal(device->stores[i].medium[0], 0xFF);
        assert_int_equal(device->stores[i].medium[store->block_bytes - 1u], 0xFF);
        assert_int_equal(device->stores[i].medium[(store->blocks - 1u) * store->block_bytes], 0xFF);
    }
}

/* ---- one thing wrong ------------------------------------------------------------------------ */

static const char *verdict_of(enum tally_conformance_rule rule) {
    static const char *const names[] = {"not checked", "passed", "FAILED"};
    return names[result.verdicts[rule]];
}

/* Prints what is not as it should be; returns whether all is. */
static bool is_named(const broken_t *fault) {
    char line[128];
    (void)snprintf(line, sizeof line, "conformance: %s", tally_conformance_rule_name(fault->rule));
    bool good = result.verdicts[fault->rule] == TALLY_CONFORMANCE_FAILED && result.failed == 1 &&
                strstr(device->said, tally_conformance_rule_wrong(fault->rule)) != NULL &&
                strstr(device->said, line) != NULL && device_offence() == NULL;
    if (good) {
        return true;
    }
    print_message("%s: expected only %s, which %s; failed %u; offence: %s\n", fault->name,
                  tally_conformance_rule_name(fault->rule), verdict_of(fault->rule), result.failed,
                  device_offence() == NULL ? "none" : device_offence());
    print_said();
    return false;
}

/* The last line that was begun, in a child that ends in the middle of it. */
static bool dies_in_rule(const broken_t *fault) {
    const pid_t child = fork();
    if (child == 0) {
        (void)alarm(NEVER_RETURNS_S);
        _exit(run(TALLY_CONFORMANCE_FIRST_RUN, fault) == 0 ? 0 : 2);
    }
    int ended = 0;
    assert_int_equal(waitpid(child, &ended, 0), child);
    char line[128];
    (void)snprintf(line, sizeof line, "conformance: %s ... ",
                   tally_conformance_rule_name(fault->rule));
    const size_t said = strlen(device->said);
    const size_t size = strlen(line);
    const bool is_last = said >= size && strcmp(device->said + said - size, line) == 0;
    if (!is_last || (WIFEXITED(ended) && WEXITSTATUS(ended) == 0)) {
        print_message("%s: expected the last line to be %s\n", fault->name, line);
        print_said();
        return false;
    }
    return true;
}

static bool is_caught(const broken_t *fault) {
    device_manufacture(device);
    if (fault->dies) {
        return dies_in_rule(fault);
    }
    int32_t failed = run(TALLY_CONFORMANCE_FIRST_RUN, fault);
    if (fault->shows_after_restart) {
        assert_int_equal(failed, 0);
        failed = run(TALLY_CONFORMANCE_AFTER_RESTART, fault);
    }
    assert_int_equal(failed, result.failed);
    return is_named(fault);
}

static void each_broken_port_fails_its_rule_and_no_other(void **state) {
    (void)state;
    uint32_t caught = 0;
    uint32_t all = 0;
    for (size_t table = 0; table < TABLES; table++) {
        for (uint32_t i = 0; i < tables[table]->count; i++) {
            caught += is_caught(&tables[table]->rows[i]) ? 1u : 0u;
            all++;
        }
    }
    print_message("%u of %u broken ports are caught\n", caught, all);
    assert_int_equal(caught, all);
}

static void each_rule_has_a_broken_port(void **state) {
    (void)state;
    bool has_one[TALLY_RULE_END] = {false};
    for (size_t table = 0; table < TABLES; table++) {
        for (uint32_t i = 0; i < tables[table]->count; i++) {
            has_one[tables[table]->rows[i].rule] = true;
        }
    }
    for (int rule = TALLY_RULE_NONE + 1; rule < TALLY_RULE_END; rule++) {
        if (!has_one[rule]) {
            fail_msg("no broken port for %s",
                     tally_conformance_rule_name((enum tally_conformance_rule)rule));
        }
    }
}

static int32_t never_returns(void *ctx, uint8_t *data, uint32_t size) {
    const int32_t got = broken_sound_transport.receive(ctx, data, size);
    while (got == 0) {
        (void)pause();
    }
    return got;
}

static void spoil_never_returns(device_t *spoilt) {
    spoilt->transport.receive = never_returns;
}

static void a_callback_that_never_returns_is_in_the_last_line(void **state) {
    (void)state;
    const broken_t fault = {"recv() that never returns", TALLY_RULE_TRANSPORT_NOTHING,
                            spoil_never_returns, false, true};
    assert_true(is_caught(&fault));
}

/* ---- what is not given ---------------------------------------------------------------------- */

static void what_is_not_given_is_not_checked(void **state) {
    (void)state;
    device_manufacture(device);
    tally_conformance_setup_t bare = device->setup;
    bare.port = NULL;
    bare.stores = NULL;
    bare.transport = NULL;
    bare.verifier = NULL;
    assert_int_equal(tally_conformance_run(&result, &bare), 0);
    assert_int_equal(result.not_checked, TALLY_RULE_END - 1);
    assert_non_null(strstr(device->said, "store_complete ... not checked: no store given"));
}

static void without_helpers_only_their_rules_are_left_out(void **state) {
    (void)state;
    device_manufacture(device);
    device->setup.sleep = NULL;
    device->setup.begin_others = NULL;
    device->setup.mask = NULL;
    device->setup.standby_ms = NULL;
    device->setup.put_clock = NULL;
    device->setup.fail_random = NULL;
    device->setup.ending = NULL;
    device->setup.refusing = NULL;
    device->setup.silent = NULL;
    device->setup.unresolved = NULL;
    device->verifier = broken_sound_verifier;
    for (uint32_t i = 0; i < DEVICE_STORES; i++) {
        device->places[i].reopen = NULL;
        device->places[i].fail = NULL;
    }
    static const enum tally_conformance_rule left_out[] = {
        TALLY_RULE_CLOCK_ELSEWHERE,    TALLY_RULE_CLOCK_STANDBY,
        TALLY_RULE_CLOCK_WRAPS,        TALLY_RULE_RANDOM_FAILS,
        TALLY_RULE_RANDOM_BOOTS,       TALLY_RULE_CRITICAL_LEAVES,
        TALLY_RULE_CRITICAL_EXCLUDES,  TALLY_RULE_CRITICAL_RESTORES,
        TALLY_RULE_WAKE_KEPT,          TALLY_RULE_WAKE_ELSEWHERE,
        TALLY_RULE_WAKE_IN_CRITICAL,   TALLY_RULE_WAKE_MANY,
        TALLY_RULE_STORE_RESTART,      TALLY_RULE_STORE_SYNC,
        TALLY_RULE_STORE_ERASE_ORDER,  TALLY_RULE_STORE_FAILS,
        TALLY_RULE_TRANSPORT_UNREAD,   TALLY_RULE_TRANSPORT_END,
        TALLY_RULE_TRANSPORT_REFUSED,  TALLY_RULE_TRANSPORT_UNRESOLVED,
        TALLY_RULE_TRANSPORT_RECOVERS,
    };
    assert_int_equal(tally_conformance_run(&result, &device->setup), 0);
    assert_int_equal(result.not_checked, sizeof left_out / sizeof left_out[0]);
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++) {
        assert_int_equal(result.verdicts[left_out[i]], TALLY_CONFORMANCE_NOT_CHECKED);
    }
}

static void a_setup_that_lacks_something_is_refused(void **state) {
    (void)state;
    device_manufacture(device);
    tally_conformance_setup_t setup = device->setup;
    assert_int_equal(tally_conformance_run(NULL, &setup), TALLY_E_ARGUMENT);
    assert_int_equal(tally_conformance_run(&result, NULL), TALLY_E_ARGUMENT);
    setup.put = NULL;
    assert_int_equal(tally_conformance_run(&result, &setup), TALLY_E_ARGUMENT);
    setup = device->setup;
    setup.wait_ms = NULL;
    assert_int_equal(tally_conformance_run(&result, &setup), TALLY_E_ARGUMENT);
    setup = device->setup;
    setup.scratch_bytes = TALLY_CONFORMANCE_SCRATCH_LEAST - 1u;
    assert_int_equal(tally_conformance_run(&result, &setup), TALLY_E_ARGUMENT);
}

static int64_t wall_ms(void) {
    return device->port.wall(device->port.ctx).unix_ms;
}

static void the_wall_time_is_set_back(void **state) {
    (void)state;
    const int64_t may_2026_ms = INT64_C(1777593600000);
    device_manufacture(device);
    device->verifier = broken_sound_verifier;
    device->learned = (tally_wall_t){may_2026_ms, TALLY_WALL_UNAUTHENTICATED};
    device->learned_at_ms = device->now_us / 1000u;
    device->setup.put_clock = NULL; /* that time would count */
    const int64_t boot_ms = wall_ms() - (int64_t)device->now_us / 1000;
    assert_int_equal(tally_conformance_run(&result, &device->setup), 0);
    assert_in_range(wall_ms() - (int64_t)device->now_us / 1000 - boot_ms + 5, 0, 10);
}

static void a_time_for_tls_is_told_where_there_was_none(void **state) {
    (void)state;
    const int64_t may_2026_ms = INT64_C(1777593600000);
    device_manufacture(device);
    device->verifier = broken_sound_verifier;
    device->setup.unix_ms = may_2026_ms;
    device->setup.put_clock = NULL;
    assert_int_equal(tally_conformance_run(&result, &device->setup), 0);
    assert_in_range(wall_ms(), may_2026_ms, may_2026_ms + 3600000);
}

static void tls_is_not_blamed_for_what_it_computes(void **state) {
    (void)state;
    device_manufacture(device);
    device->verifier = broken_sound_verifier;
    device->transport.is_authenticated = true;
    device->setup.proves_peer = true;
    device->setup.silent = NULL;
    assert_int_equal(tally_conformance_run(&result, &device->setup), 0);
    assert_int_equal(result.verdicts[TALLY_RULE_TRANSPORT_PROVED], TALLY_CONFORMANCE_PASSED);
    assert_int_equal(result.verdicts[TALLY_RULE_TRANSPORT_OPEN_WAITS],
                     TALLY_CONFORMANCE_NOT_CHECKED);
}

static uint32_t restarts;

static void restart(void *ctx) {
    (void)ctx;
    restarts++;
}

static void the_first_run_ends_with_the_restart(void **state) {
    (void)state;
    device_manufacture(device);
    device->verifier = broken_sound_verifier;
    device->setup.restart = restart;
    assert_int_equal(tally_conformance_run(&result, &device->setup), 0);
    assert_int_equal(restarts, 1);
    device_boot(device, TALLY_CONFORMANCE_AFTER_RESTART);
    device->setup.restart = restart;
    assert_int_equal(tally_conformance_run(&result, &device->setup), 0);
    assert_int_equal(restarts, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_device_passes_what_one_run_can_check),
        cmocka_unit_test(a_sound_device_passes_all_after_a_restart),
        cmocka_unit_test(the_second_run_leaves_the_stores_erased),
        cmocka_unit_test(each_broken_port_fails_its_rule_and_no_other),
        cmocka_unit_test(each_rule_has_a_broken_port),
        cmocka_unit_test(a_callback_that_never_returns_is_in_the_last_line),
        cmocka_unit_test(what_is_not_given_is_not_checked),
        cmocka_unit_test(without_helpers_only_their_rules_are_left_out),
        cmocka_unit_test(a_setup_that_lacks_something_is_refused),
        cmocka_unit_test(the_wall_time_is_set_back),
        cmocka_unit_test(a_time_for_tls_is_told_where_there_was_none),
        cmocka_unit_test(tls_is_not_blamed_for_what_it_computes),
        cmocka_unit_test(the_first_run_ends_with_the_restart),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
