/* SPDX-License-Identifier: Apache-2.0 */
#include "story.h"

/* In tables: there is none. */
enum { NONE = UINT8_MAX };

/* In seeking_since_ms: a replay, which is no seek. */
enum { NO_SEEK = -1 };

static uint64_t now(const tally_session_t *session) {
    return session->figures.at_ms;
}

void tally_story_touch(tally_session_t *session, uint32_t since) {
    session->last_ms[since] = (uint32_t)now(session);
    session->last_known |= (uint16_t)(1u << since);
}

void tally_story_notify(tally_outcome_t *outcome, enum tally_event_type type, int64_t code,
                        int32_t detail) {
    outcome->notices[outcome->count] = (tally_notice_t){
        .type = (uint8_t)type,
        .code = code < INT32_MAX ? (int32_t)code : INT32_MAX,
        .detail = detail,
    };
    outcome->count++;
}

/* Ends a depletion, however it ends. */
static void end_depletion(tally_session_t *session, tally_outcome_t *outcome) {
    if (session->stall_counted) {
        const int64_t length_ms = (int64_t)session->figures.stall_ms;
        tally_figures_note_stall(&session->figures);
        tally_viewing_sample(session->viewing, TALLY_M_STALL_HISTOGRAM, length_ms, 1);
        tally_story_notify(outcome, TALLY_EVENT_STALL_END, length_ms, session->in_ad ? 1 : 0);
    }
    session->buffering = false;
    session->stall_counted = false;
    session->figures.stall_ms = 0;
}

/* --- start ---------------------------------------------------------------------------------- */

/* Time since the play request in which the content was wanted and not paused: ads left out. */
static int64_t wanted_time_ms(const tally_session_t *session) {
    return get(session, P(JOINING_TIME)) - get(session, ADS(AD_JOINING_TIME)) +
           get(session, P(ZAPPING_TIME)) + get(session, P(PLAY_TIME)) -
           get(session, ADS(AD_PLAY_TIME)) + get(session, P(STALLED_TIME)) -
           get(session, ADS(AD_STALLED_TIME));
}

/* The ads' part of it; a pause is the viewer's own doing there too. */
static int64_t ads_time_ms(const tally_session_t *session) {
    return get(session, ADS(AD_JOINING_TIME)) + get(session, ADS(AD_PLAY_TIME)) +
           get(session, ADS(AD_STALLED_TIME));
}

/* From here on a startup time would measure something else. */
static void spoil_startup(tally_session_t *session) {
    if (session->requested && !session->started) {
        set(session, P(STARTUPS_SPOILT), 1);
    }
}

static bool is_spoilt(const tally_session_t *session) {
    return get(session, P(STARTUPS_SPOILT)) != 0;
}

void tally_story_request(tally_session_t *session) {
    session->requested = true;
    session->wanted = true;
    count(session, P(PLAY_ATTEMPTS));
    tally_story_touch(session, SINCE(SINCE_REQUEST));
    tally_viewing_add(session->viewing, TALLY_M_VIEWING_REQUESTS, 1);
}

static bool on_play(tally_session_t *session) {
    if (session->requested) {
        return false;
    }
    tally_story_request(session);
    return true;
}

static bool on_source(tally_session_t *session) {
    session->figures.preloading = true;
    session->source_ms = now(session);
    return true;
}

/* One of the steps from the play request to playing, at most once. */
static bool on_phase(tally_session_t *session, uint32_t at) {
    if (!session->requested) {
        return session->figures.preloading;
    }
    if (has(session, at)) {
        return false;
    }
    set(session, at, (uint32_t)now(session) - session->last_ms[SINCE(SINCE_REQUEST)]);
    return true;
}

static bool on_playable(tally_session_t *session) {
    const bool loads = session->figures.preloading && !has(session, MEDIA(LOAD_TIME));
    if (loads) {
        set(session, MEDIA(LOAD_TIME), (int64_t)(now(session) - session->source_ms));
    }
    return on_phase(session, MEDIA(PLAYABLE_AT)) || loads;
}

static bool on_first_picture(tally_session_t *session) {
    if (!session->requested || session->started || has(session, P(FIRST_PICTURE_TIME))) {
        return false;
    }
    set(session, P(FIRST_PICTURE_TIME), wanted_time_ms(session));
    return true;
}

