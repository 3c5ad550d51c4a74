/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_PORT_H
#define TALLY_PORT_H
/*
 * The only contract between tally and a platform. A port fills these structs of callbacks; every
 * callback is required and tally_init() refuses a NULL one. All structs and their `ctx` must live
 * as long as the agent. No callback may block unless it says so.
 *
 *   tally_port_t       clock, random, critical section, wake, log      one for each agent
 *   tally_transport_t  a byte stream to one server                     TLS is one of these
 *   tally_store_t      erase blocks that records wait in               RAM, file or flash
 *   tally_verifier_t   checks a signature                              for remote configuration
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How far a wall time can be believed. Only authenticated time (TLS, a signed source, an RTC that
 * was set from one) may judge certificates. */
enum tally_wall_quality {
    TALLY_WALL_UNKNOWN = 0,         /* no time since boot, or that of a battery clock nobody has
                                       set, as in 1970 or 2000: unix_ms is not looked at */
    TALLY_WALL_UNAUTHENTICATED = 1, /* a battery clock nobody checked, plain SNTP */
    TALLY_WALL_AUTHENTICATED = 2,
};

typedef struct {
    int64_t unix_ms; /* milliseconds since 1970-01-01 UTC, leap seconds not counted */
    uint8_t quality; /* enum tally_wall_quality */
} tally_wall_t;

enum tally_log_level {
    TALLY_LOG_ERROR = 1, /* the device needs somebody */
    TALLY_LOG_WARNING,   /* something was refused, dropped or put off */
    TALLY_LOG_INFO,      /* once for each boot, session or upload */
    TALLY_LOG_DEBUG,
};

typedef struct {
    void *ctx; /* handed to every callback below */

    /* Milliseconds since any fixed point, never back, counting while the device is in standby.
     * Any thread and ISR, inside the critical section too. 64 bits: must not wrap. */
    uint64_t (*monotonic_ms)(void *ctx);

    /* The wall time and its quality. Agent task. */
    tally_wall_t (*wall)(void *ctx);

    /* The agent has learned the wall time from a server that TLS has verified, to half a second and
     * within the dates of its certificates: wall() tells it from now on, TALLY_WALL_AUTHENTICATED,
     * and goes on with monotonic_ms(), unless the port knows better. A later call corrects it, also
     * back. Agent task. */
    void (*set_wall)(void *ctx, int64_t unix_ms);

    /* Fills `out` with cryptographic random bytes: all `size` of them, 0 too, and nothing behind;
     * others at each call and after each boot. 0, or TALLY_E_RANDOM. Agent task; may block once
     * after boot until the source is seeded. */
    int32_t (*random)(void *ctx, uint8_t *out, uint32_t size);

    /* Keeps every other thread and ISR that calls a hook out, for some hundred cycles: mask
     * interrupts, or take a mutex where no hook runs in an ISR. `leave` gets what `enter`
     * returned, and lets the others in again; interrupts that were masked before `enter` stay so.
     * Calls do not nest. Any thread and ISR. */
    uint32_t (*critical_enter)(void *ctx);
    void (*critical_leave)(void *ctx, uint32_t state);

    /* Makes the agent task call tally_step() soon: ends its sleep, or else its next one. Many
     * calls are as good as one. Any thread and ISR, inside the critical section too; may be called
     * often. */
    void (*wake)(void *ctx);

    /* One log line: its identifier (enum tally_log_id), its text (NULL when TALLY_LOG_TEXT is 0;
     * a constant of the image) and one number. Agent task. Should not block. */
    void (*log)(void *ctx, enum tally_log_level level, uint32_t id, const char *text,
                int32_t value);
} tally_port_t;

/* Where an upload goes. Texts live as long as the agent. */
typedef struct {
    const char *host; /* DNS name or address literal; also the name TLS verifies */
    uint16_t port;
} tally_peer_t;

typedef struct {
    tally_peer_t peer;
    const char *path; /* "/...", at most 127 bytes */
} tally_endpoint_t;

