/* SPDX-License-Identifier: Apache-2.0 */
#include "machine.h"

#include <stddef.h>
#include <string.h>

#if TALLY_DEVICE

#define AT(metric)  ((uint32_t)TALLY_M_##metric - (uint32_t)TALLY_M_DEVICE_FIRST)
#define BIT(metric) ((uint32_t)TALLY_CAN(DEVICE, metric))

#define NEWS       (UINT32_C(1) << 31)
#define BYTES_MOST (UINT64_C(1) << 53)
#define QUARTER    (UINT32_C(1) << 30) /* of what 32 bits count */

_Static_assert(TALLY_DEVICE_METRICS < 31, "the highest bit of `known` is NEWS");
_Static_assert(AT(NET_BYTES_SENT) == TALLY_MACHINE_WORDS + 1 &&
                   AT(BOOT_TO_PICTURE) == TALLY_MACHINE_WORDS + 2,
               "the rows behind those of one word");

#define COUNT_BITS  (BIT(HDMI_CHANGES) | BIT(HDCP_FAILURES) | BIT(TUNER_UNLOCKS))
#define BYTES_BITS  (BIT(NET_BYTES_RECEIVED) | BIT(NET_BYTES_SENT))
#define SIGNED_BITS (BIT(TEMPERATURE) | BIT(WIFI_RSSI) | BIT(TUNER_SNR))
#define KIB_BITS    (BIT(MEMORY_USED) | BIT(MEMORY_TOTAL) | BIT(STORAGE_USED) | BIT(STORAGE_TOTAL))

/* --- what a sample says --------------------------------------------------------------------- */

/* A sample in the order of the metrics. */
typedef struct {
    uint64_t bytes[2];
    uint32_t words[TALLY_MACHINE_WORDS];
    uint32_t known;
    uint32_t wraps;
} reading_t;

/* Where each word is in what the board tells. */
#define PLACE(metric, member) [AT(metric)] = offsetof(tally_device_t, member)
static const uint8_t places[TALLY_MACHINE_WORDS] = {
    PLACE(CPU_LOAD, cpu_load_permille),      PLACE(MEMORY_USED, memory_used_kib),
    PLACE(MEMORY_TOTAL, memory_total_kib),   PLACE(STORAGE_USED, storage_used_kib),
    PLACE(STORAGE_TOTAL, storage_total_kib), PLACE(TEMPERATURE, temperature_millicelsius),
    PLACE(WIFI_RSSI, wifi_rssi_dbm),         PLACE(WIFI_BITRATE, wifi_bitrate_kbps),
    PLACE(HDMI_CONNECTED, hdmi_connected),   PLACE(HDMI_CHANGES, hdmi_changes),
    PLACE(HDCP_FAILURES, hdcp_failures),     PLACE(TUNER_SNR, tuner_snr_millidecibel),
    PLACE(TUNER_BER, tuner_ber_ppb),         PLACE(TUNER_LOCKED, tuner_locked),
    PLACE(TUNER_UNLOCKS, tuner_unlocks),
};
#undef PLACE

/* The truth values come behind all members of 32 bits. */
static uint32_t word_of(const tally_device_t *sample, uint32_t place) {
    const char *const member = (const char *)sample + place;
    uint32_t word;
    if (place >= offsetof(tally_device_t, hdmi_connected)) {
        return *(const bool *)member;
    }
    memcpy(&word, member, sizeof word);
    return word;
}

static bool has(uint32_t bits, uint32_t at) {
    return (bits >> at & 1) != 0;
}

static bool are_bits_sound(const tally_device_t *sample) {
    const uint64_t may = TALLY_CAN_ALL(DEVICE) & ~TALLY_CAN(DEVICE, BOOT_TO_PICTURE);
    const uint64_t may_wrap = COUNT_BITS | BYTES_BITS;
    return (sample->known & ~may) == 0 && (sample->wraps & ~may_wrap) == 0;
}

/* Words that must be less than INT32_MAX are negative here if they are above it. */
static const struct {
    int32_t least;
    int32_t most;
    uint32_t at;
} ranges[] = {
    {0, 1000, AT(CPU_LOAD)},        {-273150, 1000000, AT(TEMPERATURE)},
    {-200, 100, AT(WIFI_RSSI)},     {-100000, 100000, AT(TUNER_SNR)},
    {0, 1000000000, AT(TUNER_BER)},
};

