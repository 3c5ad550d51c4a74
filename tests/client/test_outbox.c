/* SPDX-License-Identifier: Apache-2.0 */
/* What waits for the daemon, in which order, and what goes first when there is no room. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "outbox.h"

enum { NONE = 0, FILM = 1, TRAILER = 2 };

static tally_outbox_t outbox;

static int setup(void **state) {
    (void)state;
    memset(&outbox, 0xA5, sizeof outbox);
    tally_outbox_init(&outbox);
    return 0;
}

static void put(enum tally_keep keep, tally_session_id_t session, const char *text) {
    assert_int_equal(
        tally_outbox_put(&outbox, keep, session, (const uint8_t *)text, (uint32_t)strlen(text)),
        TALLY_OK);
}

static void announce(enum tally_keep keep, const char *text) {
    assert_int_equal(
        tally_outbox_announce(&outbox, keep, FILM, (const uint8_t *)text, (uint32_t)strlen(text)),
        TALLY_OK);
}

static void assert_next(const char *text) {
    tally_outbox_message_t message;
    assert_true(tally_outbox_next(&outbox, &message));
    assert_int_equal(message.size, strlen(text));
    assert_memory_equal(message.bytes, text, message.size);
}

static void send(const char *text) {
    assert_next(text);
    tally_outbox_sent(&outbox);
}

static void assert_nothing_to_send(void) {
    tally_outbox_message_t message;
    assert_false(tally_outbox_next(&outbox, &message));
}

/* Messages of about a hundredth of the room, each with its own text. */
static const char *large(uint32_t number) {
    static char text[TALLY_CLIENT_QUEUE_BYTES / 100];
    memset(text, 'x', sizeof text);
    (void)snprintf(text, sizeof text, "%u ", (unsigned)number);
    text[strlen(text)] = 'x';
    text[sizeof text - 1] = '\0';
    return text;
}

static uint32_t fill(void) {
    uint32_t count = 0;
    while (outbox.dropped == 0) {
        put(TALLY_KEEP, FILM, large(count++));
    }
    return count;
}

static void test_outbox_keeps_the_order(void **state) {
    (void)state;
    put(TALLY_KEEP, FILM, "s");
    put(TALLY_REPLACE, FILM, "h");
    put(TALLY_KEEP, FILM, "e");
    put(TALLY_KEEP, FILM, "x");
    send("s");
    send("h");
    send("e");
    send("x");
    assert_nothing_to_send();
}

static void test_outbox_has_one_unsent_snapshot_of_a_session(void **state) {
    (void)state;
    put(TALLY_REPLACE, FILM, "film 1");
    put(TALLY_REPLACE, TRAILER, "trailer 1");
    put(TALLY_REPLACE, FILM, "film 2");
    assert_int_equal(outbox.count, 2);
    send("trailer 1");
    send("film 2");
    put(TALLY_REPLACE, FILM, "film 3");
    send("film 3");
    assert_int_equal(outbox.dropped, 0);
}

static void test_outbox_keeps_what_was_sent_until_it_is_acknowledged(void **state) {
    (void)state;
    put(TALLY_KEEP, FILM, "s");
    put(TALLY_REPLACE, FILM, "h");
    put(TALLY_KEEP, FILM, "e");
    send("s");
    send("h");
    send("e");
    assert_int_equal(outbox.count, 2);
    assert_int_equal(tally_outbox_acknowledge(&outbox, 2), TALLY_OK);
    assert_int_equal(outbox.count, 1);
    tally_outbox_rewind(&outbox);
    send("e");
    assert_nothing_to_send();
}

static void test_outbox_forgets_what_is_acknowledged(void **state) {
    (void)state;
    put(TALLY_KEEP, FILM, "s");
    put(TALLY_KEEP, FILM, "e");
    send("s");
    send("e");
    assert_int_equal(tally_outbox_acknowledge(&outbox, 2), TALLY_OK);
    tally_outbox_rewind(&outbox);
    assert_nothing_to_send();
    assert_int_equal(outbox.used, 0);
}