/* What transport.open() is waiting for; the uplink has a deadline for each. */
enum tally_opening {
    TALLY_OPEN = 0, /* ready for send and receive */
    TALLY_OPENING_RESOLVE = 1,
    TALLY_OPENING_CONNECT = 2,
    TALLY_OPENING_SECURE = 3, /* TLS handshake */
};

/* A byte stream. All callbacks: agent task, never block. Plain TCP, TLS and a test's fake look the
 * same; TLS is given the transport below it and is itself one. */
typedef struct {
    void *ctx;

    /* Whoever sends has proved to be `peer`: TLS does, TCP does not. Only then is a server's date
     * believed, and its configuration looked at. */
    bool is_authenticated;

    /* From when to when, in seconds since 1970, the certificates are valid that proved it on the
     * stream that was last open: a date of the peer outside of that is not believed. Set by open()
     * with TALLY_OPEN, kept by close(). Both 0: nobody knows, and any date is. */
    uint32_t valid_from_s;
    uint32_t valid_to_s;

    /* Starts or goes on opening. TALLY_OPEN, a positive enum tally_opening while under way, never
     * back to one before it, or a negative error, after which close() is due: a name without an
     * address and a peer that refuses are errors. Long work is done in parts: a transport that
     * could go on at once calls the port's wake() and returns. */
    int32_t (*open)(void *ctx, const tally_peer_t *peer);

    /* Bytes taken (1 to size), 0 when none can be taken now, or a negative error. What is taken
     * arrives whole and in order, or the stream ends with an error. */
    int32_t (*send)(void *ctx, const uint8_t *data, uint32_t size);

    /* Bytes received (1 to size), 0 when none are there, or a negative error; TALLY_E_CLOSED when
     * the peer has ended the stream in good order and all it sent was received. */
    int32_t (*receive)(void *ctx, uint8_t *data, uint32_t size);

    /* Ends the stream in any state, closed too, and frees what it held, with what was received and
     * not read. Open may follow, any number of times. */
    void (*close)(void *ctx);
} tally_transport_t;

/* Erase blocks. All callbacks: agent task; erase and program may block as long as the medium
 * takes. Return 0 or TALLY_E_IO. Addresses are checked by the caller. */
typedef struct {
    void *ctx;
    uint32_t block_bytes;   /* size of one erase block, 256 B to 1 MiB, a multiple of granularity */
    uint32_t blocks;        /* how many; at least 3 for each ring, and 65,535 at most */
    uint32_t program_bytes; /* granularity of program: 1, 4, 8 or 16 */

    /* Any offset and size within the block; `out` may lie at any address. */
    int32_t (*read)(void *ctx, uint32_t block, uint32_t offset, uint8_t *out, uint32_t size);

    /* `offset` and `size` are multiples of program_bytes; the largest `size` is that of a record,
     * TALLY_RECORD_BYTES and 23 more. `data` may lie at any address and is left as it is. No other
     * place changes. This one was erased before and nothing programmed to it since, but for zeros,
     * which tally programs over anything: to make a place that a power cut may have left between 0
     * and 1 read 0 for good, and to destroy what an erase could not. They may destroy all that was
     * programmed in one call with what they meet. A medium that does not take them there returns
     * TALLY_E_IO. */
    int32_t (*program)(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                       uint32_t size);

    /* All bytes of the block read 0xFF afterwards, whatever was there; no other block changes. The
     * medium has it before it has anything that is programmed later. */
    int32_t (*erase)(void *ctx, uint32_t block);

    /* Returns once everything programmed before survives a power cut. */
    int32_t (*sync)(void *ctx);
} tally_store_t;

/* Checks what whoever holds a private key has signed: ECDSA on P-256 with SHA-256 (FIPS 186-5). The
 * public key is the port's, provisioned. Agent task; blocks as long as one scalar multiplication
 * takes. */
typedef struct {
    void *ctx;

    /* `signature` is r and s, 32 bytes each, big endian. 0; TALLY_E_SIGNATURE, also for an r or s
     * of 0 or not below the order of the curve. */
    int32_t (*verify)(void *ctx, const uint8_t *message, uint32_t bytes,
                      const uint8_t signature[64]);
} tally_verifier_t;

#ifdef __cplusplus
}
#endif

#endif
