/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_CONFORMANCE_RULES_H
#define TALLY_CONFORMANCE_RULES_H
/*
 * What port.h asks of a port, a rule a row, in the order they are checked:
 *
 *   SYMBOL, name, the rule it needs, "what is wrong", "the words of tally/port.h"
 *
 * A rule is checked only if the one it needs has passed, so that one fault is told once.
 */

/* clang-format off */
#define TALLY_CONFORMANCE_PORT_RULES(X)                                                            \
    X(PORT_COMPLETE, port_complete, NONE,                                                          \
      "a callback of tally_port_t is NULL",                                                        \
      "every callback is required")                                                                \
    X(CLOCK_ADVANCES, clock_advances, PORT_COMPLETE,                                               \
      "monotonic_ms() stands still",                                                               \
      "Milliseconds since any fixed point")                                                        \
    X(CLOCK_FORWARD, clock_forward, CLOCK_ADVANCES,                                                \
      "monotonic_ms() went back",                                                                  \
      "never back")                                                                                \
    X(CLOCK_MILLISECONDS, clock_milliseconds, CLOCK_FORWARD,                                       \
      "monotonic_ms() does not count milliseconds",                                                \
      "Milliseconds since any fixed point")                                                        \
    X(CLOCK_ELSEWHERE, clock_elsewhere, CLOCK_FORWARD,                                             \
      "monotonic_ms() tells another time in an interrupt or another thread",                       \
      "Any thread and ISR")                                                                        \
    X(CLOCK_STANDBY, clock_standby, CLOCK_MILLISECONDS,                                            \
      "monotonic_ms() stands still in standby",                                                    \
      "counting while the device is in standby")                                                   \
    X(WALL_QUALITY, wall_quality, PORT_COMPLETE,                                                   \
      "the quality of wall() is none of enum tally_wall_quality",                                  \
      "The wall time and its quality")                                                             \
    X(WALL_UNKNOWN, wall_unknown, WALL_QUALITY,                                                    \
      "wall() tells a time that cannot be, but not TALLY_WALL_UNKNOWN",                            \
      "that of a battery clock nobody has set, as in 1970 or 2000")                                \
    X(WALL_UNPROVED, wall_unproved, WALL_QUALITY,                                                  \
      "wall() is TALLY_WALL_AUTHENTICATED, and nobody has proved the time",                        \
      "Only authenticated time (TLS, a signed source, an RTC that was set from one) may judge "    \
      "certificates")                                                                              \
    X(WALL_SET, wall_set, WALL_QUALITY,                                                            \
      "wall() does not tell the time that set_wall() was given",                                   \
      "wall() tells it from now on")                                                               \
    X(WALL_SET_QUALITY, wall_set_quality, WALL_SET,                                                \
      "wall() is not TALLY_WALL_AUTHENTICATED after set_wall()",                                   \
      "wall() tells it from now on, TALLY_WALL_AUTHENTICATED")                                     \
    X(WALL_GOES_ON, wall_goes_on, WALL_SET,                                                        \
      "wall() does not go on with monotonic_ms() after set_wall()",                                \
      "and goes on with monotonic_ms()")                                                           \
    X(WALL_SET_AGAIN, wall_set_again, WALL_SET,                                                    \
      "a second set_wall() is not believed",                                                       \
      "A later call corrects it, also back")                                                       \
    X(WALL_2038, wall_2038, WALL_SET,                                                              \
      "wall() does not tell a time after 2038, of more than 32 bits",                              \
      "milliseconds since 1970-01-01 UTC")                                                         \
    X(RANDOM_STATUS, random_status, PORT_COMPLETE,                                                 \
      "random() does not return 0 on a sound source",                                              \
      "0, or TALLY_E_RANDOM")                                                                      \
    X(RANDOM_NOTHING, random_nothing, RANDOM_STATUS,                                               \
      "random() of 0 bytes does not return 0, or writes something",                                \
      "all `size` of them, 0 too")                                                                 \
    X(RANDOM_BEYOND, random_beyond, RANDOM_STATUS,                                                 \
      "random() writes outside its buffer",                                                        \
      "and nothing behind")                                                                        \
    X(RANDOM_FILLS, random_fills, RANDOM_BEYOND,                                                   \
      "random() leaves bytes of its buffer as they were",                                          \
      "all `size` of them")                                                                        \
    X(RANDOM_CONSTANT, random_constant, RANDOM_FILLS,                                              \
      "random() fills its buffer with one and the same byte",                                      \
      "cryptographic random bytes")                                                                \
    X(RANDOM_REPEATS, random_repeats, RANDOM_CONSTANT,                                             \
      "random() gives the same bytes again",                                                       \
      "others at each call")                                                                       \
    X(RANDOM_BIAS, random_bias, RANDOM_REPEATS,                                                    \
      "a bit of random() is 0 or 1 too often",                                                     \
      "cryptographic random bytes")                                                                \
    X(RANDOM_STEPS, random_steps, RANDOM_REPEATS,                                                  \
      "bytes of random() follow from the ones before",                                             \
      "cryptographic random bytes")                                                                \
    X(RANDOM_FAILS, random_fails, RANDOM_STATUS,                                                   \
      "random() does not return TALLY_E_RANDOM when its source fails",                             \
      "0, or TALLY_E_RANDOM")                                                                      \
    X(CRITICAL_LEAVES, critical_leaves, CLOCK_ADVANCES,                                            \
      "nobody else runs after critical_leave()",                                                   \
      "and lets the others in again")                                                              \
    X(CRITICAL_EXCLUDES, critical_excludes, CRITICAL_LEAVES,                                       \
      "an interrupt or another thread gets into the critical section",                             \
      "Keeps every other thread and ISR that calls a hook out")                                    \
    X(CRITICAL_RESTORES, critical_restores, CRITICAL_LEAVES,                                       \
      "critical_leave() lets interrupts in that were masked before critical_enter()",              \
      "interrupts that were masked before `enter` stay so")                                        \
    X(CLOCK_IN_CRITICAL, clock_in_critical, CLOCK_FORWARD,                                         \
      "monotonic_ms() does not tell the time inside the critical section",                         \
      "inside the critical section too")                                                           \
    X(WAKE_KEPT, wake_kept, CLOCK_MILLISECONDS,                                                    \
      "a wake() before the sleep is lost",                                                         \
      "ends its sleep, or else its next one")                                                      \
    X(WAKE_ELSEWHERE, wake_elsewhere, WAKE_KEPT,                                                   \
      "wake() in an interrupt or another thread does not end the sleep",                           \
      "ends its sleep, or else its next one")                                                      \
    X(WAKE_IN_CRITICAL, wake_in_critical, WAKE_KEPT,                                               \
      "a wake() inside the critical section is lost",                                              \
      "inside the critical section too; may be called often")                                      \
    X(WAKE_MANY, wake_many, WAKE_KEPT,                                                             \
      "after many wake() the agent task does not sleep any more",                                  \
      "Many calls are as good as one")                                                             \
    X(LOG_LEVELS, log_levels, PORT_COMPLETE,                                                       \
      "log() does not return, for a level or a number",                                            \
      "One log line: its identifier (enum tally_log_id)")                                          \
    X(LOG_NO_TEXT, log_no_text, LOG_LEVELS,                                                        \
      "log() does not return when its text is NULL",                                               \
      "its text (NULL when TALLY_LOG_TEXT is 0")                                                   \
    X(LOG_WAITS, log_waits, CLOCK_MILLISECONDS,                                                    \
      "log() waits",                                                                               \
      "Agent task. Should not block")

