-- SPDX-License-Identifier: Apache-2.0
-- What dashboards ask for. A ratio stands beside the sums it is made of, and never comes of ratios.
-- An hour is that of a session's play request, by when it happened: late records change its row.
-- Sums are over sessions that were told, each times its weight: they estimate all that were sampled
-- from. Short zaps are not among them, they are folded: tally.totals has all.

-- ---- sessions ----------------------------------------------------------------------------------

-- One row a viewing session: what was told of it last, the boot it was in, how it stands, its weight.
CREATE VIEW tally.sessions AS
SELECT s.*, date_bin('1 hour', s.began, '2000-01-01 00:00+00') AS hour,
    CASE WHEN s.kind = 'x' THEN 'ended'
        WHEN EXISTS (SELECT FROM tally.records n WHERE n.device = s.device AND n.kind = 'b'
            AND n.boot <> s.boot
            AND (n.at > s.at OR (n.fields ->> 'previous_boot')::bigint = s.boot)) THEN 'cut'
        ELSE 'open' END AS standing,
    coalesce(trim_scale(1000000.0 / nullif(a.sampling_ppm::bigint, 0)), 1) AS weight,
    coalesce(s.play_attempts, 1) > 0 AS was_asked_for, -- a start record alone says so
    regexp_split_to_array(s.tags, '\s*,\s*') AS tag_list,
    b.fields ->> 'device_model' AS device_model, b.fields ->> 'device_type' AS device_type,
    b.fields ->> 'os' AS os, b.fields ->> 'firmware' AS firmware,
    b.fields ->> 'browser' AS browser, b.fields ->> 'agent_version' AS agent_version
FROM tally.record_session s
LEFT JOIN LATERAL (
    SELECT fields FROM tally.records b WHERE b.device = s.device AND b.boot = s.boot
        AND b.kind = 'b' ORDER BY b.seq LIMIT 1) b ON true
LEFT JOIN LATERAL (SELECT coalesce(
    (SELECT fields ->> 'sampling_ppm' FROM tally.records a
     WHERE a.device = s.device AND a.boot = s.boot AND a.session = 0 AND a.kind = 'a'
         AND a.seq < s.seq AND a.uptime_ms <= s.uptime_ms - s.elapsed_time_ms
     ORDER BY a.seq DESC LIMIT 1),
    (SELECT fields ->> 'sampling_ppm' FROM tally.records a
     WHERE a.device = s.device AND a.boot = s.boot AND a.session = 0 AND a.kind = 'a'
     ORDER BY a.seq LIMIT 1)) AS sampling_ppm) a ON true;

-- The same once for each dimension, a row a value: NULL if not told, a row for each of its tags.
CREATE VIEW tally.facets AS
SELECT f.dimension, f.value, s.*
FROM tally.sessions s CROSS JOIN LATERAL (
    VALUES ('all', 'all'), ('device', s.device), ('device_model', s.device_model),
        ('device_type', s.device_type), ('os', s.os), ('firmware', s.firmware),
        ('browser', s.browser), ('player', s.player_name), ('player_version', s.player_version),
        ('event_label', s.event_label), ('cdn', s.cdn_host), ('content', s.content_id),
        ('stream', s.stream), ('playback_type', s.playback_type), ('delivery', s.delivery),
        ('protection', s.protection), ('session_kind', s.session_kind)
    UNION ALL
    SELECT DISTINCT 'tag', btrim(t) FROM unnest(s.tag_list) t WHERE btrim(t) <> ''
) AS f(dimension, value);

-- ---- starts and failures -----------------------------------------------------------------------

-- Plays and what became of attempts: exits before video start, failures before and after, refusals.
CREATE VIEW tally.plays AS
SELECT operator, hour, dimension, value, sum(weight) AS sessions,
    sum(weight) FILTER (WHERE was_asked_for) AS attempted, sum(weight * first_plays) AS plays,
    sum(weight * exits_before_start) AS exits_before_start,
    sum(weight * start_failures) AS start_failures,
    sum(weight * playback_failures) AS playback_failures, sum(weight * refusals) AS refusals,
    sum(weight * errors) AS errors,
    sum(weight * exits_before_start) / sum(weight) FILTER (WHERE was_asked_for) AS exit_ratio,
    (sum(weight * start_failures) + sum(weight * playback_failures))
        / sum(weight) FILTER (WHERE was_asked_for) AS failure_ratio
