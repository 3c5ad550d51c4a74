/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STARTUP_H
#define STARTUP_H
/* What the board's own files tell each other. */

#define CLOCK_HZ 25000000u /* of the core and of all that counts */

/* Five times the longest step, see boards/box/README.md. */
#define WATCHDOG_MS 10000u

void uart_init(void);
void clock_init(void);

/* The vector of SysTick. */
void clock_tick_entry(void);

/* The vector of UART0's receiver. */
void uart_receive_entry(void);

#endif
