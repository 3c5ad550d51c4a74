/* SPDX-License-Identifier: Apache-2.0 */
#include "tally_its.h"

#include <mbedtls/build_info.h>

#if TALLY_TLS_KEY_STORE

#include <mbedtls/platform_util.h>
#include <psa/crypto.h>
#include <psa/internal_trusted_storage.h>
#include <string.h>

#define UID_BYTES   8u
#define FLAGS_BYTES 4u
#define HEAD_BYTES  (UID_BYTES + FLAGS_BYTES)

typedef struct {
    uint32_t id;    /* the setting; 0: no setting holds the uid */
    uint32_t spare; /* a setting that holds nothing; 0: there is none */
    uint32_t flags;
    uint32_t bytes; /* of the data */
    uint8_t value[HEAD_BYTES + TALLY_ITS_DATA_MOST];
} item_t;

/* Global, as PSA calls without a context. */
static tally_settings_t *kept;

void tally_its_init(tally_settings_t *settings) {
    kept = settings;
}

static uint64_t number_at(const uint8_t *at, uint32_t bytes) {
    uint64_t number = 0;
    while (bytes > 0) {
        number = number << 8 | at[--bytes];
    }
    return number;
}

static void put_number(uint8_t *at, uint64_t number, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(number >> (8 * i));
    }
}

/* Reads the item of that uid. What holds no uid at all is as good as empty. */
static psa_status_t find(psa_storage_uid_t uid, item_t *item) {
    item->id = 0;
    item->spare = 0;
    if (kept == NULL) {
        return PSA_ERROR_STORAGE_FAILURE;
    }
    for (uint32_t id = TALLY_SETTING_KEY_FIRST; id < TALLY_SETTING_KEY_END; id++) {
        const int32_t bytes = tally_settings_get(kept, id, item->value, sizeof item->value);
        if (bytes < (int32_t)UID_BYTES) {
            item->spare = item->spare == 0 ? id : item->spare;
        } else if (number_at(item->value, UID_BYTES) == uid) {
            item->id = id;
            item->flags = (uint32_t)number_at(item->value + UID_BYTES, FLAGS_BYTES);
            item->bytes = (uint32_t)bytes - HEAD_BYTES;
            return bytes < (int32_t)HEAD_BYTES ? PSA_ERROR_DATA_CORRUPT : PSA_SUCCESS;
        }
    }
    return PSA_ERROR_DOES_NOT_EXIST;
}

/* An item holds a key, and does not stay on the stack. */
static psa_status_t done(item_t *item, psa_status_t status) {
    mbedtls_platform_zeroize(item, sizeof *item);
    return status;
}

static psa_status_t psa_status_of(int32_t status) {
    switch (status) {
    case TALLY_OK: return PSA_SUCCESS;
    case TALLY_E_FULL: return PSA_ERROR_INSUFFICIENT_STORAGE;
    default: return PSA_ERROR_STORAGE_FAILURE;
    }
}

static bool is_write_once(const item_t *item, psa_status_t found) {
    return found == PSA_SUCCESS && (item->flags & PSA_STORAGE_FLAG_WRITE_ONCE) != 0;
}

psa_status_t psa_its_set(psa_storage_uid_t uid, uint32_t data_length, const void *p_data,
                         psa_storage_create_flags_t create_flags) {
    if (uid == 0 || (p_data == NULL && data_length > 0)) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    if ((create_flags & ~PSA_STORAGE_FLAG_WRITE_ONCE) != 0) {
        return PSA_ERROR_NOT_SUPPORTED;
    }
    if (data_length > TALLY_ITS_DATA_MOST) {
        return PSA_ERROR_INSUFFICIENT_STORAGE;
    }
    item_t item;
    const psa_status_t found = find(uid, &item);
    if (found == PSA_ERROR_STORAGE_FAILURE) {
        return found;
    }
    if (is_write_once(&item, found)) {
        return done(&item, PSA_ERROR_NOT_PERMITTED);
    }
    const uint32_t id = item.id != 0 ? item.id : item.spare;
    if (id == 0) {
        return done(&item, PSA_ERROR_INSUFFICIENT_STORAGE);
    }
    put_number(item.value, uid, UID_BYTES);
    put_number(item.value + UID_BYTES, create_flags, FLAGS_BYTES);
    if (data_length > 0) {
        memcpy(item.value + HEAD_BYTES, p_data, data_length);
    }
    return done(&item,
                psa_status_of(tally_settings_set(kept, id, item.value, HEAD_BYTES + data_length)));
}

psa_status_t psa_its_get(psa_storage_uid_t uid, uint32_t data_offset, uint32_t data_length,
                         void *p_data, size_t *p_data_length) {
    if (uid == 0 || p_data_length == NULL || (p_data == NULL && data_length > 0)) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    item_t item;
    const psa_status_t found = find(uid, &item);
    if (found != PSA_SUCCESS) {
        return done(&item, found);
    }
    if (data_offset > item.bytes) {
        return done(&item, PSA_ERROR_INVALID_ARGUMENT);
    }
    const uint32_t left = item.bytes - data_offset;
    const uint32_t bytes = left < data_length ? left : data_length;
    if (bytes > 0) {
        memcpy(p_data, item.value + HEAD_BYTES + data_offset, bytes);
    }
    *p_data_length = bytes;
    return done(&item, PSA_SUCCESS);
}

psa_status_t psa_its_get_info(psa_storage_uid_t uid, struct psa_storage_info_t *p_info) {
    if (uid == 0 || p_info == NULL) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    item_t item;
    const psa_status_t found = find(uid, &item);
    if (found == PSA_SUCCESS) {
        *p_info = (struct psa_storage_info_t){.size = item.bytes, .flags = item.flags};
    }
    return done(&item, found);
}

psa_status_t psa_its_remove(psa_storage_uid_t uid) {
    if (uid == 0) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    item_t item;
    const psa_status_t found = find(uid, &item);
    if (item.id == 0) {
        return done(&item, found);
    }
    if (is_write_once(&item, found)) {
        return done(&item, PSA_ERROR_NOT_PERMITTED);
    }
    return done(&item, psa_status_of(tally_settings_clear(kept, item.id)));
}

#endif