static void sample_start(tally_session_t *session) {
    if (session->kind == TALLY_SESSION_ZAP) {
        set(session, P(ZAP_TIME), wanted_time_ms(session));
        tally_viewing_sample(session->viewing, TALLY_M_ZAP_HISTOGRAM, wanted_time_ms(session), 1);
        return;
    }
    set(session, P(STARTUP_TIME), wanted_time_ms(session));
    set(session, P(STARTUP_WITH_ADS), wanted_time_ms(session) + ads_time_ms(session));
    if (session->kind == TALLY_SESSION_PLAYBACK) {
        tally_viewing_sample(session->viewing, TALLY_M_STARTUP_HISTOGRAM, wanted_time_ms(session),
                             1);
    }
}

static bool on_first_frame(tally_session_t *session) {
    if (!session->requested || session->started || session->in_ad) {
        return false;
    }
    (void)on_phase(session, MEDIA(FIRST_FRAME_AT));
    session->started = true;
    tally_viewing_add(session->viewing, TALLY_M_VIEWING_PLAYS, 1);
    if (!is_spoilt(session)) {
        sample_start(session);
    }
    return true;
}

static bool on_playing(tally_session_t *session) {
    if (!session->requested || session->in_ad || !on_phase(session, MEDIA(PLAYING_AT))) {
        return false;
    }
    if (!is_spoilt(session) && session->kind != TALLY_SESSION_ZAP) {
        set(session, P(STARTUP_PLAYING), wanted_time_ms(session));
        set(session, P(STARTUP_PLAYING_ADS), wanted_time_ms(session) + ads_time_ms(session));
    }
    return true;
}

/* --- playback ------------------------------------------------------------------------------- */

static bool on_pause(tally_session_t *session) {
    if (!session->wanted) {
        return false;
    }
    session->wanted = false;
    if (session->in_ad) {
        count(session, ADS(AD_PAUSES));
    }
    return true;
}

static bool on_resume(tally_session_t *session) {
    if (!session->requested || session->wanted) {
        return false;
    }
    session->wanted = true;
    if (session->in_ad) {
        count(session, ADS(AD_RESUMES));
    }
    return true;
}

/* Players report buffering while they preload, join and seek too; that is what those states are,
 * and the end of it may come after they have passed. */
static bool on_buffering_begin(tally_session_t *session) {
    if (session->buffering) {
        return false;
    }
    session->buffering_told = true;
    session->buffering =
        session->in_ad ? session->ad_started : session->started && !session->seeking;
    return true;
}

static bool on_buffering_end(tally_session_t *session, tally_outcome_t *outcome) {
    const bool legal = session->buffering_told;
    session->buffering_told = false;
    end_depletion(session, outcome);
    return legal;
}

static bool on_seek_begin(tally_session_t *session, tally_outcome_t *outcome) {
    if (!session->requested || session->in_ad) {
        return false;
    }
    end_depletion(session, outcome);
    if (!session->seeking || session->seeking_since_ms == NO_SEEK) {
        session->seeking_since_ms = get(session, P(SEEKING_TIME));
    }
    session->seeking = true;
    tally_playhead_break(&session->playhead);
    spoil_startup(session);
    return true;
}

static bool on_seek_end(tally_session_t *session, tally_outcome_t *outcome) {
    if (!session->seeking) {
        return false;
    }
    session->seeking = false;
    if (session->seeking_since_ms == NO_SEEK) {
        return true;
    }
    const int64_t length_ms = get(session, P(SEEKING_TIME)) - session->seeking_since_ms;
    tally_viewing_sample(session->viewing, TALLY_M_SEEK_HISTOGRAM, length_ms, 1);
    tally_story_notify(outcome, TALLY_EVENT_SEEKED, length_ms, 0);
    return true;
}

static bool on_live_edge(tally_session_t *session) {
    if (!session->started || session->in_ad) {
        return false;
    }
    tally_playhead_break(&session->playhead);
    return true;
}

static bool on_end(tally_session_t *session, tally_outcome_t *outcome) {
    if (session->over != TALLY_STATE_IDLE || session->in_ad) {
        return false;
    }
    end_depletion(session, outcome);
    const uint8_t milestone = tally_playhead_end(&session->playhead);
    if (milestone != 0) {
        set(session, P(FURTHEST), milestone);
    }
    reach(session, milestone, outcome);
    session->seeking = false;
    session->over = TALLY_STATE_ENDED;
    return true;
}

