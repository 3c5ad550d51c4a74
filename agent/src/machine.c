/* SPDX-License-Identifier: Apache-2.0 */
#include "machine.h"

#include <stddef.h>

#if TALLY_DEVICE

#define AT(metric)  ((uint32_t)TALLY_M_##metric - (uint32_t)TALLY_M_DEVICE_FIRST)
#define BIT(metric) TALLY_CAN(DEVICE, metric)

#define NEWS       (UINT32_C(1) << 31)
#define BYTES_MOST (UINT64_C(1) << 53)
#define QUARTER    (UINT32_C(1) << 30) /* of what 32 bits count */

_Static_assert(TALLY_DEVICE_METRICS < 31, "the highest bit of `known` is NEWS");
_Static_assert(AT(NET_BYTES_SENT) == TALLY_MACHINE_WORDS + 1 &&
                   AT(BOOT_TO_PICTURE) == TALLY_MACHINE_WORDS + 2,
               "the rows behind those of one word");

static const uint8_t counts_at[TALLY_MACHINE_COUNTS] = {AT(HDMI_CHANGES), AT(HDCP_FAILURES),
                                                        AT(TUNER_UNLOCKS)};

#define COUNT_BITS (BIT(HDMI_CHANGES) | BIT(HDCP_FAILURES) | BIT(TUNER_UNLOCKS))
#define BYTES_BITS (BIT(NET_BYTES_RECEIVED) | BIT(NET_BYTES_SENT))

/* --- what a sample may say ------------------------------------------------------------------ */

static bool is_within(int64_t value, int64_t least, int64_t most) {
    return value >= least && value <= most;
}

static bool are_bits_sound(const tally_device_t *sample) {
    const uint64_t may = TALLY_CAN_ALL(DEVICE) & ~BIT(BOOT_TO_PICTURE);
    return (sample->known & ~may) == 0 && (sample->wraps & ~(COUNT_BITS | BYTES_BITS)) == 0;
}

static bool are_bytes_sound(const tally_device_t *sample, uint64_t bit, uint64_t bytes) {
    const uint64_t most = (sample->wraps & bit) != 0 ? UINT32_MAX : BYTES_MOST;
    return (sample->known & bit) == 0 || bytes <= most;
}

static bool is_sound(const tally_device_t *sample) {
    const uint64_t known = sample->known;
    return are_bits_sound(sample) &&
           are_bytes_sound(sample, BIT(NET_BYTES_RECEIVED), sample->net_bytes_received) &&
           are_bytes_sound(sample, BIT(NET_BYTES_SENT), sample->net_bytes_sent) &&
           ((known & BIT(CPU_LOAD)) == 0 || sample->cpu_load_permille <= 1000) &&
           ((known & BIT(TEMPERATURE)) == 0 ||
            is_within(sample->temperature_millicelsius, -273150, 1000000)) &&
           ((known & BIT(WIFI_RSSI)) == 0 || is_within(sample->wifi_rssi_dbm, -200, 100)) &&
           ((known & BIT(TUNER_SNR)) == 0 ||
            is_within(sample->tuner_snr_millidecibel, -100000, 100000)) &&
           ((known & BIT(TUNER_BER)) == 0 || sample->tuner_ber_ppb <= 1000000000);
}

/* --- counters ------------------------------------------------------------------------------- */

/* By how much a source has counted on. */
static uint64_t advance(uint64_t last, uint64_t now, bool wraps) {
    if (now >= last) {
        return now - last;
    }
    const bool wrapped = wraps && last >= UINT64_C(3) * QUARTER && now < QUARTER;
    return wrapped ? (UINT64_C(1) << 32) - last + now : now;
}

static void count(uint32_t *total, uint64_t more) {
    *total = more < UINT32_MAX - *total ? *total + (uint32_t)more : UINT32_MAX;
}

static void sample_bytes(tally_machine_t *machine, uint32_t which, uint64_t now, bool wraps) {
    const uint64_t more = advance(machine->bytes_last[which], now, wraps);
    const uint64_t room = BYTES_MOST - machine->bytes[which];
    machine->bytes[which] += more < room ? more : room;
    machine->bytes_last[which] = now;
}

/* What a state tells of a counter that its board does not have. */
static void count_changes(tally_machine_t *machine, const tally_device_t *sample) {
    const uint64_t both = machine->known & sample->known;
    const bool was_connected = machine->words[AT(HDMI_CONNECTED)] != 0;
    const bool was_locked = machine->words[AT(TUNER_LOCKED)] != 0;
    if ((both & BIT(HDMI_CONNECTED)) != 0 && (sample->known & BIT(HDMI_CHANGES)) == 0 &&
        was_connected != sample->hdmi_connected) {
        count(&machine->words[AT(HDMI_CHANGES)], 1);
    }
    if ((both & BIT(TUNER_LOCKED)) != 0 && (sample->known & BIT(TUNER_UNLOCKS)) == 0 &&
        was_locked && !sample->tuner_locked) {
        count(&machine->words[AT(TUNER_UNLOCKS)], 1);
    }
}

