/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same story told to one tally and to one that is cut in two: what is reported must be the
 * same, whatever happens in it, and cumulative values even if the daemon is started anew in
 * between.
 */
#include <string.h>

#include "dice.h"
#include "player.h"
#include "test.h"

#ifndef STORIES
#define STORIES 60u
#endif

enum { ACTIONS = 60, FILMS = 4, NUMBERS = 80, BYTES = 96 * 1024 };

/* The last records of each session, by the number it has in the story. */
typedef struct {
    record_t start;
    record_t end;
    record_t stream;
    uint32_t starts;
    uint32_t ends;
    uint32_t events;
} told_t;

static dice_t dice;
static device_t whole;
static device_t tallyd;
static player_t player;
static tally_session_id_t films[FILMS];
static tally_rtp_t rtp[FILMS];
static bool attached[FILMS];
static uint32_t opened;
static told_t by_whole[NUMBERS];
static told_t by_split[NUMBERS];
static uint8_t kept[BYTES]; /* copies of records of daemons that are gone */
static uint32_t kept_bytes;
static message_t waiting[MESSAGES_MOST]; /* what no daemon has answered */
static uint32_t waiting_count;

/* --- the story ------------------------------------------------------------------------------ */

static uint32_t roll(uint32_t sides) {
    return dice_roll(&dice, sides);
}

static void tell(tally_session_id_t film, enum tally_hook hook, int32_t code, int32_t detail) {
    const uint64_t now_ms = player.port.now_ms;
    const uint64_t at_ms = now_ms - (roll(4) == 0 ? roll(2000) : 0);
    const int32_t status = tally_hook_tell_at(&whole.agent, film, hook, code, detail, at_ms);
    assert_int_equal(tally_hook_tell_at(&player.agent, film, hook, code, detail, at_ms), status);
}

static void open_film(uint32_t which) {
    static tally_session_id_t (*const ways[])(tally_t *) = {tally_hook_open, tally_hook_open,
                                                            tally_hook_open_publish};
    const uint32_t way = roll(4);
    if (films[which] != 0 || opened + 2 >= NUMBERS) {
        return;
    }
    films[which] = way < 3 ? ways[way](&whole.agent) : tally_hook_zap(&whole.agent, 0);
    const tally_session_id_t same =
        way < 3 ? ways[way](&player.agent) : tally_hook_zap(&player.agent, 0);
    assert_int_equal(films[which], same);
    opened = films[which];
}

static void detach(uint32_t which) {
    if (attached[which]) {
        assert_int_equal(tally_detach(&whole.agent, &rtp[which]), TALLY_OK);
        assert_int_equal(tally_detach(&player.agent, &rtp[which]), TALLY_OK);
        attached[which] = false;
    }
}

static void close_film(uint32_t which) {
    if (films[which] != 0) {
        detach(which);
        tell(films[which], TALLY_HOOK_CLOSE, (int32_t)roll(TALLY_STOP_PLAYER_DIED + 1), 0);
        films[which] = 0;
    }
}

static void receive(uint32_t which) {
    if (films[which] == 0) {
        return;
    }
    if (!attached[which]) {
        assert_int_equal(tally_rtp_init(&rtp[which], 90000), TALLY_OK);
        assert_int_equal(tally_attach_rtp(&whole.agent, films[which], &rtp[which]), TALLY_OK);
        assert_int_equal(tally_attach_rtp(&player.agent, films[which], &rtp[which]), TALLY_OK);
        attached[which] = true;
    }
    for (uint32_t i = roll(8); i > 0; i--) {
        tally_rtp_invalid(&rtp[which]);
    }
}

static void say_anything(tally_session_id_t film) {
    static const uint32_t codes[] = {0, 1, 2, 5, 50, 800, 2400};
    const enum tally_hook hook = (enum tally_hook)(1 + roll(TALLY_HOOK_SET - 1));
    const int32_t code = (int32_t)codes[roll(sizeof codes / sizeof codes[0])];
    if (hook != TALLY_HOOK_CLOSE) {
        tell(film, hook, code, (int32_t)roll(3));
    }
}

static void play(tally_session_id_t film) {
    tell(film, TALLY_HOOK_PLAY, 0, 0);
    if (roll(3) != 0) {
        tell(film, TALLY_HOOK_FIRST_FRAME, 0, 0);
    }
}

