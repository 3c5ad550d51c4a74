/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_UNIT_CROSS_MACHINE_H
#define TALLY_TESTS_UNIT_CROSS_MACHINE_H
/* What the suites run on. */

/* Before the first suite; with the arguments of main(). */
void machine_begin(int argc, char **argv);

/* Runs a suite in memory as it is when a program begins. 0: it passed. */
int machine_run(int (*suite)(void));

#endif
