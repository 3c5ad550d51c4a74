/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_H
#define RUN_H
#include "config.h"

enum run_result {
    RUN_DONE = 0,
    RUN_FAILED = 1,       /* could not start; said on standard error */
    RUN_RECORDS_LEFT = 3, /* what the server did not take in time is lost: the spool was in RAM */
};

/* Receives and reports until SIGTERM or SIGINT, or the end of the session if `config` says so. */
enum run_result run(const config_t *config);

#endif
