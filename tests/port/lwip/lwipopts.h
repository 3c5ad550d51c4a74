/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_PORT_LWIPOPTS_H
#define TALLY_TESTS_PORT_LWIPOPTS_H
/* The port's own configuration, with room for a server and its connections beside the client. */
#include "../../../port/lwip/lwipopts.h"

#undef MEM_ALIGNMENT
#define MEM_ALIGNMENT 8
#undef MEM_SIZE
#define MEM_SIZE 32768
#undef MEMP_NUM_TCP_PCB
#define MEMP_NUM_TCP_PCB 8
#undef MEMP_NUM_TCP_PCB_LISTEN
#define MEMP_NUM_TCP_PCB_LISTEN 4
#undef MEMP_NUM_UDP_PCB
#define MEMP_NUM_UDP_PCB 6

#endif
