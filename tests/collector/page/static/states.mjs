// SPDX-License-Identifier: Apache-2.0
// A session's states over time. A bar of full height is a state that is sure to have been there at
// that time; a bar in parts is an interval of which only is known how long each state took.
import {drawn, element, show} from "./dom.mjs";
import {figure} from "./figures.mjs";
import {duration, words} from "./format.mjs";
import {valueName} from "./api.mjs";
import {AXIS_PX, RIGHT_PX, timeOf} from "./plots.mjs";

const HEIGHT = 34;
const TICKS = 8;
const TOTALS = [["idle", "p.it"], ["joining", "p.jt"], ["zapping", "p.zt"], ["playing", "p.pt"],
  ["stalled", "p.sd"], ["paused", "p.pd"], ["paused_stalled", "p.ps"], ["seeking", "p.sl"],
  ["suspended", "p.zd"], ["over", "p.tt"]];

function bars(span, x) {
  const [left, right] = [x(span.begin), x(span.end)];
  const took = span.states.reduce((all, [, ms]) => all + ms, 0);
  let top = 0;
  return span.states.map(([state, ms]) => {
    const height = span.sure ? HEIGHT : took === 0 ? 0 : HEIGHT * ms / took;
    const bar = drawn("rect", {class: `span is-${state}`, x: left, y: top,
      width: Math.max(right - left, 0.5), height, data: {state, begin: span.begin, end: span.end,
        took: ms, sure: span.sure}}, drawn("title", {}, `${words(state)} ${duration(ms)}${
      span.sure ? "" : `, at some time in these ${duration(span.end - span.begin)}`}`));
    top += height;
    return bar;
  });
}

function tick(event, x, offset) {
  const at = x(event.uptime_ms);
  const name = words(valueName("et", event.m["e.et"][1]) ?? "event");
  return drawn("line", {class: "event", x1: at, x2: at, y1: HEIGHT + 2, y2: HEIGHT + TICKS},
    drawn("title", {}, `${name} at ${timeOf(event.uptime_ms, offset, true)}`));
}

function drawing(told, width) {
  const [begin, end] = [told.from_ms, Math.max(told.to_ms, told.from_ms + 1)];
  const x = (uptime) => AXIS_PX +
    (uptime - begin) / (end - begin) * (width - AXIS_PX - RIGHT_PX);
  const events = told.events.filter((event) => event.uptime_ms >= begin && event.uptime_ms <= end);
  return drawn("svg", {width, height: HEIGHT + TICKS + 16, role: "img",
    "aria-label": "States over time; how long each took is in the list below"},
  ...told.timeline.flatMap((span) => bars(span, x)),
  ...events.map((event) => tick(event, x, told.offset_ms)),
  drawn("text", {x: AXIS_PX, y: HEIGHT + TICKS + 13}, timeOf(begin, told.offset_ms)),
  drawn("text", {x: width - RIGHT_PX, y: HEIGHT + TICKS + 13, class: "end"},
    timeOf(end, told.offset_ms)));
}

const total = (device, told, [state, name]) => element("li", {},
  element("i", {class: `swatch is-${state}`}), `${words(state)} `,
  element("b", {}, figure(device, told.last, name)));

export function states(place, device, told) {
  const width = place.clientWidth;
  const took = TOTALS.filter(([, name]) => told.last?.m[name][1] > 0);
  const unsure = told.timeline.some((span) => !span.sure);
  show(place, [width, told.timeline, told.events.length, told.offset_ms, told.last?.seq], () => [
    element("h4", {}, "States"),
    ...(told.timeline.length ? [drawing(told, width)]
      : [element("p", {class: "note"}, "No heartbeat has come yet.")]),
    element("ul", {class: "legend"}, ...took.map((each) => total(device, told, each))),
    element("p", {class: "note"}, [unsure
      ? "Where a bar is in parts, only how long each state took is known, not the order." : "",
    "Ticks are events."].filter(Boolean).join(" "))]);
}
