/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams of any content (RFC 3550 5.1). */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tally/stats.h"
#include "test.h"

enum { PADDING = 0x20, EXTENSION = 0x10 };

/* Parses a copy of just these bytes, so that the sanitizer sees a read beyond them. */
static int32_t parse(const uint8_t *bytes, uint32_t size, tally_rtp_header_t *header) {
    uint8_t *const exact = malloc(size != 0 ? size : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, size);
    const int32_t status = tally_rtp_parse(exact, size, header);
    free(exact);
    return status;
}

static void expect_refusal(const uint8_t *bytes, uint32_t size) {
    tally_rtp_header_t header;
    assert_int_equal(parse(bytes, size, &header), TALLY_E_CORRUPT);
}

/* Two contributing sources, an extension of one word, payload AA BB CC, padding of 4. */
static const uint8_t everything[] = {
    0xB2, 0xE0, 0x12, 0x34,                         /* V=2 P X CC=2, M PT=96, sequence */
    0x01, 0x02, 0x03, 0x04, 0xAA, 0xBB, 0xCC, 0xDD, /* timestamp, SSRC */
    0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x22, 0x22, /* CSRC list */
    0xBE, 0xDE, 0x00, 0x01, 0x33, 0x33, 0x33, 0x33, /* extension */
    0xAA, 0xBB, 0xCC, 0x00, 0x00, 0x00, 0x04,       /* payload, padding */
};

/* The fixed header alone, with another first byte, and payload behind it. */
static const uint8_t *plain(uint8_t first, uint8_t last) {
    static uint8_t bytes[20];
    memset(bytes, 0x55, sizeof bytes);
    bytes[0] = first;
    bytes[sizeof bytes - 1] = last;
    return bytes;
}

static void test_rtp_parse_reads_every_field(void **state) {
    (void)state;
    tally_rtp_header_t header;
    assert_int_equal(tally_rtp_parse(everything, sizeof everything, &header), TALLY_OK);
    assert_int_equal(header.sequence, 0x1234);
    assert_int_equal(header.timestamp, 0x01020304);
    assert_int_equal(header.ssrc, 0xAABBCCDD);
    assert_int_equal(header.payload_type, 96);
    assert_true(header.marker);
    assert_int_equal(header.payload_bytes, 3);
    assert_ptr_equal(header.payload, everything + 28);
}

static void test_rtp_parse_refuses_every_truncation(void **state) {
    (void)state;
    for (uint32_t size = 0; size < sizeof everything; size++) {
        expect_refusal(everything, size);
    }
}

static void test_rtp_parse_takes_a_packet_without_payload(void **state) {
    (void)state;
    tally_rtp_header_t header;
    assert_int_equal(parse(plain(0x80, 0), 12, &header), TALLY_OK);
    assert_int_equal(header.payload_bytes, 0);
    expect_refusal(plain(0x80, 0), 11);
}

static void test_rtp_parse_refuses_other_versions(void **state) {
    (void)state;
    expect_refusal(plain(0x00, 0), 20);
    expect_refusal(plain(0x40, 0), 20);
    expect_refusal(plain(0xC0, 0), 20);
}

static void test_rtp_parse_refuses_more_sources_than_bytes(void **state) {
    (void)state;
    tally_rtp_header_t header;
    assert_int_equal(parse(plain(0x82, 0), 20, &header), TALLY_OK);
    assert_int_equal(header.payload_bytes, 0);
    expect_refusal(plain(0x83, 0), 20);
    expect_refusal(plain(0x8F, 0), 20);
}

static void test_rtp_parse_refuses_an_extension_longer_than_the_datagram(void **state) {
    (void)state;
    uint8_t bytes[20];
    memcpy(bytes, plain(0x80 | EXTENSION, 0), sizeof bytes);
    bytes[14] = 0x00;
    bytes[15] = 0x01; /* one word: fills the datagram */
    tally_rtp_header_t header;
    assert_int_equal(parse(bytes, sizeof bytes, &header), TALLY_OK);
    assert_int_equal(header.payload_bytes, 0);
    bytes[15] = 0x02;
    expect_refusal(bytes, sizeof bytes);
    bytes[14] = 0xFF;
    bytes[15] = 0xFF;
    expect_refusal(bytes, sizeof bytes);
}

static void test_rtp_parse_refuses_padding_that_lies(void **state) {
    (void)state;
    tally_rtp_header_t header;
    assert_int_equal(parse(plain(0x80 | PADDING, 8), 20, &header), TALLY_OK);
    assert_int_equal(header.payload_bytes, 0); /* all of it is padding */
    expect_refusal(plain(0x80 | PADDING, 9), 20);
    expect_refusal(plain(0x80 | PADDING, 255), 20);
    expect_refusal(plain(0x80 | PADDING, 0), 20); /* padding counts itself */
    expect_refusal(plain(0x80 | PADDING, 0), 12); /* its count would lie in the header */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rtp_parse_reads_every_field),
        cmocka_unit_test(test_rtp_parse_refuses_every_truncation),
        cmocka_unit_test(test_rtp_parse_takes_a_packet_without_payload),
        cmocka_unit_test(test_rtp_parse_refuses_other_versions),
        cmocka_unit_test(test_rtp_parse_refuses_more_sources_than_bytes),
        cmocka_unit_test(test_rtp_parse_refuses_an_extension_longer_than_the_datagram),
        cmocka_unit_test(test_rtp_parse_refuses_padding_that_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
