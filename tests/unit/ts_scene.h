/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_UNIT_TS_SCENE_H
#define TALLY_TESTS_UNIT_TS_SCENE_H
/* A multiplexer with one receiver behind it: counters go on by themselves, time as it is told. */
#include <stdbool.h>

#include "tally/stats.h"

enum {
    PMT = 0x1000,
    VIDEO = 0x100,
    AUDIO = 0x101,
    AVC = 0x1B,
    AAC = 0x0F,
    PROGRAMME = 1,
    SECTION_MOST = 1024,
};

typedef struct {
    tally_ts_t ts;
    uint32_t now_us;
    uint8_t counters[0x2000]; /* of the next packet of each PID */
    bool is_scrambled;        /* so are the packets to come */
} ts_scene_t;

/* A section on its way into packets. */
typedef struct {
    uint8_t bytes[SECTION_MOST];
    uint32_t size;
} section_t;

/* One line of a PAT or PMT. */
typedef struct {
    uint16_t number; /* programme_number or stream_type */
    uint16_t pid;
    uint16_t info; /* bytes of descriptors, in a PMT */
} entry_t;

void scene_begin(ts_scene_t *scene);
void scene_wait_ms(ts_scene_t *scene, uint32_t ms);
uint32_t ts_value(const ts_scene_t *scene, enum tally_metric metric);

/* Any packet, as it is. */
void scene_send(ts_scene_t *scene, const uint8_t *packet);
/* A packet with payload of no interest. */
void scene_payload(ts_scene_t *scene, uint16_t pid);
/* Packets that are lost on the way. */
void scene_lose(ts_scene_t *scene, uint16_t pid, uint32_t packets);
/* A packet that begins a PES packet with a PTS. */
void scene_pts(ts_scene_t *scene, uint16_t pid);
/* A packet with a PCR in 27 MHz and no payload. */
void scene_pcr(ts_scene_t *scene, uint16_t pid, uint64_t pcr, bool announced);

section_t pat_of(const entry_t *entries, uint32_t count);
section_t pmt_of(const entry_t *entries, uint32_t count);
/* Puts the CRC of what stands there behind it, by a computation of its own. */
void seal(section_t *section);
/* A section in as many packets as it needs. */
void scene_section(ts_scene_t *scene, uint16_t pid, const section_t *section);
/* PAT and PMT of one programme with VIDEO and AUDIO. */
void scene_tables(ts_scene_t *scene);

#endif
