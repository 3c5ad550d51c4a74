/* SPDX-License-Identifier: Apache-2.0 */
#include "demux.h"

#include <stddef.h>

#define SYNC_BYTE    0x47u
#define HEADER_BYTES 4u

#define PAT_PID     0u
#define PAT_TABLE   0u
#define PMT_TABLE   2u
#define LOWEST_PID  0x10u /* below it: reserved for tables */
#define ENTRY_PAT   4u
#define ENTRY_PMT   5u
#define SECTION_MAX 1021u /* section_length of PAT and PMT, 2.4.4.4 and 2.4.4.9 */
#define CRC_BYTES   4u
#define TABLE_HEAD  8u /* from table_id to last_section_number */

#define STREAM_MPEG1 0x01u
#define STREAM_MPEG2 0x02u
#define STREAM_H264  0x1Bu
#define STREAM_HEVC  0x24u

#define NAL_IDR 5u /* coded slice of an IDR picture, ITU-T H.264 table 7-1 */

/* A run of bytes inside the packet. */
typedef struct {
    const uint8_t *data;
    uint32_t bytes;
} span_t;

static uint32_t u16(const uint8_t *data) {
    return (uint32_t)data[0] << 8 | data[1];
}

static uint16_t pid_at(const uint8_t *data) {
    return (uint16_t)(u16(data) & 0x1FFFu);
}

static uint32_t length12_at(const uint8_t *data) {
    return u16(data) & 0xFFFu;
}

void demux_init(demux_t *demux) {
    *demux = (demux_t){
        .scan = UINT32_MAX,
        .pmt_pid = DEMUX_NO_PID,
        .pcr_pid = DEMUX_NO_PID,
        .video_pid = DEMUX_NO_PID,
    };
}

/* The section that begins in a payload, without its CRC and as far as the packet has it. `data` is
 * NULL if it is another table, not in force yet, or refused. */
static span_t section_in(demux_t *demux, span_t payload, uint8_t table) {
    const span_t none = {NULL, 0};
    if (payload.bytes == 0 || payload.data[0] >= payload.bytes - 1) {
        demux->tables_refused++; /* the pointer field leads out of the packet */
        return none;
    }
    const uint32_t start = 1u + payload.data[0];
    span_t section = {payload.data + start, payload.bytes - start};
    if (section.data[0] != table) {
        return none;
    }
    if (section.bytes < TABLE_HEAD) {
        demux->tables_refused++;
        return none;
    }
    const uint32_t length = length12_at(section.data + 1);
    if (length > SECTION_MAX || 3 + length < TABLE_HEAD + CRC_BYTES) {
        demux->tables_refused++;
        return none;
    }
    const bool in_force = (section.data[5] & 1u) != 0;
    if (!in_force) {
        return none;
    }
    const uint32_t end = 3 + length - CRC_BYTES;
    section.bytes = end < section.bytes ? end : section.bytes;
    return section;
}

static void select_program(demux_t *demux, uint16_t program, uint16_t pmt_pid) {
    if (program != demux->program || pmt_pid != demux->pmt_pid) {
        demux->program = program;
        demux->pmt_pid = pmt_pid;
        demux->pcr_pid = DEMUX_NO_PID;
        demux->video_pid = DEMUX_NO_PID;
    }
}

static void read_pat(demux_t *demux, span_t payload) {
    const span_t section = section_in(demux, payload, PAT_TABLE);
    for (uint32_t at = TABLE_HEAD; at + ENTRY_PAT <= section.bytes; at += ENTRY_PAT) {
        const uint16_t program = (uint16_t)u16(section.data + at);
        const uint16_t pid = pid_at(section.data + at + 2);
        const bool is_network_table = program == 0;
        if (!is_network_table && pid >= LOWEST_PID && pid != DEMUX_NO_PID) {
            select_program(demux, program, pid);
            return;
        }
    }
}

static bool is_video(uint8_t type) {
    return type == STREAM_MPEG1 || type == STREAM_MPEG2 || type == STREAM_H264 ||
           type == STREAM_HEVC;
}

