#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the media that players of these tests are given, once for a build folder.

    ladder.py FOLDER

One encoding of three renditions, cut twice: HLS with transport streams, sound in each; DASH with
fragmented MP4, sound by itself. A manifest that ends after N segments is NAME-N; dash/low.mpd has the
lowest rendition only. Beside them are one progressive file and files with something wrong.
"""
import dataclasses
import fcntl
import pathlib
import random
import re
import shutil
import subprocess
import sys

SECONDS = 40
SEGMENT_S = 2
FPS = 25
SHORT = (3, 5, 8, 10)  # segments


@dataclasses.dataclass(frozen=True)
class Rendition:
    kbps: int  # as manifests declare it
    width: int
    height: int

    @property
    def video_kbps(self):
        """The encoder's average: what is declared has sound, headers and peaks in it."""
        return self.kbps * 3 // 4

    @property
    def bits_per_s(self):
        return self.kbps * 1000


# The first is what HLS players begin with.
RENDITIONS = (Rendition(800, 854, 480), Rendition(2000, 1280, 720), Rendition(250, 426, 240))
AUDIO_KBPS = 48
RECIPE = f"recipe 6: {SECONDS} s, {SEGMENT_S} s, {SHORT}, {RENDITIONS}"


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y",
                    *map(str, arguments)], check=True)


def encode(out):
    """One picture for all, scaled; closed groups of pictures as long as a segment."""
    names = [f"v{number}" for number in range(len(RENDITIONS))]
    scaled = ";".join(f"[s{name}]scale={r.width}:{r.height}:flags=fast_bilinear[{name}]"
                      for name, r in zip(names, RENDITIONS))
    split = f"[0:v]split={len(names)}{''.join(f'[s{name}]' for name in names)};{scaled}"
    rates = []
    for number, r in enumerate(RENDITIONS):
        rates += [f"-b:v:{number}", f"{r.video_kbps}k", f"-maxrate:v:{number}", f"{r.video_kbps}k",
                  f"-bufsize:v:{number}", f"{r.video_kbps}k"]
    maps = [each for name in names for each in ("-map", f"[{name}]")]
    gop = SEGMENT_S * FPS
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate={FPS}",
           "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", SECONDS,
           "-filter_complex", split, *maps, "-map", "1:a", "-map_metadata", "-1",
           "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", gop,
           "-keyint_min", gop, "-sc_threshold", 0, "-bf", 0, *rates,
           "-c:a", "aac", "-ac", 2, "-b:a", f"{AUDIO_KBPS}k", out)


def shortened(playlist, segments):
    """An HLS playlist of the first segments of another one."""
    kept = []
    left = segments
    for line in playlist.splitlines():
        if line.startswith("#EXTINF"):
            left -= 1
        if left < 0:
            break
        kept.append(line)
    return "\n".join([*(line for line in kept if line != "#EXT-X-ENDLIST"), "#EXT-X-ENDLIST", ""])


def master_playlist(suffix):
    lines = ["#EXTM3U", "#EXT-X-VERSION:3"]
    for r in RENDITIONS:
        lines += [f"#EXT-X-STREAM-INF:BANDWIDTH={r.bits_per_s},"
                  f'RESOLUTION={r.width}x{r.height},CODECS="avc1.4d401f,mp4a.40.2"',
                  f"{r.kbps}k/media{suffix}.m3u8"]
    return "\n".join([*lines, ""])


def make_hls(source, folder):
    for number, r in enumerate(RENDITIONS):
        rendition = folder / f"{r.kbps}k"
        rendition.mkdir(parents=True)
        ffmpeg("-i", source, "-map", f"0:v:{number}", "-map", "0:a", "-c", "copy", "-f", "hls",
               "-hls_time", SEGMENT_S, "-hls_playlist_type", "vod", "-hls_list_size", 0,
               "-hls_segment_filename", rendition / "%03d.ts", rendition / "media.m3u8")
        whole = (rendition / "media.m3u8").read_text()
        for segments in SHORT:
            (rendition / f"media-{segments}.m3u8").write_text(shortened(whole, segments))
    for suffix in ("", *(f"-{segments}" for segments in SHORT)):
        (folder / f"master{suffix}.m3u8").write_text(master_playlist(suffix))


def make_dash(source, folder):
    folder.mkdir(parents=True)
    ffmpeg("-i", source, "-map", "0", "-c", "copy", "-f", "dash", "-seg_duration", SEGMENT_S,
           "-use_template", 1, "-use_timeline", 0, "-adaptation_sets",
           "id=0,streams=v id=1,streams=a", "-init_seg_name", "init-$RepresentationID$.mp4",
           "-media_seg_name", "$RepresentationID$-$Number%03d$.m4s", folder / "manifest.mpd")
    whole = declared((folder / "manifest.mpd").read_text())
    (folder / "manifest.mpd").write_text(whole)
    for segments in SHORT:
        short = re.sub(r'(mediaPresentationDuration|duration)="PT[^"]*"',
                       rf'\1="PT{segments * SEGMENT_S}.0S"', whole)
        (folder / f"manifest-{segments}.mpd").write_text(short)
    (folder / "low.mpd").write_text(lowest(whole))


def lowest(manifest):
    """The manifest without choice."""
    for number, _ in list(enumerate(RENDITIONS))[:-1]:
        manifest = re.sub(rf'\s*<Representation id="{number}".*?</Representation>', "", manifest,
                          flags=re.DOTALL)
    return manifest


def declared(manifest):
    """The manifest with bandwidths as declared here, not as ffmpeg measured them, and without its
    promise that one initialization segment does for all renditions."""
    manifest = manifest.replace(' bitstreamSwitching="true"', "")
    for number, r in enumerate(RENDITIONS):
        manifest = re.sub(rf'(<Representation id="{number}" [^>]*bandwidth=)"\d+"',
                          rf'\1"{r.bits_per_s}"', manifest)
    return manifest


def make_files(source, folder):
    folder.mkdir(parents=True)
    film = folder / "film.mp4"
    ffmpeg("-i", source, "-map", "0:v:2", "-map", "0:a", "-c", "copy", "-t", 12,
           "-movflags", "+faststart", film)
    content = film.read_bytes()
    (folder / "truncated.mp4").write_bytes(content[:len(content) // 2])
    (folder / "noise.mp4").write_bytes(random.Random(8).randbytes(200_000))
    # Its container is sound, and no decoder knows what is in it.
    (folder / "undecodable.mp4").write_bytes(content.replace(b"avc1", b"zzz1")
                                             .replace(b"mp4a", b"zzz2"))


def make(folder):
    """`folder` with all media; left alone if this recipe made it."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "recipe"
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if made.exists() and made.read_text() == RECIPE:
            return folder
        made.unlink(missing_ok=True)
        for part in ("hls", "dash", "files"):
            shutil.rmtree(folder / part, ignore_errors=True)
        source = folder / "encoded.mp4"
        encode(source)
        make_hls(source, folder / "hls")
        make_dash(source, folder / "dash")
        make_files(source, folder / "files")
        source.unlink()
        made.write_text(RECIPE)
    return folder


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: ladder.py FOLDER")
    make(sys.argv[1])
