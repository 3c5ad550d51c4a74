/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRIM_H
#define TRIM_H

/* Hands back all pages of code and constants, for a moment when most of them will not be needed for
 * long. They stay in the page cache, and what is needed is mapped again: tens of microseconds. */
void trim_code(void);

#endif