/* Until frames of the start are on screen the state is SEEKING, but nobody sought. */
static bool on_replay(tally_session_t *session) {
    if (session->over != TALLY_STATE_ENDED || !session->requested || session->in_ad) {
        return false;
    }
    spoil_startup(session);
    session->over = TALLY_STATE_IDLE;
    session->wanted = true;
    session->seeking = true;
    session->seeking_since_ms = NO_SEEK;
    tally_playhead_break(&session->playhead);
    return true;
}

static bool on_suspend(tally_session_t *session, tally_outcome_t *outcome) {
    if (session->suspended) {
        return false;
    }
    end_depletion(session, outcome);
    spoil_startup(session);
    tally_playhead_break(&session->playhead);
    session->suspended = true;
    session->suspended_ms = now(session);
    return true;
}

static bool on_wake(tally_session_t *session, tally_outcome_t *outcome) {
    if (!session->suspended) {
        return false;
    }
    session->suspended = false;
    tally_story_notify(outcome, TALLY_EVENT_WAKE, (int64_t)(now(session) - session->suspended_ms),
                       0);
    return true;
}

/* --- errors and choices --------------------------------------------------------------------- */

static void note_error(tally_session_t *session, int32_t code, int32_t class) {
    set(session, P(ERROR_CODE), code);
    set(session, P(ERROR_CLASS), class);
    tally_viewing_add(session->viewing, TALLY_M_VIEWING_ERRORS, 1);
    if (session->in_ad) {
        count(session, ADS(AD_ERRORS));
    }
}

static bool on_error(tally_session_t *session, int32_t code, int32_t class) {
    if (!session->in_ad) {
        spoil_startup(session);
    }
    note_error(session, code, class);
    return true;
}

static bool on_fatal(tally_session_t *session, int32_t code, int32_t class,
                     tally_outcome_t *outcome) {
    end_depletion(session, outcome);
    note_error(session, code, class);
    /* Nothing was asked for yet, or all of it has been shown: no view failed. */
    if (session->requested && session->over == TALLY_STATE_IDLE) {
        count(session, session->started ? P(PLAYBACK_FAILURES) : P(START_FAILURES));
    }
    session->over = TALLY_STATE_FAILED;
    return true;
}

static bool on_refused(tally_session_t *session, tally_outcome_t *outcome) {
    end_depletion(session, outcome);
    session->over = TALLY_STATE_STOPPED;
    return true;
}

/* `user`: not by the player's adaptation. The ad's rendition is not the content's. */
static bool on_rendition(tally_session_t *session, int32_t kbps, bool user,
                         tally_outcome_t *outcome) {
    const int64_t before = session->in_ad ? session->ad_bitrate_kbps : get(session, P(BITRATE));
    if (session->in_ad) {
        session->ad_bitrate_kbps = kbps;
    } else {
        set(session, P(BITRATE), kbps);
    }
    if (before == 0 || before == kbps) {
        return true;
    }
    count(session, P(RENDITION_CHANGES));
    if (session->in_ad) {
        count(session, ADS(AD_RENDITION_CHANGES));
    }
    count(session, user            ? P(RENDITION_CHOICES)
                   : kbps > before ? P(RENDITION_UPS)
                                   : P(RENDITION_DOWNS));
    tally_story_touch(session, SINCE(SINCE_RENDITION_CHANGE));
    tally_story_notify(outcome, user ? TALLY_EVENT_RENDITION_USER : TALLY_EVENT_RENDITION_AUTO,
                       kbps, (int32_t)before);
    return true;
}

static bool on_switch(tally_session_t *session, enum tally_switch how) {
    count(session, how == TALLY_SWITCH_REQUESTED   ? MEDIA(SWITCHES_ASKED)
                   : how == TALLY_SWITCH_SUCCEEDED ? MEDIA(SWITCHES_DONE)
                   : how == TALLY_SWITCH_FAILED    ? MEDIA(SWITCHES_FAILED)
                                                   : MEDIA(SWITCHES_ABORTED));
    return true;
}

/* --- advertisements ------------------------------------------------------------------------- */

/* What is on screen gives way to something else: a stall never spans the change, and a rendition
 * told from now on is the next ad's. */
static void give_way(tally_session_t *session, tally_outcome_t *outcome) {
    end_depletion(session, outcome);
    session->buffering_told = false;
    session->ad_started = false;
    session->ad_bitrate_kbps = 0;
}

