-- SPDX-License-Identifier: Apache-2.0
-- Records as they came, each once, dated. Then comes registry.sql (tally-schema sql), then views.sql.
-- All times of day are moments (timestamptz), all durations milliseconds.

CREATE SCHEMA tally;

-- The registry: what tally-schema knows of each metric, by the names that columns have.
CREATE TABLE tally.metrics (
    name text PRIMARY KEY,
    key text NOT NULL,
    letter text NOT NULL,    -- of its group
    group_name text NOT NULL,
    bit integer NOT NULL,    -- in the group's capability set
    kind text NOT NULL,
    unit text NOT NULL,
    role text NOT NULL
);

-- The values of lists: `name` is what a column says, `value` what is on the wire.
CREATE TABLE tally.lists (
    list text,
    value integer,
    name text NOT NULL,
    PRIMARY KEY (list, value)
);

-- Where Telegraf copies to, one row a record: empty again when the COPY is done. `time` is not used:
-- it may be the time of arrival.
CREATE UNLOGGED TABLE tally.landing ("time" timestamptz, tags jsonb, fields jsonb)
    WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

-- What is no record, and says why: refused on the way, or here.
CREATE TABLE tally.refused ("time" timestamptz, tags jsonb, fields jsonb);
CREATE INDEX refused_time ON tally.refused ("time");

-- Every record once. `fields` has the metrics of all its groups.
CREATE TABLE tally.records (
    device text COLLATE "C",
    boot bigint,
    seq bigint,
    kind text NOT NULL,
    session bigint NOT NULL,      -- 0: of none
    stream_number integer,        -- of a session's streams; NULL: of none
    operator text NOT NULL,
    registry bigint NOT NULL,
    uptime_ms bigint NOT NULL,
    wall_ms bigint,               -- `w`: as the device believed
    sent_uptime_ms bigint,        -- `m` and `t` of the upload; of several, the last by `m`
    sent_wall_ms bigint,
    at timestamptz,               -- when it happened, by tally.dated
    began timestamptz,            -- a session's play request; of other records, `at`
    at_quality text NOT NULL,     -- device, upload, clock, unknown
    declares jsonb,               -- `c`: the capability sets it tells
    fields jsonb NOT NULL,
    resends integer NOT NULL DEFAULT 0,
    PRIMARY KEY (device, boot, seq)
) WITH (toast_tuple_target = 8160); -- what is compressed is unpacked for every column of a view

CREATE INDEX records_began ON tally.records (kind, began);
CREATE INDEX records_at ON tally.records (kind, at);
CREATE INDEX records_hour ON tally.records
    (kind, date_bin('1 hour', began, '2000-01-01 00:00+00')) WHERE kind IN ('s', 'v', 'x');
CREATE INDEX records_span ON tally.records USING gist (tstzrange(began, at)) WHERE kind = 'x';
CREATE INDEX records_session ON tally.records (device, boot, session, kind, seq);
CREATE INDEX records_stream ON tally.records (device, boot, session, kind, stream_number, seq)
    WHERE stream_number IS NOT NULL;
CREATE INDEX records_clock ON tally.records (device, boot, seq)
    WHERE kind = 'c' AND wall_ms IS NOT NULL;
CREATE INDEX records_boot ON tally.records (device, boot) WHERE kind = 'b';
CREATE INDEX records_declares ON tally.records (device, boot, session, seq)
    WHERE declares IS NOT NULL;
CREATE INDEX records_session_id ON tally.records (device, (fields ->> 'session_id'))
    WHERE fields ->> 'session_id' IS NOT NULL;

-- Retention: drops what happened before `oldest`, and what cannot be dated of boots that ended so.
-- Once a day is enough; for years of a large fleet, partition tally.records by hash of the device.
CREATE FUNCTION tally.forget(oldest timestamptz) RETURNS void LANGUAGE sql AS $$
    DELETE FROM tally.records r WHERE r.at < oldest OR (r.at IS NULL AND EXISTS (
        SELECT FROM tally.records b WHERE b.device = r.device AND b.kind = 'b'
            AND (b.fields ->> 'previous_boot')::bigint = r.boot AND b.at < oldest));
    DELETE FROM tally.refused WHERE "time" < oldest;