FROM tally.facets GROUP BY operator, hour, dimension, value;

-- Why sessions ended; NULL: they did not.
CREATE VIEW tally.stop_reasons AS
SELECT operator, hour, dimension, value, stop_reason, sum(weight) AS sessions
FROM tally.facets GROUP BY operator, hour, dimension, value, stop_reason;

-- Errors by what they were about, told one by one; those beyond a device's rate limit are in plays.
CREATE VIEW tally.errors AS
SELECT f.operator, f.hour, f.dimension, f.value, e.event_type, l.name AS error_class,
    e.event_code AS code, sum(f.weight) AS errors
FROM tally.facets f
JOIN tally.record_event e ON e.device = f.device AND e.boot = f.boot AND e.session = f.session
    AND e.event_type IN ('error', 'fatal')
LEFT JOIN tally.lists l ON l.list = 'ERROR' AND l.value = e.event_detail
GROUP BY f.operator, f.hour, f.dimension, f.value, e.event_type, l.name, e.event_code;

-- Startup and zap times of sessions, exactly: percentiles by rank. `spoilt` have none by definition.
CREATE VIEW tally.startups AS
SELECT operator, hour, dimension, value, count(startup_time_ms) AS startups,
    count(*) FILTER (WHERE startups_spoilt > 0) AS spoilt, avg(startup_time_ms) AS mean_ms,
    percentile_disc('{0.5,0.9,0.95,0.99}'::float8[]) WITHIN GROUP (ORDER BY startup_time_ms)
        AS p50_p90_p95_p99_ms,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY startup_with_ads_ms) AS with_ads_p50_ms,
    count(zap_time_ms) AS zaps,
    percentile_disc('{0.5,0.9,0.95,0.99}'::float8[]) WITHIN GROUP (ORDER BY zap_time_ms)
        AS zap_p50_p90_p95_p99_ms
FROM tally.facets GROUP BY operator, hour, dimension, value;

-- ---- quality while it plays --------------------------------------------------------------------

-- Stalls, and the played time of the sessions that measure them: `rebuffering_ratio` is stalled by
-- stalled and played time, `per_play` stalled by played alone.
CREATE VIEW tally.rebuffering AS
SELECT r.*, stalled_time_ms / nullif(stalled_time_ms + play_time_ms, 0) AS rebuffering_ratio,
    stalled_time_ms / nullif(play_time_ms, 0) AS per_play
FROM (
    SELECT operator, hour, dimension, value, sum(weight * stalls) AS stalls,
        sum(weight * stalled_time_ms) AS stalled_time_ms,
        sum(weight * play_time_ms) FILTER (WHERE stalled_time_ms IS NOT NULL) AS play_time_ms,
        sum(weight * buffering_time_ms) AS buffering_time_ms,
        max(stall_longest_ms) AS stall_longest_ms
    FROM tally.facets GROUP BY operator, hour, dimension, value) r;

-- How long was watched: of sessions that showed a frame, mean and median.
CREATE VIEW tally.watching AS
SELECT operator, hour, dimension, value, sum(weight * play_time_ms) AS play_time_ms,
    sum(weight * unique_play_time_ms) AS unique_play_time_ms,
    sum(weight * paused_time_ms) AS paused_time_ms, sum(weight * first_plays) AS plays,
    sum(weight * play_time_ms) FILTER (WHERE first_plays > 0)
        / nullif(sum(weight * first_plays), 0) AS mean_ms,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY play_time_ms) FILTER (WHERE first_plays > 0)
        AS median_ms
FROM tally.facets GROUP BY operator, hour, dimension, value;