static bool on_ad_break_begin(tally_session_t *session, tally_outcome_t *outcome) {
    if (!session->requested || session->in_ad) {
        return false;
    }
    give_way(session, outcome);
    tally_playhead_break(&session->playhead);
    session->in_ad = true;
    count(session, ADS(AD_BREAKS));
    tally_story_touch(session, SINCE(SINCE_AD_BREAK));
    tally_story_notify(outcome, TALLY_EVENT_AD_BREAK_BEGIN, 0, 0);
    return true;
}

static bool on_ad_start(tally_session_t *session, tally_outcome_t *outcome) {
    if (session->in_ad ? session->ad_started : !on_ad_break_begin(session, outcome)) {
        return false;
    }
    session->ad_started = true;
    tally_viewing_add(session->viewing, TALLY_M_VIEWING_AD_PLAYS, 1);
    return true;
}

static bool on_ad_end(tally_session_t *session, enum tally_ad_end how, tally_outcome_t *outcome) {
    if (!session->in_ad || (!session->ad_started && how != TALLY_AD_FAILED)) {
        return false;
    }
    give_way(session, outcome);
    if (how == TALLY_AD_COMPLETED) {
        count(session, ADS(AD_COMPLETES));
        tally_story_touch(session, SINCE(SINCE_AD_COMPLETE));
    } else if (how == TALLY_AD_SKIPPED) {
        count(session, ADS(AD_SKIPS));
    }
    return true;
}

static bool on_ad_break_end(tally_session_t *session, tally_outcome_t *outcome) {
    if (!session->in_ad) {
        return false;
    }
    give_way(session, outcome);
    session->in_ad = false;
    return true;
}

static bool on_ad_milestone(tally_session_t *session, int32_t percent) {
    if (!session->in_ad) {
        return false;
    }
    set(session, ADS(AD_MILESTONE), percent);
    return true;
}

/* An ad may fail before its break begins: it is the ads' error all the same. */
static bool on_ad_error(tally_session_t *session, int32_t code) {
    set(session, P(ERROR_CODE), code);
    set(session, P(ERROR_CLASS), TALLY_ERROR_UNKNOWN);
    count(session, P(ERRORS));
    tally_viewing_add(session->viewing, TALLY_M_VIEWING_ERRORS, 1);
    return true;
}

/* --- the end -------------------------------------------------------------------------------- */

/* How the media ended says more than how the player was put away afterwards. */
static enum tally_stop stop_reason(const tally_session_t *session, enum tally_stop told) {
    if (get(session, P(REFUSALS)) != 0) {
        return TALLY_STOP_REFUSED;
    }
    return session->over == TALLY_STATE_FAILED  ? TALLY_STOP_ERROR
           : session->over == TALLY_STATE_ENDED ? TALLY_STOP_COMPLETED
                                                : told;
}

static bool on_close(tally_session_t *session, enum tally_stop told, tally_outcome_t *outcome) {
    end_depletion(session, outcome);
    if (session->requested && !session->started && session->over != TALLY_STATE_FAILED &&
        get(session, P(REFUSALS)) == 0) {
        set(session, P(EXITS_BEFORE_START), 1);
    }
    set(session, P(STOP_REASON), stop_reason(session, told));
    if (session->over == TALLY_STATE_IDLE) {
        session->over = TALLY_STATE_STOPPED;
    }
    session->suspended = false;
    session->in_ad = false;
    return true;
}

/* --- dispatch ------------------------------------------------------------------------------- */

/* What a legal event does besides: counts one, is remembered as the last of its kind, is told. */
typedef struct {
    uint8_t figure;
    uint8_t since;
    uint8_t event;
} effect_t;

#define NOTHING                                                                                    \
    { NONE, NONE, NONE }