static void test_outbox_takes_no_acknowledgement_that_makes_no_sense(void **state) {
    (void)state;
    put(TALLY_KEEP, FILM, "s");
    put(TALLY_KEEP, FILM, "e");
    send("s");
    assert_int_equal(tally_outbox_acknowledge(&outbox, 2), TALLY_E_ARGUMENT);
    assert_int_equal(tally_outbox_acknowledge(&outbox, 1), TALLY_OK);
    assert_int_equal(tally_outbox_acknowledge(&outbox, 1), TALLY_OK);
    assert_int_equal(tally_outbox_acknowledge(&outbox, 0), TALLY_E_ARGUMENT);
    send("e");
}

static void test_outbox_announces_ahead_of_what_is_left_over(void **state) {
    (void)state;
    put(TALLY_KEEP, FILM, "e1");
    put(TALLY_KEEP, FILM, "e2");
    send("e1");
    tally_outbox_rewind(&outbox);
    announce(TALLY_KEEP, "p");
    announce(TALLY_KEEP, "s");
    announce(TALLY_REPLACE, "h");
    send("p");
    send("s");
    send("h");
    send("e1");
    send("e2");
}

static void test_outbox_forgets_announcements_and_snapshots_of_a_lost_connection(void **state) {
    (void)state;
    put(TALLY_KEEP, FILM, "e");
    put(TALLY_REPLACE, TRAILER, "h");
    announce(TALLY_KEEP, "p");
    announce(TALLY_KEEP, "s");
    send("p");
    tally_outbox_rewind(&outbox);
    send("e");
    assert_nothing_to_send();
    assert_int_equal(outbox.dropped, 0);
}

static void test_outbox_replaces_an_announced_snapshot_too(void **state) {
    (void)state;
    announce(TALLY_KEEP, "s");
    announce(TALLY_REPLACE, "h1");
    put(TALLY_REPLACE, FILM, "h2");
    send("s");
    send("h2");
    assert_nothing_to_send();
}

static void test_outbox_drops_the_oldest_when_it_is_full(void **state) {
    (void)state;
    const uint32_t count = fill();
    assert_in_range(count, 90, 101);
    assert_int_equal(outbox.dropped, 1);
    assert_next(large(1));
    put(TALLY_KEEP, FILM, large(count));
    assert_int_equal(outbox.dropped, 2);
    assert_next(large(2));
    assert_int_equal(tally_outbox_lost(&outbox), 2);
    assert_int_equal(tally_outbox_lost(&outbox), 0);
}

static void test_outbox_drops_what_tells_of_losses_last(void **state) {
    (void)state;
    put(TALLY_KEEP, NONE, "sums");
    const uint32_t count = fill();
    put(TALLY_KEEP, FILM, large(count));
    assert_int_equal(outbox.dropped, 2);
    send("sums");
    send(large(2));
}

static void test_outbox_drops_snapshots_first_and_does_not_count_them(void **state) {
    (void)state;
    put(TALLY_KEEP, FILM, large(0));
    put(TALLY_REPLACE, FILM, large(1));
    put(TALLY_REPLACE, TRAILER, large(2));
    uint32_t count = 3;
    while (outbox.count == count) {
        put(TALLY_KEEP, FILM, large(count++));
    }
    assert_int_equal(outbox.dropped, 0);
    send(large(0));
    send(large(2));
    send(large(3));
}

static void test_outbox_has_no_room_for_snapshots_at_the_cost_of_what_is_kept(void **state) {
    (void)state;
    (void)fill();
    const uint32_t count = outbox.count;
    put(TALLY_REPLACE, FILM, large(0));
    assert_int_equal(outbox.count, count);
    assert_int_equal(outbox.dropped, 1);
    assert_next(large(1));
}

