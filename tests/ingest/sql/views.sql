-- SPDX-License-Identifier: Apache-2.0
-- What dashboards ask for. Sums are sums, and a ratio stands beside what it is made of. An hour is the
-- hour of the play request, by the time it happened: what comes late changes the hour it belongs to.

-- ---- sessions ----------------------------------------------------------------------------------

-- One row a viewing session: all that was told of it, and of the boot it was in.
CREATE VIEW tally.sessions AS
SELECT s.*, date_bin('1 hour', s.began, '2000-01-01 00:00+00') AS hour,
    b.fields ->> 'device_model' AS device_model, b.fields ->> 'device_type' AS device_type,
    b.fields ->> 'soc' AS soc, b.fields ->> 'os' AS os, b.fields ->> 'firmware' AS firmware,
    b.fields ->> 'middleware' AS middleware, b.fields ->> 'browser' AS browser,
    b.fields ->> 'agent_version' AS agent_version
FROM tally.record_session s
LEFT JOIN LATERAL (SELECT fields FROM tally.records b WHERE b.device = s.device
    AND b.boot = s.boot AND b.kind = 'b' ORDER BY b.seq LIMIT 1) b ON true;