static const effect_t effects[] = {
    [TALLY_HOOK_OPEN] = NOTHING,
    [TALLY_HOOK_LOADED] = {MEDIA(PLAYER_LOADS), NONE, NONE},
    [TALLY_HOOK_SOURCE] = NOTHING,
    [TALLY_HOOK_CONNECTED] = NOTHING,
    [TALLY_HOOK_FIRST_DATA] = NOTHING,
    [TALLY_HOOK_PLAYABLE] = NOTHING,
    [TALLY_HOOK_PLAY] = NOTHING,
    [TALLY_HOOK_FIRST_PICTURE] = NOTHING,
    [TALLY_HOOK_FIRST_FRAME] = {P(FIRST_PLAYS), SINCE(SINCE_START), TALLY_EVENT_FIRST_FRAME},
    [TALLY_HOOK_PLAYING] = NOTHING,
    [TALLY_HOOK_PAUSE] = {P(PAUSES), SINCE(SINCE_PAUSE), TALLY_EVENT_PAUSE},
    [TALLY_HOOK_RESUME] = {P(RESUMES), NONE, TALLY_EVENT_RESUME},
    [TALLY_HOOK_BUFFERING_BEGIN] = NOTHING,
    [TALLY_HOOK_BUFFERING_END] = NOTHING,
    [TALLY_HOOK_SEEK_BEGIN] = {P(SEEKS), SINCE(SINCE_SEEK), TALLY_EVENT_SEEK},
    [TALLY_HOOK_SEEK_END] = NOTHING,
    [TALLY_HOOK_LIVE_EDGE] = {P(LIVE_CORRECTIONS), NONE, TALLY_EVENT_LIVE_EDGE},
    [TALLY_HOOK_REPLAY] = {P(REPLAYS), NONE, TALLY_EVENT_REPLAY},
    [TALLY_HOOK_ERROR] = {P(ERRORS), NONE, TALLY_EVENT_ERROR},
    [TALLY_HOOK_FATAL] = {P(ERRORS), NONE, TALLY_EVENT_FATAL},
    [TALLY_HOOK_REFUSED] = {P(REFUSALS), NONE, TALLY_EVENT_REFUSED},
    [TALLY_HOOK_RENDITION] = NOTHING,
    [TALLY_HOOK_AUDIO_TRACK] = {MEDIA(AUDIO_TRACK_CHANGES), NONE, TALLY_EVENT_AUDIO_TRACK},
    [TALLY_HOOK_SUBTITLE] = {MEDIA(SUBTITLE_CHANGES), NONE, TALLY_EVENT_SUBTITLE},
    [TALLY_HOOK_SWITCH] = {NONE, NONE, TALLY_EVENT_SOURCE_SWITCH},
    [TALLY_HOOK_QUALIFIED] = {MEDIA(QUALIFIED_VIEWS), NONE, TALLY_EVENT_QUALIFIED_VIEW},
    [TALLY_HOOK_CUSTOM] = {NONE, NONE, TALLY_EVENT_CUSTOM},
    [TALLY_HOOK_SUSPEND] = {P(SUSPENSIONS), NONE, TALLY_EVENT_SUSPEND},
    [TALLY_HOOK_WAKE] = NOTHING,
    [TALLY_HOOK_AD_REQUEST] = {ADS(AD_REQUESTS), SINCE(SINCE_AD_REQUEST), TALLY_EVENT_AD_REQUEST},
    [TALLY_HOOK_AD_LOADED] = {ADS(AD_LOADS), NONE, TALLY_EVENT_AD_LOADED},
    [TALLY_HOOK_AD_BREAK_BEGIN] = NOTHING,
    [TALLY_HOOK_AD_IMPRESSION] = {ADS(AD_IMPRESSIONS), NONE, TALLY_EVENT_AD_IMPRESSION},
    [TALLY_HOOK_AD_START] = {ADS(AD_PLAYS), SINCE(SINCE_AD_START), TALLY_EVENT_AD_START},
    [TALLY_HOOK_AD_MILESTONE] = {NONE, SINCE(SINCE_AD_MILESTONE), TALLY_EVENT_AD_MILESTONE},
    [TALLY_HOOK_AD_CLICK] = {ADS(AD_CLICKS), NONE, TALLY_EVENT_AD_CLICK},
    [TALLY_HOOK_AD_ERROR] = {ADS(AD_ERRORS), NONE, TALLY_EVENT_AD_ERROR},
    [TALLY_HOOK_AD_END] = {NONE, NONE, TALLY_EVENT_AD_END},
    [TALLY_HOOK_AD_BREAK_END] = {NONE, NONE, TALLY_EVENT_AD_BREAK_END},
    [TALLY_HOOK_END] = {NONE, NONE, TALLY_EVENT_ENDED},
    [TALLY_HOOK_CLOSE] = NOTHING,
};

/* Once the media is over little makes sense; after its natural end an ad may still follow. */
static bool is_open_to(const tally_session_t *session, enum tally_hook hook) {
    if (hook == TALLY_HOOK_CLOSE || hook == TALLY_HOOK_SUSPEND || hook == TALLY_HOOK_WAKE) {
        return true;
    }
    if (session->over == TALLY_STATE_ENDED) {
        return session->in_ad || hook == TALLY_HOOK_REPLAY ||
               (hook >= TALLY_HOOK_AD_REQUEST && hook <= TALLY_HOOK_AD_BREAK_END);
    }
    return session->over == TALLY_STATE_IDLE;
}