$$;

-- ---- what is a record --------------------------------------------------------------------------

CREATE FUNCTION tally.is_integer(
    value jsonb, lowest bigint, highest bigint DEFAULT 9007199254740992) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE jsonb_typeof(value) WHEN 'number' THEN
        value::numeric BETWEEN lowest AND highest AND value::numeric % 1 = 0
    ELSE false END
$$;

CREATE FUNCTION tally.is_id(value jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE jsonb_typeof(value) WHEN 'string' THEN
        octet_length(value #>> '{}') BETWEEN 1 AND 63
    ELSE false END
$$;

-- "[scale,zeros,offset,counts...]" as SPEC.md has it: no bucket above 2^64, which no client can hold.
CREATE FUNCTION tally.is_histogram(told text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN told ~ ('^\[(-[12]|[0-3]),(0|[1-9][0-9]{0,9}),(-1|0|[1-9][0-9]{0,2})'
                             '(,(0|[1-9][0-9]{0,9})){0,20}\]$')
        THEN (told::jsonb ->> 2)::integer + jsonb_array_length(told::jsonb) - 3
            <= 64 * power(2, (told::jsonb ->> 0)::integer)
        ELSE false END
$$;

-- Whether a metric's value has the form that its kind has; tags are texts.
CREATE FUNCTION tally.is_metric(kind text, role text, value jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN kind = 'TEXT' OR (kind = 'ENUM' AND role = 'TAG') THEN jsonb_typeof(value) = 'string'
        WHEN kind = 'LEVEL' THEN coalesce(
            value #>> '{}' ~ '^\[(-?(0|[1-9][0-9]{0,9}),){4}(0|[1-9][0-9]{0,9})\]$', false)
        WHEN kind = 'HISTOGRAM' THEN tally.is_histogram(value #>> '{}')
        WHEN role = 'TAG' THEN coalesce(value #>> '{}' ~ '^[0-9]{1,16}$', false)
        WHEN kind IN ('SIGNED', 'ENUM') THEN tally.is_integer(value, -9007199254740992)
        ELSE tally.is_integer(value, 0)
    END
$$;

-- Why this is no record; NULL if it is one. Metrics that the registry does not know may be anything.
CREATE FUNCTION tally.fault_of(record jsonb) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN NOT tally.is_id(record -> 'device') OR NOT tally.is_id(record -> 'operator')
            OR NOT coalesce(record ->> 'kind' ~ '^[a-z]$', false)
            OR EXISTS (SELECT FROM unnest('{boot,seq,uptime_ms,registry}'::text[]) k
                       WHERE NOT tally.is_integer(record -> k, 0))
            OR EXISTS (SELECT FROM unnest('{session,wall_ms,sent_uptime_ms,sent_wall_ms}'::text[]) k
                       WHERE record ? k AND NOT tally.is_integer(record -> k, 0))
            OR record ->> 'kind' IN ('s', 'h', 'e', 'x', 'r', 't', 'f', 'j', 'o')
                AND NOT tally.is_integer(record -> 'session', 1)
            OR CASE WHEN record ->> 'kind' IN ('r', 't', 'f', 'j', 'o')
                THEN NOT tally.is_integer(record -> 'stream_number', 1, 65535)
                ELSE record ? 'stream_number' END
            OR EXISTS (SELECT FROM jsonb_each(record) f WHERE f.key LIKE 'declared\_%'
                       AND NOT tally.is_integer(f.value, 0))
            THEN 'form'
        WHEN EXISTS (SELECT FROM jsonb_each(record) f JOIN tally.metrics m ON m.name = f.key
                     WHERE NOT tally.is_metric(m.kind, m.role, f.value)) THEN 'type'
    END
$$;

-- ---- when it happened --------------------------------------------------------------------------

-- NULL from the year 10000 on: clients cannot read that.
CREATE FUNCTION tally.moment(unix_ms bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN unix_ms BETWEEN 0 AND 253402300799999
        THEN 'epoch'::timestamptz + unix_ms * interval '1 ms' END
$$;

-- Dates a record by the device; else by the upload; else by the boot's last clock record.
-- What was believed before that and is more than 2 s off was nobody's checked clock: it gives way.
CREATE FUNCTION tally.dated(r tally.records) RETURNS tally.records LANGUAGE plpgsql STABLE AS $$
DECLARE
    clock record;
    unix_ms bigint;
BEGIN
    SELECT c.seq, c.uptime_ms, c.wall_ms - c.uptime_ms AS booted_ms INTO clock
    FROM tally.records c WHERE c.device = r.device AND c.boot = r.boot AND c.kind = 'c'
        AND c.wall_ms IS NOT NULL ORDER BY c.seq DESC LIMIT 1;
    IF r.wall_ms IS NOT NULL AND NOT coalesce(r.seq < clock.seq
            AND abs(r.wall_ms - r.uptime_ms - clock.booted_ms) > 2000, false) THEN
        unix_ms := r.wall_ms;
        r.at_quality := 'device';
    ELSIF r.sent_wall_ms IS NOT NULL AND NOT coalesce(r.sent_uptime_ms < clock.uptime_ms
            AND abs(r.sent_wall_ms - r.sent_uptime_ms - clock.booted_ms) > 2000, false) THEN
        unix_ms := r.uptime_ms + r.sent_wall_ms - r.sent_uptime_ms;
        r.at_quality := 'upload';
    ELSE
        unix_ms := r.uptime_ms + clock.booted_ms;
        r.at_quality := 'clock';
    END IF;
    r.at := tally.moment(unix_ms);
    r.began := least(r.at, tally.moment(
        unix_ms - coalesce((r.fields ->> 'elapsed_time_ms')::bigint, 0)
        + coalesce((r.fields ->> 'idle_time_ms')::bigint, 0)));
    IF r.at IS NULL THEN
        r.at_quality := 'unknown';
    END IF;
    RETURN r;
END
$$;

-- ---- landing -----------------------------------------------------------------------------------

-- A row of tally.landing as a record; the columns that date it are still empty.
CREATE FUNCTION tally.record_of("row" jsonb) RETURNS tally.records LANGUAGE sql IMMUTABLE AS $$
    SELECT ("row" ->> 'device', ("row" ->> 'boot')::bigint, ("row" ->> 'seq')::bigint,
        "row" ->> 'kind',
        coalesce(("row" ->> 'session')::bigint, 0), ("row" ->> 'stream_number')::integer,
        "row" ->> 'operator',
        ("row" ->> 'registry')::bigint, ("row" ->> 'uptime_ms')::bigint,
        ("row" ->> 'wall_ms')::bigint,
        CASE WHEN "row" ? 'sent_wall_ms' THEN ("row" ->> 'sent_uptime_ms')::bigint END,
        ("row" ->> 'sent_wall_ms')::bigint, NULL, NULL, 'unknown',
        (SELECT jsonb_object_agg(key, value) FROM jsonb_each("row") WHERE key LIKE 'declared\_%'),
        (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each("row")
         WHERE key NOT LIKE 'declared\_%' AND key <> ALL (
             '{device,boot,seq,kind,session,stream_number,operator,registry,uptime_ms,wall_ms,
               sent_uptime_ms,sent_wall_ms,time_source,certificate,host,path}'::text[])),
        0)::tally.records
$$;

-- What two deliveries of one record have in common.
CREATE FUNCTION tally.content_of(r tally.records) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_array(
        r.kind, r.session, r.stream_number, r.uptime_ms, r.wall_ms, r.declares, r.fields)
$$;

CREATE FUNCTION tally.refusal_of("row" jsonb, reason text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_object_agg(key, value) FROM jsonb_each("row" || jsonb_build_object('reason', reason))
    WHERE key IN ('certificate', 'device', 'operator', 'boot', 'seq', 'kind', 'reason')
$$;

-- A stored record, delivered `times` more, `again` with the latest time of sending.
CREATE FUNCTION tally.resent(r tally.records, again tally.records, times bigint)
RETURNS tally.records LANGUAGE plpgsql STABLE AS $$
BEGIN
    r.resends := r.resends + times;
    IF again.sent_uptime_ms > coalesce(r.sent_uptime_ms, -1) THEN
        r.sent_uptime_ms := again.sent_uptime_ms;
        r.sent_wall_ms := again.sent_wall_ms;
    END IF;
    RETURN tally.dated(r);
END
$$;

-- A device's records are taken by one transaction at a time: lanes are locked in one order.
CREATE FUNCTION tally.lock_devices(devices text[]) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(29793, lane)
    FROM (SELECT DISTINCT hashtext(d) & 63 AS lane FROM unnest(devices) d ORDER BY lane) lanes
$$;

-- Takes what a COPY left in tally.landing. Never fails for what a row says: that would cost all
-- others.
CREATE FUNCTION tally.land() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM tally.lock_devices(array_agg(DISTINCT coalesce((tags || fields) ->> 'device', '')))
    FROM came;

    WITH read AS MATERIALIZED (
        SELECT "time", tags || fields AS "row", tally.fault_of(tags || fields) AS fault FROM came
    ), told AS MATERIALIZED (
        SELECT "time", "row", tally.record_of("row") AS r FROM read WHERE fault IS NULL
    ), compared AS MATERIALIZED (
        SELECT t.*, s.device IS NOT NULL AS is_known, row_number() OVER key AS nth,
            tally.content_of(t.r) = CASE WHEN s.device IS NULL
                THEN first_value(tally.content_of(t.r)) OVER key ELSE tally.content_of(s) END
                AS is_same
        FROM told t LEFT JOIN tally.records s
            ON (s.device, s.boot, s.seq) = ((t.r).device, (t.r).boot, (t.r).seq)
        WINDOW key AS (PARTITION BY (t.r).device, (t.r).boot, (t.r).seq
                       ORDER BY (t.r).sent_uptime_ms DESC NULLS LAST)
    ), refused AS (
        INSERT INTO tally.refused
        SELECT "time", '{}'::jsonb, tally.refusal_of("row", fault) FROM read WHERE fault IS NOT NULL
        UNION ALL
        SELECT "time", '{}', tally.refusal_of("row", 'differs') FROM compared WHERE NOT is_same
    ), once AS MATERIALIZED (
        SELECT (array_agg(r ORDER BY nth))[1] AS r, is_known, count(*) AS times FROM compared
        WHERE is_same GROUP BY (r).device, (r).boot, (r).seq, is_known
    ), fresh AS (
        INSERT INTO tally.records
        SELECT d.* FROM once, LATERAL tally.resent(r, r, times - 1) d WHERE NOT is_known
    )
    UPDATE tally.records s
    SET (sent_uptime_ms, sent_wall_ms, at, began, at_quality, resends) = (
        SELECT d.sent_uptime_ms, d.sent_wall_ms, d.at, d.began, d.at_quality, d.resends
        FROM tally.resent(s, o.r, o.times) d)
    FROM once o
    WHERE is_known AND (s.device, s.boot, s.seq) = ((o.r).device, (o.r).boot, (o.r).seq);

    UPDATE tally.records r SET at = d.at, began = d.began, at_quality = d.at_quality
    FROM (SELECT DISTINCT c.device, c.boot FROM tally.records c
          JOIN (SELECT tags || fields AS "row" FROM came) AS news
              ON "row" ->> 'kind' = 'c' AND c.device = "row" ->> 'device'
              AND c.boot::text = "row" ->> 'boot' AND c.kind = 'c') AS boots
    JOIN tally.records o USING (device, boot), LATERAL tally.dated(o) d
    WHERE (r.device, r.boot, r.seq) = (o.device, o.boot, o.seq)
        AND (d.at, d.began, d.at_quality) IS DISTINCT FROM (o.at, o.began, o.at_quality);

    DELETE FROM tally.landing;
    RETURN NULL;
END
$$;

CREATE TRIGGER land AFTER INSERT ON tally.landing REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION tally.land();

-- ---- what was told of a session ----------------------------------------------------------------

-- 0 for a counter or duration that is absent and declared; NULL if it was not measured.
CREATE FUNCTION tally.zero(declared text, place integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN declared::bigint >> place & 1 = 1 THEN 0 END
$$;

-- Every record with the capability sets that it was made with: its session's, else its boot's.
CREATE VIEW tally.told AS
SELECT r.operator, r.device, r.boot, r.seq, r.session, r.stream_number, r.uptime_ms, r.began, r.at,
    r.at_quality, r.kind, coalesce(s.declares, b.declares) AS declared, r.fields
FROM tally.records r
LEFT JOIN LATERAL (
    SELECT declares FROM tally.records d WHERE d.device = r.device AND d.boot = r.boot
        AND d.session = r.session AND d.seq <= r.seq AND d.declares IS NOT NULL
    ORDER BY d.seq DESC LIMIT 1) s ON true
LEFT JOIN LATERAL (
    SELECT declares FROM tally.records d WHERE d.device = r.device AND d.boot = r.boot
        AND d.session = 0 AND d.seq <= r.seq AND d.declares IS NOT NULL
    ORDER BY d.seq DESC LIMIT 1) b ON s.declares IS NULL;

-- A session by its end record; one without, by its start record and last heartbeat. Asked for one by
-- one, never by a join over all: what a time range reads stays small however much there is.
CREATE VIEW tally.session_last AS
SELECT x.*, coalesce((x.fields ->> 'elapsed_time_ms')::bigint, 0) AS age_ms,
    x.fields ->> 'session_id' AS session_id
FROM tally.told x WHERE x.kind = 'x'
UNION ALL
SELECT s.operator, s.device, s.boot, coalesce(h.seq, s.seq), s.session,
    s.stream_number, coalesce(h.uptime_ms, s.uptime_ms), s.began, coalesce(h.at, s.at),
    coalesce(h.at_quality, s.at_quality), s.kind,
    CASE WHEN h.seq IS NOT NULL THEN s.declared END, -- a start record alone tells no figures
    s.fields || coalesce(h.fields, '{}'), coalesce((h.fields ->> 'elapsed_time_ms')::bigint, 0),
    s.fields ->> 'session_id'
FROM tally.told s
LEFT JOIN LATERAL (
    SELECT true AS is_there FROM tally.records x WHERE x.device = s.device AND x.boot = s.boot
        AND x.session = s.session AND x.kind = 'x' LIMIT 1) x ON true
LEFT JOIN LATERAL (
    SELECT * FROM tally.records h WHERE h.device = s.device AND h.boot = s.boot
        AND h.session = s.session AND h.kind = 'h' ORDER BY h.seq DESC LIMIT 1) h ON true
WHERE s.kind = 's' AND x.is_there IS NULL;

-- The same, each session once: one that two boots or two connections told of, as it was told last.
CREATE VIEW tally.session_told AS
SELECT l.* FROM tally.session_last l
WHERE l.session_id IS NULL OR NOT EXISTS (
    SELECT FROM tally.session_last o WHERE o.device = l.device AND o.session_id = l.session_id
        AND (o.age_ms, o.kind, o.boot, o.session) > (l.age_ms, l.kind, l.boot, l.session));

-- ---- who may do what ---------------------------------------------------------------------------

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'telegraf') THEN
        GRANT USAGE ON SCHEMA tally TO telegraf;
        GRANT SELECT, INSERT ON tally.landing, tally.refused TO telegraf;
    END IF;
END
$$;