static void sample_counters(tally_machine_t *machine, const tally_device_t *sample) {
    const uint32_t counts[TALLY_MACHINE_COUNTS] = {sample->hdmi_changes, sample->hdcp_failures,
                                                   sample->tuner_unlocks};
    const uint64_t bytes[2] = {sample->net_bytes_received, sample->net_bytes_sent};
    for (uint32_t i = 0; i < TALLY_MACHINE_COUNTS; i++) {
        const uint32_t at = counts_at[i];
        if ((sample->known >> at & 1) != 0) {
            count(&machine->words[at],
                  advance(machine->counts_last[i], counts[i], (sample->wraps >> at & 1) != 0));
            machine->counts_last[i] = counts[i];
        }
    }
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t at = AT(NET_BYTES_RECEIVED) + i;
        if ((sample->known >> at & 1) != 0) {
            sample_bytes(machine, i, bytes[i], (sample->wraps >> at & 1) != 0);
        }
    }
}

/* --- samples -------------------------------------------------------------------------------- */

static void sample_gauges(tally_machine_t *machine, const tally_device_t *sample) {
    const uint32_t words[TALLY_MACHINE_WORDS] = {
        [AT(CPU_LOAD)] = sample->cpu_load_permille,
        [AT(MEMORY_USED)] = sample->memory_used_kib,
        [AT(MEMORY_TOTAL)] = sample->memory_total_kib,
        [AT(STORAGE_USED)] = sample->storage_used_kib,
        [AT(STORAGE_TOTAL)] = sample->storage_total_kib,
        [AT(TEMPERATURE)] = (uint32_t)sample->temperature_millicelsius,
        [AT(WIFI_RSSI)] = (uint32_t)sample->wifi_rssi_dbm,
        [AT(WIFI_BITRATE)] = sample->wifi_bitrate_kbps,
        [AT(HDMI_CONNECTED)] = sample->hdmi_connected,
        [AT(TUNER_SNR)] = (uint32_t)sample->tuner_snr_millidecibel,
        [AT(TUNER_BER)] = sample->tuner_ber_ppb,
        [AT(TUNER_LOCKED)] = sample->tuner_locked,
    };
    const uint64_t gauges = sample->known & ~COUNT_BITS;
    for (uint32_t i = 0; i < TALLY_MACHINE_WORDS; i++) {
        if ((gauges >> i & 1) != 0) {
            machine->words[i] = words[i];
        }
    }
}

int32_t tally_machine_sample(tally_machine_t *machine, const tally_device_t *sample) {
    if (sample == NULL || !is_sound(sample)) {
        return TALLY_E_ARGUMENT;
    }
    count_changes(machine, sample);
    sample_counters(machine, sample);
    sample_gauges(machine, sample);
    machine->known |= (uint32_t)sample->known | NEWS;
    return TALLY_OK;
}

void tally_machine_picture(tally_machine_t *machine, uint64_t since_boot_ms) {
    if ((machine->known & BIT(BOOT_TO_PICTURE)) == 0) {
        machine->picture_ms = since_boot_ms < UINT32_MAX ? (uint32_t)since_boot_ms : UINT32_MAX;
        machine->known |= (uint32_t)BIT(BOOT_TO_PICTURE) | NEWS;
    }
}

bool tally_machine_has_news(const tally_machine_t *machine) {
    return (machine->known & NEWS) != 0;
}

void tally_machine_told(tally_machine_t *machine) {
    machine->known &= ~NEWS;
}

tally_view_t tally_machine_view(const tally_machine_t *machine,
                                tally_value_t out[TALLY_DEVICE_METRICS]) {
    const uint64_t in_kib =
        BIT(MEMORY_USED) | BIT(MEMORY_TOTAL) | BIT(STORAGE_USED) | BIT(STORAGE_TOTAL);
    for (uint32_t i = 0; i < TALLY_MACHINE_WORDS; i++) {
        const uint32_t word = machine->words[i];
        const bool is_signed =
            tally_metric_infos[TALLY_M_DEVICE_FIRST + i].kind == TALLY_KIND_SIGNED;
        out[i].number = is_signed ? (int64_t)(int32_t)word : (int64_t)word;
        out[i].number *= (in_kib >> i & 1) != 0 ? 1024 : 1;
    }
    out[AT(NET_BYTES_RECEIVED)].number = (int64_t)machine->bytes[0];
    out[AT(NET_BYTES_SENT)].number = (int64_t)machine->bytes[1];
    out[AT(BOOT_TO_PICTURE)].number = machine->picture_ms;
    return (tally_view_t){
        .values = out, .present = machine->known & ~NEWS, .group = TALLY_G_DEVICE};
}

#endif
