/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHECK_H
#define CHECK_H
/*
 * Whether the files that a configuration names can be had, as far as can be said without opening
 * anything for good. Each mistake is told on `errors` like one in the configuration file itself:
 * `NAME:LINE: KEY: FILE: what is wrong`.
 */
#include <stdbool.h>
#include <stdio.h>

#include "config.h"

/* Credentials, spool and settings. */
bool check_files(const config_t *config, FILE *errors);

/* Whether there is a place for the socket, or somebody has put one there. */
bool check_socket(const config_t *config, FILE *errors);

#endif
