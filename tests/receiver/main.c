/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_suite.h"

int main(void) {
    return playout_suite() + demux_suite() + receiver_suite() == 0 ? 0 : 1;
}
