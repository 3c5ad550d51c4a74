/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of events and the slots for texts, one producer at a time. */
#include <string.h>

#include "fakes.h"
#include "hook.h"
#include "test.h"

static fake_port_t port;
static tally_hooks_t hooks;
static uint32_t wakes;

static void count_wake(void *ctx) {
    (void)ctx;
    wakes++;
}

static int set_up(void **state) {
    (void)state;
    fake_port_init(&port);
    port.port.wake = count_wake;
    wakes = 0;
    tally_hooks_init(&hooks, &port.port);
    return 0;
}

/* An event known by its session number. */
static int32_t put(uint32_t number) {
    return tally_hooks_put(&hooks, number, TALLY_HOOK_PAUSE, 0, 0);
}

static void expect(uint32_t number) {
    tally_event_t event;
    assert_true(tally_hooks_take(&hooks, &event));
    assert_int_equal(event.session, number);
}

static void expect_nothing(void) {
    tally_event_t event;
    assert_false(tally_hooks_take(&hooks, &event));
}

static void put_row(uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(put(first + i), TALLY_OK);
    }
}

static void expect_row(uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        expect(first + i);
    }
}

/* --- ring ----------------------------------------------------------------------------------- */

static void test_hook_empty_ring_has_nothing(void **state) {
    (void)state;
    expect_nothing();
}

static void test_hook_event_arrives_as_it_was_put(void **state) {
    (void)state;
    tally_event_t event;
    port.now_ms = 0x700000005; /* the stamp is its lower 32 bits */
    assert_int_equal(
        tally_hooks_put(&hooks, 7, TALLY_HOOK_SET, TALLY_M_POSITION, -9007199254740992), TALLY_OK);
    port.now_ms++;
    assert_true(tally_hooks_take(&hooks, &event));
    assert_int_equal(event.time_ms, 5);
    assert_int_equal(event.session, 7);
    assert_int_equal(event.hook, TALLY_HOOK_SET);
    assert_int_equal(event.metric, TALLY_M_POSITION);
    assert_int_equal(tally_event_value(&event), -9007199254740992);
    expect_nothing();
}

static void test_hook_event_wakes_the_agent_and_a_dropped_one_does_not(void **state) {
    (void)state;
    put_row(1, TALLY_EVENTS);
    assert_int_equal(wakes, TALLY_EVENTS);
    assert_int_equal(put(999), TALLY_E_FULL);
    assert_int_equal(wakes, TALLY_EVENTS);
}

static void test_hook_events_keep_their_order(void **state) {
    (void)state;
    for (uint32_t lap = 0; lap < 10; lap++) {
        put_row(lap * 100, 50);
        expect_row(lap * 100, 50);
    }
    expect_nothing();
    assert_int_equal(hooks.dropped, 0);
}

static void test_hook_full_ring_drops_and_counts(void **state) {
    (void)state;
    put_row(0, TALLY_EVENTS);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(put(999), TALLY_E_FULL);
    }
    assert_int_equal(hooks.dropped, 3);
    expect_row(0, 1);
    assert_int_equal(put(TALLY_EVENTS), TALLY_OK); /* one cell is free again */
    assert_int_equal(put(999), TALLY_E_FULL);
    assert_int_equal(hooks.dropped, 4);
    expect_row(1, TALLY_EVENTS);
    expect_nothing();
}

static void test_hook_unwritten_cell_holds_back_later_ones(void **state) {
    (void)state;
    put_row(0, 1);
    /* A producer claims the second cell and is preempted before it has written it. */
    hooks.head++;
    put_row(2, 3);
    expect(0);
    expect_nothing();
    expect_nothing();
    /* It goes on. */
    hooks.cells[1].event = (tally_event_t){.session = 1, .hook = TALLY_HOOK_PAUSE};
    hooks.cells[1].turn = 2;
    expect_row(1, 4);
    expect_nothing();
}

static void test_hook_unwritten_cell_makes_the_ring_full_behind_it(void **state) {
    (void)state;
    hooks.head++;
    put_row(1, TALLY_EVENTS - 1);
    assert_int_equal(put(999), TALLY_E_FULL);
    expect_nothing();
    hooks.cells[0].turn = 1;
    expect_row(0, TALLY_EVENTS);
}

static void test_hook_positions_wrap(void **state) {
    (void)state;
    const uint32_t start = UINT32_MAX - 2 * TALLY_EVENTS + 1;
    hooks.head = start;
    hooks.tail = start;
    for (uint32_t i = 0; i < TALLY_EVENTS; i++) {
        hooks.cells[i].turn = start + i;
    }
    for (uint32_t lap = 0; lap < 4; lap++) {
        put_row(lap * 100, TALLY_EVENTS);
        assert_int_equal(put(999), TALLY_E_FULL);
        expect_row(lap * 100, TALLY_EVENTS);
        expect_nothing();
    }
    assert_int_equal(hooks.head, 2 * TALLY_EVENTS);
    assert_int_equal(hooks.dropped, 4);
}

