/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot is one message, however many streams its session has. */
#include <string.h>

#include "player.h"
#include "test.h"

static player_t player;
static tally_ts_t streams[TALLY_STREAMS];

/* Each as large on the wire as a stream can be. */
static void attach_all(tally_session_id_t film) {
    for (uint32_t i = 0; i < TALLY_STREAMS; i++) {
        tally_ts_init(&streams[i]);
        for (uint32_t word = 0; word < TALLY_TS_METRICS; word++) {
            streams[i].values[word] = UINT32_MAX - 1;
        }
        assert_int_equal(tally_attach_ts(&player.agent, film, &streams[i]), TALLY_OK);
    }
}

static void test_player_leaves_out_and_counts_streams_that_do_not_fit(void **state) {
    (void)state;
    player_begin(&player, 7);
    const tally_session_id_t film = player_play(&player);
    attach_all(film);
    player_forget(&player);
    (void)player_wait(&player, 1000);
    const message_t *const snapshot = player_last(&player, 'h');
    const uint32_t told = message_records(snapshot) - 1;
    const uint32_t stream_bytes = message_record(snapshot, 1).size;
    assert_in_range(told, 1, TALLY_STREAMS - 1);
    assert_in_range(snapshot->bytes, TALLY_MESSAGE_BYTES - stream_bytes + 1, TALLY_MESSAGE_BYTES);
    assert_int_equal(record_number(message_record(player_last(&player, 'a'), 0), "a.av"),
                     TALLY_STREAMS - told);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_player_leaves_out_and_counts_streams_that_do_not_fit),
    };
    return cmocka_run_group_tests_name("player_crowd", tests, NULL, NULL);
}
