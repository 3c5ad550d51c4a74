/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFI_NOR_QUERY_H
#define CFI_NOR_QUERY_H
/* What the chips say of themselves, and how they come to listen. For cfi_nor.c. */
#include "cfi_nor.h"

/* Waits up to `most_us` until both chips are ready; `*status` is theirs then. The chips are in
 * status mode at `address`. */
bool cfi_nor_await(const cfi_nor_t *nor, uintptr_t address, uint32_t most_us, uint32_t *status);

/* Brings chips that may be in any state into query mode. False: they did not answer in time. */
bool cfi_nor_enter_query(const cfi_nor_t *nor, uint32_t most_us);

/* Reads geometry and times, in query mode. False: no pair of chips that this driver is for. */
bool cfi_nor_read_query(cfi_nor_t *nor);

#endif
