/* SPDX-License-Identifier: Apache-2.0 */
/* For LeakSanitizer, which asks at its start: the table of names that GLib makes as it is loaded is
 * given up for a larger one, on purpose. Who made it is seen only if calls are followed without
 * frame pointers. */

const char *__asan_default_options(void);
const char *__lsan_default_suppressions(void);

const char *__asan_default_options(void) {
    return "fast_unwind_on_malloc=0";
}

const char *__lsan_default_suppressions(void) {
    return "leak:call_init\n";
}
