/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_H
#define RUN_H
#include "config.h"

enum run_result {
    RUN_DONE = 0,
    RUN_FAILED = 1,       /* could not start or go on; said on standard error */
    RUN_RECORDS_LEFT = 3, /* what the server did not take in time is lost: the spool was in RAM */
};

/* Reports until SIGTERM or SIGINT, or the end of the channel if `config` says so. SIGHUP reads the
 * file of `config` anew. */
enum run_result run(config_t *config);

#endif
