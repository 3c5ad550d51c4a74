/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAULT_H
#define FAULT_H
/* The end of a program that went wrong: prints what the core knows, and restarts the board. */
#include <stdint.h>

/* Kinds of faults, for assembler too. */
#define FAULT_UNDEFINED  "0"
#define FAULT_PREFETCH   "1"
#define FAULT_DATA       "2"
#define FAULT_WATCHDOG   "3"
#define FAULT_UNEXPECTED "4"

/* What vectors.c pushes, lowest address first. */
typedef struct {
    uint32_t r[13];
    uint32_t link; /* behind the instruction, at a distance that the kind of fault tells */
    uint32_t psr;
} fault_frame_t;

/* For the vectors of faults; `kind` is the number in one of the texts above. */
_Noreturn void fault_report(const fault_frame_t *frame, uint32_t kind, uint32_t sp, uint32_t lr);

/* For interrupts nobody asked for. */
_Noreturn void fault_unexpected(void);

#endif
