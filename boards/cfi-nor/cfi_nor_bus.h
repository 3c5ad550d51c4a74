/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFI_NOR_BUS_H
#define CFI_NOR_BUS_H
/*
 * The bus to a pair of chips: aligned words of 32 bits, low half to one chip and high half to the
 * other. Every access happens, once and in this order: the board maps the chips as device memory,
 * never cached.
 *
 * With CFI_NOR_BUS_MODEL a test has something else in their place.
 */
#include <stdint.h>

#ifdef CFI_NOR_BUS_MODEL
uint32_t cfi_nor_bus_get(uintptr_t address);
void cfi_nor_bus_put(uintptr_t address, uint32_t word);
#else
static inline uint32_t cfi_nor_bus_get(uintptr_t address) {
    return *(const volatile uint32_t *)address;
}

static inline void cfi_nor_bus_put(uintptr_t address, uint32_t word) {
    *(volatile uint32_t *)address = word;
}
#endif

#endif