static void set(tally_session_id_t film) {
    static const struct {
        enum tally_metric metric;
        uint32_t most;
    } values[] = {
        {TALLY_M_POSITION, 100000},      {TALLY_M_BUFFER_LENGTH, 30000},
        {TALLY_M_BANDWIDTH, 90000},      {TALLY_M_PLAYBACK_RATE, 2000},
        {TALLY_M_DELIVERY, 9},           {TALLY_M_FULLSCREEN, 1},
        {TALLY_M_DISPLAY_WIDTH, 4000},   {TALLY_M_VOLUME, 100},
        {TALLY_M_MEDIA_DURATION, 90000}, {TALLY_M_DOWNLOAD_ERROR, 1000},
    };
    const uint32_t which = roll(sizeof values / sizeof values[0]);
    const int64_t value = roll(values[which].most + 1);
    (void)tally_hook_set(&whole.agent, film, values[which].metric, value);
    (void)tally_hook_set(&player.agent, film, values[which].metric, value);
    (void)tally_hook_add(&whole.agent, film, TALLY_M_DOWNLOAD_BYTES, value);
    (void)tally_hook_add(&player.agent, film, TALLY_M_DOWNLOAD_BYTES, value);
}

static void name(tally_session_id_t film) {
    static const char *const names[] = {"", "film-42", "\xC3\xA9t\xC3\xA9", "a"};
    const char *const text = names[roll(4)];
    const enum tally_metric metric = (enum tally_metric)(
        TALLY_M_CONTENT_ID + roll(3) * (TALLY_M_CONTENT_TITLE - TALLY_M_CONTENT_ID));
    (void)tally_hook_text(&whole.agent, film, metric, text);
    (void)tally_hook_text(&player.agent, film, metric, text);
}

static void act(void) {
    const uint32_t which = roll(FILMS);
    const tally_session_id_t film = films[which] != 0 ? films[which] : 1 + roll(NUMBERS);
    switch (roll(12)) {
    case 0:
    case 1: open_film(which); break;
    case 2:
    case 3: play(film); break;
    case 4: close_film(which); break;
    case 5: set(film); break;
    case 6: name(film); break;
    case 7: receive(which); break;
    case 8: detach(which); break;
    default: say_anything(film); break;
    }
}

/* --- who is told ---------------------------------------------------------------------------- */

static void deliver(void) {
    if (player.connection != 0) {
        player_deliver(&player, &tallyd);
        return;
    }
    for (uint32_t i = 0; i < player.count; i++) {
        if (player.messages[i].keep == TALLY_KEEP) {
            assert_true(waiting_count < MESSAGES_MOST);
            waiting[waiting_count] = player.messages[i];
            waiting_count++;
        }
    }
    player_forget(&player);
}

/* All three clocks go on, a second at most at a time. */
static void wait(uint32_t ms) {
    for (;;) {
        const uint32_t step_ms = ms < 250 ? ms : 250;
        player.port.now_ms += step_ms;
        whole.port.now_ms = player.port.now_ms;
        tallyd.port.now_ms = player.port.now_ms;
        (void)device_wait(&whole, 0);
        (void)player_wait(&player, 0);
        deliver();
        (void)device_wait(&tallyd, 0);
        ms -= step_ms;
        if (ms == 0) {
            return;
        }
    }
}

static void begin(void) {
    device_boot(&whole);
    device_boot(&tallyd);
    player_begin(&player, (uint32_t)dice_bits(&dice));
    player_connect(&player, &tallyd, 1);
    memset(films, 0, sizeof films);
    memset(attached, 0, sizeof attached);
    memset(by_whole, 0, sizeof by_whole);
    memset(by_split, 0, sizeof by_split);
    opened = 0;
    kept_bytes = 0;
    waiting_count = 0;
}

static void end_story(void) {
    for (uint32_t i = 0; i < FILMS; i++) {
        close_film(i);
    }
    wait(3000);
}

/* --- what they say -------------------------------------------------------------------------- */

/* A copy that stands when the agent it is of is gone. */
static record_t keep(record_t record) {
    uint8_t *const place = kept + kept_bytes;
    assert_true(kept_bytes + record.size <= sizeof kept);
    memcpy(place, record.bytes, record.size);
    kept_bytes += record.size;
    return (record_t){.bytes = place, .size = record.size};
}

/* The number in the story of a session that is 0 to have records of the whole, else of the split.
 */