-- Average declared bitrate in kbit/s: bits by milliseconds, both summed over media time.
CREATE VIEW tally.bitrates AS
SELECT operator, hour, dimension, value, sum(weight * bitrate_media_bits) AS media_bits,
    sum(weight * bitrate_time_ms) AS media_time_ms,
    sum(weight * bitrate_media_bits) / nullif(sum(weight * bitrate_time_ms), 0) AS bitrate_kbps,
    sum(weight * rendition_changes) AS rendition_changes, sum(weight * rendition_ups) AS ups,
    sum(weight * rendition_downs) AS downs
FROM tally.facets GROUP BY operator, hour, dimension, value;

-- Buffer length, latency and other levels: least, most, mean weighted by time, median of the means.
CREATE VIEW tally.levels AS
SELECT operator, hour, dimension, value, l.level, min((l.told ->> 1)::bigint) AS least,
    max((l.told ->> 2)::bigint) AS most, sum(weight * (l.told ->> 4)::bigint) AS time_ms,
    sum(weight * (l.told ->> 3)::bigint * (l.told ->> 4)::bigint)
        / nullif(sum(weight * (l.told ->> 4)::bigint), 0) AS mean,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY (l.told ->> 3)::bigint) AS median_of_means
FROM tally.facets CROSS JOIN LATERAL (
    VALUES ('buffer_length_ms', buffer_length_ms), ('latency_ms', latency_ms),
        ('bandwidth_kbps', bandwidth_kbps), ('video_bitrate_kbps', video_bitrate_kbps),
        ('audio_bitrate_kbps', audio_bitrate_kbps), ('frame_rate_millihertz', frame_rate_millihertz)
) AS l(level, told)
WHERE l.told IS NOT NULL GROUP BY operator, hour, dimension, value, l.level;

-- How far sessions came: plays that reached a quarter, half, three quarters, the end.
CREATE VIEW tally.reach AS
SELECT operator, hour, dimension, value, sum(weight * first_plays) AS plays,
    sum(weight) FILTER (WHERE milestone_percent >= 25) AS reached_25,
    sum(weight) FILTER (WHERE milestone_percent >= 50) AS reached_50,
    sum(weight) FILTER (WHERE milestone_percent >= 75) AS reached_75,
    sum(weight) FILTER (WHERE milestone_percent >= 100) AS reached_100
FROM tally.facets GROUP BY operator, hour, dimension, value;

-- Advertisements: their own counts and what they take of the whole; content is the whole less that.
CREATE VIEW tally.ads AS
SELECT operator, hour, dimension, value, sum(weight * ad_requests) AS requests,
    sum(weight * ad_impressions) AS impressions, sum(weight * ad_plays) AS plays,
    sum(weight * ad_completes) AS completes, sum(weight * ad_skips) AS skips,
    sum(weight * ad_clicks) AS clicks, sum(weight * ad_errors) AS errors,
    sum(weight * ad_play_time_ms) AS play_time_ms,
    sum(weight * ad_stalled_time_ms) AS stalled_time_ms,
    sum(weight * (play_time_ms - coalesce(ad_play_time_ms, 0))) AS content_play_time_ms,
    sum(weight * (stalled_time_ms - coalesce(ad_stalled_time_ms, 0))) AS content_stalled_time_ms,
    sum(weight * (stalls - coalesce(ad_stalls, 0))) AS content_stalls,
    sum(weight * (errors - coalesce(ad_errors, 0))) AS content_errors
FROM tally.facets GROUP BY operator, hour, dimension, value;

-- What was published (webcasts): how often, for how long, how much.
CREATE VIEW tally.publishing AS
SELECT operator, hour, dimension, value, sum(weight * first_plays) AS publishes,
    sum(weight * play_time_ms) AS publish_time_ms
FROM tally.facets WHERE session_kind = 'publish' GROUP BY operator, hour, dimension, value;

-- ---- streams -----------------------------------------------------------------------------------

-- The last word on each stream of a session.
CREATE VIEW tally.streams AS
SELECT r.operator, r.device, r.boot, r.session, r.kind, r.stream_number, r.seq, r.fields
FROM tally.records r
WHERE r.stream_number IS NOT NULL AND NOT EXISTS (
    SELECT FROM tally.records n WHERE n.device = r.device AND n.boot = r.boot
        AND n.session = r.session AND n.kind = r.kind AND n.stream_number = r.stream_number
        AND n.seq > r.seq);

