/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "tls_device.h"

#include <stdio.h>
#include <string.h>

enum { DEADLINE_MS = 10000, FILE_BYTES = 4096, HEAP_BYTES = 98304 };

const tls_device_options_t tls_device_good = {
    .ca = "ca", .certificate = "device", .key = "device", .heap_bytes = HEAP_BYTES};

typedef struct {
    uint8_t bytes[FILE_BYTES];
    uint32_t size;
} file_t;

/* As the port wants it: PEM with its NUL, or DER. `kind` is openssl's command: x509 or pkey. */
static void load(file_t *file, const char *name, const char *ending, const char *kind) {
    char command[1024];
#if TALLY_TLS_PEM
    (void)kind;
    (void)snprintf(command, sizeof command, "cat '" CERTS_DIR "/%s.%s'", name, ending);
#else
    (void)snprintf(command, sizeof command,
                   "'" OPENSSL_PROGRAM "' %s -outform DER -in '" CERTS_DIR "/%s.%s'", kind, name,
                   ending);
#endif
    FILE *stream = popen(command, "r");
    assert_non_null(stream);
    file->size = (uint32_t)fread(file->bytes, 1, FILE_BYTES - 1, stream);
    assert_int_equal(pclose(stream), 0);
#if TALLY_TLS_PEM
    file->bytes[file->size++] = '\0';
#endif
}

static int32_t fallible_random(void *ctx, uint8_t *out, uint32_t size) {
    tls_device_t *device = ctx;
    const tally_port_t *port = tally_posix_port(&device->posix);
    return device->random_fails ? TALLY_E_RANDOM : port->random(port->ctx, out, size);
}

static tally_wall_t own_wall(void *ctx) {
    const tls_device_t *device = ctx;
    return device->wall;
}

static uint64_t own_monotonic_ms(void *ctx) {
    const tls_device_t *device = ctx;
    const tally_port_t *port = tally_posix_port(&device->posix);
    return port->monotonic_ms(port->ctx) - device->boot_ms;
}

static void own_wake(void *ctx) {
    const tls_device_t *device = ctx;
    const tally_port_t *port = tally_posix_port(&device->posix);
    port->wake(port->ctx);
}

/* Returns how many there are. */
static uint32_t load_pins(uint8_t *pins, const tls_device_options_t *options) {
    uint32_t count = 0;
    for (; count < 2 && options->pins[count] != NULL; count++) {
        char name[512];
        (void)snprintf(name, sizeof name, CERTS_DIR "/%s.pin", options->pins[count]);
        FILE *stream = fopen(name, "re");
        assert_non_null(stream);
        assert_int_equal(
            fread(pins + (size_t)count * TALLY_TLS_PIN_BYTES, 1, TALLY_TLS_PIN_BYTES, stream),
            TALLY_TLS_PIN_BYTES);
        (void)fclose(stream);
    }
    return count;
}

static uint64_t now_ms(tls_device_t *device) {
    return device->posix.port.monotonic_ms(device->posix.port.ctx);
}

int32_t tls_device_start(tls_device_t *device, const tls_device_options_t *options) {
    static file_t ca;
    static file_t certificate;
    static file_t key;
    static _Alignas(8) uint8_t heap[HEAP_BYTES];
    static uint8_t pins[2 * TALLY_TLS_PIN_BYTES];
    if (options->ca != NULL) {
        load(&ca, options->ca, "pem", "x509");
    }
    if (options->certificate != NULL) {
        load(&certificate, options->certificate, "pem", "x509");
    }
    if (options->key != NULL) {
        load(&key, options->key, "key", "pkey");
    }
    *device = (tls_device_t){.wall = options->wall};
    assert_int_equal(tally_posix_init(&device->posix, TALLY_LOG_ERROR), TALLY_OK);
    device->port = *tally_posix_port(&device->posix);
    device->port.ctx = device;
    device->port.random = fallible_random;
    device->port.wall = own_wall;
    device->port.monotonic_ms = own_monotonic_ms;
    device->port.wake = own_wake;
    device->boot_ms = now_ms(device) - 1000;
    tally_posix_tcp_init(&device->tcp, tally_posix_port(&device->posix));
    const tally_tls_config_t config = {
        .ca = options->ca != NULL ? ca.bytes : NULL,
        .ca_size = ca.size,
        .pins = pins,
        .pin_count = load_pins(pins, options),
        .certificate = options->certificate != NULL ? certificate.bytes : NULL,
        .certificate_size = certificate.size,
        .key = options->key != NULL ? key.bytes : NULL,
        .key_size = key.size,
        .key_id = options->key_id,
        .settings = options->settings,
        .least_unix_s = options->least_unix_s,
        .heap = heap,
        .heap_bytes = options->heap_bytes,
    };
    const int32_t status = tally_tls_init(&device->tls, &config, &device->port,
                                          tally_posix_tcp_transport(&device->tcp));
    if (status != TALLY_OK) {
        tally_posix_close(&device->posix);
    }
    device->transport = tally_tls_transport(&device->tls);
    return status;
}

