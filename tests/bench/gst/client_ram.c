/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally_bench_client: what libtally-client takes of a player's memory: one line with the bytes that
 * the process has more of its own, with a session that has played for some seconds, than before.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tally/hook.h"
#include "tally_client.h"

enum { SECONDS = 4 };

/* Pages that no file stands behind. */
static uint64_t own_bytes(void) {
    char line[128];
    uint64_t kib = 0;
    FILE *const in = fopen("/proc/self/status", "r");
    if (in == NULL)
        abort();
    while (fgets(line, sizeof line, in) != NULL && sscanf(line, "RssAnon: %" SCNu64, &kib) != 1) {
    }
    (void)fclose(in);
    return kib * 1024;
}

int main(void) {
    const uint64_t before = own_bytes();
    tally_t *const tally = tally_client_open(NULL);
    if (tally == NULL)
        return 1;
    const tally_session_id_t film = tally_hook_open(tally);
    (void)tally_hook_text(tally, film, TALLY_M_CONTENT_ID, "film-42");
    (void)tally_hook_play(tally, film);
    (void)tally_hook_first_frame(tally, film);
    (void)nanosleep(&(struct timespec){.tv_sec = SECONDS}, NULL);
    tally_client_stats_t stats;
    tally_client_stats(tally, &stats);
    (void)printf("%" PRIu64 "\n", own_bytes() - before);
    (void)tally_hook_close(tally, film, TALLY_STOP_USER);
    tally_client_close(tally);
    return stats.is_connected ? 0 : 1;
}
