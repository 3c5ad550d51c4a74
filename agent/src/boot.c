/* SPDX-License-Identifier: Apache-2.0 */
#include "boot.h"

#include <stddef.h>
#include <string.h>

#include "text.h"

#define OPTION_TEXT_BYTES 64u
#define PATH_BYTES        128u
#define ENDPOINTS_MOST    8u
#define QUIET_BOOTS       2u /* that hold nothing back */
#define HOLD_MS           60000u
#define HOLD_DOUBLED_MOST 10u /* 17 hours */
#define FULL_RETRY_MS     60000u

/* --- what the device is --------------------------------------------------------------------- */

static const struct {
    uint8_t offset;   /* in tally_options_t */
    bool is_required; /* in every upload; the others are told at boot: */
    uint8_t metric;   /* counted from the first of the boot record */
} option_texts[] = {
#define PROVISIONED(member) {offsetof(tally_options_t, member), true, 0},
#define TOLD(member, symbol)                                                                       \
    {offsetof(tally_options_t, member), false, TALLY_M_##symbol - TALLY_M_BOOT_FIRST},
    /* clang-format off */
    PROVISIONED(device_id)
    PROVISIONED(operator_id)
    TOLD(device_type, DEVICE_TYPE)
    TOLD(device_model, DEVICE_MODEL)
    TOLD(soc, SOC)
    TOLD(firmware, FIRMWARE)
    TOLD(os, OS)
    TOLD(middleware, MIDDLEWARE)
    TOLD(browser, BROWSER)
    TOLD(time_zone, TIME_ZONE)
/* clang-format on */
#undef PROVISIONED
#undef TOLD
};
enum { OPTION_TEXTS = sizeof option_texts / sizeof option_texts[0] };
_Static_assert(offsetof(tally_options_t, reset_reason) <= UINT8_MAX, "option_texts has 8 bits");

static const char *option_text(const tally_options_t *options, uint32_t i) {
    const char *text;
    memcpy(&text, (const char *)options + option_texts[i].offset, sizeof text);
    return text;
}

/* A text for the request line, which bytes below 0x21 could end. */
static bool is_for_request(const char *text, uint32_t bytes) {
    if (text == NULL || tally_text_length(text, bytes) < 1) {
        return false;
    }
    for (; *text != '\0'; text++) {
        if ((uint8_t)*text <= 0x20 || (uint8_t)*text == 0x7F) {
            return false;
        }
    }
    return true;
}

static bool are_endpoints_sound(const tally_options_t *options) {
    if (options->endpoint_count < 1 || options->endpoint_count > ENDPOINTS_MOST) {
        return false;
    }
    for (uint32_t i = 0; i < options->endpoint_count; i++) {
        const tally_endpoint_t *const endpoint = &options->endpoints[i];
        if (endpoint->peer.port == 0 || !is_for_request(endpoint->peer.host, OPTION_TEXT_BYTES) ||
            !is_for_request(endpoint->path, PATH_BYTES) || endpoint->path[0] != '/') {
            return false;
        }
    }
    return true;
}

bool tally_boot_texts_are_sound(const tally_options_t *options) {
    for (uint32_t i = 0; i < OPTION_TEXTS; i++) {
        const char *const text = option_text(options, i);
        const int32_t length = text != NULL ? tally_text_length(text, OPTION_TEXT_BYTES) : 0;
        if (length < (option_texts[i].is_required ? 1 : 0)) {
            return false;
        }
    }
    return are_endpoints_sound(options);
}

/* --- which boot this is --------------------------------------------------------------------- */

static uint64_t hold_ms(const tally_spool_t *spool) {
    const uint32_t quiet = spool->rings[TALLY_URGENT].quiet_boots;
    if (quiet <= QUIET_BOOTS) {
        return 0;
    }
    const uint32_t doubled = quiet - QUIET_BOOTS - 1;
    return (uint64_t)HOLD_MS << (doubled < HOLD_DOUBLED_MOST ? doubled : HOLD_DOUBLED_MOST);
}

static void count_boot(tally_t *tally) {
    tally_settings_t *const settings = tally->options->settings;
    uint8_t count[4] = {0};
    if (settings == NULL) {
        return;
    }
    (void)tally_settings_get(settings, TALLY_SETTING_BOOT_COUNT, count, sizeof count);
    tally->boot_count = tally_le_get(count, sizeof count) + 1;
    tally_le_put(count, tally->boot_count, sizeof count);
    (void)tally_settings_set(settings, TALLY_SETTING_BOOT_COUNT, count, sizeof count);
}

void tally_boot_begin(tally_t *tally, uint64_t now_ms) {
    count_boot(tally);
    tally->boot_due_ms = now_ms + hold_ms(&tally->spool);
}

/* --- the record ----------------------------------------------------------------------------- */

static int32_t report(tally_t *tally) {
    const tally_options_t *const options = tally->options;
    tally_value_t values[TALLY_BOOT_METRICS] = {{0}};
    uint64_t present = TALLY_CAN(BOOT, RESET_REASON) | TALLY_CAN(BOOT, REGISTRY_HASH) |
                       TALLY_CAN(BOOT, AGENT_VERSION);
    values[TALLY_M_RESET_REASON - TALLY_M_BOOT_FIRST].number = options->reset_reason;
    values[TALLY_M_REGISTRY_HASH - TALLY_M_BOOT_FIRST].number = tally_metrics_hash();
    values[TALLY_M_AGENT_VERSION - TALLY_M_BOOT_FIRST].text = TALLY_VERSION;
    values[TALLY_M_PREVIOUS_BOOT - TALLY_M_BOOT_FIRST].number = (int64_t)tally->spool.boot_before;
    values[TALLY_M_BOOT_COUNT - TALLY_M_BOOT_FIRST].number = tally->boot_count;
    present |= tally->spool.boot_before != 0 ? TALLY_CAN(BOOT, PREVIOUS_BOOT) : 0;
    present |= tally->boot_count != 0 ? TALLY_CAN(BOOT, BOOT_COUNT) : 0;
#if TALLY_METRICS_USER
    values[TALLY_M_VENDOR_ID - TALLY_M_BOOT_FIRST].number = TALLY_VENDOR_ID;
    present |= TALLY_CAN(BOOT, VENDOR_ID);
#endif
    for (uint32_t i = 0; i < OPTION_TEXTS; i++) {
        const char *const text = option_text(options, i);
        if (!option_texts[i].is_required && text != NULL) {
            values[option_texts[i].metric].text = text;
            present |= UINT64_C(1) << option_texts[i].metric;
        }
    }
    const tally_view_t view = {.values = values, .present = present, .group = TALLY_G_BOOT};
    return tally_report_make(&tally->report, TALLY_URGENT, TALLY_RECORD_BOOT, 0, &view, 1);
}

uint64_t tally_boot_report(tally_t *tally, uint64_t now_ms) {
    if (now_ms >= tally->boot_due_ms) {
        const bool is_full = report(tally) == TALLY_E_FULL;
        tally->boot_due_ms = is_full ? now_ms + FULL_RETRY_MS : UINT64_MAX;
    }
    return tally->boot_due_ms;
}
