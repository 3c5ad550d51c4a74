/* SPDX-License-Identifier: Apache-2.0 */
/* Transports and verifiers. */
#include <stddef.h>
#include <string.h>

#include "broken.h"
#include "device_stream.h"

#define sound broken_sound_transport

static void spoil_has_no_receive(device_t *device) {
    device->transport.receive = NULL;
}

static void spoil_claims_proof(device_t *device) {
    device->transport.is_authenticated = true;
}

static void spoil_tcp_has_dates(device_t *device) {
    device->transport.valid_to_s = UINT32_MAX;
}

static void prove(device_t *device, uint32_t from_s, uint32_t to_s) {
    device->transport.is_authenticated = true;
    device->setup.proves_peer = true;
    device->transport.valid_from_s = from_s;
    device->transport.valid_to_s = to_s;
}

static void spoil_swaps_dates(device_t *device) {
    prove(device, 2000000000u, 1000000000u);
}

static void spoil_counts_days(device_t *device) {
    device->setup.unix_ms = INT64_C(1777593600000);
    prove(device, 20000u, 23650u);
}

/* ---- open and close ------------------------------------------------------------------------- */

static int32_t never_opens(void *ctx, const tally_peer_t *peer) {
    const int32_t status = sound.open(ctx, peer);
    return status == TALLY_OPEN ? TALLY_OPENING_CONNECT : status;
}

static void spoil_never_opens(device_t *device) {
    device->transport.open = never_opens;
}

static int32_t has_a_fourth_phase(void *ctx, const tally_peer_t *peer) {
    const int32_t status = sound.open(ctx, peer);
    return status == TALLY_OPENING_CONNECT ? 4 : status;
}

static void spoil_has_a_fourth_phase(device_t *device) {
    device->transport.open = has_a_fourth_phase;
}

static int32_t goes_back(void *ctx, const tally_peer_t *peer) {
    const device_t *const device = ctx;
    const int32_t status = sound.open(ctx, peer);
    return device->opening_calls == 4u ? TALLY_OPENING_RESOLVE : status;
}

static void spoil_goes_back(device_t *device) {
    device->transport.open = goes_back;
}

static int32_t waits_for_peer(void *ctx, const tally_peer_t *peer) {
    device_t *const device = ctx;
    if (device->opening_calls == 1u) {
        device_pass(device, 400000);
    }
    return sound.open(ctx, peer);
}

static void spoil_waits_for_peer(device_t *device) {
    device->transport.open = waits_for_peer;
}

/* A lookup under way that close() forgets and the next open() falls over. */
static int32_t last_status;
static bool is_wedged;

static int32_t opens_unless_wedged(void *ctx, const tally_peer_t *peer) {
    last_status = is_wedged ? TALLY_E_STATE : sound.open(ctx, peer);
    is_wedged = false;
    return last_status;
}

static void wedges(void *ctx) {
    is_wedged = is_wedged || last_status > TALLY_OPEN;
    last_status = 0;
    sound.close(ctx);
}

static void spoil_wedges(device_t *device) {
    device->transport.open = opens_unless_wedged;
    device->transport.close = wedges;
}

static int32_t waits_for_refused(void *ctx, const tally_peer_t *peer) {
    const int32_t status = sound.open(ctx, peer);
    return status == TALLY_E_CONNECT ? TALLY_OPENING_CONNECT : status;
}

static void spoil_waits_for_refused(device_t *device) {
    device->transport.open = waits_for_refused;
}

static int32_t waits_for_name(void *ctx, const tally_peer_t *peer) {
    const int32_t status = sound.open(ctx, peer);
    return status == TALLY_E_RESOLVE ? TALLY_OPENING_RESOLVE : status;
}

static void spoil_waits_for_name(device_t *device) {
    device->transport.open = waits_for_name;
}

