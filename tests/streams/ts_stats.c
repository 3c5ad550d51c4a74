/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ts_stats FILE PACKET_BYTES BITS_PER_SECOND: plays a file of transport packets to the agent, one
 * at a time and at an even pace (of their 188 bytes), and prints what was counted as JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tally/stats.h"

#define PACKET_MOST 204u

static const char *const names[TALLY_METRICS] = {
#define TALLY_GROUP(group, letter, meaning)
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning) #symbol,
#define TALLY_GROUP_END(group)
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
};

static void print(const tally_ts_t *ts) {
    for (uint32_t i = 0; i < TALLY_TS_METRICS; i++) {
        const char *const name = names[TALLY_M_TS_FIRST + i];
        printf("%s\"%s\": ", i == 0 ? "{" : ", ", name);
        if (ts->values[i] == TALLY_NO_VALUE) {
            printf("null");
        } else {
            printf("%" PRIu32, ts->values[i]);
        }
    }
    printf("}\n");
}

static void play(FILE *file, tally_ts_t *ts, uint32_t packet_bytes, uint64_t bits_per_second) {
    uint8_t packet[PACKET_MOST];
    for (uint64_t i = 0; fread(packet, packet_bytes, 1, file) == 1; i++) {
        const uint64_t now_us = i * TALLY_TS_BYTES * 8 * 1000000 / bits_per_second;
        (void)tally_ts_packets(ts, packet, packet_bytes, (uint32_t)now_us);
    }
}

int main(int argc, char **argv) {
    tally_ts_t ts;
    if (argc != 4) {
        return 2;
    }
    const uint32_t packet_bytes = (uint32_t)strtoul(argv[2], NULL, 10);
    const uint64_t bits_per_second = strtoull(argv[3], NULL, 10);
    FILE *const file = fopen(argv[1], "rb");
    if (file == NULL || bits_per_second == 0 ||
        tally_ts_init_sized(&ts, packet_bytes) != TALLY_OK) {
        return 2;
    }
    play(file, &ts, packet_bytes, bits_per_second);
    (void)fclose(file);
    print(&ts);
    return 0;
}