#define TALLY_CONFORMANCE_STORE_RULES(X)                                                           \
    X(STORE_COMPLETE, store_complete, NONE,                                                        \
      "a callback of tally_store_t is NULL",                                                       \
      "every callback is required")                                                                \
    X(STORE_PROGRAM_BYTES, store_program_bytes, STORE_COMPLETE,                                    \
      "program_bytes is not 1, 4, 8 or 16",                                                        \
      "granularity of program: 1, 4, 8 or 16")                                                     \
    X(STORE_BLOCK_BYTES, store_block_bytes, STORE_PROGRAM_BYTES,                                   \
      "block_bytes is out of range, or no multiple of program_bytes",                              \
      "size of one erase block, 256 B to 1 MiB, a multiple of granularity")                        \
    X(STORE_BLOCKS, store_blocks, STORE_BLOCK_BYTES,                                               \
      "blocks is out of range",                                                                    \
      "how many; at least 3 for each ring, and 65,535 at most")                                    \
    X(STORE_RESTART, store_restart, STORE_BLOCKS,                                                  \
      "what was synced did not survive the restart",                                               \
      "Returns once everything programmed before survives a power cut")                            \
    X(STORE_STATUS, store_status, STORE_BLOCKS,                                                    \
      "a callback does not return 0 on a sound medium",                                            \
      "Return 0 or TALLY_E_IO")                                                                    \
    X(STORE_READ_BEYOND, store_read_beyond, STORE_STATUS,                                          \
      "read() writes outside its buffer",                                                          \
      "Any offset and size within the block")                                                      \
    X(STORE_ERASE, store_erase, STORE_READ_BEYOND,                                                 \
      "bytes of an erased block are not 0xFF",                                                     \
      "All bytes of the block read 0xFF afterwards")                                               \
    X(STORE_PROGRAM, store_program, STORE_ERASE,                                                   \
      "what was programmed reads differently",                                                     \
      "`offset` and `size` are multiples of program_bytes")                                        \
    X(STORE_ERASE_PARTLY, store_erase_partly, STORE_PROGRAM,                                       \
      "a block that was written to in one place only is not erased",                               \
      "All bytes of the block read 0xFF afterwards, whatever was there")                           \
    X(STORE_ALIAS, store_alias, STORE_ERASE_PARTLY,                                                \
      "two blocks are one and the same",                                                           \
      "how many; at least 3 for each ring")                                                        \
    X(STORE_ERASE_BESIDE, store_erase_beside, STORE_ALIAS,                                         \
      "erase() changes another block",                                                             \
      "no other block changes")                                                                    \
    X(STORE_PROGRAM_BESIDE, store_program_beside, STORE_ERASE_BESIDE,                              \
      "program() changes bytes beside those it was given",                                         \
      "No other place changes")                                                                    \
    X(STORE_SOURCE, store_source, STORE_PROGRAM,                                                   \
      "program() changes the caller's buffer",                                                     \
      "may lie at any address and is left as it is")                                               \
    X(STORE_SOURCE_ADDRESS, store_source_address, STORE_SOURCE,                                    \
      "program() takes other bytes from a buffer at an odd address",                               \
      "`data` may lie at any address")                                                             \
    X(STORE_TARGET_ADDRESS, store_target_address, STORE_PROGRAM,                                   \
      "read() fills a buffer at an odd address with other bytes",                                  \
      "`out` may lie at any address")                                                              \
    X(STORE_READ_ANYWHERE, store_read_anywhere, STORE_PROGRAM,                                     \
      "read() at an odd offset or of an odd size gives other bytes",                               \
      "Any offset and size within the block")                                                      \
    X(STORE_GRANULES, store_granules, STORE_PROGRAM_BESIDE,                                        \
      "programming granule by granule spoils what was programmed before",                          \
      "No other place changes")                                                                    \
    X(STORE_LARGE_PROGRAM, store_large_program, STORE_PROGRAM_BESIDE,                              \
      "a program() across the pages of the medium reads differently",                              \
      "the largest `size` is that of a record")                                                    \
    X(STORE_LARGE_READ, store_large_read, STORE_GRANULES,                                          \
      "a read() of a whole block gives other bytes",                                               \
      "Any offset and size within the block")                                                      \
    X(STORE_ENDS, store_ends, STORE_PROGRAM,                                                       \
      "the first or the last bytes of a block cannot be programmed",                               \
      "Any offset and size within the block")                                                      \
    X(STORE_ZEROS, store_zeros, STORE_GRANULES,                                                    \
      "zeros programmed over something do not read as zeros, and program() returned 0",            \
      "but for zeros, which tally programs over anything")                                         \
    X(STORE_SYNC, store_sync, STORE_PROGRAM,                                                       \
      "what was synced is gone when the store is opened again",                                    \
      "Returns once everything programmed before survives a power cut")                            \
    X(STORE_ERASE_ORDER, store_erase_order, STORE_SYNC,                                            \
      "an erased block has its bytes again when the store is opened again",                        \
      "The medium has it before it has anything that is programmed later")                         \
    X(STORE_FAILS, store_fails, STORE_STATUS,                                                      \
      "a callback does not return TALLY_E_IO when the medium fails",                               \
      "Return 0 or TALLY_E_IO")

