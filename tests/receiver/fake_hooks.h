/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_HOOKS_H
#define FAKE_HOOKS_H
/*
 * The hooks of an agent that only listens: each call becomes a word of fake_told(), in order, such
 * as `open dy=3 pl=1 ci=news play`. TALLY_M_POSITION is left out and kept in fake_position_ms().
 */
#include <stdint.h>

#include "tally/hook.h"

/* Forgets everything; attaching succeeds again. */
void fake_reset(void);

/* What was told since the last call, or since fake_reset(). */
const char *fake_told(void);

int64_t fake_position_ms(void);

/* From now on opening fails, also by a zap, or attaching does. */
void fake_refuse_open(void);
void fake_refuse_attach(void);

#endif
