/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ten million devices that lose their server at one moment: what comes to it when it is back. The
 * rules are the agent's own (backoff.h), and the uplink's for when an upload is due: a random part
 * of the period after the boot, a period after each success, the wait after each failure.
 *
 * Devices do not know of each other, and the server is up or down: so one after the other lives
 * through it all, and its requests are counted by the second.
 */
#include <stdbool.h>
#include <string.h>

#include "backoff.h"
#include "dice.h"
#include "test.h"

#ifndef DEVICES
#define DEVICES 10000000u
#endif
#define PERIOD_S  300u
#define DOWN_AT_S 600u
#define AFTER_S   1800u /* that are looked at when the server is back */
#define SECONDS   (DOWN_AT_S + 3600u + AFTER_S)

/* Milliseconds from a failure until the next try. */
typedef uint32_t (*wait_t)(tally_backoff_t *backoff, uint32_t up_in_ms, uint32_t random);

static uint32_t load[SECONDS]; /* requests in each second */

static void live(dice_t *dice, wait_t wait, uint32_t down_s, uint32_t end_s) {
    const uint32_t down_ms = DOWN_AT_S * 1000;
    const uint32_t up_ms = (DOWN_AT_S + down_s) * 1000;
    tally_backoff_t backoff;
    tally_backoff_init(&backoff, PERIOD_S * 1000);
    uint32_t due_ms = tally_backoff_part(PERIOD_S * 1000, (uint32_t)dice_bits(dice));
    while (due_ms < end_s * 1000) {
        load[due_ms / 1000]++;
        if (due_ms < down_ms || due_ms >= up_ms) {
            tally_backoff_reset(&backoff);
            due_ms += PERIOD_S * 1000;
        } else {
            due_ms += wait(&backoff, up_ms - due_ms, (uint32_t)dice_bits(dice));
        }
    }
}

/* The most requests in a second once the server is back, as a multiple of the steady rate. */
static double peak_after(uint32_t down_s, wait_t wait, const char *name) {
    dice_t dice = dice_from_environment();
    const uint32_t up_s = DOWN_AT_S + down_s;
    uint32_t peak = 0;
    memset(load, 0, sizeof load);
    for (uint32_t device = 0; device < DEVICES; device++) {
        live(&dice, wait, down_s, up_s + AFTER_S);
    }
    for (uint32_t second = up_s; second < up_s + AFTER_S; second++) {
        peak = load[second] > peak ? load[second] : peak;
    }
    const double ratio = (double)peak * PERIOD_S / DEVICES;
    printf("%u devices, %u s without a server, %s: peak %.3f of the steady rate\n", DEVICES, down_s,
           name, ratio);
    fflush(stdout);
    return ratio;
}

static uint32_t wait_alone(tally_backoff_t *backoff, uint32_t up_in_ms, uint32_t random) {
    (void)up_in_ms;
    return tally_backoff_next(backoff, 0, random);
}

/* All are told the same moment, to the second. */
static uint32_t wait_as_told(tally_backoff_t *backoff, uint32_t up_in_ms, uint32_t random) {
    return tally_backoff_next(backoff, (up_in_ms + 999) / 1000, random);
}

static uint32_t wait_told_only(tally_backoff_t *backoff, uint32_t up_in_ms, uint32_t random) {
    (void)backoff;
    (void)random;
    return (up_in_ms + 999) / 1000 * 1000;
}

static uint32_t wait_5_s_doubled(tally_backoff_t *backoff, uint32_t up_in_ms, uint32_t random) {
    (void)up_in_ms;
    (void)random;
    const uint32_t wait_ms = 5000u << backoff->failures;
    backoff->failures = (uint8_t)(backoff->failures + (wait_ms < PERIOD_S * 1000 ? 1 : 0));
    return wait_ms;
}

static void test_backoff_fleet_comes_back_as_it_went(void **state) {
    (void)state;
    assert_true(peak_after(60, wait_alone, "waits of its own") <= 1.5);
}

static void test_backoff_fleet_that_is_told_when_comes_back_as_it_went(void **state) {
    (void)state;
    assert_true(peak_after(60, wait_as_told, "all told one moment") <= 1.5);
}

static void test_backoff_fleet_comes_back_as_it_went_after_an_hour(void **state) {
    (void)state;
    assert_true(peak_after(3600, wait_alone, "waits of its own") <= 1.5);
}

/* What would fail. */
static void test_backoff_fleet_that_only_doubles_its_waits_comes_at_once(void **state) {
    (void)state;
    assert_true(peak_after(60, wait_5_s_doubled, "control: 5 s, doubled") > 1.5);
}

static void test_backoff_fleet_that_does_only_what_it_is_told_comes_at_once(void **state) {
    (void)state;
    assert_true(peak_after(60, wait_told_only, "control: told one moment, no more") > 1.5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backoff_fleet_comes_back_as_it_went),
        cmocka_unit_test(test_backoff_fleet_that_is_told_when_comes_back_as_it_went),
        cmocka_unit_test(test_backoff_fleet_comes_back_as_it_went_after_an_hour),
        cmocka_unit_test(test_backoff_fleet_that_only_doubles_its_waits_comes_at_once),
        cmocka_unit_test(test_backoff_fleet_that_does_only_what_it_is_told_comes_at_once),
    };
    return cmocka_run_group_tests_name("backoff_fleet", tests, NULL, NULL);
}
