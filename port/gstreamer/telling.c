/* SPDX-License-Identifier: Apache-2.0 */
/* What the judge says, told to tally. */
#include "player_inside.h"

static void open_session(void *ctx, enum tally_session_kind kind, uint64_t at_ms) {
    player_t *const player = ctx;
    player->session = tally_hook_open_at(watcher_tally(), kind, at_ms);
    player->has_begun = false;
    player_hold(player);
    polling_begin(player);
    player_let_go(player);
}

/* Values, other than texts, are of the moment when they are told, and nothing can be told of before
 * them: so they come once there is nothing more to say of what led to the session. */
void telling_begin(player_t *player) {
    if (player->session == 0 || player->has_begun) {
        return;
    }
    player->has_begun = true;
    player_hold(player);
    parts_begin(player);
    player_let_go(player);
}

static void tell(void *ctx, enum tally_hook hook, int32_t code, int32_t detail, uint64_t at_ms) {
    const player_t *const player = ctx;
    if (player->session == 0) {
        return;
    }
    (void)tally_hook_tell_at(watcher_tally(), player->session, hook, code, detail, at_ms);
    if ((hook == TALLY_HOOK_ERROR || hook == TALLY_HOOK_FATAL) && player->fact != NULL &&
        player->fact->text[0] != '\0') {
        polling_text(player, TALLY_M_ERROR_TEXT, player->fact->text);
    }
}

void telling_close(player_t *player, enum tally_stop reason, uint64_t at_ms) {
    if (player->session == 0) {
        return;
    }
    telling_begin(player);
    parts_end(player);
    player_end_sinks(player);
    (void)tally_hook_tell_at(watcher_tally(), player->session, TALLY_HOOK_CLOSE, (int32_t)reason, 0,
                             at_ms);
    player->session = 0;
}

static void close_session(void *ctx, enum tally_stop reason, uint64_t at_ms) {
    telling_close(ctx, reason, at_ms);
}

judge_out_t telling_of(player_t *player) {
    return (judge_out_t){.ctx = player, .open = open_session, .tell = tell, .close = close_session};
}
