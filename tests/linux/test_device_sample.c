/* SPDX-License-Identifier: Apache-2.0 */
/* What is read under /proc and /sys, from fake trees: sound ones, bare ones and hostile ones. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "device_sample.h"

#define CAN(metric) TALLY_CAN(DEVICE, metric)
#define NOWHERE     "/nowhere/at/all"
#define NET_HEAD    "Inter-|   Receive |  Transmit\n face |bytes packets |bytes packets\n"
#define WIFI_HEAD   "Inter-| sta-|   Quality\n face | tus | link level noise\n"

static char root[] = "/tmp/tally_sample_XXXXXX";
static device_sample_t sampler;
static tally_device_t now;

static void path_of(const char *name, char path[512]) {
    const int length = snprintf(path, 512, "%s%s", root, name);
    assert_in_range(length, 1, 511);
}

/* The folders on the way to a file. */
static void make_folders(char *path) {
    for (char *slash = strchr(path + strlen(root) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
}

static void put_bytes(const char *name, const void *bytes, size_t size) {
    char path[512];
    path_of(name, path);
    make_folders(path);
    FILE *const out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}

static void put(const char *name, const char *text) {
    put_bytes(name, text, strlen(text));
}

/* The same text over and over. */
static void put_many(const char *name, const char *head, const char *text, uint32_t times) {
    char path[512];
    put(name, head);
    path_of(name, path);
    FILE *const out = fopen(path, "a");
    assert_non_null(out);
    for (uint32_t i = 0; i < times; i++) {
        assert_true(fputs(text, out) >= 0);
    }
    assert_int_equal(fclose(out), 0);
}

static void put_link(const char *name, const char *target) {
    char path[512];
    path_of(name, path);
    make_folders(path);
    assert_int_equal(symlink(target, path), 0);
}

static int set_up(void **state) {
    (void)state;
    memcpy(root + sizeof root - 7, "XXXXXX", 6);
    return mkdtemp(root) != NULL ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    char command[64];
    (void)snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

static uint64_t look(void) {
    return device_sample_open(&sampler, root, NOWHERE);
}

static void take(void) {
    device_sample_take(&sampler, &now);
}

/* --- a machine that has all ---------------------------------------------------------------------
 */

static void test_sample_machine_that_has_all(void **state) {
    (void)state;
    put("/proc/stat", "cpu  100 20 30 800 40 5 5 0 7 7\ncpu0 1 1 1 1 1 1 1 1 1 1\n");
    put("/proc/meminfo", "MemTotal:         524288 kB\nMemFree:           1000 kB\n"
                         "MemAvailable:     204288 kB\n");
    put("/sys/class/thermal/thermal_zone0/type", "battery\n");
    put("/sys/class/thermal/thermal_zone0/temp", "31000\n");
    put("/sys/class/thermal/thermal_zone1/type", "cpu-thermal\n");
    put("/sys/class/thermal/thermal_zone1/temp", "62500\n");
    put("/proc/net/wireless", WIFI_HEAD " wlan0: 0000   54.  -56.  -256        0      0\n");
    put("/sys/class/drm/card0-HDMI-A-1/status", "disconnected\n");
    put("/sys/class/drm/card0-HDMI-A-2/status", "connected\n");
    put("/sys/class/drm/card0-eDP-1/status", "connected\n");
    put("/proc/net/dev", NET_HEAD "    lo: 9000 9 0 0 0 0 0 0 9000 9 0 0 0 0 0 0\n"
                                  "  eth0: 5000 5 0 0 0 0 0 0  700 7 0 0 0 0 0 0\n"
                                  " wlan0:200 2 0 0 0 0 0 0 30 3 0 0 0 0 0 0\n");
    const uint64_t can = look();
    assert_int_equal(can, CAN(CPU_LOAD) | CAN(MEMORY_USED) | CAN(MEMORY_TOTAL) | CAN(TEMPERATURE) |
                              CAN(WIFI_RSSI) | CAN(HDMI_CONNECTED) | CAN(HDMI_CHANGES) |
                              CAN(NET_BYTES_RECEIVED) | CAN(NET_BYTES_SENT));
    /* 250 ticks on: 30 idle, 20 waiting for I/O, 200 busy. */
    put("/proc/stat", "cpu  200 70 60 830 60 15 15 0 99 99\n");
    take();
    assert_int_equal(now.known, can & ~CAN(HDMI_CHANGES));
    assert_int_equal(now.cpu_load_permille, 800);
    assert_int_equal(now.memory_total_kib, 524288);
    assert_int_equal(now.memory_used_kib, 320000);
    assert_int_equal(now.temperature_millicelsius, 62500);
    assert_int_equal(now.wifi_rssi_dbm, -56);
    assert_true(now.hdmi_connected);
    assert_int_equal(now.net_bytes_received, 5200);
    assert_int_equal(now.net_bytes_sent, 730);
    assert_int_equal(now.wraps, 0);
}

static void test_sample_machine_that_has_nothing(void **state) {
    (void)state;
    assert_int_equal(look(), 0);
    take();
    assert_int_equal(now.known, 0);
}

static void test_sample_storage_is_that_of_the_folder(void **state) {
    (void)state;
    struct statvfs about;
    assert_int_equal(statvfs(root, &about), 0);
    assert_int_equal(device_sample_open(&sampler, root, root),
                     CAN(STORAGE_USED) | CAN(STORAGE_TOTAL));
    take();
    assert_int_equal(now.storage_total_kib, about.f_blocks * (about.f_frsize / 512) / 2);
    assert_in_range(now.storage_used_kib, 0, now.storage_total_kib);
}

/* --- the processor ------------------------------------------------------------------------------
 */

static void expect_load(const char *stat, uint32_t permille) {
    put("/proc/stat", stat);
    take();
    assert_true((now.known & CAN(CPU_LOAD)) != 0);
    assert_int_equal(now.cpu_load_permille, permille);
}

static void expect_no_load(const char *stat) {
    put("/proc/stat", stat);
    take();
    assert_int_equal(now.known & CAN(CPU_LOAD), 0);
}

static void test_sample_load_is_of_the_time_between_two_samples(void **state) {
    (void)state;
    put("/proc/stat", "cpu  10 0 0 90\n");
    assert_int_equal(look(), CAN(CPU_LOAD));
    expect_load("cpu  10 0 0 190\n", 0);
    expect_load("cpu  110 0 0 190\n", 1000);
    expect_load("cpu  111 0 0 192\n", 333);
    expect_no_load("cpu  111 0 0 192\n"); /* no time has passed */
    expect_no_load("cpu  1 0 0 2\n");     /* the machine was frozen and thawed elsewhere */
    expect_load("cpu  2 0 0 3\n", 500);
}

static void test_sample_load_stays_within_its_range_when_waiting_is_taken_back(void **state) {
    (void)state;
    put("/proc/stat", "cpu  100 0 0 100 50\n");
    (void)look();
    expect_load("cpu  160 0 0 100 0\n", 1000);
    expect_load("cpu  160 0 0 100 70\n", 0);
}

static void test_sample_processor_in_an_unknown_form_is_unknown(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",
        "cpu",
        "cpu \n",
        "cpu  1 2 3\n",
        "cpu0 1 2 3 4 5 6 7 8\n",
        "cpu  1 2 3 x\n",
        "cpu  1 2 -3 4\n",
        "cpu  1 2 3 4 1125899906842625\n",
        "cpu  1 2 3 99999999999999999999999999999999\n",
    };
    for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        put("/proc/stat", wrong[i]);
        assert_int_equal(look(), 0);
    }
    put("/proc/stat", "cpu  1 2 3 4");
    assert_int_equal(look(), CAN(CPU_LOAD));
    expect_no_load("rubbish\n");
    expect_no_load("cpu  2 2 3 4\n"); /* nothing to compare with */
    expect_load("cpu  3 2 3 5\n", 500);
}

static void test_sample_load_of_huge_numbers_is_right(void **state) {
    (void)state;
    put("/proc/stat", "cpu  0 0 0 0 0 0 0 0\n");
    (void)look();
    expect_load(
        "cpu  1125899906842624 1125899906842624 0 1125899906842624 1125899906842624 0 0 0\n", 500);
}

/* --- memory -------------------------------------------------------------------------------------
 */

static void test_sample_memory_in_an_unknown_form_is_unknown(void **state) {
    (void)state;
    put("/proc/meminfo", "MemTotal: 4294967296 kB\nMemAvailable: 5 kB\n");
    assert_int_equal(look(), 0);
    put("/proc/meminfo", "MemTotal: 100 kB\nMemAvailable: 101 kB\n");
    assert_int_equal(look(), CAN(MEMORY_TOTAL));
    put("/proc/meminfo", "MemTotal: 100 kB\n");
    assert_int_equal(look(), CAN(MEMORY_TOTAL));
    put("/proc/meminfo", "XMemTotal: 100 kB\n MemTotal: 100 kB\n");
    assert_int_equal(look(), 0);
    put("/proc/meminfo", "MemTotal: 4294967295 kB\nMemAvailable: 4294967295 kB");
    assert_int_equal(look(), CAN(MEMORY_TOTAL) | CAN(MEMORY_USED));
    take();
    assert_int_equal(now.memory_total_kib, UINT32_MAX);
    assert_int_equal(now.memory_used_kib, 0);
}

/* --- temperature and links ----------------------------------------------------------------------
 */

static void expect_temperature(const char *temp, uint64_t known, int32_t millicelsius) {
    put("/sys/class/thermal/thermal_zone0/temp", temp);
    (void)look();
    take();
    assert_int_equal(now.known, known);
    assert_int_equal(now.temperature_millicelsius, millicelsius);
}

static void test_sample_temperature_has_a_sign_and_ends(void **state) {
    (void)state;
    expect_temperature("-40000\n", CAN(TEMPERATURE), -40000);
    expect_temperature("-273150\n", CAN(TEMPERATURE), -273150);
    expect_temperature("1000000\n", CAN(TEMPERATURE), 1000000);
    expect_temperature("-273151\n", 0, 0);
    expect_temperature("1000001\n", 0, 0);
    expect_temperature("99999999999999999999\n", 0, 0);
    expect_temperature("- 5\n", 0, 0);
    expect_temperature("hot\n", 0, 0);
    expect_temperature("", 0, 0);
}

static void expect_signal(const char *line, uint64_t known, int32_t dbm) {
    char text[512];
    (void)snprintf(text, sizeof text, WIFI_HEAD "%s", line);
    put("/proc/net/wireless", text);
    (void)look();
    take();
    assert_int_equal(now.known, known);
    assert_int_equal(now.wifi_rssi_dbm, dbm);
}

static void test_sample_signal_is_the_level_in_dbm(void **state) {
    (void)state;
    expect_signal("wlan0: 0000   70  -31  -256\n", 0, 0); /* no dots: values of an old reading */
    expect_signal("wlan0: 0000   70.  -31.  -256\n", CAN(WIFI_RSSI), -31);
    expect_signal("wlan0: 0000   70.  200.  0\n", 0, 0);
    expect_signal("wlan0: 0000   70.  -201.  0\n", 0, 0);
    expect_signal("wlan0: 0000\n", 0, 0);
    expect_signal("", 0, 0);
}

static void test_sample_display_is_connected_or_not(void **state) {
    (void)state;
    put("/sys/class/drm/card0-HDMI-A-1/status", "disconnected\n");
    assert_int_equal(look(), CAN(HDMI_CONNECTED) | CAN(HDMI_CHANGES));
    take();
    assert_false(now.hdmi_connected);
    put("/sys/class/drm/card0-HDMI-A-1/status", "unknown\n");
    take();
    assert_int_equal(now.known, 0);
}

/* --- the network --------------------------------------------------------------------------------
 */

static void expect_bytes(const char *lines, uint64_t received, uint64_t sent) {
    put_many("/proc/net/dev", NET_HEAD, lines, 1);
    take();
    assert_int_equal(now.known, CAN(NET_BYTES_RECEIVED) | CAN(NET_BYTES_SENT));
    assert_int_equal(now.net_bytes_received, received);
    assert_int_equal(now.net_bytes_sent, sent);
}

static void test_sample_bytes_never_fall_when_interfaces_come_and_go(void **state) {
    (void)state;
    (void)look();
    expect_bytes("eth0: 100 0 0 0 0 0 0 0 10 0\nppp0: 500 0 0 0 0 0 0 0 50 0\n", 600, 60);
    expect_bytes("eth0: 130 0 0 0 0 0 0 0 13 0\n", 630, 63);
    expect_bytes("eth0: 130 0 0 0 0 0 0 0 13 0\nppp0: 40 0 0 0 0 0 0 0 4 0\n", 670, 67);
    expect_bytes("ppp0: 41 0 0 0 0 0 0 0 4 0\neth0: 5 0 0 0 0 0 0 0 13 0\n", 676, 67);
}

static void test_sample_line_of_the_network_in_an_unknown_form_is_left_out(void **state) {
    (void)state;
    (void)look();
    expect_bytes("eth0: 100 0 0 0 0 0 0 0 10 0\n"
                 "a_name_too_long_for_linux: 7 0 0 0 0 0 0 0 7 0\n"
                 ": 7 0 0 0 0 0 0 0 7 0\n"
                 "eth1 7 0 0 0 0 0 0 0 7 0\n"
                 "eth2: 7 0 0 0 0 0 0 0\n"
                 "eth3: 4503599627370497 0 0 0 0 0 0 0 7 0\n"
                 "eth4: 99999999999999999999999 0 0 0 0 0 0 0 7 0\n"
                 "eth5: 7 0 0 0 0 0 0 0 -7 0\n",
                 100, 10);
    put("/proc/net/dev", NET_HEAD "eth0: x\n");
    take();
    assert_int_equal(now.known, 0);
}

static void test_sample_interfaces_beyond_the_table_are_left_out(void **state) {
    (void)state;
    char lines[40 * 48] = "";
    size_t used = 0;
    (void)look();
    for (uint32_t i = 0; i < 40; i++) {
        used += (size_t)snprintf(lines + used, sizeof lines - used, "e%u: 1 0 0 0 0 0 0 0 2 0\n",
                                 (unsigned)i);
    }
    expect_bytes(lines, 32, 64);
}

/* --- hostile files ------------------------------------------------------------------------------
 */

static const char *const files[] = {
    "/proc/stat",
    "/proc/meminfo",
    "/proc/net/wireless",
    "/proc/net/dev",
    "/sys/class/thermal/thermal_zone0/temp",
    "/sys/class/thermal/thermal_zone0/type",
    "/sys/class/drm/card0-HDMI-A-1/status",
};
enum { FILES = sizeof files / sizeof files[0] };

static void test_sample_files_without_end_are_no_files(void **state) {
    (void)state;
    for (uint32_t i = 0; i < FILES; i++) {
        put_link(files[i], "/dev/zero");
    }
    assert_int_equal(look(), 0);
}

static void test_sample_pipes_are_no_files(void **state) {
    (void)state;
    for (uint32_t i = 0; i < FILES; i++) {
        char path[512];
        path_of(files[i], path);
        make_folders(path);
        assert_int_equal(mkfifo(path, 0600), 0);
    }
    assert_int_equal(look(), 0);
    char path[512];
    path_of("/proc/stat", path);
    const int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    const int writer = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(write(writer, "cpu  1 2 3 4\n", 13), 13);
    close(writer);
    assert_int_equal(look(), 0);
    close(reader);
}

static void test_sample_folders_in_place_of_files_are_no_files(void **state) {
    (void)state;
    for (uint32_t i = 0; i < FILES; i++) {
        char path[512];
        path_of(files[i], path);
        make_folders(path);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    put("/sys/class/drm/file", "");
    assert_int_equal(look(), 0);
}

static void test_sample_binary_files_say_nothing(void **state) {
    (void)state;
    uint8_t noise[4096];
    uint32_t bits = 1;
    for (uint32_t i = 0; i < sizeof noise; i++) {
        bits = bits * 1664525 + 1013904223;
        noise[i] = (uint8_t)(bits >> 24);
    }
    for (uint32_t i = 0; i < FILES; i++) {
        put_bytes(files[i], noise, sizeof noise);
    }
    assert_int_equal(look(), 0);
    put_bytes("/proc/meminfo", "MemTotal: 5 kB\n\0MemAvailable: 1 kB\n", 36);
    assert_int_equal(look(), CAN(MEMORY_TOTAL)); /* a text ends at its NUL */
}

/* 16,383 bytes are looked at, and of these whole lines only. */
static void test_sample_of_files_too_long_whole_lines_count(void **state) {
    (void)state;
    (void)look();
    put_many("/proc/meminfo", "MemTotal: 1000 kB\n", "x", 100000);
    put_many("/proc/net/dev", NET_HEAD "eth0: 5 0 0 0 0 0 0 0 6 0\n", "9", 100000);
    put_many("/proc/stat", "cpu  1 2 3 4", "5", 100000);
    take();
    assert_int_equal(now.known, CAN(MEMORY_TOTAL) | CAN(NET_BYTES_RECEIVED) | CAN(NET_BYTES_SENT));
    assert_int_equal(now.net_bytes_received, 5);
    assert_int_equal(sampler.has_cpu, false);
}

/* Of MemAvailable the first 15 bytes are within what is looked at: "MemAvailable: 9". */
static void test_sample_number_that_is_cut_off_is_none(void **state) {
    (void)state;
    static const char total[] = "MemTotal: 1000 kB\n";
    static const char available[] = "MemAvailable: 900 kB\n";
    char text[16383 - 15 + sizeof available];
    memset(text, 'x', sizeof text);
    memcpy(text, total, sizeof total - 1);
    text[16383 - 16] = '\n';
    memcpy(text + 16383 - 15, available, sizeof available);
    put("/proc/meminfo", text);
    assert_int_equal(look(), CAN(MEMORY_TOTAL));
}

static void test_sample_root_too_long_finds_nothing(void **state) {
    (void)state;
    char deep[1024];
    memset(deep, '/', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    assert_int_equal(device_sample_open(&sampler, deep, NOWHERE), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sample_machine_that_has_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sample_machine_that_has_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sample_storage_is_that_of_the_folder, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_sample_load_is_of_the_time_between_two_samples, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_sample_load_stays_within_its_range_when_waiting_is_taken_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sample_processor_in_an_unknown_form_is_unknown, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_sample_load_of_huge_numbers_is_right, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_sample_memory_in_an_unknown_form_is_unknown, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_sample_temperature_has_a_sign_and_ends, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_sample_signal_is_the_level_in_dbm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sample_display_is_connected_or_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sample_bytes_never_fall_when_interfaces_come_and_go,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_sample_line_of_the_network_in_an_unknown_form_is_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sample_interfaces_beyond_the_table_are_left_out,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sample_files_without_end_are_no_files, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_sample_pipes_are_no_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sample_folders_in_place_of_files_are_no_files, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_sample_binary_files_say_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sample_of_files_too_long_whole_lines_count, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_sample_number_that_is_cut_off_is_none, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_sample_root_too_long_finds_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
