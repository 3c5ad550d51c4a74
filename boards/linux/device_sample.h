/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEVICE_SAMPLE_H
#define DEVICE_SAMPLE_H
/*
 * What Linux tells of its machine under /proc and /sys, as the agent wants it. Nothing there is
 * trusted: a file that is missing, no regular file, too long or not in its known form leaves its
 * metric unknown.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/device.h"

#define DEVICE_SAMPLE_INTERFACES 32u

typedef struct {
    char name[16];
    uint64_t received;
    uint64_t sent;
} device_interface_t;

typedef struct {
    const char *root;
    const char *storage;
    bool has_cpu; /* the ticks below are of an earlier sample */
    uint64_t cpu_busy;
    uint64_t cpu_all;
    /* Interfaces come and go: their bytes are added up one by one, so that the sums never fall. */
    device_interface_t interfaces[DEVICE_SAMPLE_INTERFACES];
    uint32_t interface_count;
    uint64_t received;
    uint64_t sent;
} device_sample_t;

/* Looks below `root` ("" for this machine) and at the file system of the folder `storage`; both
 * texts must outlive the struct. Returns the capabilities of group DEVICE that it found. */
uint64_t device_sample_open(device_sample_t *sample, const char *root, const char *storage);

/* What there is now. The processor's load is of the time since the call before. */
void device_sample_take(device_sample_t *sample, tally_device_t *out);

#endif
