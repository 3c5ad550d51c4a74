/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_STATS_H
#define TALLY_STATS_H
/*
 * Per-packet statistics, updated in place. The player owns each stream struct and is its only
 * writer; the agent takes consistent snapshots from its own task (see tally_attach_rtp in hook.h).
 * No call here blocks, allocates or reads a clock; all may run in an ISR if no other context
 * writes the same struct.
 *
 * Counters are 32 bits in the stream and wrap; the agent extends them to 64. It does so whenever
 * tally_step() runs, so no counter may advance by 2^32 between two steps.
 *
 * Every stream struct begins with what the agent reads: `version`, odd while its writer is in the
 * middle of an update, and `values`, in the order of the stream's group in metrics.def. A gauge
 * without a value yet holds TALLY_NO_VALUE, a signed metric TALLY_NO_SIGNED.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/metrics.h"
#include "tally/status.h"

#define TALLY_NO_VALUE  UINT32_MAX
#define TALLY_NO_SIGNED (UINT32_C(1) << 31)

#ifdef __cplusplus
extern "C" {
#endif

/* --- RTP (RFC 3550) ------------------------------------------------------------------------- */

typedef struct {
    /* read by the agent */
    uint32_t version;
    uint32_t values[TALLY_RTP_METRICS];
    /* the writer's own; Thumb's short loads reach the first 32 words of a struct */
    uint32_t next;       /* sequence number after the highest; bit 16: it needs a second look */
    uint32_t ssrc;       /* of the source that is believed; before, of the latest packet */
    uint32_t trial_ssrc; /* a source not believed yet, or a restart of the one that is */
    uint32_t jitter_q4_us;
    uint32_t us_per_tick_q22; /* microseconds of one RTP timestamp tick, times 2^22 */
    uint32_t first;           /* packets expected before this source */
    uint32_t run;             /* packets lost in a row up to last_lost; 0: none was lost so far */
    uint32_t last_lost;       /* number of the last packet lost, after and before correction */
    uint64_t missing; /* bit n: the nth before the highest neither came nor was recovered yet */
    uint64_t missing_before; /* the same had nothing been recovered */
    uint32_t last_lost_before;
    uint32_t arrival_us; /* of the packet before */
    uint32_t timestamp;  /* of the packet before */
    uint32_t trial_arrival_us;
    uint32_t trial_timestamp;
    uint16_t trial_next; /* sequence number that follows it */
    uint16_t severe_length;
    uint16_t severe_distance;
    uint8_t trial_packets; /* in sequence so far; 0: nobody is on trial */
    bool trial_has_previous;
    bool has_previous; /* arrival_us and timestamp are of this source and clock rate */
    bool is_believed;
    bool in_burst; /* the last packet lost was in a burst */
} tally_rtp_t;

typedef struct {
    uint32_t timestamp;
    uint32_t ssrc;
    uint16_t sequence;
    uint8_t payload_type;
    bool marker;
    const uint8_t *payload; /* inside the datagram */
    uint32_t payload_bytes;
} tally_rtp_header_t;

/* How a packet stands in its stream. */
enum tally_rtp_order {
    TALLY_RTP_NEXT = 0,      /* above all before it: play it */
    TALLY_RTP_LATE = 1,      /* below the highest, not seen before */
    TALLY_RTP_DUPLICATE = 2, /* seen before */
    TALLY_RTP_UNSURE = 3,    /* from a source or place not believed yet (A.1); play it if it is the
                                stream's first, its statistics follow once it is believed */
};

/* Empties the stream. `clock_rate_hz`: of the payload's timestamps, 1,000 to 1,000,000 (90,000 for
 * MPEG-TS and video, RFC 3551). TALLY_E_ARGUMENT outside. */
int32_t tally_rtp_init(tally_rtp_t *rtp, uint32_t clock_rate_hz);

/* Reads a datagram of any content. 0 and a filled `out`, or TALLY_E_CORRUPT: not version 2, or
 * cut short in header, CSRC list, extension or padding (RFC 3550 5.1). */
int32_t tally_rtp_parse(const uint8_t *datagram, uint32_t bytes, tally_rtp_header_t *out);

/* Another payload type has another clock: jitter begins anew, all else goes on. No effect if it is
 * the rate it had. TALLY_E_ARGUMENT as at init. */
int32_t tally_rtp_set_clock(tally_rtp_t *rtp, uint32_t clock_rate_hz);

/* What counts as severe (TR-135): a loss event of at least `length` packets (SevereLossMinLength, 5
 * after init), one with fewer than `distance` packets received since the one before
 * (SevereLossMinDistance, 100 after init). To be said between init and the first packet. */
void tally_rtp_set_severe(tally_rtp_t *rtp, uint16_t length, uint16_t distance);

/*
 * Counts one packet: sequence and probation by A.1, loss by A.3, jitter by A.8. `arrival_us` may
 * wrap. Returns enum tally_rtp_order. A packet that is not played after all (late, duplicate, no
 * room) is to be told with tally_rtp_discard().
 *
 * Another SSRC, or a jump of the sequence, is believed once two of its packets come one after the
 * other with none of the believed source in between; both are counted then.
 *
 * A packet is late, not lost, as long as it comes within 64 packets: loss events and bursts are
 * counted when a hole falls further behind than that, or when another source follows. Until then
 * it is in rtp_lost and in no loss event; nor are the last holes of a stream that ends.
 */