static void read_pmt(demux_t *demux, span_t payload) {
    const span_t section = section_in(demux, payload, PMT_TABLE);
    if (section.data == NULL || u16(section.data + 3) != demux->program) {
        return;
    }
    if (section.bytes < TABLE_HEAD + 4) {
        demux->tables_refused++;
        return;
    }
    demux->pcr_pid = pid_at(section.data + TABLE_HEAD);
    uint32_t at = TABLE_HEAD + 4 + length12_at(section.data + TABLE_HEAD + 2);
    while (at + ENTRY_PMT <= section.bytes) {
        const uint8_t *entry = section.data + at;
        if (is_video(entry[0])) {
            demux->video_type = entry[0];
            demux->video_pid = pid_at(entry + 1);
            return;
        }
        at += ENTRY_PMT + length12_at(entry + 3);
    }
}

/* Reads the adaptation field, whose `field.data` begins behind its length byte. */
static uint32_t read_adaptation(demux_t *demux, uint16_t pid, span_t field) {
    uint32_t found = 0;
    if (field.bytes == 0) {
        return found;
    }
    const bool has_pcr = (field.data[0] & 0x10u) != 0;
    if (has_pcr && pid == demux->pcr_pid && field.bytes >= 7) {
        const uint8_t *pcr = field.data + 1;
        demux->clock = (uint64_t)u16(pcr) << 17 | (uint64_t)u16(pcr + 2) << 1 | pcr[4] >> 7;
        found |= DEMUX_CLOCK;
    }
    const bool random_access = (field.data[0] & 0x40u) != 0;
    if (random_access && pid == demux->video_pid) {
        found |= DEMUX_PICTURE;
    }
    return found;
}

/* Looks for the start code of an IDR picture; it may lie across packets. */
static uint32_t scan_video(demux_t *demux, span_t payload) {
    for (uint32_t i = 0; i < payload.bytes; i++) {
        demux->scan = demux->scan << 8 | payload.data[i];
        const uint32_t nal_type = demux->scan & 0x1Fu;
        if (demux->scan >> 8 == 1 && nal_type == NAL_IDR) {
            return DEMUX_PICTURE;
        }
    }
    return 0;
}

static uint32_t read_payload(demux_t *demux, uint16_t pid, bool unit_start, span_t payload) {
    if (pid == PAT_PID && unit_start) {
        read_pat(demux, payload);
    } else if (pid == demux->pmt_pid && unit_start) {
        read_pmt(demux, payload);
    } else if (pid == demux->video_pid && demux->video_type == STREAM_H264 &&
               !demux->picture_found) {
        return scan_video(demux, payload);
    }
    return 0;
}

uint32_t demux_packet(demux_t *demux, const uint8_t *packet) {
    const bool transport_error = (packet[1] & 0x80u) != 0;
    const bool unit_start = (packet[1] & 0x40u) != 0;
    const bool scrambled = (packet[3] & 0xC0u) != 0;
    const bool has_adaptation = (packet[3] & 0x20u) != 0;
    const bool has_payload = (packet[3] & 0x10u) != 0;
    const uint16_t pid = pid_at(packet + 1);
    if (packet[0] != SYNC_BYTE || transport_error || pid == DEMUX_NO_PID) {
        return 0;
    }
    uint32_t found = 0;
    uint32_t at = HEADER_BYTES;
    if (has_adaptation) {
        const uint32_t length = packet[at++];
        if (length > DEMUX_PACKET_BYTES - at) {
            return 0;
        }
        found |= read_adaptation(demux, pid, (span_t){packet + at, length});
        at += length;
    }
    if (has_payload && !scrambled) {
        const span_t payload = {packet + at, DEMUX_PACKET_BYTES - at};
        found |= read_payload(demux, pid, unit_start, payload);
    }
    demux->picture_found = demux->picture_found || (found & DEMUX_PICTURE) != 0;
    return found;
}
