/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRIM_H
#define TRIM_H

/* Hands back the pages of code and constants that only the start needed. They stay in the page
 * cache; what is needed again is mapped again. */
void trim_code(void);

#endif
