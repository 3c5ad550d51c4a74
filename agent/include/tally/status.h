/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_STATUS_H
#define TALLY_STATUS_H
/*
 * What every function of tally returns: 0, one of these negative errors, or a positive count.
 * A number is never given a second meaning: devices in the field report them (metric `le`).
 */
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*            symbol           value  name on the wire of logs and tools */
#define TALLY_STATUSES(X)                                                                          \
    X(TALLY_OK, 0, "ok")                                                                           \
    X(TALLY_E_ARGUMENT, -1, "bad argument")                                                        \
    X(TALLY_E_CONFIG, -2, "bad configuration")                                                     \
    X(TALLY_E_FULL, -3, "pool full")                                                               \
    X(TALLY_E_TOO_BIG, -4, "does not fit")                                                         \
    X(TALLY_E_STATE, -5, "wrong state for this call")                                              \
    X(TALLY_E_TEXT, -6, "text is not UTF-8")                                                       \
    X(TALLY_E_EMPTY, -7, "nothing there")                                                          \
    X(TALLY_E_CORRUPT, -8, "stored record damaged")                                                \
    X(TALLY_E_GONE, -9, "record evicted while it was read")                                        \
    X(TALLY_E_IO, -10, "input or output failed")                                                   \
    X(TALLY_E_RANDOM, -11, "no random numbers")                                                    \
    X(TALLY_E_TIMEOUT, -12, "deadline passed")                                                     \
    X(TALLY_E_RESOLVE, -13, "name not resolved")                                                   \
    X(TALLY_E_CONNECT, -14, "connection refused or unreachable")                                   \
    X(TALLY_E_CLOSED, -15, "peer closed the connection")                                           \
    X(TALLY_E_TLS, -16, "TLS failed")                                                              \
    X(TALLY_E_TLS_MEMORY, -17, "TLS out of memory")                                                \
    X(TALLY_E_TLS_CA, -18, "server certificate from an unknown CA")                                \
    X(TALLY_E_TLS_NAME, -19, "server certificate for another name")                                \
    X(TALLY_E_TLS_DATE, -20, "server certificate expired")                                         \
    X(TALLY_E_TLS_REFUSED, -21, "server refused the device certificate")                           \
    X(TALLY_E_HTTP, -22, "reply is not HTTP/1.1")                                                  \
    X(TALLY_E_HTTP_SIZE, -23, "reply over the limit")                                              \
    X(TALLY_E_HTTP_STATUS, -24, "server answered with an error status")                            \
    X(TALLY_E_HTTP_BODY, -25, "success with a body: not a collector's answer")                     \
    X(TALLY_E_TLS_EARLY, -26, "server certificate not yet valid")                                  \
    X(TALLY_E_TLS_SELF_SIGNED, -27, "server certificate signed by itself")                         \
    X(TALLY_E_TLS_PIN, -28, "server key is not the pinned one")                                    \
    X(TALLY_E_TLS_WEAK, -29, "server certificate with a weak key or hash")                         \
    X(TALLY_E_TLS_VERSION, -30, "no TLS version in common")                                        \
    X(TALLY_E_TLS_ALERT, -31, "server ended TLS with an alert")                                    \
    X(TALLY_E_SIGNATURE, -32, "signature does not verify")                                         \
    X(TALLY_E_CBOR, -33, "not the CBOR that was asked for")                                        \
    X(TALLY_E_VERSION, -34, "version is not newer")                                                \
    X(TALLY_E_AUDIENCE, -35, "made for another device")

enum tally_status {
#define TALLY_STATUS_ENUM(symbol, value, name) symbol = (value),
    TALLY_STATUSES(TALLY_STATUS_ENUM)
#undef TALLY_STATUS_ENUM
};

/* The name of a status, never NULL: "unknown status" for a number that is none. Any thread. The
 * names cost flash only in images that call this. */
const char *tally_status_name(int32_t status);

#ifdef __cplusplus
}
#endif

#endif