#define TALLY_CONFORMANCE_TRANSPORT_RULES(X)                                                       \
    X(TRANSPORT_COMPLETE, transport_complete, NONE,                                                \
      "a callback of tally_transport_t is NULL",                                                   \
      "every callback is required")                                                                \
    X(TRANSPORT_PROVED, transport_proved, TRANSPORT_COMPLETE,                                      \
      "is_authenticated does not fit: true for TLS, false for TCP",                                \
      "Whoever sends has proved to be `peer`: TLS does, TCP does not")                             \
    X(TRANSPORT_OPENS, transport_opens, TRANSPORT_COMPLETE,                                        \
      "open() does not come to TALLY_OPEN",                                                        \
      "Starts or goes on opening")                                                                 \
    X(TRANSPORT_DATES, transport_dates, TRANSPORT_OPENS,                                           \
      "valid_from_s and valid_to_s have not the time between them, or are those of TCP",           \
      "From when to when, in seconds since 1970, the certificates are valid that proved it")       \
    X(TRANSPORT_PHASES, transport_phases, TRANSPORT_OPENS,                                         \
      "open() returns something positive that is none of enum tally_opening",                      \
      "a positive enum tally_opening while under way")                                             \
    X(TRANSPORT_FORWARD, transport_forward, TRANSPORT_PHASES,                                      \
      "open() went back to an earlier enum tally_opening",                                         \
      "never back to one before it")                                                               \
    X(TRANSPORT_OPEN_WAITS, transport_open_waits, TRANSPORT_OPENS,                                 \
      "open() waits",                                                                              \
      "All callbacks: agent task, never block")                                                    \
    X(TRANSPORT_CLOSE, transport_close, TRANSPORT_OPENS,                                           \
      "open() fails after close() of a closed or an opening stream",                               \
      "Ends the stream in any state, closed too")                                                  \
    X(TRANSPORT_SEND, transport_send, TRANSPORT_OPENS,                                             \
      "send() returns more than it was given, or an error",                                        \
      "Bytes taken (1 to size)")                                                                   \
    X(TRANSPORT_RECEIVE, transport_receive, TRANSPORT_SEND,                                        \
      "receive() returns more than it was asked for, or an error",                                 \
      "Bytes received (1 to size)")                                                                \
    X(TRANSPORT_BEYOND, transport_beyond, TRANSPORT_RECEIVE,                                       \
      "receive() writes outside its buffer",                                                       \
      "Bytes received (1 to size)")                                                                \
    X(TRANSPORT_NOTHING, transport_nothing, TRANSPORT_RECEIVE,                                     \
      "receive() does not return 0 when nothing is there",                                         \
      "0 when none are there")                                                                     \
    X(TRANSPORT_RECEIVE_WAITS, transport_receive_waits, TRANSPORT_NOTHING,                         \
      "receive() waits",                                                                           \
      "All callbacks: agent task, never block")                                                    \
    X(TRANSPORT_ECHO, transport_echo, TRANSPORT_NOTHING,                                           \
      "bytes arrive changed, out of order or not at all",                                          \
      "What is taken arrives whole and in order")                                                  \
    X(TRANSPORT_MUCH, transport_much, TRANSPORT_ECHO,                                              \
      "bytes are lost or changed when more is sent than there is room for",                        \
      "0 when none can be taken now")                                                              \
    X(TRANSPORT_STALE, transport_stale, TRANSPORT_MUCH,                                            \
      "bytes of the stream before arrive in the next",                                             \
      "frees what it held, with what was received and not read")                                   \
    X(TRANSPORT_UNREAD, transport_unread, TRANSPORT_STALE,                                         \
      "receive() ends the stream before all that the peer sent was received",                      \
      "and all it sent was received")                                                              \
    X(TRANSPORT_END, transport_end, TRANSPORT_UNREAD,                                              \
      "receive() does not return TALLY_E_CLOSED when the peer has ended the stream",               \
      "TALLY_E_CLOSED when the peer has ended the stream in good order")                           \
    X(TRANSPORT_REFUSED, transport_refused, TRANSPORT_OPENS,                                       \
      "open() does not return an error when the peer refuses",                                     \
      "a name without an address and a peer that refuses are errors")                              \
    X(TRANSPORT_UNRESOLVED, transport_unresolved, TRANSPORT_OPENS,                                 \
      "open() does not return an error when the name has no address",                              \
      "a name without an address and a peer that refuses are errors")                              \
    X(TRANSPORT_RECOVERS, transport_recovers, TRANSPORT_REFUSED,                                   \
      "open() fails after an error and close()",                                                   \
      "Open may follow")                                                                           \
    X(TRANSPORT_AGAIN, transport_again, TRANSPORT_CLOSE,                                           \
      "open() fails after some rounds of open() and close()",                                      \
      "Open may follow, any number of times")