-- Loss per million packets of RTP and received WebRTC; and before error correction.
CREATE VIEW tally.loss AS
SELECT f.operator, f.hour, f.dimension, f.value, s.kind, sum(f.weight * p.lost) AS lost,
    sum(f.weight * p.expected) AS expected, sum(f.weight * p.recovered) AS recovered,
    1000000 * sum(f.weight * p.lost) / nullif(sum(f.weight * p.expected), 0) AS loss_ppm,
    1000000 * sum(f.weight * (p.lost + p.recovered)) / nullif(sum(f.weight * p.expected), 0)
        AS loss_before_ppm
FROM tally.facets f
JOIN tally.streams s ON s.device = f.device AND s.boot = f.boot AND s.session = f.session
    AND s.kind IN ('r', 'j')
CROSS JOIN LATERAL (
    SELECT coalesce((s.fields ->> 'rtp_expected')::bigint, 0),
        coalesce((s.fields ->> 'rtp_lost')::bigint, 0),
        coalesce((s.fields ->> 'rtp_recovered')::bigint, 0) WHERE s.kind = 'r'
    UNION ALL
    SELECT coalesce((s.fields ->> 'in_packets')::bigint, 0)
            + coalesce((s.fields ->> 'in_lost')::bigint, 0),
        coalesce((s.fields ->> 'in_lost')::bigint, 0), 0 WHERE s.kind = 'j'
) AS p(expected, lost, recovered)
GROUP BY f.operator, f.hour, f.dimension, f.value, s.kind;

-- Frames and freezes; `freeze_ratio` is frozen by played time of the sessions that tell of frames.
CREATE VIEW tally.frames AS
SELECT operator, hour, dimension, value, sum(weight * rendered) AS rendered,
    sum(weight * dropped) AS dropped, sum(weight * freezes) AS freezes,
    sum(weight * freeze_time_ms) AS freeze_time_ms, sum(weight * play_time_ms) AS play_time_ms,
    sum(weight * freeze_time_ms) / nullif(sum(weight * play_time_ms), 0) AS freeze_ratio,
    sum(weight * dropped) / nullif(sum(weight * (rendered + dropped)), 0) AS drop_ratio
FROM tally.facets f CROSS JOIN LATERAL (
    SELECT sum(coalesce((fields ->> 'frames_rendered')::bigint, 0)
            + coalesce((fields ->> 'in_frames_rendered')::bigint, 0)),
        sum(coalesce((fields ->> 'frames_dropped')::bigint, 0)
            + coalesce((fields ->> 'in_frames_dropped')::bigint, 0)),
        sum(coalesce((fields ->> 'freezes')::bigint, 0)
            + coalesce((fields ->> 'in_freezes')::bigint, 0)),
        sum(coalesce((fields ->> 'freeze_time_ms')::bigint, 0)
            + coalesce((fields ->> 'in_freeze_time_ms')::bigint, 0))
    FROM tally.streams s WHERE s.device = f.device AND s.boot = f.boot AND s.session = f.session
        AND (s.kind = 'f' OR s.fields ->> 'in_media' = 'video')
    HAVING count(*) > 0
) AS s(rendered, dropped, freezes, freeze_time_ms)
GROUP BY operator, hour, dimension, value;

-- Bytes received and sent as media.
CREATE VIEW tally.traffic AS
SELECT operator, hour, dimension, value, sum(weight * (coalesce(download_bytes, 0) + s.received))
    AS received_bytes, sum(weight * s.sent) AS sent_bytes
FROM tally.facets f CROSS JOIN LATERAL (
    SELECT coalesce(sum((fields ->> 'rtp_bytes')::bigint), 0)
            + coalesce(sum((fields ->> 'in_bytes')::bigint), 0),
        coalesce(sum((fields ->> 'out_bytes')::bigint), 0)
    FROM tally.streams s WHERE s.device = f.device AND s.boot = f.boot AND s.session = f.session
) AS s(received, sent)
GROUP BY operator, hour, dimension, value;

