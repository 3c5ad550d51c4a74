/* SPDX-License-Identifier: Apache-2.0 */
#include "consent.h"

#include <stddef.h>
#include <string.h>

#include "attached.h"
#include "live.h"
#include "log.h"

static int32_t keep(const tally_t *tally, enum tally_consent consent) {
    const uint8_t value = (uint8_t)consent;
    tally_settings_t *const settings = tally->options->settings;
    return settings == NULL ? (int32_t)TALLY_OK
                            : tally_settings_set(settings, TALLY_SETTING_CONSENT, &value, 1);
}

void tally_consent_begin(tally_t *tally) {
    const tally_options_t *const options = tally->options;
    uint8_t value = TALLY_CONSENT_NONE;
    if (options->settings != NULL) {
        (void)tally_settings_get(options->settings, TALLY_SETTING_CONSENT, &value, 1);
    }
    if (value < TALLY_CONSENT_GIVEN || value > TALLY_CONSENT_WITHDRAWN) {
        value = options->consent_needed ? TALLY_CONSENT_NONE : TALLY_CONSENT_GIVEN;
    }
    tally->consent = value;
    tally->destroyed = 0;
}

/* Blocks that would not be destroyed are tried again at the next boot; so are all of them if the
 * settings cannot keep that it is done. */
static void destroy_next(tally_t *tally) {
    const tally_store_t *const store = tally->store;
    const int32_t status = tally_spool_destroy(store, tally->destroyed);
    if (status < 0) {
        tally->destroy_failed = true;
        TALLY_LOG(tally->port, DESTROY_FAILED, (int32_t)tally->destroyed);
    }
    tally->destroyed++;
    if (tally->destroyed == store->blocks && !tally->destroy_failed) {
        (void)keep(tally, TALLY_CONSENT_WITHDRAWN);
        tally->consent = TALLY_CONSENT_WITHDRAWN;
        TALLY_LOG(tally->port, DESTROYED, (int32_t)tally->destroyed);
    }
}

uint32_t tally_consent_step(tally_t *tally) {
    const bool more = tally_live_forget_events(tally);
    tally_attached_sample(tally); /* frees what players detach */
    if (tally->consent == TALLY_CONSENT_WITHDRAWING && tally->destroyed < tally->store->blocks) {
        destroy_next(tally);
        return 0;
    }
    return more ? 0 : UINT32_MAX;
}

static int32_t withdraw(tally_t *tally) {
    if (tally->consent == TALLY_CONSENT_WITHDRAWING || tally->consent == TALLY_CONSENT_WITHDRAWN) {
        return TALLY_OK;
    }
    const int32_t status = keep(tally, TALLY_CONSENT_WITHDRAWING);
    tally_uplink_stop(&tally->uplink);
    tally_live_forget(tally);
#if TALLY_PLAYERS > 0
    tally_daemon_forget(tally);
#endif
    tally->report.muted = true;
    tally->consent = TALLY_CONSENT_WITHDRAWING;
    tally->destroyed = 0;
    tally->destroy_failed = false;
    return status;
}

/* What players told and attached before now is not collected either. */
static int32_t begin_anew(tally_t *tally) {
    const uint8_t before = tally->consent;
    (void)tally_live_forget_events(tally);
    tally_attached_forget(tally);
    tally->consent = TALLY_CONSENT_GIVEN;
    tally->consent_late = true;
    const int32_t status = tally_agent_begin(tally);
    if (status < 0) {
        tally->consent = before; /* until it is asked again, or the next boot */
    }
    return status;
}

int32_t tally_consent(tally_t *tally, bool given) {
    if (!given) {
        return withdraw(tally);
    }
    if (tally->consent == TALLY_CONSENT_WITHDRAWING) {
        return TALLY_E_STATE;
    }
    const int32_t status = keep(tally, TALLY_CONSENT_GIVEN);
    return status < 0 || tally->consent == TALLY_CONSENT_GIVEN ? status : begin_anew(tally);
}

enum tally_consent tally_consent_state(const tally_t *tally) {
    return (enum tally_consent)tally->consent;
}