static uint32_t number_by_id(int64_t id) {
    uint32_t number = 1;
    while (number < NUMBERS && (int64_t)tally_player_session_id(&player.agent, number) != id) {
        number++;
    }
    assert_true(number < NUMBERS);
    return number;
}

/* All records of a device, sorted; those of the daemon have other numbers in each boot. */
static void gather(device_t *device, told_t *told, bool is_split) {
    uint32_t numbers[2 * NUMBERS] = {0};
    records_load(&device->records, &device->agent.spool);
    for (uint32_t i = 0; i < device->records.count; i++) {
        const record_t record = device->records.list[i];
        const char kind = record_kind(record);
        if (strchr("sexr", kind) == NULL) {
            continue;
        }
        uint32_t number = (uint32_t)record_number(record, "s");
        if (is_split) {
            uint32_t *const place = &numbers[number];
            *place = kind == 's' ? number_by_id(record_number(record, "d.sx")) : *place;
            number = *place;
        }
        told_t *const one = &told[number];
        one->start = kind == 's' ? keep(record) : one->start;
        one->end = kind == 'x' ? keep(record) : one->end;
        one->stream = kind == 'r' ? keep(record) : one->stream;
        one->starts += kind == 's' ? 1 : 0;
        one->ends += kind == 'x' ? 1 : 0;
        one->events += kind == 'e' ? 1 : 0;
    }
}

static void expect_group_agrees(record_t one, record_t other, enum tally_group group) {
    const tally_group_info_t *const info = &tally_group_infos[group];
    for (uint32_t metric = info->first; metric < info->end; metric++) {
        const uint32_t letters = tally_cbor_letters(tally_metric_infos[metric].key);
        const char path[] = {info->letter, '.', (char)letters, (char)(letters >> 8), '\0'};
        if (metric != (uint32_t)TALLY_M_SESSION_ID && metric != (uint32_t)TALLY_M_SINCE_HEARTBEAT &&
            !record_agrees(one, other, path)) {
            fail_msg("session %d: %s is another", (int)record_number(one, "s"), path);
        }
    }
}

static void expect_end_agrees(const told_t *one, const told_t *other) {
    static const uint8_t groups[] = {TALLY_G_DIMENSION, TALLY_G_ADS,      TALLY_G_LEVEL,
                                     TALLY_G_MEDIA,     TALLY_G_PLAYBACK, TALLY_G_SINCE};
    assert_int_equal(one->ends, other->ends);
    for (uint32_t i = 0; i < sizeof groups && one->ends > 0; i++) {
        expect_group_agrees(one->end, other->end, (enum tally_group)groups[i]);
    }
}

/* --- tests ---------------------------------------------------------------------------------- */

static void expect_sums_agree(void) {
    const record_t viewing = device_tell_viewing(&whole);
    const record_t split = device_tell_viewing(&tallyd);
    static const char *const paths[] = {"g.ga", "g.gc", "g.ge", "g.gi", "g.gj", "g.gk", "g.gl",
                                        "g.gm", "g.gn", "g.go", "g.gp", "g.gq", "g.gs", "g.gt",
                                        "g.gu", "g.gx", "g.gy", "g.gz", "h"};
    for (uint32_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (!record_agrees(viewing, split, paths[i])) {
            fail_msg("%s is another", paths[i]);
        }
    }
    static const char *const losses[] = {"a.ai", "a.ay", "a.ax", "a.ao", "a.av"};
    for (uint32_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        const record_t self = device_last(&whole, 'a');
        if (!record_agrees(self, device_last(&tallyd, 'a'), losses[i])) {
            fail_msg("%s is another", losses[i]);
        }
    }
}

static void test_split_tells_what_a_whole_tally_tells(void **state) {
    (void)state;
    for (uint32_t story = 0; story < dice_share(STORIES); story++) {
        begin();
        for (uint32_t i = 0; i < ACTIONS; i++) {
            act();
            wait(roll(4) != 0 ? roll(1500) : 0);
        }
        end_story();
        expect_sums_agree();
        gather(&whole, by_whole, false);
        gather(&tallyd, by_split, true);
        for (uint32_t i = 1; i < NUMBERS; i++) {
            const told_t *const one = &by_whole[i];
            const told_t *const other = &by_split[i];
            assert_int_equal(one->starts, other->starts);
            assert_int_equal(one->events, other->events);
            expect_end_agrees(one, other);
            if (one->starts > 0) {
                expect_group_agrees(one->start, other->start, TALLY_G_DIMENSION);
                assert_true(record_agrees(one->start, other->start, "u"));
            }
            if (one->ends > 0) {
                assert_int_equal(record_number(one->end, "u"), record_number(other->end, "u"));
            }
            if (one->stream.size > 0) {
                assert_true(other->stream.size > 0);
                expect_group_agrees(one->stream, other->stream, TALLY_G_RTP);
            }
        }
    }
}

