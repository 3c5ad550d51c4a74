# SPDX-License-Identifier: Apache-2.0
# What the agent is made of, for make (include it) and for anything that can read lines; CMake reads
# it too. Paths start from this folder. It is C11 with GCC's builtins, and needs no definitions, no
# other folders of this repository, and your tally_config.h on the include path.
TALLY_AGENT_INCLUDE := include

# the line, in its order
TALLY_AGENT_SOURCES += src/hook.c
TALLY_AGENT_SOURCES += src/session.c
TALLY_AGENT_SOURCES += src/story.c
TALLY_AGENT_SOURCES += src/figures.c
TALLY_AGENT_SOURCES += src/dimensions.c
TALLY_AGENT_SOURCES += src/viewing.c
TALLY_AGENT_SOURCES += src/rtp.c
TALLY_AGENT_SOURCES += src/ts.c
TALLY_AGENT_SOURCES += src/ts_psi.c
TALLY_AGENT_SOURCES += src/frames.c
TALLY_AGENT_SOURCES += src/machine.c
TALLY_AGENT_SOURCES += src/webrtc.c
TALLY_AGENT_SOURCES += src/histogram.c
TALLY_AGENT_SOURCES += src/level.c
TALLY_AGENT_SOURCES += src/intervals.c
TALLY_AGENT_SOURCES += src/playhead.c
TALLY_AGENT_SOURCES += src/limit.c
TALLY_AGENT_SOURCES += src/metrics.c
TALLY_AGENT_SOURCES += src/report.c
TALLY_AGENT_SOURCES += src/spool.c
TALLY_AGENT_SOURCES += src/ring.c
TALLY_AGENT_SOURCES += src/ring_mount.c
TALLY_AGENT_SOURCES += src/checkpoint.c
TALLY_AGENT_SOURCES += src/uplink.c
TALLY_AGENT_SOURCES += src/uplink_body.c
TALLY_AGENT_SOURCES += src/uplink_reply.c
TALLY_AGENT_SOURCES += src/http.c
TALLY_AGENT_SOURCES += src/http_date.c
TALLY_AGENT_SOURCES += src/backoff.c
TALLY_AGENT_SOURCES += src/remote.c
TALLY_AGENT_SOURCES += src/budget.c
# all of it together, and its front door
TALLY_AGENT_SOURCES += src/agent.c
TALLY_AGENT_SOURCES += src/boot.c
TALLY_AGENT_SOURCES += src/clock.c
TALLY_AGENT_SOURCES += src/policy.c
TALLY_AGENT_SOURCES += src/watch.c
TALLY_AGENT_SOURCES += src/consent.c
TALLY_AGENT_SOURCES += src/live.c
TALLY_AGENT_SOURCES += src/tell.c
TALLY_AGENT_SOURCES += src/attached.c
TALLY_AGENT_SOURCES += src/front.c
# the halves of tally/split.h
TALLY_AGENT_SOURCES += src/player.c
TALLY_AGENT_SOURCES += src/daemon.c
TALLY_AGENT_SOURCES += src/told.c
TALLY_AGENT_SOURCES += src/message.c
# what every stage may use
TALLY_AGENT_SOURCES += src/cbor.c
TALLY_AGENT_SOURCES += src/cbor_read.c
TALLY_AGENT_SOURCES += src/crc32.c
TALLY_AGENT_SOURCES += src/entry.c
TALLY_AGENT_SOURCES += src/settings.c
TALLY_AGENT_SOURCES += src/status.c
TALLY_AGENT_SOURCES += src/text.c
