/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set-top box without an operating system: receives a live channel on UDP port 5004, plays it as
 * a viewer would see it, and reports what that viewer saw.
 *
 *   interrupts   network -> receiver -> hooks      packets are measured as they come
 *   main()       agent -> TLS -> transport         computes for as long as a handshake takes
 */
#include <stdalign.h>
#include <stddef.h>

#include "board.h"
#include "command.h"
#include "console.h"
#include "memory_notes.h"
#include "network.h"
#include "platform.h"
#include "provision.h"
#include "receiver.h"
#include "restart_note.h"
#include "tally/state.h"
#include "tally/tally.h"
#include "tally_lwip_tcp.h"
#include "tally_tls.h"
#include "tally_verify.h"

#define STREAM_PORT 5004u

#define START_RETRY_MS 60000u

#define NOTES_PERIOD_MS 1000u

/* A boot loop, and what is done about it, see README.md. */
#define LOOP_RESETS   3u
#define LOOP_QUIET_MS 60000u
#define LOOP_OVER_MS  600000u

static const receiver_config_t receiver_config = {
    .start_buffer_ms = 500,
    .resume_buffer_ms = 500,
    .end_after_ms = 10000,
    .content_id = "udp:5004",
    .player_name = "receiver",
    .player_version = TALLY_VERSION,
};

static tally_endpoint_t endpoint;
static tally_options_t options;
static tally_lwip_tcp_t tcp;
static tally_tls_t tls;
static tally_verify_t verify;
static alignas(8) uint8_t tls_heap[TALLY_TLS_HEAP_BYTES];
static tally_settings_t settings;
static tally_t agent;
static receiver_t receiver;
static volatile bool receiving; /* else what comes is not looked at */
static bool is_in_boot_loop;    /* and waits for LOOP_QUIET_MS before it joins a channel */
static command_reader_t command_reader;

/* ---- in interrupts -------------------------------------------------------------------------- */

void board_on_tick(void) {
    network_tick();
    if (receiving) {
        (void)receiver_tick(&receiver, board_now_us());
    }
}

/* A source that comes back after it had stopped begins a new session. */
static void on_datagram(const uint8_t *data, uint32_t bytes, uint64_t now_us) {
    if (!receiving) {
        return;
    }
    if (!receiver_joined(&receiver)) {
        (void)receiver_join(&receiver);
    }
    (void)receiver_datagram(&receiver, data, bytes, now_us);
}

/* ---- start ---------------------------------------------------------------------------------- */

/* Sleeps, at most for so long, as short as the watchdog wants it. */
static void rest(uint64_t now_ms, uint32_t wait_ms) {
    const uint32_t most_ms = board.watchdog_ms / 4u;
    board_sleep(now_ms + (wait_ms < most_ms ? wait_ms : most_ms));
    board_feed_watchdog();
}

/* What cannot start now may the next time; not at once, for people read this. */
_Noreturn static void give_up(void) {
    const uint64_t over_ms = board_now_ms() + START_RETRY_MS;
    while (board_now_ms() < over_ms) {
        rest(board_now_ms(), START_RETRY_MS);
    }
    board_restart(TALLY_RESET_SOFTWARE);
}

static void check(int32_t status, const char *what) {
    if (status != TALLY_OK) {
        console_text("start: ");
        console_text(what);
        console_text(": ");
        console_text(tally_status_name(status));
        console_text("\n");
        give_up();
    }
    board_feed_watchdog();
}

static void fill_options(tally_settings_t *kept) {
    endpoint = (tally_endpoint_t){
        .peer = {.host = provision.host, .port = provision.port},
        .path = provision.path,
    };
    options = (tally_options_t){
        .endpoints = &endpoint,
        .endpoint_count = 1,
        .verifier = provision.config_key != NULL ? tally_verify_verifier(&verify) : NULL,
        .device_id = provision.device_id,
        .operator_id = provision.operator_id,
        .device_type = "stb",
        .device_model = board.name,
        .soc = board.soc,
        .firmware = TALLY_VERSION,
        .reset_reason = board_reset_reason(),
        .settings = kept,
        .heartbeat_ms = provision.heartbeat_ms,
        .upload_ms = provision.upload_ms,
    };
    receiver_capabilities(&receiver_config, options.capabilities);
    options.capabilities[TALLY_G_BOOT] =
        TALLY_CAN(BOOT, AGENT_VERSION) | TALLY_CAN(BOOT, DEVICE_MODEL) |
        TALLY_CAN(BOOT, DEVICE_TYPE) | TALLY_CAN(BOOT, FIRMWARE) | TALLY_CAN(BOOT, REGISTRY_HASH) |
        TALLY_CAN(BOOT, RESET_REASON) | TALLY_CAN(BOOT, SOC);
    options.capabilities[TALLY_G_PLAYBACK] |= TALLY_CAN(PLAYBACK, SUSPENDED_TIME) |
                                              TALLY_CAN(PLAYBACK, ZAP_TIME) |
                                              TALLY_CAN(PLAYBACK, ZAPPING_TIME);
    options.capabilities[TALLY_G_VIEWING] |= TALLY_CAN(VIEWING, ZAPS);
    options.capabilities[TALLY_G_HISTOGRAM] |= TALLY_CAN(HISTOGRAM, ZAP_HISTOGRAM);
    options.capabilities[TALLY_G_AGENT] =
        TALLY_CAN(AGENT, TLS_HEAP_HIGH) | TALLY_CAN(AGENT, STACK_HIGH);
    options.capabilities[TALLY_G_NETWORK] = TALLY_CAN_ALL(NETWORK);
}