int32_t tally_rtp_packet(tally_rtp_t *rtp, const tally_rtp_header_t *header, uint32_t arrival_us);

/*
 * A packet that error correction or retransmission brought back counts as received, late, without a
 * say in jitter or order; it is not to be told with tally_rtp_packet() too. Returns TALLY_RTP_LATE,
 * TALLY_RTP_NEXT if it is above all before it, and without counting it TALLY_RTP_DUPLICATE if it
 * had come and TALLY_RTP_UNSURE if the source does not know it. Further than 64 packets behind, the
 * caller is believed, and the loss event stays counted.
 */
int32_t tally_rtp_recovered(tally_rtp_t *rtp, uint16_t sequence);

/* Counts a packet that was received and not played. */
void tally_rtp_discard(tally_rtp_t *rtp);

/* Counts a datagram that tally_rtp_parse() refused. */
void tally_rtp_invalid(tally_rtp_t *rtp);

/* --- MPEG transport stream (ISO/IEC 13818-1, ETSI TR 101 290) ------------------------------- */

#define TALLY_TS_BYTES      188u
#define TALLY_TS_PIDS       16u /* PAT and CAT included */
#define TALLY_TS_PROGRAMMES 4u
#define TALLY_TS_CLOCKS     4u

/* One PID. Times are of a clock of 16 bits, see now_ms. */
typedef struct {
    uint16_t pid;
    uint16_t seen_ms; /* its last packet, or section if it has a table */
    uint16_t pts_ms;  /* its last PTS */
    uint8_t next;     /* fourth byte of a packet that simply follows; 0: none came yet */
    uint8_t kind;
    uint8_t flags; /* bits 0 to 4: the tables that list it; bit 7: pts_ms holds */
    uint8_t told;  /* what the section that is being read says of it */
} tally_ts_pid_t;

/* A section on its way in: nothing of it is kept but its CRC and its last four bytes. */
typedef struct {
    uint32_t crc;
    uint32_t word;
    uint16_t left; /* bytes to its end */
    uint16_t due;  /* bytes to the end of the field that is looked at next */
    uint16_t programme;
    uint8_t stage;
} tally_ts_table_t;

/* The last PCR of one PID. */
typedef struct {
    uint32_t arrival_us;
    uint32_t pcr;   /* 27 MHz; the lower 32 of its bits, which repeat after 159 s */
    uint8_t row;    /* of the PID; 0: none */
    bool announced; /* a discontinuity before the next PCR */
} tally_ts_clock_t;

/* What is measured over one second. */
typedef struct {
    uint32_t fill_least_us; /* of the virtual buffer (RFC 4445 3.2); these four are signed, */
    uint32_t fill_most_us;  /* in two's complement */
    uint32_t transit_least_us;
    uint32_t transit_most_us;
    uint32_t transit_us;    /* arrival less PCR, from the second's begin */
    uint32_t clock_us;      /* media time that passed, by PCR, */
    uint32_t clock_packets; /* and the packets in it */
    uint32_t lost;
    bool is_scrambled; /* there were scrambled packets */
} tally_ts_second_t;

typedef struct {
    /* read by the agent */
    uint32_t version;
    uint32_t values[TALLY_TS_METRICS];
    /* the writer's own */
    tally_ts_pid_t rows[TALLY_TS_PIDS];
    tally_ts_table_t tables[TALLY_TS_PROGRAMMES + 2];
    tally_ts_clock_t clocks[TALLY_TS_CLOCKS];
    tally_ts_second_t second;
    uint32_t second_us;      /* when the second at hand began */
    uint32_t second_packets; /* TS_PACKETS then */
    uint32_t packet_us_q10;  /* media time of a packet in the second before; 0: unknown */
    uint32_t pcr_packets;    /* TS_PACKETS at the last PCR of the master */
    uint32_t pat_crc;
    uint32_t now_us; /* arrival of the packets at hand */
    uint32_t ms_us;  /* the arrival that now_ms stands for */
    uint16_t now_ms;
    uint16_t scanned_ms;
    uint8_t clock_rest; /* of 27 MHz ticks, below the microsecond */
    uint8_t master;     /* the clock that jitter and rate are of; TALLY_TS_CLOCKS: none */
    uint8_t programmes; /* bit n: tables[n] is in use */
    uint8_t packet_bytes;
    uint8_t count;  /* of rows */
    uint8_t recent; /* the row before */
    uint8_t
        doubt; /* of the sync: 0 none, 1 a wrong byte, 2 + right ones in a row since it was lost */
    bool has_begun;
    bool has_cat;
} tally_ts_t;

/* Empties the stream, which is presumed in sync. */
void tally_ts_init(tally_ts_t *ts);

