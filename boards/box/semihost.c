/* SPDX-License-Identifier: Apache-2.0 */
#include "semihost.h"

#include <stdint.h>
#include <string.h>

/* Operations of the ABI, "Semihosting for AArch32 and AArch64" 2.0, chapter 6. */
#define SYS_OPEN          0x01u
#define SYS_CLOSE         0x02u
#define SYS_READ          0x06u
#define SYS_EXIT_EXTENDED 0x20u

#define MODE_READ_BINARY         1u
#define STOPPED_APPLICATION_EXIT 0x20026u

/* What traps, in Thumb state. An SVC overwrites the link register of the mode that it is taken in,
 * which is ours. */
#if __ARM_ARCH_PROFILE == 'M'
#define TRAP "bkpt 0xAB"
#else
#define TRAP "svc 0xAB"
#endif

static uint32_t call(uint32_t operation, const uint32_t *block) {
    register uint32_t r0 __asm("r0") = operation;
    register const uint32_t *r1 __asm("r1") = block;
    __asm volatile(TRAP : "+r"(r0) : "r"(r1) : "memory", "lr");
    return r0;
}

void semihost_exit(uint32_t code) {
    const uint32_t block[] = {STOPPED_APPLICATION_EXIT, code};
    for (;;) {
        (void)call(SYS_EXIT_EXTENDED, block);
    }
}

uint32_t semihost_read_file(const char *path, uint8_t *out, uint32_t size) {
    const uint32_t open[] = {(uint32_t)(uintptr_t)path, MODE_READ_BINARY, (uint32_t)strlen(path)};
    const uint32_t handle = call(SYS_OPEN, open);
    if (handle == UINT32_MAX) {
        return size;
    }
    const uint32_t read[] = {handle, (uint32_t)(uintptr_t)out, size};
    const uint32_t missing = call(SYS_READ, read);
    (void)call(SYS_CLOSE, &handle);
    return missing;
}