static void test_hook_session_numbers_begin_at_1_and_pass_over_0(void **state) {
    (void)state;
    assert_int_equal(tally_hooks_new_session(&hooks), 1);
    assert_int_equal(tally_hooks_new_session(&hooks), 2);
    hooks.last_session = UINT32_MAX - 1;
    assert_int_equal(tally_hooks_new_session(&hooks), UINT32_MAX);
    assert_int_equal(tally_hooks_new_session(&hooks), 1);
}

/* --- texts ---------------------------------------------------------------------------------- */

static int32_t put_text(const char *text) {
    return tally_hooks_put_text(&hooks, 7, TALLY_M_CONTENT_TITLE, text);
}

static tally_event_t take_text(const char *text) {
    tally_event_t event;
    assert_true(tally_hooks_take(&hooks, &event));
    assert_int_equal(event.session, 7);
    assert_int_equal(event.hook, TALLY_HOOK_TEXT);
    assert_int_equal(event.metric, TALLY_M_CONTENT_TITLE);
    assert_string_equal(tally_hooks_text(&hooks, &event), text);
    return event;
}

static void test_hook_text_is_copied(void **state) {
    (void)state;
    char title[] = "Gr\xC3\xBC\xC3\x9F"
                   "e";
    assert_int_equal(put_text(title), TALLY_OK);
    memset(title, '?', sizeof title - 1);
    (void)take_text("Gr\xC3\xBC\xC3\x9F"
                    "e");
    assert_int_equal(hooks.texts_dropped, 0);
}

static void test_hook_text_may_be_empty(void **state) {
    (void)state;
    assert_int_equal(put_text(""), TALLY_OK);
    (void)take_text("");
}

static void test_hook_text_slot_is_taken_until_it_is_released(void **state) {
    (void)state;
    for (uint32_t i = 0; i < TALLY_TEXT_SLOTS; i++) {
        assert_int_equal(put_text("news"), TALLY_OK);
    }
    assert_int_equal(put_text("weather"), TALLY_E_FULL);
    assert_int_equal(hooks.texts_dropped, 1);
    const tally_event_t event = take_text("news");
    assert_int_equal(put_text("weather"), TALLY_E_FULL); /* taken, not yet copied */
    tally_hooks_release_text(&hooks, &event);
    assert_int_equal(put_text("weather"), TALLY_OK);
    assert_int_equal(hooks.texts_dropped, 2);
}

static void test_hook_text_must_fit_its_slot(void **state) {
    (void)state;
    _Static_assert(TALLY_TEXT_BYTES == 64, "the lengths below are worked out for 64");
    char text[65] = {0};
    memset(text, 'x', 64);
    assert_int_equal(put_text(text), TALLY_E_TOO_BIG);
    text[63] = '\0';
    assert_int_equal(put_text(text), TALLY_OK);
    (void)take_text(text);
    assert_int_equal(hooks.texts_dropped, 1);
}

static void test_hook_text_must_be_utf8(void **state) {
    (void)state;
    assert_int_equal(put_text("caf\xE9"), TALLY_E_TEXT); /* Latin-1 */
    assert_int_equal(hooks.texts_dropped, 1);
    expect_nothing();
}

static void test_hook_text_without_a_cell_gives_its_slot_back(void **state) {
    (void)state;
    put_row(0, TALLY_EVENTS);
    for (uint32_t i = 0; i < TALLY_TEXT_SLOTS + 1; i++) {
        assert_int_equal(put_text("news"), TALLY_E_FULL);
    }
    assert_int_equal(hooks.dropped, TALLY_TEXT_SLOTS + 1);
    expect_row(0, TALLY_EVENTS);
    for (uint32_t i = 0; i < TALLY_TEXT_SLOTS; i++) {
        assert_int_equal(put_text("news"), TALLY_OK);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_hook_empty_ring_has_nothing, set_up),
        cmocka_unit_test_setup(test_hook_event_arrives_as_it_was_put, set_up),
        cmocka_unit_test_setup(test_hook_event_wakes_the_agent_and_a_dropped_one_does_not, set_up),
        cmocka_unit_test_setup(test_hook_events_keep_their_order, set_up),
        cmocka_unit_test_setup(test_hook_full_ring_drops_and_counts, set_up),
        cmocka_unit_test_setup(test_hook_unwritten_cell_holds_back_later_ones, set_up),
        cmocka_unit_test_setup(test_hook_unwritten_cell_makes_the_ring_full_behind_it, set_up),
        cmocka_unit_test_setup(test_hook_positions_wrap, set_up),
        cmocka_unit_test_setup(test_hook_session_numbers_begin_at_1_and_pass_over_0, set_up),
        cmocka_unit_test_setup(test_hook_text_is_copied, set_up),
        cmocka_unit_test_setup(test_hook_text_may_be_empty, set_up),
        cmocka_unit_test_setup(test_hook_text_slot_is_taken_until_it_is_released, set_up),
        cmocka_unit_test_setup(test_hook_text_must_fit_its_slot, set_up),
        cmocka_unit_test_setup(test_hook_text_must_be_utf8, set_up),
        cmocka_unit_test_setup(test_hook_text_without_a_cell_gives_its_slot_back, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
