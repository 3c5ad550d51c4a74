/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLATFORM_H
#define PLATFORM_H

#include "tally/port.h"

/* This board behind the contract of port.h. Its critical sections nest, and may be entered by the
 * interrupts that they keep out: to hook.h these are one more thread. It knows no wall time. Its
 * log waits for the console, 87 us a character on a real UART. */
extern const tally_port_t platform_port;

#endif