#define TALLY_CONFORMANCE_VERIFIER_RULES(X)                                                        \
    X(VERIFIER_COMPLETE, verifier_complete, NONE,                                                  \
      "verify of tally_verifier_t is NULL",                                                        \
      "every callback is required")                                                                \
    X(VERIFIER_ACCEPTS, verifier_accepts, VERIFIER_COMPLETE,                                       \
      "verify() refuses what the key has signed (RFC 6979, A.2.5)",                                \
      "ECDSA on P-256 with SHA-256 (FIPS 186-5)")                                                  \
    X(VERIFIER_STATUS, verifier_status, VERIFIER_ACCEPTS,                                          \
      "verify() refuses with something else than TALLY_E_SIGNATURE",                               \
      "0; TALLY_E_SIGNATURE")                                                                      \
    X(VERIFIER_MESSAGE, verifier_message, VERIFIER_STATUS,                                         \
      "verify() accepts another message",                                                          \
      "Checks what whoever holds a private key has signed")                                        \
    X(VERIFIER_SIGNATURE, verifier_signature, VERIFIER_STATUS,                                     \
      "verify() accepts another signature",                                                        \
      "`signature` is r and s, 32 bytes each, big endian")                                         \
    X(VERIFIER_RANGE, verifier_range, VERIFIER_STATUS,                                             \
      "verify() accepts an r or s of 0, or of the order of the curve or more",                     \
      "also for an r or s of 0 or not below the order of the curve")

