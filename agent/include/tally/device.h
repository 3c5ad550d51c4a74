/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_DEVICE_H
#define TALLY_DEVICE_H
/*
 * What a board tells of the device itself: group DEVICE, in one call a sample. A board fills in
 * what it can know and declares just that in its capabilities. The agent makes a record of it each
 * upload period in which there was a sample; the call's natural time is therefore shortly before.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/hook.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Counters are those of their source: what one says less than before has restarted from 0, and the
 * agent's total goes on. */
typedef struct {
    uint64_t
        known; /* an OR of TALLY_CAN(DEVICE, ...): which of these are told; not BOOT_TO_PICTURE */
    uint64_t wraps; /* counters among them that wrap at 2^32: one that falls from the highest
                       quarter into the lowest has not restarted */
    uint64_t net_bytes_received; /* up to 2^53 */
    uint64_t net_bytes_sent;
    uint32_t cpu_load_permille; /* since the last sample, 0 to 1,000 */
    uint32_t memory_used_kib;
    uint32_t memory_total_kib;
    uint32_t storage_used_kib;
    uint32_t storage_total_kib;
    int32_t temperature_millicelsius; /* -273,150 to 1,000,000 */
    int32_t wifi_rssi_dbm;            /* -200 to 100 */
    uint32_t wifi_bitrate_kbps;
    uint32_t hdmi_changes; /* if not known, changes of hdmi_connected from sample to sample count */
    uint32_t hdcp_failures;
    int32_t tuner_snr_millidecibel; /* -100,000 to 100,000 */
    uint32_t tuner_ber_ppb;         /* 0 to 10^9 */
    uint32_t tuner_unlocks;         /* if not known, tuner_locked going from true to false counts */
    bool hdmi_connected;
    bool tuner_locked;
} tally_device_t;

#if TALLY_DEVICE
/* Takes a sample; members that are not known are not looked at and keep their last values. Agent
 * task. TALLY_E_ARGUMENT, with nothing changed, for a value out of range and for bits that are no
 * such metric. */
int32_t tally_device_sample(tally_t *tally, const tally_device_t *sample);
#endif

#ifdef __cplusplus
}
#endif

#endif
