/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_CONFORMANCE_H
#define TALLY_CONFORMANCE_H
/*
 * The conformance kit: tries a port against what tally/port.h asks of it, and names what is wrong.
 * A program for the board fills a tally_conformance_setup_t with its port and calls
 * tally_conformance_run(); README.md has one. No heap, no operating system, no printf.
 *
 *   ALL STORES UNDER TEST ARE ERASED. Records and settings in them are lost.
 *   The wall time is set to dates of the kit's choice, and then back.
 *
 * It tells what it does before it does it: a callback that crashes or never returns belongs to the
 * rule of the last line.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/port.h"
#include "tally_conformance_rules.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The key of the verifier under test: RFC 6979, A.2.5. The first byte says "uncompressed". */
#define TALLY_CONFORMANCE_KEY_BYTES 65u
extern const uint8_t tally_conformance_key[TALLY_CONFORMANCE_KEY_BYTES];

/* What the peer `ending` receives and sends back before it ends the stream. */
#define TALLY_CONFORMANCE_ENDING_BYTES 1000u

/* The least of tally_conformance_setup_t.scratch_bytes, and what a read adds to its size. */
#define TALLY_CONFORMANCE_SCRATCH_LEAST 2048u
#define TALLY_CONFORMANCE_SCRATCH_GUARD 32u

/* Some faults show only after a restart: a first run leaves marks in the stores for a second. */
enum tally_conformance_run {
    TALLY_CONFORMANCE_FIRST_RUN = 0,
    TALLY_CONFORMANCE_AFTER_RESTART = 1, /* of this same program, straight after its first run */
};

typedef struct {
    const tally_store_t *store;
    const char *name;      /* for the lines; a constant */
    uint32_t blocks_least; /* 3 for a spool of one ring, 6 for one of two, 2 for settings */
    bool is_volatile;      /* does not outlive a restart, and need not */

    /* What follows may be NULL; the rules that need it are not checked then. */
    void *ctx;

    /* Closes the store and opens it anew, as the next boot does; what is not on the medium yet is
     * lost, as far as that can be done. `store` stays the same. TALLY_OK, or an error. */
    int32_t (*reopen)(void *ctx);

    /* From now on (true) every access of the medium fails, or works again (false). */
    void (*fail)(void *ctx, bool fails);
} tally_conformance_store_t;

typedef struct {
    /* Handed to every callback of this struct. */
    void *ctx;

    /* ---- required --------------------------------------------------------------------------- */

    /* Takes a piece of a line for people, "\n" at its end. On a console at once: what comes next
     * may crash. */
    void (*put)(void *ctx, const char *text);

    /* Waits for about `ms` milliseconds and returns how many it were, by another clock than the
     * port's. Threads and interrupts go on meanwhile. */
    uint32_t (*wait_ms)(void *ctx, uint32_t ms);

    /* Memory of the kit for as long as it runs. With a block of the store and
     * TALLY_CONFORMANCE_SCRATCH_GUARD more, all rules can be checked. */
    uint8_t *scratch;
    uint32_t scratch_bytes;

    enum tally_conformance_run run;

    /* ---- under test; what is NULL is not checked -------------------------------------------- */

    const tally_port_t *port;
    const tally_conformance_store_t *stores;
    uint32_t store_count;
    const tally_transport_t *transport; /* closed */
    const tally_verifier_t *verifier;   /* with tally_conformance_key */

    /* ---- what the OEM knows ----------------------------------------------------------------- */

    /* wall() has authenticated time by itself, better than what set_wall() gives. */
    bool knows_time;

    /* The time now, for a TLS transport that judges certificates by it where wall() has none yet;
     * 0: nobody knows. */
    int64_t unix_ms;

    bool proves_peer; /* the transport is TLS */

    /* Peers for the transport, NULL if there are none: peer.py of this folder is all but the last
     * two. */
    const tally_peer_t *echo;     /* sends back what it receives; without it, nothing is checked */
    const tally_peer_t *ending;   /* see TALLY_CONFORMANCE_ENDING_BYTES */
    const tally_peer_t *refusing; /* refuses the connection: nobody listens */
    const tally_peer_t *silent;   /* an address that nobody has: 192.0.2.1 */
    const tally_peer_t *unresolved; /* a name that nobody has: "tally.invalid" */
    uint32_t open_ms;               /* the longest for one open(); 0: 10,000 */
    uint32_t cycles;                /* of open() and close(); more than it has sockets. 0: 40 */

    /* ---- helpers; NULL: the rules that need them are not checked ------------------------------
     */

    /* Sleeps as the loop around tally_step() does: until wake(), or for `most_ms`. */
    void (*sleep)(void *ctx, uint32_t most_ms);

    /* Calls turn(argument) again and again until end_others(), from an interrupt or a thread from
     * which hooks are called. end_others() returns when it will not be called any more, although a
     * call may hang in critical_enter(). TALLY_OK, or an error. */
    int32_t (*begin_others)(void *ctx, void (*turn)(void *argument), void *argument);
    void (*end_others)(void *ctx);

    /* Masks the interrupts that call hooks, as a driver may before it calls one, or lets them in;
     * says whether they are masked now. */
    void (*mask)(void *ctx, bool masked);
    bool (*is_masked)(void *ctx);

    /* Sends the device into standby for about `ms` and returns after how many it was back, by
     * another clock than the port's. */
    uint32_t (*standby_ms)(void *ctx, uint32_t ms);

    /* Sets the counter behind monotonic_ms() so that this tells `ms` next. It is put forward only.
     */
    void (*put_clock)(void *ctx, uint64_t ms);

    /* From now on (true) the source of random numbers fails, or works again (false). */
    void (*fail_random)(void *ctx, bool fails);

    /* Cuts the power or resets the device: called last in a first run. Need not return. */
    void (*restart)(void *ctx);
} tally_conformance_setup_t;

enum tally_conformance_verdict {
    TALLY_CONFORMANCE_NOT_CHECKED = 0,
    TALLY_CONFORMANCE_PASSED,
    TALLY_CONFORMANCE_FAILED, /* with one store at least */
};

/* The result: rules by verdict, and the verdict of each. */
typedef struct {
    uint32_t passed;
    uint32_t failed;
    uint32_t not_checked;
    uint8_t verdicts[TALLY_RULE_END]; /* enum tally_conformance_verdict */
} tally_conformance_result_t;

/*
 * Checks all rules and writes a line for each. Returns how many failed, or TALLY_E_ARGUMENT for a
 * NULL that is required or too little scratch. Blocks: for some seconds and as long as the media
 * take, the restart excepted. Not in an interrupt. `result` is filled before `restart` is called.
 */
int32_t tally_conformance_run(tally_conformance_result_t *result,
                              const tally_conformance_setup_t *setup);

/* The name of a rule, what is wrong when it fails, and the words of tally/port.h. NULL for a
 * number that is none. Any thread. */
const char *tally_conformance_rule_name(enum tally_conformance_rule rule);
const char *tally_conformance_rule_wrong(enum tally_conformance_rule rule);
const char *tally_conformance_rule_words(enum tally_conformance_rule rule);

#ifdef __cplusplus
}
#endif

#endif
