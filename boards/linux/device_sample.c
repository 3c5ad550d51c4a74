/* SPDX-License-Identifier: Apache-2.0 */
#include "device_sample.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PATH_BYTES   512
#define TEXT_BYTES   16384
#define ZONES        16u
#define ENTRIES_MOST 256u                /* of a folder */
#define TICKS_MOST   (UINT64_C(1) << 50) /* of one kind; leaves room to add up and scale */
#define BYTES_MOST   (UINT64_C(1) << 52) /* of one interface */
#define LOOPBACK     "lo"
#define CAN(metric)  TALLY_CAN(DEVICE, metric)

/* ---- files ---------------------------------------------------------------------------------- */

static bool make_path(const device_sample_t *sample, const char *name, char path[PATH_BYTES]) {
    const int length = snprintf(path, PATH_BYTES, "%s%s", sample->root, name);
    return length >= 0 && length < PATH_BYTES;
}

/* Descriptors of what is no regular file could wait for ever, or go on for ever. */
static int open_file(const device_sample_t *sample, const char *name) {
    char path[PATH_BYTES];
    struct stat about;
    const int fd =
        make_path(sample, name, path) ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    if (fd >= 0 && (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The whole lines among the first bytes of a file, as one text. A last line without its end counts
 * if the file ends there. */
static bool read_text(const device_sample_t *sample, const char *name, char text[TEXT_BYTES]) {
    const int fd = open_file(sample, name);
    size_t used = 0;
    ssize_t got = 1;
    if (fd < 0) {
        return false;
    }
    while (got > 0 && used < TEXT_BYTES - 1) {
        got = read(fd, text + used, TEXT_BYTES - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    text[used] = '\0';
    if (got > 0) {
        char *const end = strrchr(text, '\n');
        *(end != NULL ? end : text) = '\0';
    }
    return got >= 0;
}

/* ---- words of a text ------------------------------------------------------------------------ */

static const char *skip_blanks(const char *at) {
    while (*at == ' ' || *at == '\t') {
        at++;
    }
    return at;
}

/* A decimal number behind blanks; false if there is none or it is above `most`. */
static bool take_number(const char **at, uint64_t most, uint64_t *out) {
    const char *digit = skip_blanks(*at);
    uint64_t number = 0;
    if (*digit < '0' || *digit > '9') {
        return false;
    }
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        const uint64_t unit = (uint64_t)(*digit - '0');
        if (number > (most - unit) / 10) {
            return false;
        }
        number = number * 10 + unit;
    }
    *at = digit;
    *out = number;
    return true;
}

static bool take_signed(const char **at, int32_t most, int32_t *out) {
    const char *from = skip_blanks(*at);
    const bool is_negative = *from == '-';
    uint64_t number = 0;
    from += is_negative ? 1 : 0;
    if (*from == ' ' || !take_number(&from, (uint64_t)most, &number)) {
        return false;
    }
    *at = from;
    *out = is_negative ? -(int32_t)number : (int32_t)number;
    return true;
}

static const char *next_line(const char *line) {
    const char *const end = strchr(line, '\n');
    return end != NULL ? end + 1 : line + strlen(line);
}

/* The number of a line `name number ...`. */
static bool find_number(const char *text, const char *name, uint64_t most, uint64_t *out) {
    const size_t length = strlen(name);
    for (const char *line = text; *line != '\0'; line = next_line(line)) {
        if (strncmp(line, name, length) == 0) {
            const char *at = line + length;
            return take_number(&at, most, out);
        }
    }
    return false;
}

/* ---- processor and memory ------------------------------------------------------------------- */

enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, TICKS }; /* proc(5) */

static bool read_ticks(const device_sample_t *sample, uint64_t *busy, uint64_t *all) {
    char text[TEXT_BYTES];
    uint64_t ticks[TICKS] = {0};
    uint32_t count = 0;
    if (!read_text(sample, "/proc/stat", text) || strncmp(text, "cpu ", 4) != 0) {
        return false;
    }
    const char *at = text + 4;
    *all = 0;
    while (count < TICKS && take_number(&at, TICKS_MOST, &ticks[count])) {
        *all += ticks[count];
        count++;
    }
    *busy = *all - ticks[IDLE] - ticks[IOWAIT];
    return count > IDLE && (count == TICKS || *at == '\n' || *at == '\0');
}

static void take_cpu(device_sample_t *sample, tally_device_t *out) {
    uint64_t busy = 0;
    uint64_t all = 0;
    const bool had = sample->has_cpu;
    sample->has_cpu = read_ticks(sample, &busy, &all);
    const uint64_t passed = all > sample->cpu_all ? all - sample->cpu_all : 0;
    if (had && sample->has_cpu && passed > 0) {
        /* Ticks of waiting for I/O can be taken back. */
        const uint64_t used = busy > sample->cpu_busy ? busy - sample->cpu_busy : 0;
        out->cpu_load_permille = (uint32_t)((used < passed ? used : passed) * 1000 / passed);
        out->known |= CAN(CPU_LOAD);
    }
    sample->cpu_busy = busy;
    sample->cpu_all = all;
}

static void take_memory(const device_sample_t *sample, tally_device_t *out) {
    char text[TEXT_BYTES];
    uint64_t total = 0;
    uint64_t available = 0;
    if (!read_text(sample, "/proc/meminfo", text) ||
        !find_number(text, "MemTotal:", UINT32_MAX, &total)) {
        return;
    }
    out->memory_total_kib = (uint32_t)total;
    out->known |= CAN(MEMORY_TOTAL);
    if (find_number(text, "MemAvailable:", total, &available)) {
        out->memory_used_kib = (uint32_t)(total - available);
        out->known |= CAN(MEMORY_USED);
    }
}

/* ---- storage and temperature ---------------------------------------------------------------- */

static void take_storage(const device_sample_t *sample, tally_device_t *out) {
    struct statvfs about;
    if (statvfs(sample->storage, &about) != 0 || about.f_blocks == 0 || about.f_frsize == 0 ||
        about.f_bfree > about.f_blocks || about.f_blocks > UINT64_MAX / about.f_frsize) {
        return;
    }
    const uint64_t total_kib = (uint64_t)about.f_blocks * about.f_frsize / 1024;
    const uint64_t used_kib = (uint64_t)(about.f_blocks - about.f_bfree) * about.f_frsize / 1024;
    if (total_kib <= UINT32_MAX) {
        out->storage_total_kib = (uint32_t)total_kib;
        out->storage_used_kib = (uint32_t)used_kib;
        out->known |= CAN(STORAGE_TOTAL) | CAN(STORAGE_USED);
    }
}

static bool read_zone(const device_sample_t *sample, uint32_t zone, const char *name,
                      char text[TEXT_BYTES]) {
    char path[64];
    (void)snprintf(path, sizeof path, "/sys/class/thermal/thermal_zone%u/%s", (unsigned)zone, name);
    return read_text(sample, path, text);
}

static bool is_of_processor(const char *type) {
    return strstr(type, "cpu") != NULL || strstr(type, "soc") != NULL ||
           strstr(type, "x86_pkg") != NULL;
}

/* The first zone that says it is the processor's, else the first of all. */
static void take_temperature(const device_sample_t *sample, tally_device_t *out) {
    char text[TEXT_BYTES];
    for (uint32_t i = 0; i < ZONES; i++) {
        int32_t temperature = 0;
        const char *at = text;
        if (!read_zone(sample, i, "temp", text) || !take_signed(&at, 1000000, &temperature) ||
            temperature < -273150) {
            continue;
        }
        const bool is_best = read_zone(sample, i, "type", text) && is_of_processor(text);
        if (is_best || (out->known & CAN(TEMPERATURE)) == 0) {
            out->temperature_millicelsius = temperature;
            out->known |= CAN(TEMPERATURE);
        }
        if (is_best) {
            return;
        }
    }
}

/* ---- links ---------------------------------------------------------------------------------- */

/* `wlan0: 0000   54.  -56.  -256 ...`: status, quality, level in dBm. A level that is not negative
 * is in a unit of the driver's own. */
static void take_wifi(const device_sample_t *sample, tally_device_t *out) {
    char text[TEXT_BYTES];
    uint64_t status = 0;
    uint64_t quality = 0;
    int32_t level = 0;
    if (!read_text(sample, "/proc/net/wireless", text)) {
        return;
    }
    const char *at = strchr(next_line(next_line(text)), ':');
    if (at == NULL) {
        return;
    }
    at++;
    if (take_number(&at, UINT32_MAX, &status) && take_number(&at, UINT32_MAX, &quality) &&
        *at == '.') {
        at++;
        if (take_signed(&at, 200, &level) && level < 0) {
            out->wifi_rssi_dbm = level;
            out->known |= CAN(WIFI_RSSI);
        }
    }
}

static void take_connector(const device_sample_t *sample, const char *name, tally_device_t *out) {
    char path[PATH_BYTES];
    char text[TEXT_BYTES];
    const int length = snprintf(path, sizeof path, "/sys/class/drm/%s/status", name);
    if (length < 0 || length >= PATH_BYTES || !read_text(sample, path, text)) {
        return;
    }
    const bool is_on = strncmp(text, "connected", 9) == 0;
    if (is_on || strncmp(text, "disconnected", 12) == 0) {
        out->hdmi_connected = out->hdmi_connected || is_on;
        out->known |= CAN(HDMI_CONNECTED);
    }
}

static void take_hdmi(const device_sample_t *sample, tally_device_t *out) {
    char path[PATH_BYTES];
    DIR *const folder = make_path(sample, "/sys/class/drm", path) ? opendir(path) : NULL;
    if (folder == NULL) {
        return;
    }
    const struct dirent *entry = readdir(folder);
    for (uint32_t i = 0; i < ENTRIES_MOST && entry != NULL; i++) {
        if (strstr(entry->d_name, "-HDMI-") != NULL) {
            take_connector(sample, entry->d_name, out);
        }
        entry = readdir(folder);
    }
    (void)closedir(folder);
}

/* ---- bytes of the network ------------------------------------------------------------------- */

/* NULL if the table is full. */
static device_interface_t *find_interface(device_sample_t *sample, const char *name) {
    for (uint32_t i = 0; i < sample->interface_count; i++) {
        if (strcmp(sample->interfaces[i].name, name) == 0) {
            return &sample->interfaces[i];
        }
    }
    if (sample->interface_count == DEVICE_SAMPLE_INTERFACES) {
        return NULL;
    }
    device_interface_t *const made = &sample->interfaces[sample->interface_count++];
    *made = (device_interface_t){.received = 0};
    (void)snprintf(made->name, sizeof made->name, "%s", name);
    return made;
}

/* Bytes since the last look; an interface that says less has come anew. */
static uint64_t advance(uint64_t *last, uint64_t now) {
    const uint64_t more = now >= *last ? now - *last : now;
    *last = now;
    return more;
}

/* `  eth0: bytes packets errs drop fifo frame compressed multicast bytes ...` */
static bool take_interface(device_sample_t *sample, const char *line) {
    char name[sizeof sample->interfaces[0].name];
    uint64_t received = 0;
    uint64_t sent = 0;
    const char *const from = skip_blanks(line);
    const size_t length = strcspn(from, ":\n");
    if (from[length] != ':' || length == 0 || length >= sizeof name) {
        return false;
    }
    memcpy(name, from, length);
    name[length] = '\0';
    const char *at = from + length + 1;
    bool is_good = take_number(&at, BYTES_MOST, &received);
    for (uint32_t i = 0; i < 8; i++) {
        is_good = is_good && take_number(&at, i < 7 ? UINT64_MAX : BYTES_MOST, &sent);
    }
    if (!is_good || strcmp(name, LOOPBACK) == 0) {
        return is_good;
    }
    device_interface_t *const interface = find_interface(sample, name);
    if (interface != NULL) {
        sample->received += advance(&interface->received, received);
        sample->sent += advance(&interface->sent, sent);
    }
    return true;
}

static void take_network(device_sample_t *sample, tally_device_t *out) {
    char text[TEXT_BYTES];
    const uint64_t most = UINT64_C(1) << 53;
    bool is_good = false;
    if (!read_text(sample, "/proc/net/dev", text)) {
        return;
    }
    for (const char *line = next_line(next_line(text)); *line != '\0'; line = next_line(line)) {
        is_good = take_interface(sample, line) || is_good;
    }
    if (is_good) {
        out->net_bytes_received = sample->received < most ? sample->received : most;
        out->net_bytes_sent = sample->sent < most ? sample->sent : most;
        out->known |= CAN(NET_BYTES_RECEIVED) | CAN(NET_BYTES_SENT);
    }
}

/* ---- all of it ------------------------------------------------------------------------------ */

uint64_t device_sample_open(device_sample_t *sample, const char *root, const char *storage) {
    tally_device_t first;
    *sample = (device_sample_t){.root = root, .storage = storage};
    device_sample_take(sample, &first);
    uint64_t can = first.known;
    can |= sample->has_cpu ? CAN(CPU_LOAD) : 0;
    can |= (can & CAN(HDMI_CONNECTED)) != 0 ? CAN(HDMI_CHANGES) : 0;
    return can;
}

void device_sample_take(device_sample_t *sample, tally_device_t *out) {
    *out = (tally_device_t){.known = 0};
    take_cpu(sample, out);
    take_memory(sample, out);
    take_storage(sample, out);
    take_temperature(sample, out);
    take_wifi(sample, out);
    take_hdmi(sample, out);
    take_network(sample, out);
}
