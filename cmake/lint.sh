#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Layout, habits and shell scripts of the whole tree. Says all it finds, then fails if there was
# anything.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

failed=0
check() {
    local name=$1
    shift
    if "$@"; then
        echo "lint: $name ok"
    else
        echo "lint: $name FAILED (rerun: $*)" >&2
        failed=1
    fi
}

mapfile -t sources < <(git ls-files --cached --others --exclude-standard -- \
    'agent/*.[ch]' 'port/*.[ch]' 'boards/*.[ch]' 'tests/*.[ch]')
mapfile -t scripts < <(git ls-files --cached --others --exclude-standard -- '*.sh' .ci/run)
# What a Linux build compiles: a tool that follows includes needs one consistent world.
mapfile -t linux_sources < <(printf '%s\n' "${sources[@]}" |
    grep -E '^(agent/src|port/(posix|mbedtls|ram|template|client|conformance|gstreamer)|boards/(linux|receiver))/.*\.c$')

# The functions below are called through check().
# shellcheck disable=SC2317
build_with_clang() {
    cmake -S . -B build/lint -G Ninja -DTALLY_BOARD=linux -DTALLY_GSTREAMER=ON \
        -DCMAKE_C_COMPILER=clang &&
        cmake --build build/lint
}

# shellcheck disable=SC2317
clang_build() {
    build_with_clang >build/lint.log 2>&1 && return
    tail -n 20 build/lint.log >&2
    return 1
}

# shellcheck disable=SC2317
tidy() { printf '%s\n' "${linux_sources[@]}" | xargs -P 2 -n 4 clang-tidy --quiet -p build/lint; }

# shellcheck disable=SC2317
habits() {
    cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --max-configs=4 -j 2 \
        --enable=warning,performance,portability --suppress=missingIncludeSystem \
        -I agent/include -I boards/linux -I port/posix -I port/ram -I port/mbedtls \
        -I port/conformance \
        "${linux_sources[@]}"
}

mkdir -p build
check clang-format clang-format --dry-run -Werror "${sources[@]}"
check shellcheck shellcheck -x "${scripts[@]}"
check clang-build clang_build
check clang-tidy tidy
check cppcheck habits
exit "$failed"
