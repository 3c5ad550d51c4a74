/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANSWER_H
#define ANSWER_H
/* What the daemon says to a player (agent/SPEC.md, "Between player and daemon"). */
#include <stdint.h>

#define ANSWER_BYTES 15u /* at most */

/* {"n": taken}, and "z": refused if there are any. Returns its bytes. */
uint32_t answer_write(uint8_t out[ANSWER_BYTES], uint32_t taken, uint32_t refused);

#endif
