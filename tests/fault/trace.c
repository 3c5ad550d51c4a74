/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

bool trace_is_on = false;
