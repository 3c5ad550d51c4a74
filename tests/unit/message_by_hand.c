/* SPDX-License-Identifier: Apache-2.0 */
#include "message_by_hand.h"

#include <string.h>

#include "test.h"

device_t tallyd;
uint8_t said_bytes[2 * TALLY_MESSAGE_BYTES];
tally_cbor_t said;

void say_begin(void) {
    tally_cbor_begin(&said, said_bytes, sizeof said_bytes);
}

void say_letter(char key) {
    tally_cbor_letter(&said, key);
}

void say_number(char key, int64_t value) {
    say_letter(key);
    tally_cbor_integer(&said, value);
}

void say_text(const char *value) {
    tally_cbor_text(&said, value, (uint32_t)strlen(value));
}

void say_field(const char *key, int64_t value) {
    say_text(key);
    tally_cbor_integer(&said, value);
}

void say_kind(char kind) {
    say_letter('k');
    tally_cbor_letter(&said, kind);
}

int32_t say_as(uint32_t player) {
    return tally_daemon_take(&tallyd.agent, player, said_bytes, said.used);
}

int32_t say_it(void) {
    return say_as(1);
}

int32_t say_greeting(uint32_t player, int64_t version) {
    say_begin();
    tally_cbor_map(&said, 3);
    say_letter('c');
    tally_cbor_map(&said, 7);
    say_letter('d');
    say_text("cisx");
    say_letter('e');
    say_text("ecedepet");
    say_letter('l');
    say_text("lb");
    say_letter('m');
    say_text("mvq!"); /* and a key that nobody knows */
    say_letter('p');
    say_text("bmpaptscse");
    say_letter('r');
    say_text("rirl");
    say_letter('y');
    say_text("yuyg");
    say_kind('p');
    say_number('v', version);
    return say_as(player);
}

int32_t say_start(uint32_t player, int64_t session) {
    say_begin();
    tally_cbor_map(&said, 4);
    say_letter('d');
    tally_cbor_map(&said, 2);
    say_text("ci");
    say_text("film-42");
    say_field("sx", 12345);
    say_kind('s');
    say_number('s', session);
    say_number('u', 1000000);
    return say_as(player);
}

void say_snapshot(const char *key, int64_t value) {
    say_begin();
    tally_cbor_map(&said, 4);
    say_kind('h');
    say_letter('p');
    tally_cbor_map(&said, 1);
    say_field(key, value);
    say_number('s', 3);
    say_number('u', (int64_t)tallyd.port.now_ms);
}

int say_set_up(void **state) {
    (void)state;
    device_boot(&tallyd);
    assert_int_equal(say_greeting(1, 1), TALLY_OK);
    assert_int_equal(say_start(1, 3), TALLY_OK);
    return 0;
}

void say_expect_refused(uint32_t messages) {
    const record_t agents = device_tell_agent(&tallyd);
    assert_int_equal(record_has(agents, "a.w1") ? record_number(agents, "a.w1") : 0, messages);
}

int64_t say_play_time(void) {
    tally_session_id_t session = 0;
    int64_t value = -1;
    assert_int_equal(tally_sessions(&tallyd.agent, &session, 1), 1);
    assert_int_equal(tally_query(&tallyd.agent, session, TALLY_M_PLAY_TIME, &value), TALLY_OK);
    return value;
}
