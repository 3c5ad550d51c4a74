/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "tally/config.h"

#define REQUIRED                                                                                   \
    "endpoint = https://collector.example:8443/v1/records\n"                                       \
    "ca = ca.pem\n"                                                                                \
    "certificate = device.pem\n"                                                                   \
    "key = /etc/tally/device.key\n"                                                                \
    "device_id = box-1\n"                                                                          \
    "operator_id = acme\n"                                                                         \
    "listen = udp://127.0.0.1:0\n"
#define NEXT_LINE "dir/t.conf:8: "

/* The complaints about a file of this text; freed by the caller. */
static char *read_text(config_t *config, const char *text, size_t bytes) {
    char *errors = NULL;
    size_t length = 0;
    FILE *const in = fmemopen((void *)(uintptr_t)text, bytes, "r");
    FILE *const out = open_memstream(&errors, &length);
    assert_non_null(in);
    assert_non_null(out);
    const bool good = config_read(config, in, "dir/t.conf", out);
    fclose(in);
    fclose(out);
    assert_int_equal(good, length == 0);
    return errors;
}

static config_t good(const char *text) {
    config_t config;
    char *const errors = read_text(&config, text, strlen(text));
    assert_string_equal(errors, "");
    free(errors);
    return config;
}

static void refused(const char *text, const char *complaints) {
    config_t config;
    char *const errors = read_text(&config, text, strlen(text));
    assert_string_equal(errors, complaints);
    free(errors);
}

/* One line after a good file. */
static void line_refused(const char *line, const char *complaint) {
    char text[4096];
    char expected[4096];
    (void)snprintf(text, sizeof text, REQUIRED "%s\n", line);
    (void)snprintf(expected, sizeof expected, NEXT_LINE "%s\n", complaint);
    refused(text, expected);
}

/* A good file with `line` in the place of the one that has the same key. */
static void required_refused(const char *line, const char *why) {
    const size_t key_bytes = strcspn(line, " ") + 1;
    char text[4096] = "";
    char expected[256];
    uint32_t number = 0;
    uint32_t changed = 0;
    for (const char *at = REQUIRED; *at != '\0'; at += strcspn(at, "\n") + 1) {
        number++;
        const bool same = strncmp(at, line, key_bytes) == 0;
        changed = same ? number : changed;
        strncat(text, same ? line : at, same ? strlen(line) : strcspn(at, "\n"));
        strcat(text, "\n");
    }
    (void)snprintf(expected, sizeof expected, "dir/t.conf:%u: %.*s: %s\n", (unsigned)changed,
                   (int)key_bytes - 1, line, why);
    refused(text, expected);
}

static void test_what_is_not_given_has_its_default(void **state) {
    (void)state;
    const config_t config = good(REQUIRED);
    assert_string_equal(config.endpoints.list[0].host, "collector.example");
    assert_int_equal(config.endpoints.list[0].port, 8443);
    assert_string_equal(config.endpoints.list[0].path, "/v1/records");
    assert_string_equal(config.listen.address, "127.0.0.1");
    assert_int_equal(config.listen.port, 0);
    assert_string_equal(config.device_id, "box-1");
    assert_string_equal(config.title, "");
    assert_int_equal(config.heartbeat_ms, 60000);
    assert_int_equal(config.upload_ms, 300000);
    assert_string_equal(config.spool, "");
    assert_int_equal(config.spool_bytes, 262144);
    assert_string_equal(config.settings, "");
    assert_int_equal(config.age_days, 0);
    assert_int_equal(config.daily_bytes, 0);
    assert_int_equal(config.pins.count, 0);
    assert_string_equal(config.config_key, "");
    assert_int_equal(config.consent, CONFIG_CONSENT_UNASKED);
    assert_int_equal(config.start_buffer_ms, 500);
    assert_int_equal(config.resume_buffer_ms, 500);
    assert_int_equal(config.end_after_ms, 3000);
    assert_int_equal(config.log, TALLY_LOG_INFO);
    assert_false(config.exit_when_ended);
}

