#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# make_media.sh OUT.ts SECONDS KBPS
#
# Makes a constant bit rate MPEG transport stream as a broadcaster would send
# it: H.264 with one closed group of pictures a second, AAC, a PCR at least
# every 40 ms, PAT and PMT every 100 ms, null packets up to KBPS. Picture and
# sound are synthetic and every encoder runs bit-exact in one thread, so the
# same request makes the same bytes wherever the same ffmpeg runs.
#
# A file that was already made by the same recipe is left alone; the recipe is
# found in the file itself, as its service name.
set -eu

fail() {
    echo "make_media.sh: $*" >&2
    exit 1
}

is_count() {
    case $1 in
    '' | 0* | *[!0-9]*) return 1 ;;
    esac
}

# The service description table repeats every half second, so the first
# quarter of a megabyte has it at any sensible rate.
is_made() {
    [ -s "$out" ] && head -c 262144 "$out" | grep -aqF "$recipe"
}

make() {
    ffmpeg -nostdin -hide_banner -loglevel error -y \
        -f lavfi -i "testsrc2=size=$size:rate=25" \
        -f lavfi -i 'sine=frequency=440:beep_factor=4:sample_rate=48000' \
        -t "$seconds" -map 0:v -map 1:a \
        -c:v libx264 -preset veryfast -threads 1 -pix_fmt yuv420p \
        -g 25 -keyint_min 25 -sc_threshold 0 -bf 0 \
        -b:v "${video_kbps}k" -maxrate "${video_kbps}k" -bufsize "${video_kbps}k" \
        -c:a aac -ac 2 -b:a "${audio_kbps}k" \
        -flags:v +cgop+bitexact -flags:a +bitexact -fflags +bitexact -map_metadata -1 \
        -metadata service_name="$recipe" -metadata service_provider=tally \
        -muxrate "${kbps}k" -pat_period 0.1 -sdt_period 0.5 -pcr_period 20 \
        -f mpegts "$1"
}

[ $# -eq 3 ] || fail 'usage: make_media.sh OUT.ts SECONDS KBPS'
out=$1
seconds=$2
kbps=$3
is_count "$seconds" || fail "'$seconds' is not a number of seconds"
is_count "$kbps" || fail "'$kbps' is not a number of kbit/s"
[ "$kbps" -ge 600 ] || fail 'picture and sound need 600 kbit/s at least'

size=640x360
[ "$kbps" -lt 3000 ] || size=1280x720
audio_kbps=96
video_kbps=$((kbps * 3 / 4 - audio_kbps))  # a quarter for packet headers, tables and peaks
recipe="tally recipe 1: ${seconds}s ${kbps}k ${size}."

is_made && exit 0
mkdir -p "$(dirname "$out")"
made=$(mktemp "$out.XXXXXX")
trap 'rm -f "$made"' EXIT
trap 'exit 1' HUP INT TERM
make "$made"
chmod 0644 "$made"
mv "$made" "$out"