-- Traffic light of each published track as it stands: round trip and loss at the receiver.
CREATE VIEW tally.traffic_lights AS
SELECT operator, device, boot, session, stream_number,
    (fields ->> 'out_round_trip_us')::bigint AS round_trip_us,
    (fields ->> 'out_remote_loss_ppm')::bigint AS loss_ppm,
    CASE WHEN (fields ->> 'out_round_trip_us')::bigint >= 250000
            OR (fields ->> 'out_remote_loss_ppm')::bigint >= 100000 THEN 'red'
        WHEN (fields ->> 'out_round_trip_us')::bigint >= 150000
            OR (fields ->> 'out_remote_loss_ppm')::bigint >= 50000 THEN 'yellow'
        ELSE 'green' END AS light
FROM tally.streams WHERE kind = 'o';

-- ---- all sessions, folded ones too -------------------------------------------------------------

-- Each record about all sessions of a boot, beside the one before it: what is new is the difference.
CREATE VIEW tally.steps AS
SELECT v.operator, v.device, v.boot, v.seq, v.at,
    date_bin('1 hour', v.began, '2000-01-01 00:00+00') AS hour,
    v.fields AS now, coalesce(p.fields, '{}') AS before
FROM tally.records v
LEFT JOIN LATERAL (
    SELECT fields FROM tally.records p WHERE p.device = v.device AND p.boot = v.boot
        AND p.session = 0 AND p.kind = 'v' AND p.seq < v.seq
    ORDER BY p.seq DESC LIMIT 1) p ON true
WHERE v.kind = 'v';

CREATE FUNCTION tally.growth(now jsonb, before jsonb, name text) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce((now ->> name)::bigint, 0) - coalesce((before ->> name)::bigint, 0)
$$;

-- The same once for each dimension of a device.
CREATE VIEW tally.step_facets AS
SELECT f.dimension, f.value, s.*
FROM tally.steps s
LEFT JOIN LATERAL (
    SELECT fields FROM tally.records b WHERE b.device = s.device AND b.boot = s.boot
        AND b.kind = 'b' ORDER BY b.seq LIMIT 1) b ON true
CROSS JOIN LATERAL (
    VALUES ('all', 'all'), ('device', s.device), ('device_model', b.fields ->> 'device_model'),
        ('device_type', b.fields ->> 'device_type'), ('os', b.fields ->> 'os'),
        ('firmware', b.fields ->> 'firmware'), ('browser', b.fields ->> 'browser')
) AS f(dimension, value);

-- All there was, told or folded, sampled or not: the three impressions (loads, requests, plays),
-- zaps, and of the folded ones what tally.plays and tally.watching do not have. Not weighted: it is
-- exact.
CREATE VIEW tally.totals AS
SELECT operator, hour, dimension, value,
    sum(tally.growth(now, before, 'viewing_sessions')) AS sessions,
    sum(tally.growth(now, before, 'viewing_loads')) AS loads,
    sum(tally.growth(now, before, 'viewing_requests')) AS requests,
    sum(tally.growth(now, before, 'viewing_plays')) AS plays,
    sum(tally.growth(now, before, 'viewing_ad_plays')) AS ad_plays,
    sum(tally.growth(now, before, 'viewing_errors')) AS errors,
    sum(tally.growth(now, before, 'zaps')) AS zaps,
    sum(tally.growth(now, before, 'folded_sessions')) AS folded_sessions,
    sum(tally.growth(now, before, 'sessions_unsampled')) AS folded_unsampled,
    sum(tally.growth(now, before, 'folded_plays')) AS folded_plays,
    sum(tally.growth(now, before, 'folded_exits')) AS folded_exits_before_start,
    sum(tally.growth(now, before, 'folded_failures')) AS folded_failures,
    sum(tally.growth(now, before, 'folded_stalls')) AS folded_stalls,
    sum(tally.growth(now, before, 'folded_play_time_ms')) AS folded_play_time_ms,
    sum(tally.growth(now, before, 'folded_stalled_time_ms')) AS folded_stalled_time_ms,
    sum(tally.growth(now, before, 'engaged_time_ms')) AS engaged_time_ms
