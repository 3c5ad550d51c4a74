/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four producers against one consumer. What was delivered and what was dropped is all that was
 * sent, and each producer's events come in its order. Built twice: with atomic operations and with
 * the port's critical section in their place (TALLY_ATOMICS). The argument, if there is one, is how
 * many events there are, of all producers together.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "hook.h"
#include "test.h"

enum { PRODUCERS = 4, TEXTS_EACH = 20000, DELIVERED_LEAST_PERCENT = 90 };

static uint32_t events_each = 250000;
static tally_hooks_t hooks;
static uint32_t wakes;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* --- port ----------------------------------------------------------------------------------- */

static uint64_t stand_still(void *ctx) {
    (void)ctx;
    return 0;
}

static uint32_t lock(void *ctx) {
    (void)ctx;
    return (uint32_t)pthread_mutex_lock(&mutex);
}

static void unlock(void *ctx, uint32_t state) {
    (void)ctx;
    (void)state;
    (void)pthread_mutex_unlock(&mutex);
}

static void count_wake(void *ctx) {
    (void)ctx;
    (void)__atomic_add_fetch(&wakes, 1, __ATOMIC_RELAXED);
}

/* All that hooks ask of a port. */
static const tally_port_t port = {
    .monotonic_ms = stand_still,
    .critical_enter = lock,
    .critical_leave = unlock,
    .wake = count_wake,
};

/* --- producers ------------------------------------------------------------------------------ */

/*
 * A hook never waits: producers that did nothing but call it would drop whatever they send while
 * the consumer has no processor, and the share delivered would only say how busy the machine is. A
 * player that was refused has video to decode and is back a millisecond later, with its next event;
 * what was refused is not sent again. While the consumer is away for 10 ms that is 40 events lost,
 * after the 1024 that the ring took.
 */
static void do_other_work(void) {
    const struct timespec millisecond = {.tv_nsec = 1000000};
    (void)thrd_sleep(&millisecond, NULL);
}

typedef struct {
    pthread_t thread;
    uint32_t number;
    uint32_t dropped; /* as the hook told this producer */
    uint32_t at_rest;
} producer_t;

/* Each event carries who sent it, how many before, and both again to tell torn cells. */
static void *send_events(void *argument) {
    producer_t *const producer = argument;
    const enum tally_metric metric = (enum tally_metric)producer->number;
    for (uint32_t i = 1; i <= events_each; i++) {
        const int64_t value = ((int64_t)producer->number << 32) | i;
        if (tally_hooks_put(&hooks, i, TALLY_HOOK_SET, metric, value) < 0) {
            producer->dropped++;
            do_other_work();
        }
    }
    __atomic_store_n(&producer->at_rest, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void *send_texts(void *argument) {
    producer_t *const producer = argument;
    const enum tally_metric metric = (enum tally_metric)producer->number;
    char text[TALLY_TEXT_BYTES];
    memset(text, (char)('a' + producer->number), sizeof text);
    text[sizeof text - 1] = '\0';
    for (uint32_t i = 1; i <= TEXTS_EACH; i++) {
        if (tally_hooks_put_text(&hooks, i, metric, text) < 0) {
            producer->dropped++;
            (void)sched_yield();
        }
    }
    __atomic_store_n(&producer->at_rest, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void start(producer_t producers[PRODUCERS], void *(*send)(void *)) {
    wakes = 0;
    tally_hooks_init(&hooks, &port);
    memset(producers, 0, PRODUCERS * sizeof *producers);
    for (uint32_t i = 0; i < PRODUCERS; i++) {
        producers[i].number = i;
        assert_int_equal(pthread_create(&producers[i].thread, NULL, send, &producers[i]), 0);
    }
}

static bool all_at_rest(const producer_t producers[PRODUCERS]) {
    for (uint32_t i = 0; i < PRODUCERS; i++) {
        if (__atomic_load_n(&producers[i].at_rest, __ATOMIC_ACQUIRE) == 0) {
            return false;
        }
    }
    return true;
}

static uint32_t join(producer_t producers[PRODUCERS]) {
    uint32_t dropped = 0;
    for (uint32_t i = 0; i < PRODUCERS; i++) {
        assert_int_equal(pthread_join(producers[i].thread, NULL), 0);
        dropped += producers[i].dropped;
    }
    return dropped;
}

/* --- events --------------------------------------------------------------------------------- */

static void check_event(const tally_event_t *event, uint32_t last[PRODUCERS]) {
    const uint32_t number = event->metric;
    assert_true(number < PRODUCERS);
    assert_int_equal(event->value_high, number);
    assert_int_equal(event->value_low, event->session);
    assert_true(event->session > last[number]);
    last[number] = event->session;
}

static void check_share(uint32_t delivered, uint32_t dropped) {
    const uint32_t sent = PRODUCERS * events_each;
    printf("%u events: %u delivered (%.2f %%), %u dropped\n", sent, delivered,
           100.0 * delivered / sent, dropped);
    assert_int_equal(delivered + dropped, sent);
    assert_true((uint64_t)delivered * 100 >= (uint64_t)sent * DELIVERED_LEAST_PERCENT);
}

static void test_hook_four_producers_lose_nothing_uncounted(void **state) {
    (void)state;
    producer_t producers[PRODUCERS];
    uint32_t last[PRODUCERS] = {0};
    uint32_t delivered = 0;
    bool at_rest = false;
    tally_event_t event;
    start(producers, send_events);
    while (!at_rest) {
        at_rest = all_at_rest(producers); /* and one look more at what they left */
        while (tally_hooks_take(&hooks, &event)) {
            check_event(&event, last);
            delivered++;
        }
        (void)sched_yield();
    }
    const uint32_t dropped = join(producers);
    assert_int_equal(hooks.dropped, dropped);
    assert_int_equal(wakes, delivered);
    check_share(delivered, dropped);
}

/* --- texts ---------------------------------------------------------------------------------- */

static void check_text(const tally_event_t *event) {
    char text[TALLY_TEXT_BYTES];
    memset(text, (char)('a' + event->metric), sizeof text);
    text[sizeof text - 1] = '\0';
    assert_string_equal(tally_hooks_text(&hooks, event), text);
}

static void test_hook_four_producers_do_not_share_a_text_slot(void **state) {
    (void)state;
    producer_t producers[PRODUCERS];
    uint32_t delivered = 0;
    bool at_rest = false;
    tally_event_t event;
    start(producers, send_texts);
    while (!at_rest) {
        at_rest = all_at_rest(producers);
        while (tally_hooks_take(&hooks, &event)) {
            check_text(&event);
            tally_hooks_release_text(&hooks, &event);
            delivered++;
        }
    }
    const uint32_t dropped = join(producers);
    assert_int_equal(hooks.texts_dropped, dropped);
    assert_int_equal(delivered + dropped, PRODUCERS * TEXTS_EACH);
}

int main(int argc, char **argv) {
    if (argc > 1) {
        events_each = (uint32_t)strtoul(argv[1], NULL, 10) / PRODUCERS;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hook_four_producers_lose_nothing_uncounted),
        cmocka_unit_test(test_hook_four_producers_do_not_share_a_text_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
