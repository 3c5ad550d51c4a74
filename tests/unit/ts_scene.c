/* SPDX-License-Identifier: Apache-2.0 */
#include "ts_scene.h"

#include <string.h>

enum { PAYLOAD = 0x10, ADAPTATION = 0x20, SCRAMBLED = 0x80, UNIT_START = 0x40, HEADER = 4 };

void scene_begin(ts_scene_t *scene) {
    memset(scene, 0, sizeof *scene);
    tally_ts_init(&scene->ts);
}

void scene_wait_ms(ts_scene_t *scene, uint32_t ms) {
    scene->now_us += ms * 1000;
}

uint32_t ts_value(const ts_scene_t *scene, enum tally_metric metric) {
    return scene->ts.values[(uint32_t)metric - (uint32_t)TALLY_M_TS_FIRST];
}

void scene_send(ts_scene_t *scene, const uint8_t *packet) {
    (void)tally_ts_packets(&scene->ts, packet, TALLY_TS_BYTES, scene->now_us);
}

/* The header of the next packet of a PID, and stuffing. */
static void next_packet(ts_scene_t *scene, uint16_t pid, uint8_t control, uint8_t *packet) {
    memset(packet, 0xFF, TALLY_TS_BYTES);
    packet[0] = 0x47;
    packet[1] = (uint8_t)(pid >> 8);
    packet[2] = (uint8_t)pid;
    if ((control & PAYLOAD) != 0) {
        scene->counters[pid] = (scene->counters[pid] + 1) & 0x0F;
    }
    packet[3] = (uint8_t)(control | scene->counters[pid] | (scene->is_scrambled ? SCRAMBLED : 0));
}

void scene_payload(ts_scene_t *scene, uint16_t pid) {
    uint8_t packet[TALLY_TS_BYTES];
    next_packet(scene, pid, PAYLOAD, packet);
    scene_send(scene, packet);
}

void scene_lose(ts_scene_t *scene, uint16_t pid, uint32_t packets) {
    scene->counters[pid] = (scene->counters[pid] + packets) & 0x0F;
}

void scene_pts(ts_scene_t *scene, uint16_t pid) {
    static const uint8_t pes[] = {0, 0, 1, 0xE0, 0, 0, 0x80, 0x80, 5};
    uint8_t packet[TALLY_TS_BYTES];
    next_packet(scene, pid, PAYLOAD, packet);
    packet[1] |= UNIT_START;
    memcpy(packet + HEADER, pes, sizeof pes);
    scene_send(scene, packet);
}

void scene_pcr(ts_scene_t *scene, uint16_t pid, uint64_t pcr, bool announced) {
    const uint64_t base = pcr / 300;
    const uint32_t extension = (uint32_t)(pcr % 300);
    uint8_t packet[TALLY_TS_BYTES];
    next_packet(scene, pid, ADAPTATION, packet);
    packet[4] = TALLY_TS_BYTES - 5;
    packet[5] = announced ? 0x90 : 0x10;
    packet[6] = (uint8_t)(base >> 25);
    packet[7] = (uint8_t)(base >> 17);
    packet[8] = (uint8_t)(base >> 9);
    packet[9] = (uint8_t)(base >> 1);
    packet[10] = (uint8_t)((base & 1) << 7 | 0x7E | extension >> 8);
    packet[11] = (uint8_t)extension;
    scene_send(scene, packet);
}

static void put(section_t *section, uint32_t number, uint32_t bytes) {
    for (uint32_t i = bytes; i > 0; i--) {
        section->bytes[section->size] = (uint8_t)(number >> 8 * (i - 1));
        section->size++;
    }
}

/* Bit by bit, as ISO/IEC 13818-1 annex A draws it. */
void seal(section_t *section) {
    uint32_t crc = UINT32_MAX;
    section->bytes[1] = (uint8_t)(0xB0 | (section->size + 1) >> 8);
    section->bytes[2] = (uint8_t)(section->size + 1);
    for (uint32_t bit = 0; bit < section->size * 8; bit++) {
        const uint32_t in = (uint32_t)section->bytes[bit / 8] >> (7 - bit % 8) & 1u;
        const bool feeds = (crc >> 31) != in;
        crc = crc << 1 ^ (feeds ? 0x04C11DB7u : 0);
    }
    put(section, crc, 4);
}

static section_t section_of(uint32_t table_id, uint32_t extension) {
    section_t section = {.size = 0};
    put(&section, table_id << 16, 3);
    put(&section, extension, 2);
    put(&section, 0xC10000, 3); /* in force, the first of one */
    return section;
}

section_t pat_of(const entry_t *entries, uint32_t count) {
    section_t pat = section_of(0, 7);
    for (uint32_t i = 0; i < count; i++) {
        put(&pat, entries[i].number, 2);
        put(&pat, 0xE000u | entries[i].pid, 2);
    }
    seal(&pat);
    return pat;
}

section_t pmt_of(const entry_t *entries, uint32_t count) {
    section_t pmt = section_of(2, PROGRAMME);
    put(&pmt, 0xE000u | VIDEO, 2);
    put(&pmt, 0xF003, 2); /* a descriptor of three bytes that looks like a stream */
    put(&pmt, 0x1BE123, 3);
    for (uint32_t i = 0; i < count; i++) {
        put(&pmt, entries[i].number, 1);
        put(&pmt, 0xE000u | entries[i].pid, 2);
        put(&pmt, 0xF000u | entries[i].info, 2);
        for (uint32_t j = 0; j < entries[i].info; j++) {
            put(&pmt, 0x1B, 1);
        }
    }
    seal(&pmt);
    return pmt;
}

void scene_section(ts_scene_t *scene, uint16_t pid, const section_t *section) {
    for (uint32_t at = 0; at < section->size;) {
        uint8_t packet[TALLY_TS_BYTES];
        const uint32_t before = at == 0 ? HEADER + 1 : HEADER;
        const uint32_t room = TALLY_TS_BYTES - before;
        const uint32_t bytes = section->size - at < room ? section->size - at : room;
        next_packet(scene, pid, PAYLOAD, packet);
        if (at == 0) {
            packet[1] |= UNIT_START;
            packet[HEADER] = 0; /* pointer_field */
        }
        memcpy(packet + before, section->bytes + at, bytes);
        scene_send(scene, packet);
        at += bytes;
    }
}

void scene_tables(ts_scene_t *scene) {
    const section_t pat = pat_of((const entry_t[]){{PROGRAMME, PMT, 0}}, 1);
    const section_t pmt = pmt_of((const entry_t[]){{AVC, VIDEO, 0}, {AAC, AUDIO, 6}}, 2);
    scene_section(scene, 0, &pat);
    scene_section(scene, PMT, &pmt);
}
