/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session that can be resumed, in one block of the heap and as the settings keep it:
 *
 *     | head_t | what mbedtls_ssl_session_save() made of it: secret, ticket, host name |
 *
 * With a resumed session no certificate is shown, so what was checked then must hold now: for the
 * same peer, by the same CAs and pins, within the chain's dates, with the same device certificate.
 */
#include <mbedtls/build_info.h>

#include "tally_tls_internal.h"

#if TALLY_TLS_TICKETS

#include <mbedtls/platform.h>
#include <mbedtls/platform_util.h>
#include <psa/crypto.h>
#include <string.h>

#include "tally_tls_heap.h"

#define DAY_MS      INT64_C(86400000)
#define AGE_MOST_MS (UINT64_C(7) * 86400000u) /* RFC 8446 4.6.1 */
#define BOUND_BYTES 32u

typedef struct {
    uint8_t bound[BOUND_BYTES];    /* hash of peer and configuration */
    tally_tls_validity_t validity; /* of the chain */
    /* Takes the ticket's time to this boot's clock: 0. In the settings: to 1970. */
    uint64_t shift_ms;
} head_t;

/* --- what a session is bound to ------------------------------------------------------------- */

static psa_status_t hash_chain(psa_hash_operation_t *hash, const mbedtls_x509_crt *chain) {
    psa_status_t status = PSA_SUCCESS;
    for (; chain != NULL && chain->raw.len > 0 && status == PSA_SUCCESS; chain = chain->next) {
        status = psa_hash_update(hash, chain->raw.p, chain->raw.len);
    }
    return status;
}

/* Each part ends where it says itself, or by the 0, with which no certificate begins. */
static bool fingerprint(const tally_tls_t *tls, uint8_t *bound) {
    const uint8_t numbers[] = {(uint8_t)(tls->peer.port >> 8), (uint8_t)tls->peer.port,
                               (uint8_t)tls->pin_count};
    static const uint8_t end = 0;
    psa_hash_operation_t hash = PSA_HASH_OPERATION_INIT;
    size_t bytes = 0;
    const bool bound_all =
        psa_hash_setup(&hash, PSA_ALG_SHA_256) == PSA_SUCCESS &&
        psa_hash_update(&hash, (const uint8_t *)tls->peer.host, strlen(tls->peer.host) + 1) ==
            PSA_SUCCESS &&
        psa_hash_update(&hash, numbers, sizeof numbers) == PSA_SUCCESS &&
        psa_hash_update(&hash, tls->pins, (size_t)tls->pin_count * TALLY_TLS_PIN_BYTES) ==
            PSA_SUCCESS &&
        hash_chain(&hash, &tls->ca) == PSA_SUCCESS &&
        psa_hash_update(&hash, &end, sizeof end) == PSA_SUCCESS &&
        hash_chain(&hash, &tls->certificate) == PSA_SUCCESS &&
        psa_hash_finish(&hash, bound, BOUND_BYTES, &bytes) == PSA_SUCCESS;
    (void)psa_hash_abort(&hash);
    return bound_all;
}

static bool is_valid_now(const tally_tls_validity_t *validity) {
    int64_t unix_ms;
    const int64_t unix_s = tally_tls_unix_s(NULL);
    return unix_s <= validity->to_s && (!tally_tls_wall(&unix_ms) || unix_s >= validity->from_s);
}

static bool is_fit(const tally_tls_t *tls, const head_t *head) {
    uint8_t bound[BOUND_BYTES];
    return fingerprint(tls, bound) && memcmp(bound, head->bound, BOUND_BYTES) == 0 &&
           is_valid_now(&head->validity);
}

/* --- settings ------------------------------------------------------------------------------- */

/* The wall time at which this boot's clock was 0; false: nobody knows. */
static bool find_zero(uint64_t *zero_unix_ms, int64_t *unix_ms) {
    const bool known = tally_tls_wall(unix_ms);
    *zero_unix_ms = (uint64_t)*unix_ms - (uint64_t)mbedtls_ms_time();
    return known;
}

static void set_shift(const tally_tls_t *tls, uint64_t shift_ms) {
    memcpy(tls->kept + offsetof(head_t, shift_ms), &shift_ms, sizeof shift_ms);
}

/* Without the time the ticket's age at the next boot could not be told. */
static void store(const tally_tls_t *tls) {
    uint64_t zero_unix_ms;
    int64_t unix_ms;
    if (tls->settings == NULL || tls->kept == NULL || !find_zero(&zero_unix_ms, &unix_ms)) {
        return;
    }
    set_shift(tls, zero_unix_ms);
    /* What is refused, because it is too large or the store is full, is not kept: no more is lost
     * than a shorter handshake. */
    (void)tally_settings_set_daily(tls->settings, TALLY_SETTING_TLS_SESSION,
                                   (uint32_t)(unix_ms / DAY_MS), tls->kept, tls->kept_bytes);
    set_shift(tls, 0);
}