/* What was sent may have arrived, so it is not what is dropped. */
static void test_outbox_sends_half_ahead_and_drops_from_the_other_half(void **state) {
    (void)state;
    const uint32_t count = fill();
    tally_outbox_message_t message;
    uint32_t sent = 1; /* number 0 was dropped */
    while (tally_outbox_next(&outbox, &message)) {
        send(large(sent++));
    }
    assert_in_range(sent, count / 2 - 2, count / 2 + 2);
    put(TALLY_KEEP, FILM, large(count));
    assert_int_equal(outbox.dropped, 2);
    tally_outbox_rewind(&outbox);
    for (uint32_t i = 1; i < sent; i++) {
        send(large(i));
    }
    assert_nothing_to_send();
    assert_int_equal(tally_outbox_acknowledge(&outbox, sent - 1), TALLY_OK);
    send(large(sent + 1));
}

static void test_outbox_sends_snapshots_and_announcements_however_much_waits(void **state) {
    (void)state;
    (void)fill();
    announce(TALLY_KEEP, "p");
    assert_next("p");
}

static void test_outbox_refuses_what_no_message_can_be(void **state) {
    (void)state;
    static const uint8_t message[TALLY_MESSAGE_BYTES + 1];
    assert_int_equal(tally_outbox_put(&outbox, TALLY_KEEP, FILM, message, sizeof message),
                     TALLY_E_TOO_BIG);
    assert_int_equal(tally_outbox_announce(&outbox, TALLY_KEEP, FILM, message, sizeof message),
                     TALLY_E_TOO_BIG);
    assert_int_equal(tally_outbox_put(&outbox, TALLY_KEEP, FILM, message, sizeof message - 1),
                     TALLY_OK);
}

static void test_outbox_says_so_if_nothing_can_be_dropped(void **state) {
    (void)state;
    static const uint8_t message[TALLY_MESSAGE_BYTES];
    int32_t status = TALLY_OK;
    uint32_t taken = 0;
    for (; status == TALLY_OK; taken++) {
        status = tally_outbox_announce(&outbox, TALLY_KEEP, FILM, message, sizeof message);
    }
    assert_int_equal(status, TALLY_E_FULL);
    assert_int_equal(taken, TALLY_CLIENT_QUEUE_BYTES / TALLY_MESSAGE_BYTES);
    assert_int_equal(tally_outbox_put(&outbox, TALLY_KEEP, FILM, message, sizeof message),
                     TALLY_E_FULL);
    assert_int_equal(outbox.dropped, 2);
    assert_int_equal(tally_outbox_lost(&outbox), 0); /* the agent knows by the status */
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_outbox_keeps_the_order),
        TEST(test_outbox_has_one_unsent_snapshot_of_a_session),
        TEST(test_outbox_keeps_what_was_sent_until_it_is_acknowledged),
        TEST(test_outbox_forgets_what_is_acknowledged),
        TEST(test_outbox_takes_no_acknowledgement_that_makes_no_sense),
        TEST(test_outbox_announces_ahead_of_what_is_left_over),
        TEST(test_outbox_forgets_announcements_and_snapshots_of_a_lost_connection),
        TEST(test_outbox_replaces_an_announced_snapshot_too),
        TEST(test_outbox_drops_the_oldest_when_it_is_full),
        TEST(test_outbox_drops_what_tells_of_losses_last),
        TEST(test_outbox_drops_snapshots_first_and_does_not_count_them),
        TEST(test_outbox_has_no_room_for_snapshots_at_the_cost_of_what_is_kept),
        TEST(test_outbox_sends_half_ahead_and_drops_from_the_other_half),
        TEST(test_outbox_sends_snapshots_and_announcements_however_much_waits),
        TEST(test_outbox_refuses_what_no_message_can_be),
        TEST(test_outbox_says_so_if_nothing_can_be_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
