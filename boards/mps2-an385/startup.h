/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STARTUP_H
#define STARTUP_H
/* What the board's own files tell each other. */

void uart_init(void);
void clock_init(void);

/* The vector of SysTick. */
void clock_tick_entry(void);

#endif