static void test_all_keys(void **state) {
    (void)state;
    const config_t config = good(REQUIRED "heartbeat_ms=1000\n"
                                          "upload_ms = 86400000\n"
                                          "spool = spool\n"
                                          "  spool_bytes\t=  32768  \r\n"
                                          "settings = /var/lib/tally/settings\n"
                                          "age_days = 30\n"
                                          "consent = yes\n"
                                          "daily_bytes = 4294967295\n"
                                          "config_key = operator.pem\n"
                                          "start_buffer_ms = 100\n"
                                          "resume_buffer_ms = 60000\n"
                                          "end_after_ms = 0\n"
                                          "bitrate_kbps = 2147483647\n"
                                          "# title = not this one\n"
                                          "\n"
                                          "title = Nine = \xC3\xBC # all of it\n"
                                          "content_id = c\n"
                                          "device_type = stb\n"
                                          "device_model = m\n"
                                          "soc = s\n"
                                          "firmware = 1.2\n"
                                          "log = debug\n"
                                          "exit_when_ended = yes");
    assert_int_equal(config.heartbeat_ms, 1000);
    assert_string_equal(config.spool, "dir/spool");
    assert_int_equal(config.spool_bytes, 32768);
    assert_string_equal(config.settings, "/var/lib/tally/settings");
    assert_int_equal(config.age_days, 30);
    assert_int_equal(config.daily_bytes, UINT32_MAX);
    assert_string_equal(config.config_key, "dir/operator.pem");
    assert_int_equal(config.consent, CONFIG_CONSENT_YES);
    assert_int_equal(good(REQUIRED "consent = no\n").consent, CONFIG_CONSENT_NO);
    assert_int_equal(config.bitrate_kbps, INT32_MAX);
    assert_string_equal(config.title, "Nine = \xC3\xBC # all of it");
    assert_string_equal(config.firmware, "1.2");
    assert_int_equal(config.log, TALLY_LOG_DEBUG);
    assert_true(config.exit_when_ended);
}

static void test_files_are_taken_from_the_folder_of_the_configuration(void **state) {
    (void)state;
    const config_t config = good(REQUIRED);
    assert_string_equal(config.ca, "dir/ca.pem");
    assert_string_equal(config.key, "/etc/tally/device.key");
}

static void test_addresses_of_all_kinds(void **state) {
    (void)state;
    const config_t config = good("endpoint = https://[2001:db8::1]/r?x=1\n"
                                 "ca = a\ncertificate = b\nkey = c\ndevice_id = d\n"
                                 "operator_id = o\nlisten = udp://[ff15::1]:65535\n");
    assert_string_equal(config.endpoints.list[0].host, "2001:db8::1");
    assert_int_equal(config.endpoints.list[0].port, 443);
    assert_string_equal(config.endpoints.list[0].path, "/r?x=1");
    assert_string_equal(config.listen.address, "ff15::1");
    assert_int_equal(config.listen.port, 65535);
}

static void test_endpoints_beside_the_first(void **state) {
    (void)state;
    static const char one_more[] = "endpoint = https://spare.example/r\n";
    char text[2048] = REQUIRED;
    for (uint32_t count = 2; count <= 8; count++) {
        strcat(text, one_more);
        const config_t config = good(text);
        assert_int_equal(config.endpoints.count, count);
        assert_string_equal(config.endpoints.list[0].host, "collector.example");
        assert_string_equal(config.endpoints.list[count - 1].host, "spare.example");
        assert_int_equal(config.endpoints.list[count - 1].port, 443);
    }
    strcat(text, one_more);
    refused(text, "dir/t.conf:15: endpoint: given more than 8 times\n");
}

#define PIN "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"

