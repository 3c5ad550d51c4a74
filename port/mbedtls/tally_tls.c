/* SPDX-License-Identifier: Apache-2.0 */
#include "tally_tls.h"

#include <mbedtls/net_sockets.h>
#include <mbedtls/psa_util.h>
#include <psa/crypto.h>
#include <string.h>

#include "tally_build_time.h"
#include "tally_tls_heap.h"
#include "tally_tls_internal.h"

/* Less cannot hold the allocator's own headers and a key. */
#define HEAP_LEAST_BYTES 1024u

static bool is_waiting(int ret) {
    return ret == MBEDTLS_ERR_SSL_WANT_READ || ret == MBEDTLS_ERR_SSL_WANT_WRITE;
}

static int lower_send(void *ctx, const unsigned char *data, size_t size) {
    tally_tls_t *tls = ctx;
    const int32_t sent = tls->lower->send(tls->lower->ctx, data, (uint32_t)size);
    if (sent > 0) {
        return sent;
    }
    if (sent == 0) {
        tls->starved = true;
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    tls->lower_error = sent;
    if (tls->phase == TALLY_TLS_HANDSHAKE) {
        /* A server that refuses the device says so and closes: its alert may be there to be read,
         * in TLS 1.3 only once the handshake is over. */
        return (int)size;
    }
    return MBEDTLS_ERR_NET_SEND_FAILED;
}

static int lower_receive(void *ctx, unsigned char *data, size_t size) {
    tally_tls_t *tls = ctx;
    const int32_t got = tls->lower->receive(tls->lower->ctx, data, (uint32_t)size);
    if (got > 0) {
        return got;
    }
    if (got == 0) {
        tls->starved = true;
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    tls->lower_error = got;
    return got == TALLY_E_CLOSED ? 0 : MBEDTLS_ERR_NET_RECV_FAILED; /* 0: end of stream */
}

/* The server name extension must not carry an address (RFC 6066 3), and Mbed TLS would put one
 * there: so it is told no name, and tally_tls_credentials_verify() compares the address. */
static int set_peer(tally_tls_t *tls, const char *host) {
    tls->address_bytes = (uint8_t)mbedtls_x509_crt_parse_cn_inet_pton(host, tls->address);
    return mbedtls_ssl_set_hostname(&tls->ssl, tls->address_bytes != 0 ? NULL : host);
}

static int32_t begin_session(tally_tls_t *tls, const tally_peer_t *peer) {
    tls->phase = TALLY_TLS_HANDSHAKE;
    tls->unsent = false;
    tls->verified = false;
    tls->verify_flags = 0;
    tls->lower_error = 0;
    tls->heap_failed_then = tally_tls_heap_failed();
    mbedtls_ssl_init(&tls->ssl);
    int ret = mbedtls_ssl_setup(&tls->ssl, &tls->config);
    if (ret == 0) {
        ret = set_peer(tls, peer->host);
    }
    if (ret != 0) {
        return tally_tls_error_map(tls, ret);
    }
#if TALLY_TLS_TICKETS
    tls->peer = *peer;
    tally_tls_session_offer(tls);
#endif
    mbedtls_ssl_set_bio(&tls->ssl, tls, lower_send, lower_receive, NULL);
    return TALLY_OK;
}

/* One state of the handshake a call: public-key operations of several messages in one go would keep
 * the agent task from its events for seconds on a small processor. */
static int32_t step_handshake(tally_tls_t *tls) {
    tls->starved = false;
    const int ret = mbedtls_ssl_handshake_step(&tls->ssl);
    if (ret != 0 && !is_waiting(ret)) {
        return tally_tls_error_map(tls, ret);
    }
    if (ret == 0 && mbedtls_ssl_is_handshake_over(&tls->ssl)) {
        tls->handshakes++;
        tls->resumed += tls->verified ? 0u : 1u;
        tls->phase = TALLY_TLS_OPEN;
        tls->transport.valid_from_s = tls->validity.from_s;
        tls->transport.valid_to_s = tls->validity.to_s;
        return TALLY_OPEN;
    }
    /* Mbed TLS also says WANT_READ between two messages that are both there. */
    if (!tls->starved) {
        tls->port->wake(tls->port->ctx);
    }
    return TALLY_OPENING_SECURE;
}

static int32_t tls_open(void *ctx, const tally_peer_t *peer) {
    tally_tls_t *tls = ctx;
    if (tls->phase == TALLY_TLS_OPEN) {
        return TALLY_OPEN;
    }
    if (tls->phase == TALLY_TLS_CLOSED) {
        int32_t status = tls->lower->open(tls->lower->ctx, peer);
        if (status != TALLY_OPEN) {
            return status;
        }
        status = begin_session(tls, peer);
        if (status != TALLY_OK) {
            return status;
        }
    }
    return step_handshake(tls);
}

/* Any number of tickets may come, at any time. With a store for it a ticket is not left to be kept
 * when the stream ends: the power may go first. */
static bool took_ticket(tally_tls_t *tls, int ret) {
#if TALLY_TLS_TICKETS
    if (ret == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET && tls->settings != NULL) {
        tally_tls_session_keep(tls);
    }
#else
    (void)tls;
#endif
    return ret == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
}

/* A ticket that was half read is read to its end first. */
static int write_some(tally_tls_t *tls, const uint8_t *data, uint32_t size) {
    int ret;
    do {
        ret = mbedtls_ssl_write(&tls->ssl, data, size);
    } while (took_ticket(tls, ret));
    return ret;
}

/* The Mbed TLS error after which no more can be written. A server that refuses the device sends
 * its alert and closes; writing fails then before anybody has read the alert. */
static int write_error(tally_tls_t *tls, int ret) {
    uint8_t ignored;
    const int unread = mbedtls_ssl_read(&tls->ssl, &ignored, sizeof ignored);
    return unread == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE ? unread : ret;
}

/* 0 once the record that an earlier send left behind is out, else an Mbed TLS error. */
static int flush(tally_tls_t *tls) {
    if (!tls->unsent) {
        return 0;
    }
    static const uint8_t nothing;
    const int ret = write_some(tls, &nothing, 0);
    if (ret == 0) {
        tls->unsent = false;
    }
    return ret;
}

static int32_t tls_send(void *ctx, const uint8_t *data, uint32_t size) {
    tally_tls_t *tls = ctx;
    if (tls->phase != TALLY_TLS_OPEN) {
        return TALLY_E_STATE;
    }
    int ret = flush(tls);
    if (is_waiting(ret)) {
        return 0;
    }
    if (ret == 0) {
        const uint32_t most = (uint32_t)mbedtls_ssl_get_max_out_record_payload(&tls->ssl);
        const uint32_t part = size < most ? size : most;
        ret = write_some(tls, data, part);
        if (is_waiting(ret)) {
            /* The record is made. Mbed TLS wants the same bytes again to go on, a caller of
             * tally_transport_t may come with others: so they count as sent from here on. */
            tls->unsent = true;
            return (int32_t)part;
        }
    }
    return ret >= 0 ? ret : tally_tls_error_map(tls, write_error(tls, ret));
}

static int32_t tls_receive(void *ctx, uint8_t *data, uint32_t size) {
    tally_tls_t *tls = ctx;
    if (tls->phase != TALLY_TLS_OPEN) {
        return TALLY_E_STATE;
    }
    int ret = flush(tls);
    if (ret != 0 && !is_waiting(ret)) {
        return tally_tls_error_map(tls, write_error(tls, ret));
    }
    /* WANT_READ also stands for a session ticket on its way, and 0 for an empty record as well as
     * for the end of the stream: what the lower stream said tells them apart. */
    do {
        tls->starved = false;
        ret = mbedtls_ssl_read(&tls->ssl, data, size);
    } while ((is_waiting(ret) && !tls->starved) || (ret == 0 && tls->lower_error == 0) ||
             took_ticket(tls, ret));

    if (is_waiting(ret)) {
        return 0;
    }
    return ret > 0 ? ret : tally_tls_error_map(tls, ret == 0 ? MBEDTLS_ERR_SSL_CONN_EOF : ret);
}

static void tls_close(void *ctx) {
    tally_tls_t *tls = ctx;
    if (tls->phase == TALLY_TLS_OPEN) {
        (void)mbedtls_ssl_close_notify(&tls->ssl);
#if TALLY_TLS_TICKETS
        tally_tls_session_keep(tls);
#endif
    }
    if (tls->phase != TALLY_TLS_CLOSED) {
        mbedtls_ssl_free(&tls->ssl);
    }
    tls->phase = TALLY_TLS_CLOSED;
    tls->lower->close(tls->lower->ctx);
}

static const mbedtls_x509_crt_profile profile = {
    .allowed_mds = MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256) |
                   MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA384) |
                   MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA512),
    .allowed_pks = UINT32_MAX,
    .allowed_curves = MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1) |
                      MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP384R1),
    .rsa_min_bitlen = 2048,
};