/* An error that close() leaves behind. */
static int32_t remembers_refusal(void *ctx, const tally_peer_t *peer) {
    static int32_t refusal;
    if (refusal != 0) {
        const int32_t status = refusal;
        refusal = 0;
        return status;
    }
    const int32_t status = sound.open(ctx, peer);
    refusal = status < 0 ? status : 0;
    return status;
}

static void spoil_remembers_refusal(device_t *device) {
    device->transport.open = remembers_refusal;
}

static void keeps_socket(void *ctx) {
    device_t *const device = ctx;
    const uint32_t free = device->sockets_free;
    sound.close(ctx);
    device->sockets_free = free;
}

static void spoil_keeps_sockets(device_t *device) {
    device->sockets_free = 60;
    device->transport.close = keeps_socket;
}

/* ---- send and receive ----------------------------------------------------------------------- */

static int32_t counts_headers(void *ctx, const uint8_t *data, uint32_t size) {
    const int32_t taken = sound.send(ctx, data, size);
    return taken > 0 ? taken + 4 : taken;
}

static void spoil_counts_headers(device_t *device) {
    device->transport.send = counts_headers;
}

static int32_t drops_what_has_no_room(void *ctx, const uint8_t *data, uint32_t size) {
    const int32_t taken = sound.send(ctx, data, size);
    return taken < 0 ? taken : (int32_t)size;
}

static void spoil_drops_what_has_no_room(device_t *device) {
    device->transport.send = drops_what_has_no_room;
}

static int32_t tells_what_is_there(void *ctx, uint8_t *data, uint32_t size) {
    const device_t *const device = ctx;
    const int32_t there = (int32_t)device->from_peer;
    const int32_t got = sound.receive(ctx, data, size);
    return got > 0 ? there : got;
}

static void spoil_tells_what_is_there(device_t *device) {
    device->transport.receive = tells_what_is_there;
}

static int32_t ends_with_zero(void *ctx, uint8_t *data, uint32_t size) {
    const int32_t got = sound.receive(ctx, data, size);
    if (got > 0) {
        data[got] = 0;
    }
    return got;
}

static void spoil_ends_with_zero(device_t *device) {
    device->transport.receive = ends_with_zero;
}

static int32_t times_out(void *ctx, uint8_t *data, uint32_t size) {
    const int32_t got = sound.receive(ctx, data, size);
    return got == 0 ? TALLY_E_TIMEOUT : got;
}

static void spoil_times_out(device_t *device) {
    device->transport.receive = times_out;
}

static int32_t waits_for_bytes(void *ctx, uint8_t *data, uint32_t size) {
    device_t *const device = ctx;
    const int32_t got = sound.receive(ctx, data, size);
    if (got == 0) {
        device_pass(device, 1000000);
    }
    return got;
}

static void spoil_waits_for_bytes(device_t *device) {
    device->transport.receive = waits_for_bytes;
}

static int32_t swaps_bytes(void *ctx, uint8_t *data, uint32_t size) {
    const int32_t got = sound.receive(ctx, data, size);
    if (got > 30) {
        const uint8_t first = data[0];
        data[0] = data[1];
        data[1] = first;
    }
    return got;
}

static void spoil_swaps_bytes(device_t *device) {
    device->transport.receive = swaps_bytes;
}

static void keeps_unread(void *ctx) {
    device_t *const device = ctx;
    const uint32_t unread = device->from_peer;
    sound.close(ctx);
    device->from_peer = unread;
}

static void spoil_keeps_unread(device_t *device) {
    device->transport.close = keeps_unread;
}

static bool has_ended(const device_t *device) {
    return device->peer == &device_ending && device->echoed == TALLY_CONFORMANCE_ENDING_BYTES;
}

static int32_t ends_at_once(void *ctx, uint8_t *data, uint32_t size) {
    return has_ended(ctx) ? TALLY_E_CLOSED : sound.receive(ctx, data, size);
}

static void spoil_ends_at_once(device_t *device) {
    device->transport.receive = ends_at_once;
}

