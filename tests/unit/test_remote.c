/* SPDX-License-Identifier: Apache-2.0 */
/* The signed message around a configuration: one exact form, and whose signature it bears. */
#include <string.h>

#include "remote_rig.h"
#include "test.h"

#define BYTES(s) s, sizeof(s) - 1
#define O                                                                                          \
    "\x61o\x64"                                                                                    \
    "acme"
#define V "\x61v\x07"

static const char payload[] = "\xA2" O V;
enum { PAYLOAD = sizeof payload - 1 };

static int set_up(void **state) {
    (void)state;
    remote_rig_init();
    return 0;
}

/* The good message, in which `was`, at its first place, becomes `is`. */
static message_t message_with(const char *was, uint32_t was_size, const char *is,
                              uint32_t is_size) {
    message_t message = remote_message(payload, PAYLOAD);
    uint32_t at = 0;
    while (memcmp(message.bytes + at, was, was_size) != 0) {
        at++;
        assert_true(at + was_size <= message.size);
    }
    memmove(message.bytes + at + is_size, message.bytes + at + was_size,
            message.size - at - was_size);
    memcpy(message.bytes + at, is, is_size);
    message.size += is_size - was_size;
    return message;
}

static void assert_form_refused(const char *was, uint32_t was_size, const char *is,
                                uint32_t is_size) {
    const message_t good = message_with(was, was_size, was, was_size);
    assert_int_equal(remote_read_message(&good), TALLY_OK);
    remote_verifier.calls = 0;
    const message_t bad = message_with(was, was_size, is, is_size);
    assert_int_equal(remote_read_message(&bad), TALLY_E_CBOR);
    assert_int_equal(remote_verifier.calls, 0);
}

/* --- form ----------------------------------------------------------------------------------- */

static void test_remote_a_signed_message_is_read(void **state) {
    (void)state;
    assert_int_equal(remote_read_payload(payload, PAYLOAD), TALLY_OK);
    assert_int_equal(remote_verifier.calls, 1);
    assert_int_equal(remote_read.version, 7);
}

static void test_remote_heads_have_one_form(void **state) {
    (void)state;
    assert_form_refused(BYTES("\xD2\x84"), BYTES("\x84"));         /* no tag */
    assert_form_refused(BYTES("\xD2\x84"), BYTES("\xD1\x84"));     /* COSE_Mac0 */
    assert_form_refused(BYTES("\xD2\x84"), BYTES("\xD8\x62\x84")); /* COSE_Sign */
    assert_form_refused(BYTES("\xD2\x84"), BYTES("\xD2\xD2\x84")); /* twice */
    assert_form_refused(BYTES("\xD2\x84"), BYTES("\xD8\x12\x84")); /* a longer tag */
    assert_form_refused(BYTES("\xD2\x84"), BYTES("\xD2\x83"));
    assert_form_refused(BYTES("\xD2\x84"), BYTES("\xD2\x85"));
    assert_form_refused(BYTES("\xD2\x84"), BYTES("\xD2\x9F"));
    assert_form_refused(BYTES("\x43\xA1\x01\x26"), BYTES("\x44\xA1\x01\x38\x22")); /* ES384 */
    assert_form_refused(BYTES("\x43\xA1\x01\x26"), BYTES("\x43\xA1\x01\x27"));     /* EdDSA */
    assert_form_refused(BYTES("\x43\xA1\x01\x26"), BYTES("\x40"));
    assert_form_refused(BYTES("\x43\xA1\x01\x26"), BYTES("\xA1\x01\x26")); /* not wrapped */
    assert_form_refused(BYTES("\x43\xA1\x01\x26"), BYTES("\x58\x03\xA1\x01\x26"));
    assert_form_refused(BYTES("\x26\xA0"), BYTES("\x26\xA1\x04\x41\x31")); /* a key id */
    assert_form_refused(BYTES("\x26\xA0"), BYTES("\x26\x80"));
}

static void test_remote_payload_is_a_byte_string_in_its_shortest_form(void **state) {
    (void)state;
    const char head[] = {'\xA0', 0x40 + PAYLOAD, '\xA2', 0};
    const char longer[] = {'\xA0', 0x58, PAYLOAD, '\xA2', 0};
    const char text[] = {'\xA0', 0x60 + PAYLOAD, '\xA2', 0};
    const char indefinite[] = {'\xA0', 0x5F, 0x40 + PAYLOAD, '\xA2', 0};
    assert_form_refused(head, 3, longer, 4);
    assert_form_refused(head, 3, text, 3);
    assert_form_refused(head, 3, indefinite, 4);
    assert_form_refused(head, 3, BYTES("\xA0\xF6\xA2")); /* detached */
    assert_form_refused(head, 3, BYTES("\xA0\xA2"));     /* not wrapped */
    assert_form_refused(head, 3, BYTES("\xA0\x5A\xFF\xFF\xFF\xFF\xA2"));
}