/* What has to come last: the clock is put forward by weeks, or another boot is compared with. */
#define TALLY_CONFORMANCE_LAST_RULES(X)                                                            \
    X(RANDOM_BOOTS, random_boots, RANDOM_STATUS,                                                   \
      "random() gives the same bytes after each boot",                                             \
      "others at each call and after each boot")                                                   \
    X(CLOCK_WRAPS, clock_wraps, CLOCK_MILLISECONDS,                                                \
      "monotonic_ms() wraps around",                                                               \
      "64 bits: must not wrap")

#define TALLY_CONFORMANCE_RULES(X)                                                                 \
    TALLY_CONFORMANCE_PORT_RULES(X)                                                                \
    TALLY_CONFORMANCE_STORE_RULES(X)                                                               \
    TALLY_CONFORMANCE_TRANSPORT_RULES(X)                                                           \
    TALLY_CONFORMANCE_VERIFIER_RULES(X)                                                            \
    TALLY_CONFORMANCE_LAST_RULES(X)
/* clang-format on */

enum tally_conformance_rule {
    TALLY_RULE_NONE = 0,
#define TALLY_CONFORMANCE_SYMBOL(symbol, name, needs, wrong, words) TALLY_RULE_##symbol,
    TALLY_CONFORMANCE_RULES(TALLY_CONFORMANCE_SYMBOL)
#undef TALLY_CONFORMANCE_SYMBOL
        TALLY_RULE_END,
};

#endif
