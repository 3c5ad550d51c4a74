/* SPDX-License-Identifier: Apache-2.0 */
#include "lasting.h"

#include <string.h>

#include "log.h"
#include "test.h"

static lasting_t *served; /* the transport's callback knows of none */

/* --- the server ----------------------------------------------------------------------------- */

static const uint8_t *find(const uint8_t *bytes, uint32_t size, const char *what, uint32_t length) {
    for (uint32_t i = 0; i + length <= size; i++) {
        if (memcmp(bytes + i, what, length) == 0) {
            return bytes + i;
        }
    }
    return NULL;
}

static void take_records(upload_t *upload, const uint8_t *at, const uint8_t *end) {
    uint32_t count = 0;
    while (*at != 0xFF) {
        const record_t record = record_read(at, (uint32_t)(end - at));
        assert_true(count + 1 < LASTING_KINDS);
        upload->kinds[count] = record_kind(record);
        if (count == 0) {
            upload->first_sequence = (uint32_t)record_number(record, "q");
        }
        if (upload->kinds[count] == 'b') {
            memcpy(served->last_boot_bytes, record.bytes, record.size);
            served->last_boot_record =
                (record_t){.bytes = served->last_boot_bytes, .size = record.size};
        }
        count++;
        at += record.size;
    }
    assert_ptr_equal(at + 1, end);
}

/* Boot ids here have more than 32 bits: nine bytes behind their key. */
static void hear(const char *request, uint32_t bytes) {
    const uint8_t *const begin = (const uint8_t *)request;
    const uint8_t *const body = find(begin, bytes, "\r\n\r\n", 4);
    assert_non_null(body);
    const uint8_t *const records = find(body, (uint32_t)(begin + bytes - body), "ar\x9F", 3);
    assert_non_null(records);
    const uint32_t head_bytes = (uint32_t)(records - body);
    const uint8_t *const boot = find(body, head_bytes, "ab\x1B", 3);
    assert_non_null(boot);
    assert_true(served->upload_count < LASTING_UPLOADS);
    upload_t *const upload = &served->uploads[served->upload_count];
    served->upload_count++;
    *upload = (upload_t){
        .has_uptime = find(boot + 11, head_bytes - (uint32_t)(boot + 11 - body), "am", 2) != NULL,
        .has_wall = find(boot + 11, head_bytes - (uint32_t)(boot + 11 - body), "at", 2) != NULL,
    };
    for (uint32_t i = 0; i < 8; i++) {
        upload->boot = upload->boot << 8 | boot[3 + i];
    }
    take_records(upload, records + 3, begin + bytes);
    served->device.transport.replied = 0; /* the same answer for ever */
}

void lasting_upload(lasting_t *lasting) {
    fake_transport_t *const transport = &lasting->device.transport;
    served = lasting;
    transport->open_says = TALLY_OPEN;
    transport->hears = hear;
    transport->replies[0] = "HTTP/1.1 204 No Content\r\n\r\n";
    lasting->device.agent.uplink.retry_ms = 0; /* what failed while there was no server */
    tally_flush(&lasting->device.agent);
    for (uint32_t steps = 0; steps < 10000 && tally_pending(&lasting->device.agent) > 0; steps++) {
        (void)tally_step(&lasting->device.agent);
        fake_transport_forget(transport);
    }
    assert_int_equal(tally_pending(&lasting->device.agent), 0);
}

uint32_t lasting_taken(const lasting_t *lasting, char kind, uint64_t boot) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < lasting->upload_count; i++) {
        const upload_t *const upload = &lasting->uploads[i];
        for (const char *at = upload->kinds; *at != '\0'; at++) {
            count += *at == kind && (boot == 0 || upload->boot == boot) ? 1 : 0;
        }
    }
    return count;
}

/* --- the device ----------------------------------------------------------------------------- */

static void note_log(void *ctx, enum tally_log_level level, uint32_t id, const char *text,
                     int32_t value) {
    /* The port is the first member of the fake, and that of the device. */
    lasting_t *const lasting = ctx;
    (void)level;
    (void)text;
    assert_true(id < sizeof lasting->logged / sizeof lasting->logged[0]);
    lasting->logged[id]++;
    lasting->last_value = value;
}
_Static_assert(offsetof(lasting_t, device.port.port) == 0, "note_log() gets the port's context");

void lasting_prepare(lasting_t *lasting) {
    memset(lasting, 0, sizeof *lasting);
    device_prepare(&lasting->device);
    fake_store_init(&lasting->device.store, 4096, 8, 4);
    fake_store_init(&lasting->settings_memory, 1024, 2, 4);
    lasting->device.options.settings = &lasting->settings;
    lasting->device.port.port.log = note_log;
}

int32_t lasting_try_boot(lasting_t *lasting) {
    device_t *const device = &lasting->device;
    lasting->boots++;
    device->port.now_ms = LASTING_BOOTED_MS;
    device->port.random = UINT32_MAX - lasting->boots; /* of which the boot id is made */
    device->transport.is_open = false;
    memset(lasting->logged, 0, sizeof lasting->logged);
    memset(&device->agent, 0xA5, sizeof device->agent);
    assert_int_equal(tally_settings_init(&lasting->settings, &lasting->settings_memory.store),
                     TALLY_OK);
    return device_init(device);
}

void lasting_boot(lasting_t *lasting) {
    assert_int_equal(lasting_try_boot(lasting), TALLY_OK);
}