static void test_remote_signature_has_64_bytes(void **state) {
    (void)state;
    message_t message = remote_message(payload, PAYLOAD);
    uint8_t *const head = message.bytes + message.size - SIGNATURE - 1;
    *head = 0x3F;
    message.size--;
    assert_int_equal(remote_read_message(&message), TALLY_E_CBOR);
    *head = 0x41;
    message.size += 2;
    assert_int_equal(remote_read_message(&message), TALLY_E_CBOR);
    *head = 0x40;
    message.size--;
    assert_int_equal(remote_read_message(&message), TALLY_OK);
    assert_form_refused(BYTES("\x58\x40"), BYTES("\x78\x40"));
    assert_form_refused(BYTES("\x58\x40"), BYTES("\x59\x00\x40"));
}

static void test_remote_nothing_follows_a_message(void **state) {
    (void)state;
    message_t message = remote_message(payload, PAYLOAD);
    message.bytes[message.size++] = 0;
    assert_int_equal(remote_read_message(&message), TALLY_E_CBOR);
    message.size--;
    assert_int_equal(remote_read_message(&message), TALLY_OK);
}

static void test_remote_a_message_cut_anywhere_is_refused(void **state) {
    (void)state;
    message_t message = remote_message(payload, PAYLOAD);
    for (const uint32_t whole = message.size; message.size > 0;) {
        message.size--;
        assert_int_equal(remote_read_message(&message), TALLY_E_CBOR);
        assert_true(message.size < whole);
    }
    assert_int_equal(remote_verifier.calls, 0);
}

/* {"o": "acme", "v": 7, "z": so many bytes} of `size` bytes in all. */
static uint32_t padded(uint32_t size, char *out) {
    const uint32_t bytes = size - PAYLOAD - 2;
    uint32_t end = PAYLOAD + 2;
    memcpy(out, "\xA3" O V "\x61z", end);
    if (bytes < 25) {
        out[end++] = (char)(0x40 + bytes - 1);
    } else if (bytes < 258) {
        out[end++] = 0x58;
        out[end++] = (char)(bytes - 2);
    } else {
        out[end++] = 0x59;
        out[end++] = (char)((bytes - 3) >> 8);
        out[end++] = (char)(bytes - 3);
    }
    memset(out + end, 'x', size - end);
    return size;
}

static int32_t read_padded(uint32_t size) {
    char map[MESSAGE_MOST];
    return remote_read_payload(map, padded(size, map));
}

static void test_remote_a_map_has_at_most_1024_bytes(void **state) {
    (void)state;
    assert_int_equal(read_padded(1024), TALLY_OK);
    remote_verifier.calls = 0;
    assert_int_equal(read_padded(1025), TALLY_E_CBOR);
    assert_int_equal(remote_verifier.calls, 0);
}

static void test_remote_the_largest_message_fits_what_is_announced(void **state) {
    (void)state;
    char map[MESSAGE_MOST];
    const message_t message = remote_message(map, padded(1024, map));
    assert_int_equal(message.size, 7 + 3 + 1024 + 2 + 64);
    assert_in_range(message.size, 1, TALLY_REMOTE_MESSAGE_MOST);
}

/* --- signature ------------------------------------------------------------------------------ */

/* What the verifier was given is RFC 9052's Sig_structure over a map of `size` bytes. */
static void assert_signed(uint32_t size, const char *head, uint32_t head_bytes) {
    char map[MESSAGE_MOST];
    assert_int_equal(remote_read_payload(map, padded(size, map)), TALLY_OK);
    assert_int_equal(remote_verifier.bytes, 17 + head_bytes + size);
    assert_memory_equal(remote_verifier.message, "\x84\x6ASignature1\x43\xA1\x01\x26\x40", 17);
    assert_memory_equal(remote_verifier.message + 17, head, head_bytes);
    assert_memory_equal(remote_verifier.message + 17 + head_bytes, map, size);
}