FROM tally.step_facets GROUP BY operator, hour, dimension, value;

-- ---- percentiles of merged histograms ----------------------------------------------------------

-- A histogram's counts; `place` NULL: how many values were 0.
CREATE FUNCTION tally.counts(histogram jsonb) RETURNS TABLE (scale integer, place integer, n bigint)
LANGUAGE sql IMMUTABLE AS $$
    SELECT (histogram ->> 0)::integer,
        CASE WHEN i > 3 THEN (histogram ->> 2)::integer + i::integer - 4 END, value::bigint
    FROM jsonb_array_elements_text(histogram) WITH ORDINALITY AS e(value, i) WHERE i = 2 OR i > 3
$$;

-- What histograms have grown by: to be added up, at the smallest of their scales.
CREATE VIEW tally.growths AS
SELECT s.operator, s.device, s.boot, s.at, s.hour, s.dimension, s.value, h.histogram, c.scale,
    c.place, h.sign * c.n AS n
FROM tally.step_facets s CROSS JOIN LATERAL (
    SELECT name, sign, (fields ->> name)::jsonb
    FROM (VALUES (1, now), (-1, before)) AS side(sign, fields), unnest(
        '{startup_histogram_ms,stall_histogram_ms,seek_histogram_ms,zap_histogram_ms,
          buffer_histogram_ms}'::text[]) AS name
) AS h(histogram, sign, told) CROSS JOIN LATERAL tally.counts(h.told) c
WHERE h.told IS NOT NULL;

-- Percentiles over a time, of all devices together. A percentile by rank lies above `above` and is at
-- most `upto`; `about`, between them, is off by no more than `error` (0.09: 9 %) of itself.
CREATE FUNCTION tally.percentiles(
    since timestamptz, until timestamptz, by_dimension text DEFAULT 'all',
    fractions float8[] DEFAULT '{0.5,0.9,0.95,0.99}')
RETURNS TABLE (operator text, value text, histogram text, fraction float8, n numeric,
               above float8, upto float8, about float8, error float8)
LANGUAGE sql STABLE AS $$
    WITH merged AS (
        SELECT g.operator, g.value, g.histogram, s.scale, g.place >> (g.scale - s.scale) AS place,
            sum(g.n) AS n
        FROM tally.growths g JOIN (
            SELECT o.operator, o.value, o.histogram, min(o.scale) AS scale FROM tally.growths o
            WHERE o.at >= since AND o.at < until AND o.dimension = by_dimension GROUP BY 1, 2, 3
        ) s ON s.operator = g.operator AND s.value IS NOT DISTINCT FROM g.value
            AND s.histogram = g.histogram
        WHERE g.at >= since AND g.at < until AND g.dimension = by_dimension
        GROUP BY 1, 2, 3, 4, 5 HAVING sum(g.n) > 0
    ), ranked AS (
        SELECT m.*, sum(m.n) OVER (w ORDER BY m.place NULLS FIRST) AS up_to_here,
            sum(m.n) OVER w AS total, power(2::float8, -m.scale) AS width -- in powers of 2
        FROM merged m WINDOW w AS (PARTITION BY m.operator, m.value, m.histogram)
    )
    SELECT r.operator, r.value, r.histogram, q, r.total,
        coalesce(power(2, r.place * r.width), 0), coalesce(power(2, (r.place + 1) * r.width), 0),
        coalesce(power(2, (r.place + 0.5) * r.width), 0),
        CASE WHEN r.place IS NULL THEN 0 ELSE power(2, r.width / 2) - 1 END
    FROM ranked r, unnest(fractions) q
    WHERE r.up_to_here >= ceil(q * r.total::float8) AND r.up_to_here - r.n < ceil(q * r.total::float8)
    ORDER BY 1, 2, 3, 4
$$;

-- ---- how many at once --------------------------------------------------------------------------

-- Sessions at once, minute by minute: the exact peak, and the mean. A session counts from its play
-- request to its end; one without an end to its last heartbeat, if it began within `back` of `since`.
CREATE FUNCTION tally.concurrency(
    since timestamptz, until timestamptz, by_dimension text DEFAULT 'all',
    by_value text DEFAULT 'all', back interval DEFAULT '2 days')