static int32_t never_ends(void *ctx, uint8_t *data, uint32_t size) {
    const int32_t got = sound.receive(ctx, data, size);
    return got == TALLY_E_CLOSED ? 0 : got;
}

static void spoil_never_ends(device_t *device) {
    device->transport.receive = never_ends;
}

static int32_t ends_with_failure(void *ctx, uint8_t *data, uint32_t size) {
    const int32_t got = sound.receive(ctx, data, size);
    return got == TALLY_E_CLOSED ? TALLY_E_IO : got;
}

static void spoil_ends_with_failure(device_t *device) {
    device->transport.receive = ends_with_failure;
}

static const broken_t transport_rows[] = {
    {"no receive", TALLY_RULE_TRANSPORT_COMPLETE, spoil_has_no_receive, false, false},
    {"TCP that proves its peer", TALLY_RULE_TRANSPORT_PROVED, spoil_claims_proof, false, false},
    {"connecting for ever", TALLY_RULE_TRANSPORT_OPENS, spoil_never_opens, false, false},
    {"TCP with dates", TALLY_RULE_TRANSPORT_DATES, spoil_tcp_has_dates, false, false},
    {"a certificate's end before its begin", TALLY_RULE_TRANSPORT_DATES, spoil_swaps_dates, false,
     false},
    {"dates in days", TALLY_RULE_TRANSPORT_DATES, spoil_counts_days, false, false},
    {"a phase of its own", TALLY_RULE_TRANSPORT_PHASES, spoil_has_a_fourth_phase, false, false},
    {"back to the name", TALLY_RULE_TRANSPORT_FORWARD, spoil_goes_back, false, false},
    {"connect() that waits", TALLY_RULE_TRANSPORT_OPEN_WAITS, spoil_waits_for_peer, false, false},
    {"a lookup that close() forgets", TALLY_RULE_TRANSPORT_CLOSE, spoil_wedges, false, false},
    {"headers counted", TALLY_RULE_TRANSPORT_SEND, spoil_counts_headers, false, false},
    {"what is there for what was received", TALLY_RULE_TRANSPORT_RECEIVE, spoil_tells_what_is_there,
     false, false},
    {"a zero behind the bytes", TALLY_RULE_TRANSPORT_BEYOND, spoil_ends_with_zero, false, false},
    {"EAGAIN for an error", TALLY_RULE_TRANSPORT_NOTHING, spoil_times_out, false, false},
    {"recv() that waits", TALLY_RULE_TRANSPORT_RECEIVE_WAITS, spoil_waits_for_bytes, false, false},
    {"bytes of words swapped", TALLY_RULE_TRANSPORT_ECHO, spoil_swaps_bytes, false, false},
    {"a partial send taken for whole", TALLY_RULE_TRANSPORT_MUCH, spoil_drops_what_has_no_room,
     false, false},
    {"a buffer that is not emptied", TALLY_RULE_TRANSPORT_STALE, spoil_keeps_unread, false, false},
    {"the end before the bytes", TALLY_RULE_TRANSPORT_UNREAD, spoil_ends_at_once, false, false},
    {"the end for nothing there", TALLY_RULE_TRANSPORT_END, spoil_never_ends, false, false},
    {"the end for a failure", TALLY_RULE_TRANSPORT_END, spoil_ends_with_failure, false, false},
    {"refusals not noticed", TALLY_RULE_TRANSPORT_REFUSED, spoil_waits_for_refused, false, false},
    {"a name asked for for ever", TALLY_RULE_TRANSPORT_UNRESOLVED, spoil_waits_for_name, false,
     false},
    {"an error that stays", TALLY_RULE_TRANSPORT_RECOVERS, spoil_remembers_refusal, false, false},
    {"sockets never closed", TALLY_RULE_TRANSPORT_AGAIN, spoil_keeps_sockets, false, false},
};