static void test_remote_what_is_verified_is_the_sig_structure(void **state) {
    (void)state;
    assert_signed(23, BYTES("\x57"));
    assert_signed(24, BYTES("\x58\x18"));
    assert_signed(255, BYTES("\x58\xFF"));
    assert_signed(256, BYTES("\x59\x01\x00"));
    assert_signed(1024, BYTES("\x59\x04\x00"));
}

static void test_remote_without_a_verifier_nothing_is_taken(void **state) {
    (void)state;
    assert_int_equal(remote_read_payload(payload, PAYLOAD), TALLY_OK);
    remote_options.verifier = NULL;
    assert_int_equal(remote_read_payload(payload, PAYLOAD), TALLY_E_SIGNATURE);
}

static void test_remote_a_verifier_that_fails_has_not_verified(void **state) {
    (void)state;
    static const int32_t failures[] = {TALLY_E_SIGNATURE, TALLY_E_IO, TALLY_E_TLS_MEMORY, 1};
    for (uint32_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        remote_verifier.says = failures[i];
        assert_int_equal(remote_read_payload(payload, PAYLOAD), TALLY_E_SIGNATURE);
    }
    remote_verifier.says = TALLY_OK;
    assert_int_equal(remote_read_payload(payload, PAYLOAD), TALLY_OK);
}

static void test_remote_what_is_not_signed_is_not_read(void **state) {
    (void)state;
    message_t message = remote_message(BYTES("\xFF"));
    assert_int_equal(remote_read_message(&message), TALLY_E_CBOR);
    message.bytes[message.size - 1] ^= 1;
    assert_int_equal(remote_read_message(&message), TALLY_E_SIGNATURE);
}

/* --- damage --------------------------------------------------------------------------------- */

static const char every_key[] = "\xAB"
                                "\x61"
                                "b\x1A\x00\x10\x00\x00"
                                "\x61"
                                "d\x65stb-1"
                                "\x61"
                                "e\x69"
                                "b.example"
                                "\x61g\x62lm"
                                "\x61h\x19\x75\x30" O "\x61p\x19\x27\x10"
                                "\x61s\x1A\x6A\x00\x00\x00"
                                "\x61t\xA1\x62pt\x19\x03\xE8"
                                "\x61u\x1A\x00\x01\xD4\xC0" V;

static void test_remote_no_flipped_bit_makes_another_configuration(void **state) {
    (void)state;
    message_t message = remote_message(BYTES(every_key));
    assert_int_equal(remote_read_message(&message), TALLY_OK);
    for (uint32_t bit = 0; bit < 8 * message.size; bit++) {
        message.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        const int32_t status = remote_read_message(&message);
        assert_true(status == TALLY_E_CBOR || status == TALLY_E_SIGNATURE);
        message.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(remote_read_message(&message), TALLY_OK);
}

static void test_remote_a_map_cut_anywhere_and_signed_is_refused(void **state) {
    (void)state;
    for (uint32_t cut = 0; cut < sizeof every_key - 1; cut++) {
        assert_int_equal(remote_read_payload(every_key, cut), TALLY_E_CBOR);
    }
    assert_int_equal(remote_read_payload(BYTES(every_key)), TALLY_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_remote_a_signed_message_is_read, set_up),
        cmocka_unit_test_setup(test_remote_heads_have_one_form, set_up),
        cmocka_unit_test_setup(test_remote_payload_is_a_byte_string_in_its_shortest_form, set_up),
        cmocka_unit_test_setup(test_remote_signature_has_64_bytes, set_up),
        cmocka_unit_test_setup(test_remote_nothing_follows_a_message, set_up),
        cmocka_unit_test_setup(test_remote_a_message_cut_anywhere_is_refused, set_up),
        cmocka_unit_test_setup(test_remote_a_map_has_at_most_1024_bytes, set_up),
        cmocka_unit_test_setup(test_remote_the_largest_message_fits_what_is_announced, set_up),
        cmocka_unit_test_setup(test_remote_what_is_verified_is_the_sig_structure, set_up),
        cmocka_unit_test_setup(test_remote_without_a_verifier_nothing_is_taken, set_up),
        cmocka_unit_test_setup(test_remote_a_verifier_that_fails_has_not_verified, set_up),
        cmocka_unit_test_setup(test_remote_what_is_not_signed_is_not_read, set_up),
        cmocka_unit_test_setup(test_remote_no_flipped_bit_makes_another_configuration, set_up),
        cmocka_unit_test_setup(test_remote_a_map_cut_anywhere_and_signed_is_refused, set_up),
    };
    return cmocka_run_group_tests_name("remote", tests, NULL, NULL);
}