void tls_device_stop(tls_device_t *device) {
    tally_tls_deinit(&device->tls);
    tally_posix_close(&device->posix);
}

static void wait_for_tcp(tls_device_t *device) {
    struct pollfd fd = tally_posix_tcp_poll(&device->tcp);
    (void)tally_posix_wait(&device->posix, 1000, &fd, 1);
}

int32_t tls_device_open(tls_device_t *device, const char *host, uint16_t port) {
    const tally_transport_t *transport = device->transport;
    const tally_peer_t peer = {.host = host, .port = port};
    const uint64_t end_ms = now_ms(device) + DEADLINE_MS;
    int32_t status = transport->open(transport->ctx, &peer);
    while (status > 0 && now_ms(device) < end_ms) {
        wait_for_tcp(device);
        status = transport->open(transport->ctx, &peer);
    }
    return status;
}

int32_t tls_device_receive(tls_device_t *device, uint8_t *data, uint32_t size) {
    const tally_transport_t *transport = device->transport;
    const uint64_t end_ms = now_ms(device) + DEADLINE_MS;
    int32_t got = transport->receive(transport->ctx, data, size);
    while (got == 0 && now_ms(device) < end_ms) {
        wait_for_tcp(device);
        got = transport->receive(transport->ctx, data, size);
    }
    return got;
}

static int32_t talk(tls_device_t *device, const char *host, uint16_t port) {
    static const char line[] = "hello\n";
    static const char answer[] = "olleh\n";
    const int32_t size = (int32_t)sizeof line - 1;
    const tally_transport_t *transport = device->transport;
    int32_t status = tls_device_open(device, host, port);
    if (status != TALLY_OPEN) {
        return status;
    }
    status = transport->send(transport->ctx, (const uint8_t *)line, (uint32_t)size);
    if (status < 0) {
        return status;
    }
    assert_int_equal(status, size);
    uint8_t data[sizeof answer];
    status = tls_device_receive(device, data, sizeof data);
    if (status < 0) {
        return status;
    }
    assert_int_equal(status, size);
    assert_memory_equal(data, answer, (size_t)size);
    return TALLY_OK;
}

int32_t tls_device_talk(tls_device_t *device, const char *host, uint16_t port) {
    const int32_t status = talk(device, host, port);
    device->transport->close(device->transport->ctx);
    return status;
}

static uint32_t date_of(const char *name, const char *which) {
    char command[1024];
    (void)snprintf(command, sizeof command,
                   "date +%%s -d \"$('" OPENSSL_PROGRAM "' x509 -noout -%s -in '" CERTS_DIR
                   "/%s.pem' | cut -d= -f2)\"",
                   which, name);
    FILE *stream = popen(command, "r");
    unsigned long unix_s = 0;
    assert_non_null(stream);
    assert_int_equal(fscanf(stream, "%lu", &unix_s), 1);
    assert_int_equal(pclose(stream), 0);
    return (uint32_t)unix_s;
}

tls_dates_t tls_dates_of(const char *name) {
    return (tls_dates_t){.from_s = date_of(name, "startdate"), .to_s = date_of(name, "enddate")};
}

void tls_device_expect_dates(const tls_device_t *device, tls_dates_t expected) {
    assert_int_equal(device->transport->valid_from_s, expected.from_s);
    assert_int_equal(device->transport->valid_to_s, expected.to_s);
}