static bool dispatch_ad(tally_session_t *session, enum tally_hook hook, int32_t code,
                        tally_outcome_t *outcome) {
    switch (hook) {
    case TALLY_HOOK_AD_BREAK_BEGIN: return on_ad_break_begin(session, outcome);
    case TALLY_HOOK_AD_BREAK_END: return on_ad_break_end(session, outcome);
    case TALLY_HOOK_AD_START: return on_ad_start(session, outcome);
    case TALLY_HOOK_AD_END: return on_ad_end(session, (enum tally_ad_end)code, outcome);
    case TALLY_HOOK_AD_MILESTONE: return on_ad_milestone(session, code);
    case TALLY_HOOK_AD_ERROR: return on_ad_error(session, code);
    case TALLY_HOOK_AD_IMPRESSION:
    case TALLY_HOOK_AD_CLICK: return session->in_ad;
    case TALLY_HOOK_AD_REQUEST:
    case TALLY_HOOK_AD_LOADED: return true;
    default: return false; /* not told as an event */
    }
}

static bool dispatch(tally_session_t *session, enum tally_hook hook, int32_t code, int32_t detail,
                     tally_outcome_t *outcome) {
    switch (hook) {
    case TALLY_HOOK_SOURCE: return on_source(session);
    case TALLY_HOOK_CONNECTED: return on_phase(session, MEDIA(CONNECTED_AT));
    case TALLY_HOOK_FIRST_DATA: return on_phase(session, MEDIA(FIRST_DATA_AT));
    case TALLY_HOOK_PLAYABLE: return on_playable(session);
    case TALLY_HOOK_PLAY: return on_play(session);
    case TALLY_HOOK_FIRST_PICTURE: return on_first_picture(session);
    case TALLY_HOOK_FIRST_FRAME: return on_first_frame(session);
    case TALLY_HOOK_PLAYING: return on_playing(session);
    case TALLY_HOOK_PAUSE: return on_pause(session);
    case TALLY_HOOK_RESUME: return on_resume(session);
    case TALLY_HOOK_BUFFERING_BEGIN: return on_buffering_begin(session);
    case TALLY_HOOK_BUFFERING_END: return on_buffering_end(session, outcome);
    case TALLY_HOOK_SEEK_BEGIN: return on_seek_begin(session, outcome);
    case TALLY_HOOK_SEEK_END: return on_seek_end(session, outcome);
    case TALLY_HOOK_LIVE_EDGE: return on_live_edge(session);
    case TALLY_HOOK_REPLAY: return on_replay(session);
    case TALLY_HOOK_ERROR: return on_error(session, code, detail);
    case TALLY_HOOK_FATAL: return on_fatal(session, code, detail, outcome);
    case TALLY_HOOK_REFUSED: return on_refused(session, outcome);
    case TALLY_HOOK_RENDITION:
        return on_rendition(session, code, detail == TALLY_CAUSE_USER, outcome);
    case TALLY_HOOK_SWITCH: return on_switch(session, (enum tally_switch)code);
    case TALLY_HOOK_SUSPEND: return on_suspend(session, outcome);
    case TALLY_HOOK_WAKE: return on_wake(session, outcome);
    case TALLY_HOOK_END: return on_end(session, outcome);
    case TALLY_HOOK_CLOSE: return on_close(session, (enum tally_stop)code, outcome);
    case TALLY_HOOK_LOADED:
        tally_viewing_add(session->viewing, TALLY_M_VIEWING_LOADS, 1);
        return true;
    case TALLY_HOOK_AUDIO_TRACK:
    case TALLY_HOOK_SUBTITLE:
    case TALLY_HOOK_QUALIFIED:
    case TALLY_HOOK_CUSTOM: return true;
    default: return dispatch_ad(session, hook, code, outcome);
    }
}

bool tally_story_tell(tally_session_t *session, enum tally_hook hook, int32_t code, int32_t detail,
                      tally_outcome_t *outcome) {
    if (!is_open_to(session, hook) || !dispatch(session, hook, code, detail, outcome)) {
        return false;
    }
    const effect_t *const effect = &effects[hook];
    if (effect->figure != NONE) {
        count(session, effect->figure);
    }
    if (effect->since != NONE) {
        tally_story_touch(session, effect->since);
    }
    if (effect->event != NONE) {
        tally_story_notify(outcome, (enum tally_event_type)effect->event, code, detail);
    }
    return true;
}