/* The session of an earlier boot: once, and only when none of this boot is there. */
static void recall(tally_tls_t *tls) {
    uint64_t zero_unix_ms;
    int64_t unix_ms;
    if (tls->settings == NULL || tls->kept != NULL || tls->recalled ||
        !find_zero(&zero_unix_ms, &unix_ms)) {
        return;
    }
    tls->recalled = true;
    tls->kept = mbedtls_calloc(1, TALLY_SETTING_BYTES_MOST);
    if (tls->kept == NULL) {
        return;
    }
    const int32_t bytes = tally_settings_get(tls->settings, TALLY_SETTING_TLS_SESSION, tls->kept,
                                             TALLY_SETTING_BYTES_MOST);
    if (bytes < (int32_t)sizeof(head_t)) {
        mbedtls_free(tls->kept);
        tls->kept = NULL;
        return;
    }
    tls->kept_bytes = (uint32_t)bytes;
    head_t head;
    memcpy(&head, tls->kept, sizeof head);
    set_shift(tls, head.shift_ms - zero_unix_ms);
}

/* --- the session that is kept --------------------------------------------------------------- */

void tally_tls_session_drop(tally_tls_t *tls) {
    if (tls->kept != NULL) {
        mbedtls_platform_zeroize(tls->kept, tls->kept_bytes);
        mbedtls_free(tls->kept);
        tls->kept = NULL;
    }
}

/* The ticket's time is moved to this boot's clock. One from the future or of old age is not worth
 * its bytes, and Mbed TLS does not expect ages beyond its numbers. */
static bool set_age(mbedtls_ssl_session *session, uint64_t shift_ms) {
    if (session->MBEDTLS_PRIVATE(tls_version) != MBEDTLS_SSL_VERSION_TLS1_3) {
        return true;
    }
    const uint64_t received_ms =
        (uint64_t)session->MBEDTLS_PRIVATE(ticket_reception_time) + shift_ms;
    session->MBEDTLS_PRIVATE(ticket_reception_time) = (mbedtls_ms_time_t)received_ms;
    return (uint64_t)mbedtls_ms_time() - received_ms <= AGE_MOST_MS;
}

static void offer(tally_tls_t *tls) {
    head_t head;
    memcpy(&head, tls->kept, sizeof head);
    if (!is_fit(tls, &head)) {
        return;
    }
    mbedtls_ssl_session session;
    mbedtls_ssl_session_init(&session);
    if (mbedtls_ssl_session_load(&session, tls->kept + sizeof head,
                                 tls->kept_bytes - sizeof head) == 0 &&
        set_age(&session, head.shift_ms) && mbedtls_ssl_set_session(&tls->ssl, &session) == 0) {
        tls->validity = head.validity;
    }
    mbedtls_ssl_session_free(&session);
}

/* A ticket is used once: whoever sees it twice on the wire knows the device again. */
void tally_tls_session_offer(tally_tls_t *tls) {
    recall(tls);
    if (tls->kept != NULL) {
        offer(tls);
        tally_tls_session_drop(tls);
    }
    /* For want of memory the handshake is a full one, which is no failure yet. */
    tls->heap_failed_then = tally_tls_heap_failed();
}

static void save(tally_tls_t *tls, const mbedtls_ssl_session *session) {
    head_t head = {.validity = tls->validity};
    size_t bytes = 0;
    (void)mbedtls_ssl_session_save(session, NULL, 0, &bytes);
    if (!fingerprint(tls, head.bound) ||
        (tls->kept = mbedtls_calloc(1, sizeof head + bytes)) == NULL) {
        return;
    }
    tls->kept_bytes = (uint32_t)(sizeof head + bytes);
    memcpy(tls->kept, &head, sizeof head);
    if (mbedtls_ssl_session_save(session, tls->kept + sizeof head, bytes, &bytes) != 0) {
        tally_tls_session_drop(tls);
    }
}

void tally_tls_session_keep(tally_tls_t *tls) {
    /* mbedtls_ssl_get_session() would copy it with its certificates, which are not needed. */
    mbedtls_ssl_session *const session = tls->ssl.MBEDTLS_PRIVATE(session);
    if (session->MBEDTLS_PRIVATE(ticket) == NULL) {
        return;
    }
    tally_tls_session_drop(tls);
    mbedtls_x509_crt *const chain = session->MBEDTLS_PRIVATE(peer_cert);
    session->MBEDTLS_PRIVATE(peer_cert) = NULL;
    save(tls, session);
    session->MBEDTLS_PRIVATE(peer_cert) = chain;
    store(tls);
    tls->heap_failed_then = tally_tls_heap_failed();
}

#endif
