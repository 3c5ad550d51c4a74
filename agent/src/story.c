/* SPDX-License-Identifier: Apache-2.0 */
#include "story.h"

static uint64_t now(const tally_session_t *session) {
    return session->figures.at_ms;
}

void tally_story_touch(tally_session_t *session, uint32_t since) {
    session->last_ms[since] = (uint32_t)now(session);
    session->last_known |= (uint16_t)(1u << since);
}

void tally_story_notify(tally_outcome_t *outcome, enum tally_event_type type, int32_t code,
                        int32_t detail) {
    tally_notice_t *const notice = &outcome->notices[outcome->count];
    notice->type = (uint8_t)type;
    notice->code = code;
    notice->detail = detail;
    outcome->count++;
}

__attribute__((noinline)) int32_t tally_story_code(int64_t number) {
    return number < INT32_MAX ? (int32_t)number : INT32_MAX;
}

/* Not inlined: each of their many callers would work out where the figures are. */
__attribute__((noinline)) void tally_story_count(tally_session_t *session, uint32_t at) {
    tally_figures_count(&session->figures, at);
}

__attribute__((noinline)) void tally_story_set(tally_session_t *session, uint32_t at,
                                               int32_t value) {
    set(session, at, value);
}

static void count_viewing(const tally_session_t *session, enum tally_metric metric) {
    tally_viewing_add(session->viewing, metric, 1);
}

static void count_in_ad(tally_session_t *session, uint32_t at) {
    if (session->in_ad) {
        count(session, at);
    }
}

void tally_story_reach(tally_session_t *session, uint8_t milestone, tally_outcome_t *outcome) {
    if (milestone != 0) {
        tally_story_set(session, P(MILESTONE), milestone);
        tally_story_touch(session, SINCE(SINCE_MILESTONE));
        tally_story_notify(outcome, TALLY_EVENT_MILESTONE, milestone, 0);
    }
}

