/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally_query() and tally_sessions() are the agent task's, which here is a thread that the
 * application knows nothing of. So the agent's are compiled under other names (CMakeLists.txt), and
 * those of the library wait until the thread is not at work.
 */
#include <stddef.h>

#include "client.h"
#include "tally/tally.h"

int32_t tally_query(const tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                    int64_t *out) {
    tally_client_t *const client = tally_client_of(tally);
    if (!tally_client_port_is_home(&client->port)) {
        return TALLY_E_STATE;
    }
    (void)pthread_mutex_lock(&client->agent);
    const int32_t status = tally_unlocked_query(tally, session, metric, out);
    (void)pthread_mutex_unlock(&client->agent);
    return status;
}

uint32_t tally_sessions(const tally_t *tally, tally_session_id_t *out, uint32_t most) {
    tally_client_t *const client = tally_client_of(tally);
    if (!tally_client_port_is_home(&client->port)) {
        return 0;
    }
    (void)pthread_mutex_lock(&client->agent);
    const uint32_t count = tally_unlocked_sessions(tally, out, most);
    (void)pthread_mutex_unlock(&client->agent);
    return count;
}