/* The same for packets of 188 bytes, 192 (M2TS: 4 bytes of time stamp before each) or 204 (16 bytes
 * of parity behind each). TALLY_E_ARGUMENT for any other size. */
int32_t tally_ts_init_sized(tally_ts_t *ts, uint32_t packet_bytes);

/* Counts the packets of one datagram or read: whole packets from its first byte on; a remainder
 * counts as one wrong sync byte. Sync is lost after 2 wrong sync bytes in a row and regained after
 * 5 right ones (TR 101 290 1.1). `arrival_us` may wrap; whatever is measured against time is
 * noticed when packets come. Returns how many packets were in sync. */
int32_t tally_ts_packets(tally_ts_t *ts, const uint8_t *data, uint32_t bytes, uint32_t arrival_us);

/* --- frames of a video ---------------------------------------------------------------------- */

#define TALLY_FRAME_TIMES 32u

enum tally_buffer {
    TALLY_BUFFER_DECODER = 0,  /* the decoder's own */
    TALLY_BUFFER_DEJITTER = 1, /* between network and decoder */
};
#define TALLY_BUFFERS 2u

/* What counts as empty and as full is the player's threshold (TR-135 DejitteringStats). */
enum tally_buffer_state {
    TALLY_BUFFER_EMPTY = 0, /* nothing is left to play */
    TALLY_BUFFER_FILLED = 1,
    TALLY_BUFFER_FULL = 2, /* what comes now has no room */
};

typedef struct {
    uint32_t since_us; /* accounted up to here */
    uint16_t rest_us;  /* of the empty time, below the millisecond */
    uint8_t state;     /* enum tally_buffer_state */
    bool was_filled;
    bool in_underrun; /* counted, and its time runs */
} tally_buffer_t;

typedef struct {
    /* read by the agent */
    uint32_t version;
    uint32_t values[TALLY_FRAMES_METRICS];
    /* the writer's own */
    uint32_t times_us[TALLY_FRAME_TIMES]; /* when the last frames were rendered */
    uint32_t shown;          /* frames rendered since the average began; the next one's place */
    uint32_t freeze_rest_us; /* of freezes, below the millisecond */
    uint64_t total_rendered; /* as the source told them last */
    uint64_t total_dropped;
    tally_buffer_t buffers[TALLY_BUFFERS];
    bool is_held;
    bool has_totals;
} tally_frames_t;

/*
 * One struct for each source of frames, with one writer: calls from several threads are the
 * player's to serialise. A player calls what its decoder and sink can tell and declares just that
 * in its capabilities: a counter it does not declare was not measured, which 0 would not say.
 */
void tally_frames_init(tally_frames_t *frames);

void tally_frames_received(tally_frames_t *frames, uint32_t count);
void tally_frames_decoded(tally_frames_t *frames, bool is_key);
void tally_frames_dropped(tally_frames_t *frames, uint32_t count);
void tally_frames_corrupted(tally_frames_t *frames, uint32_t count);
void tally_frames_lost(tally_frames_t *frames, uint32_t count);
void tally_frames_concealed(tally_frames_t *frames, uint32_t count);

/* The size of the frames decoded from now on. */
void tally_frames_size(tally_frames_t *frames, uint16_t width, uint16_t height);

/* Audio and video were resynchronised; how late the video is against the audio, negative if it is
 * early, at each comparison. It is taken as +-12 days at most. */
void tally_frames_av_resync(tally_frames_t *frames);
void tally_frames_av_offset(tally_frames_t *frames, int32_t offset_ms);

/* A buffer is in this state since `time_us`, which may wrap. Empty is an underrun, and time runs,
 * until it is told otherwise; full is an overrun. A buffer that was never filled has no underrun.
 * The same state again brings the time up to date and is due at least each half hour of an
 * underrun. TALLY_E_ARGUMENT for a buffer or state that is none. */
int32_t tally_frames_buffer(tally_frames_t *frames, enum tally_buffer which,
                            enum tally_buffer_state state, uint32_t time_us);

/* A frame is on screen since `time_us`, which may wrap. The gap since the one before is a freeze if
 * it is at least max(3 x average, average + 150 ms) of the last 30 gaps before it (W3C
 * webrtc-stats), or of those there are, 4 at least. Time that goes back begins a new average. */
void tally_frames_rendered(tally_frames_t *frames, uint32_t time_us);

/* From the begin to the end of a seek, a flush, a pause or preroll; `time_us` is that of the other
 * calls. While held nothing counts as dropped, no gap as a freeze, no buffer as empty or full; the
 * average begins anew afterwards. An underrun that was going on and lasts goes on afterwards, its
 * count the same; a buffer that has become empty and still is begins one then. */
void tally_frames_hold(tally_frames_t *frames, bool on, uint32_t time_us);

/* For a sink that tells totals only, in place of rendered() and dropped(). The first call and those
 * while held set the baseline that the next ones count from. A total below its last one has
 * restarted (GStreamer's do when a sink leaves PLAYING) and is its new baseline. */
void tally_frames_totals(tally_frames_t *frames, uint64_t rendered, uint64_t dropped);

#ifdef __cplusplus
}
#endif

#endif