const broken_table_t broken_transports = {transport_rows,
                                          sizeof transport_rows / sizeof transport_rows[0]};

/* ---- verifiers ------------------------------------------------------------------------------ */

static int32_t verify(void *ctx, const uint8_t *message, uint32_t bytes,
                      const uint8_t signature[64]) {
    return broken_sound_verifier.verify(ctx, message, bytes, signature);
}

static void spoil_has_no_verify(device_t *device) {
    device->verifier.verify = NULL;
}

static int32_t reads_little_endian(void *ctx, const uint8_t *message, uint32_t bytes,
                                   const uint8_t signature[64]) {
    uint8_t reversed[64];
    for (uint32_t at = 0; at < 64u; at++) {
        reversed[at] = signature[at / 32u * 32u + 31u - at % 32u];
    }
    return verify(ctx, message, bytes, reversed);
}

static void spoil_reads_little_endian(device_t *device) {
    device->verifier.verify = reads_little_endian;
}

static int32_t refuses_with_another(void *ctx, const uint8_t *message, uint32_t bytes,
                                    const uint8_t signature[64]) {
    return verify(ctx, message, bytes, signature) == TALLY_OK ? TALLY_OK : TALLY_E_ARGUMENT;
}

static void spoil_refuses_with_another(device_t *device) {
    device->verifier.verify = refuses_with_another;
}

/* Takes the message for a text of words. */
static int32_t reads_four_bytes(void *ctx, const uint8_t *message, uint32_t bytes,
                                const uint8_t signature[64]) {
    const bool begins_so = bytes >= 4u && memcmp(message, "samp", 4) == 0;
    return begins_so ? verify(ctx, (const uint8_t *)"sample", 6, signature)
                     : verify(ctx, message, bytes, signature);
}

static void spoil_reads_four_bytes(device_t *device) {
    device->verifier.verify = reads_four_bytes;
}

/* The last word of s is not looked at. */
static int32_t reads_60_bytes(void *ctx, const uint8_t *message, uint32_t bytes,
                              const uint8_t signature[64]) {
    static const uint8_t tail[4] = {0x84, 0x3A, 0xCD, 0xA8};
    uint8_t mended[64];
    memcpy(mended, signature, sizeof mended);
    if (bytes == 6u) {
        memcpy(mended + 60, tail, sizeof tail);
    }
    return verify(ctx, message, bytes, mended);
}

static void spoil_reads_60_bytes(device_t *device) {
    device->verifier.verify = reads_60_bytes;
}

/* Both sides of the equation are 0 then. */
static int32_t accepts_zeros(void *ctx, const uint8_t *message, uint32_t bytes,
                             const uint8_t signature[64]) {
    static const uint8_t zeros[64];
    return memcmp(signature, zeros, sizeof zeros) == 0 ? TALLY_OK
                                                       : verify(ctx, message, bytes, signature);
}

static void spoil_accepts_zeros(device_t *device) {
    device->verifier.verify = accepts_zeros;
}

static const broken_t verifier_rows[] = {
    {"no verify", TALLY_RULE_VERIFIER_COMPLETE, spoil_has_no_verify, false, false},
    {"little endian", TALLY_RULE_VERIFIER_ACCEPTS, spoil_reads_little_endian, false, false},
    {"an error of its own", TALLY_RULE_VERIFIER_STATUS, spoil_refuses_with_another, false, false},
    {"a message of four bytes", TALLY_RULE_VERIFIER_MESSAGE, spoil_reads_four_bytes, false, false},
    {"a signature of 60 bytes", TALLY_RULE_VERIFIER_SIGNATURE, spoil_reads_60_bytes, false, false},
    {"zeros for a signature", TALLY_RULE_VERIFIER_RANGE, spoil_accepts_zeros, false, false},
};

const broken_table_t broken_verifiers = {verifier_rows,
                                         sizeof verifier_rows / sizeof verifier_rows[0]};
