# SPDX-License-Identifier: Apache-2.0
#
# The front door: each target brings the packages it is missing, then hands
# over to cmake, ctest or a script that can also be run by hand.

# Debian's own: its python3-* packages are invisible to any other in the PATH.
PYTHON := /usr/bin/python3

SETUP := cmake/setup/setup.sh
OWNER := cmake/setup/as-owner.sh
STAGE := $(OWNER) cmake/setup/stage.sh
LOGS  := build/log

# What `make setup` installs; `make setup SETS=lint` prepares another set.
SETS ?= demo linux test

BOARDS := $(patsubst boards/%/board.cmake,%,$(wildcard boards/*/board.cmake))

# The agent and its collector meet on the loopback, where no proxy can help.
comma    := ,
loopback := 127.0.0.1,localhost,::1
proxied  := $(or $(no_proxy),$(NO_PROXY))
export no_proxy := $(loopback)$(if $(proxied),$(comma)$(proxied))
export NO_PROXY := $(no_proxy)

# Sources the caller already has; set-up sees them in its environment.
SOURCES = $(if $(TALLY_MBEDTLS_DIR),-DTALLY_MBEDTLS_DIR=$(abspath $(TALLY_MBEDTLS_DIR))) \
          $(if $(TALLY_LWIP_DIR),-DTALLY_LWIP_DIR=$(abspath $(TALLY_LWIP_DIR))) \
          $(if $(TALLY_CMOCKA_DIR),-DTALLY_CMOCKA_DIR=$(abspath $(TALLY_CMOCKA_DIR)))

# Whatever the time is, it is not earlier than the commit's: what is built of a commit is the same
# whenever it is. Without a repository CMake asks the clock.
linux programs schema firmware: export SOURCE_DATE_EPOCH ?= $(shell $(OWNER) git log -1 --format=%ct 2>/dev/null)

# $(call build,NAME,CMAKE OPTIONS): configures and builds build/NAME.
define build
@$(STAGE) configure-$(1) $(LOGS)/configure-$(1).log \
	cmake -S . -B build/$(1) -G Ninja $(strip $(SOURCES) $(2))
@$(STAGE) build-$(1) $(LOGS)/build-$(1).log cmake --build build/$(1)
endef

.PHONY: help setup linux programs firmware known-board build-test test long campaign \
	processors fresh fleet demo demo-linux live test-ingest size bench schema lint clean distclean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

setup: ## install what is missing for linux, demo and test
	@$(SETUP) $(SETS)

ready-%:
	@$(SETUP) $*

linux: ready-linux ## build tallyd, libtally-client, the GStreamer plugin and the tools
	$(call build,linux,-DTALLY_BOARD=linux -DTALLY_GSTREAMER=ON -DCMAKE_BUILD_TYPE=MinSizeRel)

# The same folder as above, plugin or not: who has no GStreamer needs none.
programs: ready-demo
	$(call build,linux,-DTALLY_BOARD=linux -DCMAKE_BUILD_TYPE=MinSizeRel)

firmware: known-board ready-demo ## build for BOARD= with ENDPOINT= and CERTS=
	$(call build,$(BOARD),-DTALLY_BOARD=$(BOARD) -DCMAKE_BUILD_TYPE=MinSizeRel \
		$(addprefix --toolchain toolchains/,$(addsuffix .cmake,$(toolchain))) \
		$(if $(ENDPOINT),'-DTALLY_ENDPOINT=$(ENDPOINT)') \
		$(if $(CERTS),'-DTALLY_CERTS=$(abspath $(CERTS))'))

firmware: toolchain = $(file <boards/$(BOARD)/toolchain)

known-board:
	@$(if $(filter $(BOARD),$(BOARDS)),true,\
		echo "firmware: no board '$(BOARD)'; BOARD is one of: $(BOARDS)" >&2; exit 2)

# Players that know nothing of sanitizers load what is in build/linux.
build-test: linux ready-test
	$(call build,test,-DTALLY_BOARD=linux -DTALLY_TESTS=ON -DTALLY_GSTREAMER=ON \
		-DTALLY_SANITIZE=ON -DCMAKE_BUILD_TYPE=Debug)

test: build-test ## run the tests
	@$(OWNER) ctest --test-dir build/test --output-on-failure -j2 -LE long

long: build-test ## run the tests that take minutes to hours
	@$(OWNER) ctest --test-dir build/test --output-on-failure -L long

# Boxes of two boards, several times each: what their firmwares share is built once.
campaign: export TALLY_FIRMWARE_DIR := $(abspath build/firmware)
campaign: export TALLY_TEST_DIR := $(abspath build/campaign)
campaign: programs ready-test ## kill boxes in QEMU in every phase; SEED=n repeats, KILLS=n says how often
	@$(OWNER) mkdir -p build/campaign
	@$(OWNER) $(PYTHON) tests/campaign/campaign.py
	@$(OWNER) $(PYTHON) tests/campaign/mutants.py

processors: build-test ## run the unit tests on all seven processors
	@$(OWNER) ctest --test-dir build/test --output-on-failure -L processors

# With `programs` above it shares a folder, not what is built for a fleet alone.
fleet: ready-fleet ## 50 simulated devices report to a collector; DEVICES=n SECONDS=n SEED=n
	$(call build,linux,-DTALLY_BOARD=linux -DTALLY_FLEET=ON -DCMAKE_BUILD_TYPE=MinSizeRel)
	@$(OWNER) $(PYTHON) tests/fleet/fleet.py $(addprefix --devices ,$(DEVICES)) \
		$(addprefix --seconds ,$(SECONDS)) $(addprefix --seed ,$(SEED))

demo: programs ## a box in QEMU plays, reports and is checked; SEED=n repeats a run
	@$(OWNER) $(PYTHON) tests/demo/demo.py

demo-linux: linux ready-demo-linux ## gst-play-1.0 plays a throttled ladder, tallyd reports and is checked
	@$(OWNER) $(PYTHON) tests/demo/demo_linux.py

# One command of the README: make fresh COMMANDS='make demo'.
fresh: ready-fresh ## type the README's commands into a bare Debian 12, as root; COMMANDS=all takes hours
	@$(PYTHON) tests/fresh/fresh.py $(if $(COMMANDS),$(if $(filter all,$(COMMANDS)),--all,'$(COMMANDS)'))

size: ready-bench ## measure the code and the memory
	@$(OWNER) $(PYTHON) cmake/size.py

bench: linux ready-bench ## count instructions, measure heap, stack and longest step
	@$(OWNER) $(PYTHON) tests/bench/bench.py

# Devices of both kinds, the road behind them, and what the database says of them.
test-ingest: export TALLY_TEST_DIR := $(abspath build/ingest)
test-ingest: ready-fleet ready-demo ready-ingest ## records through nginx and Telegraf into PostgreSQL; SEED=n repeats a run
	$(call build,linux,-DTALLY_BOARD=linux -DTALLY_FLEET=ON -DCMAKE_BUILD_TYPE=MinSizeRel)
	@$(OWNER) mkdir -p $(TALLY_TEST_DIR)
	@$(OWNER) $(PYTHON) -m unittest discover -v -s tests/ingest -p 'test_*.py'

live: programs ready-live ## show what devices report on a web page; DEVICE=name boots one, HOST=address lets others in
	@$(OWNER) $(PYTHON) tests/collector/live.py

schema: ready-demo ## write what is made of the registry; LEDGER=file goes on from another
	@$(STAGE) configure-linux $(LOGS)/configure-linux.log \
		cmake -S . -B build/linux -G Ninja $(strip $(SOURCES) -DTALLY_BOARD=linux \
		-DCMAKE_BUILD_TYPE=MinSizeRel)
	@$(STAGE) build-schema $(LOGS)/build-schema.log cmake --build build/linux --target tally-schema
	@$(OWNER) cmake/schema.sh build/linux/tally-schema $(LEDGER)

lint: ready-lint ## check the layout and the habits
	@$(OWNER) cmake/lint.sh

clean: ## remove what was built
	rm -rf build

distclean: clean ## remove what was fetched as well
	rm -rf .deps
