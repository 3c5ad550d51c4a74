/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtp_stats CAPTURE PAYLOAD_TYPE=HZ...: gives the RTP of a capture to the agent's statistics and
 * prints them as JSON, the largest jitter on the way beside them. The capture is a pcap file of
 * this machine's byte order with microseconds, of Ethernet, IPv4 and UDP; all of it is one stream.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tally/stats.h"

#define PCAP_MAGIC    UINT32_C(0xA1B2C3D4)
#define ETHERNET_TYPE 1u
#define HEADERS_BYTES (14u + 20u + 8u)

enum { PAYLOAD_TYPES = 128, FRAME_MOST = 65536 };

typedef struct {
    uint32_t seconds;
    uint32_t microseconds;
    uint32_t captured_bytes;
    uint32_t bytes;
} frame_head_t;

static const char *const names[TALLY_METRICS] = {
#define TALLY_GROUP(group, letter, meaning)
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning) [TALLY_M_##symbol] = #symbol,
#define TALLY_GROUP_END(group)
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
};

static uint32_t clock_hz[PAYLOAD_TYPES];
static tally_rtp_t rtp;
static uint32_t jitter_most_us;

static uint32_t value(uint32_t place) {
    return rtp.values[place];
}

static void receive(const uint8_t *datagram, uint32_t bytes, uint32_t arrival_us) {
    tally_rtp_header_t header;
    if (tally_rtp_parse(datagram, bytes, &header) != TALLY_OK) {
        tally_rtp_invalid(&rtp);
        return;
    }
    if (clock_hz[header.payload_type] != 0) {
        (void)tally_rtp_set_clock(&rtp, clock_hz[header.payload_type]);
    }
    const int32_t order = tally_rtp_packet(&rtp, &header, arrival_us);
    if (order == TALLY_RTP_LATE || order == TALLY_RTP_DUPLICATE) {
        tally_rtp_discard(&rtp);
    }
    const uint32_t jitter_us = value(TALLY_M_RTP_JITTER - TALLY_M_RTP_FIRST);
    if (jitter_us != TALLY_NO_VALUE && jitter_us > jitter_most_us) {
        jitter_most_us = jitter_us;
    }
}

static bool read_frames(FILE *file) {
    static uint8_t frame[FRAME_MOST];
    frame_head_t head;
    while (fread(&head, sizeof head, 1, file) == 1) {
        if (head.captured_bytes < HEADERS_BYTES || head.captured_bytes > sizeof frame ||
            fread(frame, head.captured_bytes, 1, file) != 1) {
            return false;
        }
        receive(frame + HEADERS_BYTES, head.captured_bytes - HEADERS_BYTES,
                head.seconds * 1000000u + head.microseconds);
    }
    return feof(file) != 0;
}

static bool read_capture(const char *name) {
    uint32_t head[6];
    FILE *const file = fopen(name, "rb");
    if (file == NULL) {
        return false;
    }
    const bool is_ours =
        fread(head, sizeof head, 1, file) == 1 && head[0] == PCAP_MAGIC && head[5] == ETHERNET_TYPE;
    const bool is_read = is_ours && read_frames(file);
    return fclose(file) == 0 && is_read;
}

static void print_statistics(void) {
    for (uint32_t i = 0; i < TALLY_RTP_METRICS; i++) {
        const char *const name = names[(uint32_t)TALLY_M_RTP_FIRST + i];
        printf("%s\"%s\": ", i == 0 ? "{" : ", ", name);
        if (strcmp(name, "RTP_LOST") == 0) {
            printf("%" PRId32, (int32_t)value(i));
        } else if (value(i) == TALLY_NO_VALUE) {
            printf("null");
        } else {
            printf("%" PRIu32, value(i));
        }
    }
    printf(", \"jitter_most_us\": %" PRIu32 "}\n", jitter_most_us);
}

int main(int argc, char **argv) {
    for (int i = 2; i < argc; i++) {
        char *rate = NULL;
        const unsigned long type = strtoul(argv[i], &rate, 10);
        if (type >= PAYLOAD_TYPES || *rate != '=') {
            return 2;
        }
        clock_hz[type] = (uint32_t)strtoul(rate + 1, NULL, 10);
    }
    if (argc < 2 || tally_rtp_init(&rtp, 90000) != TALLY_OK || !read_capture(argv[1])) {
        fprintf(stderr, "usage: rtp_stats CAPTURE PAYLOAD_TYPE=HZ...\n");
        return 2;
    }
    print_statistics();
    return 0;
}