/* Ends a depletion, however it ends. */
static void end_depletion(tally_session_t *session, tally_outcome_t *outcome) {
    if (session->stall_counted) {
        const int64_t length_ms = (int64_t)session->figures.stall_ms;
        tally_figures_note_stall(&session->figures);
        tally_viewing_sample(session->viewing, TALLY_M_STALL_HISTOGRAM, length_ms, 1);
        tally_story_notify(outcome, TALLY_EVENT_STALL_END, tally_story_code(length_ms),
                           session->in_ad ? 1 : 0);
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

/* Sets it and, next to it, the same with the ads' part; a pause is the viewer's own doing there
 * too. */
static void set_startup(tally_session_t *session, uint32_t at) {
    const int64_t wanted_ms = wanted_time_ms(session);
    set(session, at, wanted_ms);
    set(session, at + 1,
        wanted_ms + get(session, ADS(AD_JOINING_TIME)) + get(session, ADS(AD_PLAY_TIME)) +
            get(session, ADS(AD_STALLED_TIME)));
}
_Static_assert(P(STARTUP_WITH_ADS) == P(STARTUP_TIME) + 1 &&
                   P(STARTUP_PLAYING_ADS) == P(STARTUP_PLAYING) + 1,
               "times with and without ads stand side by side");

/* From here on a startup time would measure something else. */
static void spoil_startup(tally_session_t *session) {
    if (session->requested && !session->started) {
        tally_story_set(session, P(STARTUPS_SPOILT), 1);
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
    count_viewing(session, TALLY_M_VIEWING_REQUESTS);
}

static bool on_play(tally_session_t *session) {
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
    if (has(session, P(FIRST_PICTURE_TIME))) {
        return false;
    }
    set(session, P(FIRST_PICTURE_TIME), wanted_time_ms(session));
    return true;
}

static void sample_start(tally_session_t *session) {
    const bool is_zap = session->kind == TALLY_SESSION_ZAP;
    if (is_zap) {
        set(session, P(ZAP_TIME), wanted_time_ms(session));
    } else {
        set_startup(session, P(STARTUP_TIME));
    }
    if (session->kind != TALLY_SESSION_PUBLISH) {
        tally_viewing_sample(session->viewing,
                             is_zap ? TALLY_M_ZAP_HISTOGRAM : TALLY_M_STARTUP_HISTOGRAM,
                             wanted_time_ms(session), 1);
    }
}

static bool on_first_frame(tally_session_t *session) {
    (void)on_phase(session, MEDIA(FIRST_FRAME_AT));
    session->started = true;
    count_viewing(session, TALLY_M_VIEWING_PLAYS);
    if (!is_spoilt(session)) {
        sample_start(session);
    }
    return true;
}

static bool on_playing(tally_session_t *session) {
    if (!on_phase(session, MEDIA(PLAYING_AT))) {
        return false;
    }
    if (!is_spoilt(session) && session->kind != TALLY_SESSION_ZAP) {
        set_startup(session, P(STARTUP_PLAYING));
    }
    return true;
}

/* --- playback ------------------------------------------------------------------------------- */

static bool on_pause(tally_session_t *session) {
    session->wanted = false;
    count_in_ad(session, ADS(AD_PAUSES));
    return true;
}

static bool on_resume(tally_session_t *session) {
    session->wanted = true;
    count_in_ad(session, ADS(AD_RESUMES));
    return true;
}

/* Players report buffering while they preload, join and seek too; that is what those states are,
 * and the end of it may come after they have passed. */
static bool on_buffering_begin(tally_session_t *session) {
    session->buffering_told = true;
    session->buffering =
        session->in_ad ? session->ad_started : session->started && !session->seeking;
    return true;
}

static bool on_buffering_end(tally_session_t *session) {
    const bool legal = session->buffering_told;
    session->buffering_told = false;
    return legal;
}

static bool on_seek_begin(tally_session_t *session) {
    if (!session->sought) {
        session->seeking_since_ms = get(session, P(SEEKING_TIME));
    }
    session->seeking = true;
    session->sought = true;
    return true;
}

static bool on_seek_end(tally_session_t *session, tally_outcome_t *outcome) {
    session->seeking = false;
    if (!session->sought) {
        return true;
    }
    session->sought = false;
    const int64_t length_ms = get(session, P(SEEKING_TIME)) - session->seeking_since_ms;
    tally_viewing_sample(session->viewing, TALLY_M_SEEK_HISTOGRAM, length_ms, 1);
    tally_story_notify(outcome, TALLY_EVENT_SEEKED, tally_story_code(length_ms), 0);
    return true;
}

static bool on_end(tally_session_t *session, tally_outcome_t *outcome) {
    const uint8_t milestone = tally_playhead_end(&session->playhead);
    if (milestone != 0) {
        tally_story_set(session, P(FURTHEST), milestone);
    }
    tally_story_reach(session, milestone, outcome);
    session->seeking = false;
    session->sought = false;
    session->over = TALLY_STATE_ENDED;
    return true;
}

/* Until frames of the start are on screen the state is SEEKING, but nobody sought. */
static bool on_replay(tally_session_t *session) {
    session->over = TALLY_STATE_IDLE;
    session->wanted = true;
    session->seeking = true;
    return true;
}

static bool on_suspend(tally_session_t *session) {
    session->suspended = true;
    session->suspended_ms = now(session);
    return true;
}

static bool on_wake(tally_session_t *session, tally_outcome_t *outcome) {
    const int64_t length_ms = (int64_t)(now(session) - session->suspended_ms);
    session->suspended = false;
    tally_story_notify(outcome, TALLY_EVENT_WAKE, tally_story_code(length_ms), 0);
    return true;
}

/* --- errors and choices --------------------------------------------------------------------- */

static void note_error(tally_session_t *session, int32_t code, int32_t class) {
    tally_story_set(session, P(ERROR_CODE), code);
    tally_story_set(session, P(ERROR_CLASS), class);
    count(session, P(ERRORS));
    count_viewing(session, TALLY_M_VIEWING_ERRORS);
}

static bool on_error(tally_session_t *session, int32_t code, int32_t class) {
    if (!session->in_ad) {
        spoil_startup(session);
    }
    note_error(session, code, class);
    count_in_ad(session, ADS(AD_ERRORS));
    return true;
}

static bool on_fatal(tally_session_t *session, int32_t code, int32_t class) {
    note_error(session, code, class);
    count_in_ad(session, ADS(AD_ERRORS));
    /* Nothing was asked for yet, or all of it has been shown: no view failed. */
    if (session->requested && session->over == TALLY_STATE_IDLE) {
        count(session, session->started ? P(PLAYBACK_FAILURES) : P(START_FAILURES));
    }
    session->over = TALLY_STATE_FAILED;
    return true;
}

static bool on_refused(tally_session_t *session) {
    session->over = TALLY_STATE_STOPPED;
    return true;
}

/* `user`: not by the player's adaptation. The ad's rendition is not the content's. */
static bool on_rendition(tally_session_t *session, int32_t kbps, bool user,
                         tally_outcome_t *outcome) {
    const int32_t before =
        session->in_ad ? session->ad_bitrate_kbps : (int32_t)get(session, P(BITRATE));
    if (session->in_ad) {
        session->ad_bitrate_kbps = kbps;
    } else {
        tally_story_set(session, P(BITRATE), kbps);
    }
    if (before == 0 || before == kbps) {
        return true;
    }
    count(session, P(RENDITION_CHANGES));
    count_in_ad(session, ADS(AD_RENDITION_CHANGES));
    count(session, user            ? P(RENDITION_CHOICES)
                   : kbps > before ? P(RENDITION_UPS)
                                   : P(RENDITION_DOWNS));
    tally_story_touch(session, SINCE(SINCE_RENDITION_CHANGE));
    tally_story_notify(outcome, user ? TALLY_EVENT_RENDITION_USER : TALLY_EVENT_RENDITION_AUTO,
                       kbps, before);
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
    if (!session->requested) {
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
    count_viewing(session, TALLY_M_VIEWING_AD_PLAYS);
    return true;
}

static bool on_ad_end(tally_session_t *session, enum tally_ad_end how, tally_outcome_t *outcome) {
    if (!session->ad_started && how != TALLY_AD_FAILED) {
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
    give_way(session, outcome);
    session->in_ad = false;
    return true;
}

static bool on_ad_milestone(tally_session_t *session, int32_t percent) {
    tally_story_set(session, ADS(AD_MILESTONE), percent);
    return true;
}

/* An ad may fail before its break begins: it is the ads' error all the same. */
static bool on_ad_error(tally_session_t *session, int32_t code) {
    note_error(session, code, TALLY_ERROR_UNKNOWN);
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

static bool on_close(tally_session_t *session, enum tally_stop told) {
    if (session->requested && !session->started && session->over != TALLY_STATE_FAILED &&
        get(session, P(REFUSALS)) == 0) {
        tally_story_set(session, P(EXITS_BEFORE_START), 1);
    }
    tally_story_set(session, P(STOP_REASON), (int32_t)stop_reason(session, told));
    if (session->over == TALLY_STATE_IDLE) {
        session->over = TALLY_STATE_STOPPED;
    }
    session->suspended = false;
    session->in_ad = false;
    return true;
}

/* --- dispatch ------------------------------------------------------------------------------- */

/* What a session is in, as events need it or must not have it. */
enum {
    REQUESTED = 1 << 0,
    WANTED = 1 << 1,
    STARTED = 1 << 2,
    SEEKING = 1 << 3,
    IN_AD = 1 << 4,
    SUSPENDED = 1 << 5,
    BUFFERING = 1 << 6,
    ENDED = 1 << 7,
};

/* What a legal event does before anything else. */
enum { ENDS_DEPLETION = 1 << 0, BREAKS_PLAYHEAD = 1 << 1, SPOILS_STARTUP = 1 << 2 };

/* When an event makes sense, and what it does besides: counts one, is remembered as the last of its
 * kind, is told. What has a number in the row has one more than it, so that 0 is none. */
typedef struct {
    uint8_t needs;
    uint8_t bars;
    uint8_t does : 3;
    uint8_t since : 5;
    uint8_t figure : 7;
    uint8_t at_any_time : 1; /* even when the media is over */
    uint8_t event;
} rule_t;

#define NEEDS(what)   .needs = (what)
#define BARS(what)    .bars = (what)
#define DOES(what)    .does = (what)
#define COUNTS(place) .figure = ((place) + 1)
#define LAST(metric)  .since = (SINCE(metric) + 1)
#define TOLD(event_)  .event = (TALLY_EVENT_##event_ + 1)
#define AT_ANY_TIME   .at_any_time = 1
#define OF_CONTENT    NEEDS(REQUESTED), BARS(IN_AD)

static const rule_t rules[] = {
    [TALLY_HOOK_OPEN] = {NEEDS(IN_AD), BARS(IN_AD)}, /* never told here */
    [TALLY_HOOK_LOADED] = {COUNTS(MEDIA(PLAYER_LOADS))},
    [TALLY_HOOK_PLAY] = {BARS(REQUESTED)},
    [TALLY_HOOK_FIRST_PICTURE] = {NEEDS(REQUESTED), BARS(STARTED)},
    [TALLY_HOOK_FIRST_FRAME] = {NEEDS(REQUESTED), BARS(STARTED | IN_AD), COUNTS(P(FIRST_PLAYS)),
                                LAST(SINCE_START), TOLD(FIRST_FRAME)},
    [TALLY_HOOK_PLAYING] = {OF_CONTENT},
    [TALLY_HOOK_PAUSE] = {NEEDS(WANTED), COUNTS(P(PAUSES)), LAST(SINCE_PAUSE), TOLD(PAUSE)},
    [TALLY_HOOK_RESUME] = {NEEDS(REQUESTED), BARS(WANTED), COUNTS(P(RESUMES)), TOLD(RESUME)},
    [TALLY_HOOK_BUFFERING_BEGIN] = {BARS(BUFFERING)},
    [TALLY_HOOK_BUFFERING_END] = {DOES(ENDS_DEPLETION)},
    [TALLY_HOOK_SEEK_BEGIN] = {OF_CONTENT, DOES(ENDS_DEPLETION | BREAKS_PLAYHEAD | SPOILS_STARTUP),
                               COUNTS(P(SEEKS)), LAST(SINCE_SEEK), TOLD(SEEK)},
    [TALLY_HOOK_SEEK_END] = {NEEDS(SEEKING)},
    [TALLY_HOOK_LIVE_EDGE] = {NEEDS(STARTED), BARS(IN_AD), DOES(BREAKS_PLAYHEAD),
                              COUNTS(P(LIVE_CORRECTIONS)), TOLD(LIVE_EDGE)},
    [TALLY_HOOK_REPLAY] = {NEEDS(ENDED | REQUESTED), BARS(IN_AD),
                           DOES(BREAKS_PLAYHEAD | SPOILS_STARTUP), COUNTS(P(REPLAYS)),
                           TOLD(REPLAY)},
    [TALLY_HOOK_ERROR] = {TOLD(ERROR)},
    [TALLY_HOOK_FATAL] = {DOES(ENDS_DEPLETION), TOLD(FATAL)},
    [TALLY_HOOK_REFUSED] = {DOES(ENDS_DEPLETION), COUNTS(P(REFUSALS)), TOLD(REFUSED)},
    [TALLY_HOOK_AUDIO_TRACK] = {COUNTS(MEDIA(AUDIO_TRACK_CHANGES)), TOLD(AUDIO_TRACK)},
    [TALLY_HOOK_SUBTITLE] = {COUNTS(MEDIA(SUBTITLE_CHANGES)), TOLD(SUBTITLE)},
    [TALLY_HOOK_SWITCH] = {TOLD(SOURCE_SWITCH)},
    [TALLY_HOOK_QUALIFIED] = {COUNTS(MEDIA(QUALIFIED_VIEWS)), TOLD(QUALIFIED_VIEW)},
    [TALLY_HOOK_CUSTOM] = {TOLD(CUSTOM)},
    [TALLY_HOOK_SUSPEND] = {AT_ANY_TIME, BARS(SUSPENDED),
                            DOES(ENDS_DEPLETION | BREAKS_PLAYHEAD | SPOILS_STARTUP),
                            COUNTS(P(SUSPENSIONS)), TOLD(SUSPEND)},
    [TALLY_HOOK_WAKE] = {AT_ANY_TIME, NEEDS(SUSPENDED)},
    [TALLY_HOOK_AD_REQUEST] = {COUNTS(ADS(AD_REQUESTS)), LAST(SINCE_AD_REQUEST), TOLD(AD_REQUEST)},
    [TALLY_HOOK_AD_LOADED] = {COUNTS(ADS(AD_LOADS)), TOLD(AD_LOADED)},
    [TALLY_HOOK_AD_BREAK_BEGIN] = {OF_CONTENT},
    [TALLY_HOOK_AD_IMPRESSION] = {NEEDS(IN_AD), COUNTS(ADS(AD_IMPRESSIONS)), TOLD(AD_IMPRESSION)},
    [TALLY_HOOK_AD_START] = {COUNTS(ADS(AD_PLAYS)), LAST(SINCE_AD_START), TOLD(AD_START)},
    [TALLY_HOOK_AD_MILESTONE] = {NEEDS(IN_AD), LAST(SINCE_AD_MILESTONE), TOLD(AD_MILESTONE)},
    [TALLY_HOOK_AD_CLICK] = {NEEDS(IN_AD), COUNTS(ADS(AD_CLICKS)), TOLD(AD_CLICK)},
    [TALLY_HOOK_AD_ERROR] = {COUNTS(ADS(AD_ERRORS)), TOLD(AD_ERROR)},
    [TALLY_HOOK_AD_END] = {NEEDS(IN_AD), TOLD(AD_END)},
    [TALLY_HOOK_AD_BREAK_END] = {NEEDS(IN_AD), TOLD(AD_BREAK_END)},
    [TALLY_HOOK_END] = {BARS(IN_AD), DOES(ENDS_DEPLETION), TOLD(ENDED)},
    [TALLY_HOOK_CLOSE] = {AT_ANY_TIME, DOES(ENDS_DEPLETION)},
};

/* Once the media is over little makes sense; after its natural end an ad may still follow. */
static bool is_open_to(const tally_session_t *session, enum tally_hook hook) {
    if (session->over == TALLY_STATE_ENDED) {
        return session->in_ad || hook == TALLY_HOOK_REPLAY ||
               (hook >= TALLY_HOOK_AD_REQUEST && hook <= TALLY_HOOK_AD_BREAK_END);
    }
    return session->over == TALLY_STATE_IDLE;
}

static bool makes_sense(const tally_session_t *session, enum tally_hook hook, const rule_t *rule) {
    const uint32_t is = (session->requested ? REQUESTED : 0u) | (session->wanted ? WANTED : 0u) |
                        (session->started ? STARTED : 0u) | (session->seeking ? SEEKING : 0u) |
                        (session->in_ad ? IN_AD : 0u) | (session->suspended ? SUSPENDED : 0u) |
                        (session->buffering ? BUFFERING : 0u) |
                        (session->over == TALLY_STATE_ENDED ? ENDED : 0u);
    return (rule->needs & ~is) == 0 && (rule->bars & is) == 0 &&
           (rule->at_any_time || is_open_to(session, hook));
}

/* What is not here has no effect but those of its rule. Not inlined: it leaves no register free. */
__attribute__((noinline)) static bool dispatch(tally_session_t *session, enum tally_hook hook,
                                               int32_t code, int32_t detail,
                                               tally_outcome_t *outcome) {
    switch (hook) {
    case TALLY_HOOK_LOADED: count_viewing(session, TALLY_M_VIEWING_LOADS); return true;
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
    case TALLY_HOOK_BUFFERING_END: return on_buffering_end(session);
    case TALLY_HOOK_SEEK_BEGIN: return on_seek_begin(session);
    case TALLY_HOOK_SEEK_END: return on_seek_end(session, outcome);
    case TALLY_HOOK_REPLAY: return on_replay(session);
    case TALLY_HOOK_ERROR: return on_error(session, code, detail);
    case TALLY_HOOK_FATAL: return on_fatal(session, code, detail);
    case TALLY_HOOK_REFUSED: return on_refused(session);
    case TALLY_HOOK_RENDITION:
        return on_rendition(session, code, detail == TALLY_CAUSE_USER, outcome);
    case TALLY_HOOK_SWITCH: return on_switch(session, (enum tally_switch)code);
    case TALLY_HOOK_SUSPEND: return on_suspend(session);
    case TALLY_HOOK_WAKE: return on_wake(session, outcome);
    case TALLY_HOOK_AD_BREAK_BEGIN: return on_ad_break_begin(session, outcome);
    case TALLY_HOOK_AD_BREAK_END: return on_ad_break_end(session, outcome);
    case TALLY_HOOK_AD_START: return on_ad_start(session, outcome);
    case TALLY_HOOK_AD_END: return on_ad_end(session, (enum tally_ad_end)code, outcome);
    case TALLY_HOOK_AD_MILESTONE: return on_ad_milestone(session, code);
    case TALLY_HOOK_AD_ERROR: return on_ad_error(session, code);
    case TALLY_HOOK_END: return on_end(session, outcome);
    case TALLY_HOOK_CLOSE: return on_close(session, (enum tally_stop)code);
    default: return true;
    }
}

bool tally_story_tell(tally_session_t *session, enum tally_hook hook, int32_t code, int32_t detail,
                      tally_outcome_t *outcome) {
    if ((uint32_t)hook >= sizeof rules / sizeof rules[0]) {
        return false;
    }
    const rule_t *const rule = &rules[hook];
    if (!makes_sense(session, hook, rule)) {
        return false;
    }
    if ((rule->does & ENDS_DEPLETION) != 0) {
        end_depletion(session, outcome);
    }
    if ((rule->does & BREAKS_PLAYHEAD) != 0) {
        tally_playhead_break(&session->playhead);
    }
    if ((rule->does & SPOILS_STARTUP) != 0) {
        spoil_startup(session);
    }
    if (!dispatch(session, hook, code, detail, outcome)) {
        return false;
    }
    if (rule->figure != 0) {
        count(session, rule->figure - 1u);
    }
    if (rule->since != 0) {
        tally_story_touch(session, rule->since - 1u);
    }
    if (rule->event != 0) {
        tally_story_notify(outcome, (enum tally_event_type)(rule->event - 1), code, detail);
    }
    return true;
}