/* The settings come first: TLS too has something in them. */
static tally_settings_t *start_settings(const tally_store_t *kept) {
    if (kept == NULL) {
        return NULL;
    }
    check(tally_settings_init(&settings, kept), "settings");
    return &settings;
}

static void start_agent(void) {
    const tally_store_t *spool;
    const tally_store_t *kept;
    check(board_stores(&spool, &kept), "stores");
    const tally_tls_config_t tls_config = {
        .ca = provision.ca,
        .ca_size = provision.ca_bytes,
        .certificate = provision.certificate,
        .certificate_size = provision.certificate_bytes,
        .key = provision.key,
        .key_size = provision.key_bytes,
        .settings = start_settings(kept),
        .heap = tls_heap,
        .heap_bytes = sizeof tls_heap,
    };
    tally_lwip_tcp_init(&tcp, &platform_port);
    check(tally_tls_init(&tls, &tls_config, &platform_port, tally_lwip_tcp_transport(&tcp)),
          "credentials");
    if (provision.config_key != NULL) {
        check(tally_verify_init(&verify, provision.config_key), "key of remote configuration");
    }
    fill_options(tls_config.settings);
    check(tally_init(&agent, &options, &platform_port, tally_tls_transport(&tls), spool), "agent");
}

/* The receiver belongs to the interrupts while it receives; before that, to main(). */
static int32_t join(void) {
    const uint32_t mask = board_mask();
    const int32_t status = receiver_join(&receiver);
    receiving = true;
    board_unmask(mask);
    return status;
}

static void start_receiver(void) {
    receiver_init(&receiver, &agent, &receiver_config);
    check(network_receive(STREAM_PORT, on_datagram), "stream");
    if (restart_note_row() < LOOP_RESETS) {
        check(join(), "receiver");
    } else {
        console_text("boot loop: no channel for a minute\n");
        is_in_boot_loop = true;
    }
}

static void greet(void) {
    static const char *const resets[] = {
#define RESET_NAME(symbol, value, name, meaning) [value] = (name),
        TALLY_RESETS(RESET_NAME)
#undef RESET_NAME
    };
    console_text("tally " TALLY_VERSION " on ");
    console_text(board.name);
    console_text(", device ");
    console_text(provision.device_id);
    console_text("\nentropy: ");
    console_text(board.entropy);
    console_text("\nreset: ");
    console_text(resets[board_reset_reason()]);
    console_text("\n");
}

/* ---- commands ------------------------------------------------------------------------------- */

/* Nothing that comes reaches the receiver any more. */
static void leave(enum tally_stop reason) {
    const uint32_t mask = board_mask();
    receiving = false;
    receiver_leave(&receiver, reason);
    board_unmask(mask);
}

static int32_t zap(void) {
    const uint32_t mask = board_mask();
    const int32_t status = receiving ? receiver_zap(&receiver) : TALLY_E_STATE;
    board_unmask(mask);
    return status;
}

/* The session waits, and no stream is received. */
static int32_t enter_standby(void) {
    const int32_t status = tally_suspend(&agent);
    receiving = false;
    is_in_boot_loop = false;
    return status;
}

/* What was on before standby is over: a live channel is joined anew. */
static int32_t leave_standby(void) {
    const int32_t status = tally_resume(&agent);
    if (status == TALLY_OK) {
        leave(TALLY_STOP_SUSPENDED);
        (void)join();
    }
    return status;
}

/* In order: the session has an end, which is kept before the power goes. */
_Noreturn static void restart(void) {
    leave(TALLY_STOP_SHUTDOWN);
    (void)tally_step(&agent);
    board_restart(TALLY_RESET_SOFTWARE);
}

_Noreturn static void hang(void) {
    for (;;) {
        __asm volatile("" : : : "memory");
    }
}

static int32_t obey(enum command command) {
    switch (command) {
    case COMMAND_ZAP: return zap();
    case COMMAND_STANDBY: return enter_standby();
    case COMMAND_RESUME: return leave_standby();
    case COMMAND_FLUSH: tally_flush(&agent); return TALLY_OK;
    case COMMAND_RESTART: restart();
    case COMMAND_HANG: hang();
    case COMMAND_FAULT: __builtin_trap();
    default: return TALLY_E_ARGUMENT;
    }
}

/* Whether there was one. */
static bool take_command(void) {
    const enum command command = command_next(&command_reader, board_console_get);
    if (command == COMMAND_NONE) {
        return false;
    }
    const int32_t status = obey(command);
    console_text("command: ");
    console_text(tally_status_name(status));
    console_text("\n");
    return true;
}

/* ---- running -------------------------------------------------------------------------------- */

static void watch_boot_loop(uint64_t now_ms) {
    if (is_in_boot_loop && now_ms >= LOOP_QUIET_MS) {
        is_in_boot_loop = false;
        (void)join();
    }
    if (now_ms >= LOOP_OVER_MS) {
        restart_note_end_row();
    }
}

int main(void) {
    board_init();
    board_feed_watchdog();
    greet();
    check(network_start(provision.device_id), "network");
    start_agent();
    start_receiver();
    uint64_t notes_due_ms = 0;
    for (;;) {
        const uint64_t now_ms = board_now_ms();
        if (now_ms >= notes_due_ms) {
            memory_notes_take(&agent, &tls);
            notes_due_ms = now_ms + NOTES_PERIOD_MS;
        }
        watch_boot_loop(now_ms);
        const bool more_commands = take_command();
        const uint32_t wait_ms = tally_step(&agent);
        rest(now_ms, more_commands ? 0 : wait_ms);
    }
}
