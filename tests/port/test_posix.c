/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tally_posix.h"

static tally_posix_t posix;
static const tally_port_t *port;

static int setup(void **state) {
    (void)state;
    port = tally_posix_port(&posix);
    return tally_posix_init(&posix, TALLY_LOG_INFO);
}

static int teardown(void **state) {
    (void)state;
    tally_posix_close(&posix);
    return 0;
}

static void clock_never_goes_back(void **state) {
    (void)state;
    uint64_t before_ms = port->monotonic_ms(port->ctx);
    const uint64_t end_ms = before_ms + 20;
    while (before_ms < end_ms) {
        const uint64_t now_ms = port->monotonic_ms(port->ctx);
        assert_true(now_ms >= before_ms);
        before_ms = now_ms;
    }
}

static void wall_time_is_the_systems_and_unauthenticated(void **state) {
    (void)state;
    const time_t before = time(NULL);
    const tally_wall_t wall = port->wall(port->ctx);
    assert_in_range(wall.unix_ms / 1000, before - 1, time(NULL) + 1);
    assert_int_equal(wall.quality, TALLY_WALL_UNAUTHENTICATED);
}

static void random_differs(void **state) {
    (void)state;
    uint8_t one[32] = {0};
    uint8_t two[32] = {0};
    assert_int_equal(port->random(port->ctx, one, sizeof one), TALLY_OK);
    assert_int_equal(port->random(port->ctx, two, sizeof two), TALLY_OK);
    assert_memory_not_equal(one, two, sizeof one);
}

static void wait_sleeps_until_the_time_out(void **state) {
    (void)state;
    const uint64_t before_ms = port->monotonic_ms(port->ctx);
    assert_int_equal(tally_posix_wait(&posix, 50, NULL, 0), 0);
    assert_in_range(port->monotonic_ms(port->ctx) - before_ms, 49, 20000);
}

static void *wake_later(void *argument) {
    (void)argument;
    const struct timespec delay = {.tv_nsec = 20 * 1000 * 1000};
    (void)nanosleep(&delay, NULL);
    port->wake(port->ctx);
    return NULL;
}

static void wake_from_another_thread_ends_the_wait(void **state) {
    (void)state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wake_later, NULL), 0);
    const uint64_t before_ms = port->monotonic_ms(port->ctx);
    assert_int_equal(tally_posix_wait(&posix, 30000, NULL, 0), 1);
    assert_in_range(port->monotonic_ms(port->ctx) - before_ms, 15, 10000);
    (void)pthread_join(thread, NULL);
}

static void wakes_before_the_wait_count_once(void **state) {
    (void)state;
    port->wake(port->ctx);
    port->wake(port->ctx);
    assert_int_equal(tally_posix_wait(&posix, 30000, NULL, 0), 1);
    assert_int_equal(tally_posix_wait(&posix, 10, NULL, 0), 0);
}

static void a_ready_descriptor_ends_the_wait(void **state) {
    (void)state;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    struct pollfd fds[2] = {{.fd = -1, .events = POLLIN}, {.fd = pipes[0], .events = POLLIN}};
    assert_int_equal(tally_posix_wait(&posix, 10, fds, 2), 0);
    assert_int_equal(write(pipes[1], "x", 1), 1);
    assert_int_equal(tally_posix_wait(&posix, 30000, fds, 2), 1);
    assert_int_equal(fds[0].revents, 0);
    assert_int_equal(fds[1].revents, POLLIN);
    (void)close(pipes[0]);
    (void)close(pipes[1]);
}

static void too_many_descriptors_are_refused(void **state) {
    (void)state;
    struct pollfd fds[TALLY_POSIX_WAIT_FDS + 1] = {{0}};
    assert_int_equal(tally_posix_wait(&posix, 0, fds, TALLY_POSIX_WAIT_FDS + 1), TALLY_E_ARGUMENT);
}

enum { ROUNDS = 20000 };
static uint32_t shared;

static void *count_up(void *argument) {
    (void)argument;
    for (int i = 0; i < ROUNDS; i++) {
        const uint32_t state = port->critical_enter(port->ctx);
        const volatile uint32_t seen = shared; /* widens the gap a lost update needs */
        shared = seen + 1;
        port->critical_leave(port->ctx, state);
    }
    return NULL;
}

static void critical_section_excludes(void **state) {
    (void)state;
    pthread_t threads[4];
    shared = 0;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, NULL), 0);
    }
    for (int i = 0; i < 4; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    assert_int_equal(shared, 4 * ROUNDS);
}

/* What `port->log` writes to standard error. */
static void capture_log(char *text, size_t size, enum tally_log_level level, const char *line,
                        int32_t value) {
    int pipes[2];
    assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
    const int saved = dup(STDERR_FILENO);
    (void)dup2(pipes[1], STDERR_FILENO);
    port->log(port->ctx, level, 7, line, value);
    (void)dup2(saved, STDERR_FILENO);
    const ssize_t got = read(pipes[0], text, size - 1);
    text[got > 0 ? got : 0] = '\0';
    (void)close(saved);
    (void)close(pipes[0]);
    (void)close(pipes[1]);
}

static void log_lines_name_level_and_status(void **state) {
    (void)state;
    char text[128];
    capture_log(text, sizeof text, TALLY_LOG_WARNING, "upload put off", TALLY_E_TLS_CA);
    assert_string_equal(text,
                        "tally: warning: upload put off: server certificate from an unknown CA\n");
    capture_log(text, sizeof text, TALLY_LOG_INFO, "records sent", 12);
    assert_string_equal(text, "tally: info: records sent: 12\n");
    capture_log(text, sizeof text, TALLY_LOG_ERROR, NULL, 3);
    assert_string_equal(text, "tally: error: message 7: 3\n");
    capture_log(text, sizeof text, TALLY_LOG_DEBUG, "noise", 0);
    assert_string_equal(text, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(clock_never_goes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(wall_time_is_the_systems_and_unauthenticated, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(random_differs, setup, teardown),
        cmocka_unit_test_setup_teardown(wait_sleeps_until_the_time_out, setup, teardown),
        cmocka_unit_test_setup_teardown(wake_from_another_thread_ends_the_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(wakes_before_the_wait_count_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_ready_descriptor_ends_the_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_descriptors_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(critical_section_excludes, setup, teardown),
        cmocka_unit_test_setup_teardown(log_lines_name_level_and_status, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
