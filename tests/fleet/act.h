/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACT_H
#define ACT_H
/* What a script tells a device to do, one call of tally's front door for each. */
#include "device.h"
#include "script.h"

/* False if there is no such command, or its words do not fit it. */
bool act(device_t *device, script_command_t *command);

#endif
