/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_ITS_H
#define TALLY_ITS_H
/*
 * Persistent PSA keys in the settings: PSA Internal Trusted Storage 1.0 as Mbed TLS calls it, with
 * one setting, TALLY_SETTING_KEY_FIRST and up, for each of at most 16 keys. The values are not
 * encrypted: the store is as secret as the board makes it. Only with TALLY_TLS_KEY_STORE.
 *
 *     value: | uid:8 | flags:4 | data ... |      little endian
 *
 * The PSA functions say PSA_ERROR_STORAGE_FAILURE before tally_its_init() and when the store failed
 * in both blocks; PSA_ERROR_INSUFFICIENT_STORAGE for a 17th key, more data than TALLY_ITS_DATA_MOST
 * or full settings; PSA_ERROR_DATA_CORRUPT for a value that is no key's; PSA_ERROR_NOT_PERMITTED
 * where a flag has it that data is never written again; PSA_ERROR_NOT_SUPPORTED for other flags.
 * Data whose place in the store is damaged does not exist.
 */
#include "tally/settings.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of data. Mbed TLS needs 36 and the key. */
enum { TALLY_ITS_DATA_MOST = 244 };

/* Where the keys are, before psa_crypto_init() and so before tally_tls_init(); NULL: nowhere any
 * more. Agent task or before it; does not block. The settings live as long as keys are used. */
void tally_its_init(tally_settings_t *settings);

#ifdef __cplusplus
}
#endif

#endif