RETURNS TABLE (minute timestamptz, peak numeric, mean numeric) LANGUAGE sql STABLE AS $$
    WITH alive AS (
        SELECT f.began, f.at, f.weight FROM tally.facets f
        WHERE f.dimension = by_dimension AND f.value = by_value AND f.was_asked_for
            AND f.kind = 'x' AND tstzrange(f.began, f.at) && tstzrange(since, until)
        UNION ALL
        SELECT f.began, f.at, f.weight FROM tally.facets f
        WHERE f.dimension = by_dimension AND f.value = by_value AND f.was_asked_for
            AND f.kind = 's' AND f.began >= since - back AND f.began < until AND f.at > since
    ), moments AS (
        SELECT least(at, until) AS t, 1 AS turn, -weight AS step FROM alive WHERE began < at
        UNION ALL SELECT greatest(began, since), 2, weight FROM alive WHERE began < at
        UNION ALL SELECT m, 3, 0 FROM generate_series(since, until, '1 minute') m WHERE m < until
    ), swept AS (
        SELECT t, turn, sum(step) OVER w AS level,
            coalesce(lead(t) OVER w, until) - t AS held
        FROM moments WINDOW w AS (ORDER BY t, turn)
    )
    SELECT date_bin('1 minute', t, since) AS minute,
        max(level) FILTER (WHERE turn > 1),
        sum(level * extract(epoch FROM held)) / sum(extract(epoch FROM held))
    FROM swept WHERE t < until GROUP BY 1 ORDER BY 1
$$;

-- ---- is it all there ----------------------------------------------------------------------------

-- One row a boot: records that are missing, sessions that neither a record nor the folded sums tell
-- of, and what the device itself says it lost.
CREATE VIEW tally.supervision AS
SELECT b.*, b.highest + 1 - b.records AS missing,
    (v.fields ->> 'viewing_sessions')::bigint
        - coalesce((v.fields ->> 'folded_sessions')::bigint, 0) - b.sessions AS sessions_untold,
    coalesce((a.fields ->> 'events_dropped')::bigint, 0) AS events_dropped,
    coalesce((a.fields ->> 'records_dropped')::bigint, 0)
        + coalesce((a.fields ->> 'urgent_dropped')::bigint, 0)
        + coalesce((a.fields ->> 'records_expired')::bigint, 0) AS records_dropped,
    coalesce((a.fields ->> 'records_lost')::bigint, 0)
        + coalesce((a.fields ->> 'records_refused')::bigint, 0) AS records_lost,
    coalesce((a.fields ->> 'sessions_refused')::bigint, 0) AS sessions_refused,
    coalesce((v.fields ->> 'events_untold')::bigint, 0) AS events_untold
FROM (
    SELECT operator, device, boot, min(at) AS first_at, max(at) AS last_at, max(seq) AS highest,
        count(*) AS records, sum(resends) AS resends,
        count(DISTINCT session) FILTER (WHERE kind IN ('s', 'x')) AS sessions,
        count(*) FILTER (WHERE at_quality = 'unknown') AS undated
    FROM tally.records GROUP BY operator, device, boot) b
LEFT JOIN LATERAL (
    SELECT fields FROM tally.records v WHERE v.device = b.device AND v.boot = b.boot
        AND v.session = 0 AND v.kind = 'v' ORDER BY v.seq DESC LIMIT 1) v ON true
LEFT JOIN LATERAL (
    SELECT fields FROM tally.records a WHERE a.device = b.device AND a.boot = b.boot
        AND a.session = 0 AND a.kind = 'a' ORDER BY a.seq DESC LIMIT 1) a ON true;

-- What was refused, by whom it claimed to be and why: `differs` is a resend with other content.
CREATE VIEW tally.refusals AS
SELECT coalesce(fields ->> 'certificate', fields ->> 'device') AS device,
    fields ->> 'reason' AS reason, count(*) AS records, max("time") AS last_time
FROM tally.refused GROUP BY 1, 2;