static void lose_daemon(void) {
    gather(&tallyd, by_split, true);
    player.connection = 0;
}

/* What was answered is not sent again, all else is behind the announcement. */
static void find_new_daemon(void) {
    device_prepare(&tallyd);
    tallyd.port.now_ms = player.port.now_ms;
    assert_int_equal(device_init(&tallyd), TALLY_OK);
    player_connect(&player, &tallyd, 1);
    for (uint32_t i = 0; i < waiting_count; i++) {
        assert_int_equal(tally_daemon_take(&tallyd.agent, 1, waiting[i].data, waiting[i].bytes),
                         TALLY_OK);
    }
    waiting_count = 0;
}

static void test_split_tells_whole_values_whenever_the_daemon_is_started_anew(void **state) {
    (void)state;
    for (uint32_t story = 0; story < dice_share(STORIES); story++) {
        begin();
        for (uint32_t i = 0; i < ACTIONS; i++) {
            act();
            wait(roll(4) != 0 ? roll(1500) : 0);
            if (player.connection != 0 && roll(10) == 0) {
                lose_daemon();
            } else if (player.connection == 0 && roll(3) == 0) {
                find_new_daemon();
            }
        }
        end_story();
        if (player.connection == 0) {
            find_new_daemon();
        }
        gather(&whole, by_whole, false);
        gather(&tallyd, by_split, true);
        for (uint32_t i = 1; i < NUMBERS; i++) {
            assert_int_equal(by_whole[i].starts > 0, by_split[i].starts > 0);
            expect_end_agrees(&by_whole[i], &by_split[i]);
        }
    }
}

/* What holds of every end, however it came: the times in all states are the session's age. */
static void expect_times_add_up(record_t end) {
    static const char *const parts[] = {"p.it", "p.jt", "p.pt", "p.pd", "p.sd",
                                        "p.ps", "p.sl", "p.tt", "p.zd", "p.zt"};
    int64_t sum_ms = 0;
    for (uint32_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        sum_ms += record_has(end, parts[i]) ? record_number(end, parts[i]) : 0;
    }
    assert_int_equal(sum_ms, record_has(end, "p.xe") ? record_number(end, "p.xe") : 0);
}

static void test_split_ends_every_session_of_a_player_that_dies(void **state) {
    (void)state;
    for (uint32_t story = 0; story < dice_share(STORIES); story++) {
        begin();
        for (uint32_t i = roll(ACTIONS); i > 0; i--) {
            act();
            wait(roll(4) != 0 ? roll(1500) : 0);
        }
        player_leave(&player, &tallyd);
        assert_int_equal(tally_sessions(&tallyd.agent, NULL, 0), 0);
        gather(&tallyd, by_split, true);
        for (uint32_t i = 1; i < NUMBERS; i++) {
            const told_t *const one = &by_split[i];
            assert_int_equal(one->starts, one->ends);
            if (one->ends > 0) {
                const bool exited = record_has(one->end, "p.pa") && !record_has(one->end, "p.fp") &&
                                    record_number(one->end, "p.se") != TALLY_STATE_FAILED &&
                                    !record_has(one->end, "p.en");
                assert_true(record_has(one->end, "p.sr"));
                assert_int_equal(record_has(one->end, "p.xs"), exited);
                expect_times_add_up(one->end);
            }
        }
    }
}

static int set_up(void **state) {
    (void)state;
    dice = dice_from_environment();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_split_tells_what_a_whole_tally_tells, set_up),
        cmocka_unit_test_setup(test_split_tells_whole_values_whenever_the_daemon_is_started_anew,
                               set_up),
        cmocka_unit_test_setup(test_split_ends_every_session_of_a_player_that_dies, set_up),
    };
    return cmocka_run_group_tests_name("split", tests, NULL, NULL);
}