#if TALLY_TLS_WEBPKI
/* TLS 1.3 passes over PKCS #1 v1.5 for its own signatures. In TLS 1.2 a server that goes by this
 * order takes it; for one that goes by its own and takes PSS there is tally_tls12_pss.h. */
static const uint16_t signatures[] = {
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,
    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,
    MBEDTLS_TLS1_3_SIG_NONE,
};
#endif

static int configure(tally_tls_t *tls) {
    static const char *protocols[] = {"http/1.1", NULL}; /* the type that Mbed TLS wants */
    int ret = mbedtls_ssl_config_defaults(&tls->config, MBEDTLS_SSL_IS_CLIENT,
                                          MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (ret == 0) {
        ret = mbedtls_ssl_conf_alpn_protocols(&tls->config, protocols);
    }
    if (ret != 0) {
        return ret;
    }
    mbedtls_ssl_conf_authmode(&tls->config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(&tls->config, &tls->ca, NULL);
    mbedtls_ssl_conf_cert_profile(&tls->config, &profile);
#if TALLY_TLS_WEBPKI
    mbedtls_ssl_conf_sig_algs(&tls->config, signatures);
#endif
#if TALLY_TLS_TICKETS
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
        &tls->config, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
#endif
    mbedtls_ssl_conf_verify(&tls->config, tally_tls_credentials_verify, tls);
    mbedtls_ssl_conf_rng(&tls->config, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    if (tls->certificate.raw.len == 0) {
        return 0;
    }
    return mbedtls_ssl_conf_own_cert(&tls->config, &tls->certificate, &tls->key);
}

static void release(tally_tls_t *tls) {
#if TALLY_TLS_TICKETS
    tally_tls_session_drop(tls);
#endif
    mbedtls_ssl_config_free(&tls->config);
    mbedtls_pk_free(&tls->key);
    mbedtls_x509_crt_free(&tls->certificate);
    mbedtls_x509_crt_free(&tls->ca);
    mbedtls_psa_crypto_free();
    tally_tls_random_use(NULL);
    tally_tls_heap_release();
}

/* The latest that is known of the time for good. */
static uint32_t least_unix_s(const tally_tls_config_t *config) {
    uint8_t value[4] = {0};
    uint32_t last_s = 0;
    if (config->settings != NULL && tally_settings_get(config->settings, TALLY_SETTING_LAST_TIME,
                                                       value, sizeof value) == sizeof value) {
        last_s = value[0] | (uint32_t)value[1] << 8 | (uint32_t)value[2] << 16 |
                 (uint32_t)value[3] << 24;
    }
    const uint32_t told_s = config->least_unix_s > last_s ? config->least_unix_s : last_s;
    return told_s > TALLY_BUILD_UNIX_S ? told_s : TALLY_BUILD_UNIX_S;
}

static int32_t prepare(tally_tls_t *tls, const tally_tls_config_t *config) {
    if (psa_crypto_init() != PSA_SUCCESS) {
        return tally_tls_heap_failed() != 0 ? TALLY_E_TLS_MEMORY : TALLY_E_TLS;
    }
    int ret = tally_tls_credentials_parse(tls, config);
    if (ret != 0) {
        tls->last_error = ret;
        return tally_tls_heap_failed() != 0 ? TALLY_E_TLS_MEMORY : TALLY_E_CONFIG;
    }
    ret = configure(tls);
    return ret == 0 ? TALLY_OK : tally_tls_error_map(tls, ret);
}

static bool is_complete(const tally_tls_config_t *config) {
    const bool has_key = config->key != NULL || config->key_id != 0;
    return (config->ca != NULL || config->pin_count > 0) &&
           (config->pins != NULL || config->pin_count == 0) &&
           (config->certificate == NULL || has_key) && config->heap != NULL &&
           config->heap_bytes >= HEAP_LEAST_BYTES;
}

int32_t tally_tls_init(tally_tls_t *tls, const tally_tls_config_t *config, const tally_port_t *port,
                       const tally_transport_t *lower) {
    if (tls == NULL || config == NULL || port == NULL || lower == NULL || !is_complete(config)) {
        return TALLY_E_ARGUMENT;
    }
    if (!tally_tls_heap_take(config->heap, config->heap_bytes)) {
        return TALLY_E_STATE;
    }
    *tls = (tally_tls_t){
        .port = port,
        .transport =
            {
                .ctx = tls,
                .is_authenticated = true,
                .open = tls_open,
                .send = tls_send,
                .receive = tls_receive,
                .close = tls_close,
            },
        .lower = lower,
        .pins = config->pins,
        .pin_count = config->pin_count,
    };
#if TALLY_TLS_TICKETS
    tls->settings = config->settings;
#endif
    tally_tls_random_use(port);
    tally_tls_time_use(port, least_unix_s(config));
    mbedtls_x509_crt_init(&tls->ca);
    mbedtls_x509_crt_init(&tls->certificate);
    mbedtls_pk_init(&tls->key);
    mbedtls_ssl_config_init(&tls->config);

    const int32_t status = prepare(tls, config);
    if (status != TALLY_OK) {
        release(tls);
    }
    return status;
}

void tally_tls_deinit(tally_tls_t *tls) {
    tls_close(tls);
    release(tls);
}

const tally_transport_t *tally_tls_transport(const tally_tls_t *tls) {
    return &tls->transport;
}

tally_tls_stats_t tally_tls_stats(const tally_tls_t *tls) {
    return (tally_tls_stats_t){
        .heap_bytes = tally_tls_heap_bytes(),
        .heap_used = tally_tls_heap_used(),
        .heap_high_water = tally_tls_heap_high_water(),
        .heap_failed = tally_tls_heap_failed(),
        .handshakes = tls->handshakes,
        .resumed = tls->resumed,
        .last_error = tls->last_error,
    };
}