static bool are_in_range(const reading_t *reading) {
    for (uint32_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        const int32_t value = (int32_t)reading->words[ranges[i].at];
        if (has(reading->known, ranges[i].at) &&
            (value < ranges[i].least || value > ranges[i].most)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t at = AT(NET_BYTES_RECEIVED) + i;
        const uint64_t most = has(reading->wraps, at) ? UINT32_MAX : BYTES_MOST;
        if (has(reading->known, at) && reading->bytes[i] > most) {
            return false;
        }
    }
    return true;
}

/* --- counters ------------------------------------------------------------------------------- */

/* By how much a source has counted on. What wraps is no longer than 32 bits now, see
 * are_in_range(); it may have been before. */
static uint64_t advance(uint64_t last, uint64_t now, bool wraps) {
    if (now >= last) {
        return now - last;
    }
    const bool wrapped =
        wraps && last <= UINT32_MAX && (uint32_t)last >= 3 * QUARTER && (uint32_t)now < QUARTER;
    return wrapped ? (uint32_t)now - (uint32_t)last : now;
}

static void count(uint32_t *total, uint32_t more) {
    const uint32_t sum = *total + more;
    *total = sum >= more ? sum : UINT32_MAX;
}

/* What a state tells of a counter that its board does not have. */
static void count_changes(tally_machine_t *machine, const reading_t *reading) {
    const uint32_t both = machine->known & reading->known;
    const uint32_t *const now = reading->words;
    uint32_t *const words = machine->words;
    if ((both & BIT(HDMI_CONNECTED)) != 0 && (reading->known & BIT(HDMI_CHANGES)) == 0 &&
        words[AT(HDMI_CONNECTED)] != now[AT(HDMI_CONNECTED)]) {
        count(&words[AT(HDMI_CHANGES)], 1);
    }
    if ((both & BIT(TUNER_LOCKED)) != 0 && (reading->known & BIT(TUNER_UNLOCKS)) == 0 &&
        words[AT(TUNER_LOCKED)] > now[AT(TUNER_LOCKED)]) {
        count(&words[AT(TUNER_UNLOCKS)], 1);
    }
}

/* --- samples -------------------------------------------------------------------------------- */

static void take_words(tally_machine_t *machine, const reading_t *reading) {
    uint32_t *last = machine->counts_last;
    for (uint32_t i = 0; i < TALLY_MACHINE_WORDS; i++) {
        const uint32_t now = reading->words[i];
        const bool is_known = has(reading->known, i);
        if (!has(COUNT_BITS, i)) {
            machine->words[i] = is_known ? now : machine->words[i];
            continue;
        }
        if (is_known) {
            count(&machine->words[i], (uint32_t)advance(*last, now, has(reading->wraps, i)));
            *last = now;
        }
        last++;
    }
}

static void take_bytes(tally_machine_t *machine, const reading_t *reading) {
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t at = AT(NET_BYTES_RECEIVED) + i;
        if (has(reading->known, at)) {
            const uint64_t now = reading->bytes[i];
            const uint64_t sum =
                machine->bytes[i] + advance(machine->bytes_last[i], now, has(reading->wraps, at));
            machine->bytes[i] = sum < BYTES_MOST ? sum : BYTES_MOST;
            machine->bytes_last[i] = now;
        }
    }
}

int32_t tally_machine_sample(tally_machine_t *machine, const tally_device_t *sample) {
    if (sample == NULL || !are_bits_sound(sample)) {
        return TALLY_E_ARGUMENT;
    }
    reading_t reading;
    reading.bytes[0] = sample->net_bytes_received;
    reading.bytes[1] = sample->net_bytes_sent;
    reading.known = (uint32_t)sample->known;
    reading.wraps = (uint32_t)sample->wraps;
    for (uint32_t i = 0; i < TALLY_MACHINE_WORDS; i++) {
        reading.words[i] = word_of(sample, places[i]);
    }
    if (!are_in_range(&reading)) {
        return TALLY_E_ARGUMENT;
    }
    count_changes(machine, &reading);
    take_words(machine, &reading);
    take_bytes(machine, &reading);
    machine->known |= reading.known | NEWS;
    return TALLY_OK;
}

void tally_machine_picture(tally_machine_t *machine, uint64_t since_boot_ms) {
    if ((machine->known & BIT(BOOT_TO_PICTURE)) == 0) {
        machine->picture_ms = since_boot_ms < UINT32_MAX ? (uint32_t)since_boot_ms : UINT32_MAX;
        machine->known |= BIT(BOOT_TO_PICTURE) | NEWS;
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
    for (uint32_t i = 0; i < TALLY_MACHINE_WORDS; i++) {
        const uint32_t word = machine->words[i];
        out[i].number = has(SIGNED_BITS, i) ? (int32_t)word
                        : has(KIB_BITS, i)  ? (int64_t)word * 1024
                                            : (int64_t)word;
    }
    out[AT(NET_BYTES_RECEIVED)].number = (int64_t)machine->bytes[0];
    out[AT(NET_BYTES_SENT)].number = (int64_t)machine->bytes[1];
    out[AT(BOOT_TO_PICTURE)].number = machine->picture_ms;
    return (tally_view_t){
        .values = out, .present = machine->known & ~NEWS, .group = TALLY_G_DEVICE};
}

#endif