static void test_pins_beside_a_ca_and_instead_of_one(void **state) {
    (void)state;
    static const uint8_t pin[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
    const config_t both = good(REQUIRED "pin = " PIN "\npin = " PIN "\n");
    assert_int_equal(both.pins.count, 2);
    assert_memory_equal(both.pins.list[1] + 24, pin, sizeof pin);
    assert_memory_equal(both.pins.list[1] + 8, pin, sizeof pin);
    const config_t alone = good("endpoint = https://h/p\npin = " PIN "\ncertificate = b\nkey = c\n"
                                "device_id = d\noperator_id = o\nlisten = udp://127.0.0.1:1\n");
    assert_string_equal(alone.ca, "");
    line_refused("pin = " PIN "0", "pin: is not 64 hexadecimal digits");
    line_refused("pin = 0g23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                 "pin: is not 64 hexadecimal digits");
    refused(REQUIRED "pin=" PIN "\npin=" PIN "\npin=" PIN "\npin=" PIN "\npin=" PIN "\n",
            "dir/t.conf:12: pin: given more than 4 times\n");
}

static void test_unknown_key(void **state) {
    (void)state;
    line_refused("heartbeats_ms = 5", "heartbeats_ms: unknown key");
    line_refused(" = 5", ": unknown key");
}

static void test_key_given_twice(void **state) {
    (void)state;
    line_refused("device_id = box-2", "device_id: given before in line 5");
}

static void test_line_that_is_no_setting(void **state) {
    (void)state;
    line_refused("heartbeat_ms 5", "heartbeat_ms 5: is not `key = value`");
}

static void test_key_without_value(void **state) {
    (void)state;
    line_refused("title = ", "title: has no value");
    line_refused("spool = ", "spool: has no value");
}

static void test_missing_keys_are_all_named(void **state) {
    (void)state;
    refused("device_id = box-1\n", "dir/t.conf:1: endpoint: missing\n"
                                   "dir/t.conf:1: certificate: missing\n"
                                   "dir/t.conf:1: key: missing\n"
                                   "dir/t.conf:1: operator_id: missing\n"
                                   "dir/t.conf:1: ca: missing, and so is a pin\n"
                                   "dir/t.conf:1: listen: missing, and so is a socket\n");
}

static void test_numbers(void **state) {
    (void)state;
    line_refused("upload_ms = 1s", "upload_ms: not a whole number");
    line_refused("upload_ms = -1", "upload_ms: not a whole number");
    line_refused("upload_ms = +1000", "upload_ms: not a whole number");
    line_refused("upload_ms = 0x1000", "upload_ms: not a whole number");
    line_refused("upload_ms = 4294967296", "upload_ms: not a whole number");
    line_refused("upload_ms = 99999999999999999999999", "upload_ms: not a whole number");
    line_refused("upload_ms = 999", "upload_ms: out of range");
    line_refused("upload_ms = 86400001", "upload_ms: out of range");
    line_refused("start_buffer_ms = 99", "start_buffer_ms: out of range");
    line_refused("spool_bytes = 4096", "spool_bytes: out of range");
}

static void test_words(void **state) {
    (void)state;
    line_refused("exit_when_ended = true", "exit_when_ended: neither yes nor no");
    line_refused("consent = given", "consent: neither yes nor no");
    line_refused("age_days = 0", "age_days: out of range");
    line_refused("log = all", "log: not error, warning, info or debug");
}

static void test_texts(void **state) {
    (void)state;
    line_refused("title = 1234567890123456789012345678901234567890123456789012345678901234",
                 "title: too long");
    line_refused("title = \xC3", "title: not UTF-8");
    line_refused("title = a\x1B[2J", "title: has a control character");
}

static void test_endpoints(void **state) {
    (void)state;
    required_refused("endpoint = http://h/p", "does not begin with https://");
    required_refused("endpoint = https://h:443", "has no path");
    required_refused("endpoint = https://h:0/p", "has no port from 1 to 65535");
    required_refused("endpoint = https://h:65536/p", "has no port from 1 to 65535");
    required_refused("endpoint = https://h:/p", "has no port from 1 to 65535");
    required_refused("endpoint = https:///p", "has no valid host");
    required_refused("endpoint = https://user@h/p", "has no valid host");
    required_refused("endpoint = https://[::1/p", "is not https://HOST:PORT/PATH");
    required_refused("endpoint = https://[::1]8/p", "is not https://HOST:PORT/PATH");
    required_refused("endpoint = https://[127.0.0.1]/p", "has no valid host");
    required_refused("endpoint = https://h/a b", "has a path that cannot be requested");
    required_refused("endpoint = https://h/p#f", "has a path that cannot be requested");
    required_refused("endpoint = https://h/p\xC3\xBC", "has a path that cannot be requested");
}

static void test_too_long_a_host_or_path(void **state) {
    (void)state;
    char line[512] = "endpoint = https://";
    memset(line + strlen(line), 'h', 254);
    strcat(line, "/p");
    required_refused(line, "too long");
    strcpy(line, "endpoint = https://h/");
    memset(line + strlen(line), 'p', 127);
    required_refused(line, "too long");
}

static void test_addresses_to_listen_to(void **state) {
    (void)state;
    required_refused("listen = 127.0.0.1:5004", "does not begin with udp://");
    required_refused("listen = udp://127.0.0.1", "is not udp://ADDRESS:PORT");
    required_refused("listen = udp://127.0.0.1:x", "is not udp://ADDRESS:PORT");
    required_refused("listen = udp://127.0.0.1:65536", "is not udp://ADDRESS:PORT");
    required_refused("listen = udp://[::1:5", "is not udp://ADDRESS:PORT");
    required_refused("listen = udp://localhost:5004", "has no valid address");
    required_refused("listen = udp://[::1::2]:5", "has no valid address");
    required_refused("listen = udp://[127.0.0.1]:5", "has no valid address");
    required_refused("listen = udp://:5004", "has no valid address");
    required_refused("listen = udp://1111111111111111111111111111111111111111111111:5",
                     "has no valid address");
}

static void test_too_long_a_file_name(void **state) {
    (void)state;
    char line[1200] = "certificate = ";
    memset(line + strlen(line), 'f', CONFIG_FILE_BYTES - strlen("dir/"));
    required_refused(line, "too long");
    strcpy(line, "settings = ");
    memset(line + strlen(line), 'f', CONFIG_FILE_BYTES - strlen("dir/"));
    line_refused(line, "settings: too long");
}

static void test_a_line_too_long_does_not_hide_the_next(void **state) {
    (void)state;
    static char text[8192] = REQUIRED "title = ";
    memset(text + strlen(text), 't', 4000);
    strcat(text, "\nbad = 1\n");
    refused(text, NEXT_LINE "this line: longer than 2046 bytes, or has a NUL\n"
                            "dir/t.conf:9: bad: unknown key\n");
}

static void test_a_nul_is_refused(void **state) {
    (void)state;
    static const char text[] = REQUIRED "title = a\0b\n# the end\n";
    config_t config;
    char *const errors = read_text(&config, text, sizeof text - 1);
    assert_string_equal(errors, NEXT_LINE "this line: longer than 2046 bytes, or has a NUL\n");
    free(errors);
}

static void test_all_mistakes_are_told_at_once(void **state) {
    (void)state;
    refused(REQUIRED "log = x\nsoc =\n", "dir/t.conf:8: log: not error, warning, info or debug\n"
                                         "dir/t.conf:9: soc: has no value\n");
}

static void test_players_at_a_socket(void **state) {
    (void)state;
    const config_t none = good(REQUIRED);
    assert_string_equal(none.socket, "");
    assert_int_equal(none.socket_mode, 0666);
    assert_int_equal(none.players, TALLY_PLAYERS);
    assert_int_equal(none.players_per_user, TALLY_PLAYERS / 2);
    assert_int_equal(none.player_messages_per_s, 100);
    assert_int_equal(none.player_users.count, 0);
    const config_t config = good(REQUIRED "socket = tallyd.sock\n"
                                          "socket_mode = 0660\n"
                                          "players = 3\n"
                                          "players_per_user = 1\n"
                                          "player_messages_per_s = 10000\n"
                                          "player_user = root\n"
                                          "player_user = 1000\n");
    assert_string_equal(config.socket, "dir/tallyd.sock");
    assert_int_equal(config.socket_mode, 0660);
    assert_int_equal(config.players, 3);
    assert_int_equal(config.players_per_user, 1);
    assert_int_equal(config.player_messages_per_s, 10000);
    assert_int_equal(config.player_users.count, 2);
    assert_int_equal(config.player_users.list[0], 0);
    assert_int_equal(config.player_users.list[1], 1000);
    assert_string_equal(good(REQUIRED "socket = @tally\n").socket, "@tally");
}

static void test_what_no_socket_has(void **state) {
    (void)state;
    line_refused("socket = @", "socket: has no name behind the @");
    line_refused("socket_mode = 666x", "socket_mode: is not permissions in octal, such as 0660");
    line_refused("socket_mode = 00666", "socket_mode: is not permissions in octal, such as 0660");
    line_refused("socket_mode = 1000", "socket_mode: is more than 0777");
    line_refused("players = 0", "players: out of range");
    line_refused("player_user = nobody at all", "player_user: no such user");
    line_refused("player_user = 4294967295", "player_user: no such user");
    char line[256] = "socket = /";
    memset(line + strlen(line), 's', CONFIG_SOCKET_BYTES - 1);
    line_refused(line, "socket: too long");
}

static void test_more_users_than_there_is_room_for(void **state) {
    (void)state;
    char text[2048] = REQUIRED;
    for (uint32_t i = 0; i <= CONFIG_USERS; i++) {
        strcat(text, "player_user = 7\n");
    }
    refused(text, "dir/t.conf:24: player_user: given more than 16 times\n");
}

static void test_what_changes_in_place_and_what_does_not(void **state) {
    (void)state;
    config_t now = good(REQUIRED "log = info\n");
    const config_t live = good("# moved\n" REQUIRED "log = debug\nplayers = 2\nplayer_user = 5\n");
    assert_false(config_needs_restart(&now, &live));
    config_take_over(&now, &live);
    assert_int_equal(now.log, TALLY_LOG_DEBUG);
    assert_int_equal(now.players, 2);
    assert_int_equal(now.player_users.list[0], 5);
    const char *const others[] = {
        REQUIRED "heartbeat_ms = 1000\n", REQUIRED "socket = @s\n", REQUIRED "title = t\n",
        REQUIRED "pin = 0000000000000000000000000000000000000000000000000000000000000000\n",
        REQUIRED "endpoint = https://another.example/\n"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const config_t other = good(others[i]);
        assert_true(config_needs_restart(&now, &other));
    }
}

static void test_a_complaint_names_the_place_of_the_key(void **state) {
    (void)state;
    config_t config = good(REQUIRED "title = t\n");
    char *errors = NULL;
    size_t length = 0;
    FILE *const out = open_memstream(&errors, &length);
    config_complain(&config, config.key, out, config.key, "is made of wood");
    fclose(out);
    assert_string_equal(errors, "dir/t.conf:4: key: /etc/tally/device.key: is made of wood\n");
    free(errors);
}

static void test_a_file_that_is_not_there(void **state) {
    (void)state;
    config_t config;
    char *errors = NULL;
    size_t length = 0;
    FILE *const out = open_memstream(&errors, &length);
    assert_false(config_load(&config, "no/such.conf", out));
    fclose(out);
    assert_string_equal(errors, "no/such.conf: No such file or directory\n");
    free(errors);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_given_has_its_default),
        cmocka_unit_test(test_all_keys),
        cmocka_unit_test(test_files_are_taken_from_the_folder_of_the_configuration),
        cmocka_unit_test(test_addresses_of_all_kinds),
        cmocka_unit_test(test_endpoints_beside_the_first),
        cmocka_unit_test(test_pins_beside_a_ca_and_instead_of_one),
        cmocka_unit_test(test_unknown_key),
        cmocka_unit_test(test_key_given_twice),
        cmocka_unit_test(test_line_that_is_no_setting),
        cmocka_unit_test(test_key_without_value),
        cmocka_unit_test(test_missing_keys_are_all_named),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_endpoints),
        cmocka_unit_test(test_too_long_a_host_or_path),
        cmocka_unit_test(test_addresses_to_listen_to),
        cmocka_unit_test(test_too_long_a_file_name),
        cmocka_unit_test(test_a_line_too_long_does_not_hide_the_next),
        cmocka_unit_test(test_a_nul_is_refused),
        cmocka_unit_test(test_all_mistakes_are_told_at_once),
        cmocka_unit_test(test_players_at_a_socket),
        cmocka_unit_test(test_what_no_socket_has),
        cmocka_unit_test(test_more_users_than_there_is_room_for),
        cmocka_unit_test(test_what_changes_in_place_and_what_does_not),
        cmocka_unit_test(test_a_complaint_names_the_place_of_the_key),
        cmocka_unit_test(test_a_file_that_is_not_there),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
