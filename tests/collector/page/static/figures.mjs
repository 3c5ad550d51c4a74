// SPDX-License-Identifier: Apache-2.0
// One figure on the page: its text, how it is known, and from where, for readers and for tests.
import {element} from "./dom.mjs";
import {metric, valueName} from "./api.mjs";
import {quantity, words} from "./format.mjs";

const LEVEL = ["last", "least", "most", "mean", "time"];
const SAID = {
  never: ["–", "measured, but there is no value so far"],
  unmeasured: ["n/m", "not measured by this device"],
  unknown: ["?", "the device has not said whether it measures this"],
  none: ["…", "no record of it has come yet"],
};

// The element of a level, or the value itself.
const part = (value, place) => (Array.isArray(value) ? value[LEVEL.indexOf(place)] : value);

// figure(device, source, "p.su"): of a source as the server tells it, or of none. `look` is how to
// put the value in words, where it is not by its unit; `place` is the element of a level.
export function figure(device, source, name, {look = null, place = "last"} = {}) {
  const key = name.split(".")[1];
  const about = metric(key);
  const [state, whole] = source?.m[name] ?? ["none"];
  const isLevel = about.kind === "level" && Array.isArray(whole);
  const value = isLevel ? part(whole, place) : whole;
  const data = {device, metric: name, state};
  if (source) {
    Object.assign(data, {boot: source.boot, seq: source.seq});
    for (const name of ["session", "stream"].filter((each) => source[each] !== null)) {
      data[name] = source[name];
    }
  }
  if (isLevel) {
    data.element = place;
  }
  if (value === undefined) {
    const [text, meaning] = SAID[state];
    return element("span", {class: `fig ${state}`, data, "aria-label": meaning,
      title: `${words(about.name)}: ${meaning}`}, text);
  }
  data.value = JSON.stringify(value);
  const unit = isLevel && place === "time" ? "ms" : about.unit;
  const named = valueName(key, value);
  const text = look ? look(value) : named === undefined ? quantity(value, unit) : words(named);
  const from = source ? `\n${name} of record ${source.seq}` : "";
  return element("span", {class: `fig ${state}`, data,
    title: `${words(about.name)}: ${exactly(value, about)}\n${about.meaning}${from}`}, text);
}

export function exactly(value, about) {
  const hasUnit = !["text", "count", "code"].includes(about.unit) && !about.values;
  return `${typeof value === "string" ? value : JSON.stringify(value)}${
    hasUnit ? ` ${about.unit}` : ""}`;
}

// What the server worked out of several rows; `state` says why there is no value where it is null.
export function worked(device, name, value, text,
  {session = null, boot = null, title = "", state = value === null ? "never" : "told"} = {}) {
  const data = {device, figure: name, state, value: JSON.stringify(value)};
  if (boot !== null) {
    data.boot = boot;
  }
  if (session !== null) {
    data.session = session;
  }
  return value === null
    ? element("span", {class: `fig ${state}`, data, "aria-label": SAID[state][1],
      title: SAID[state][1]}, SAID[state][0])
    : element("span", {class: "fig", data, title}, text);
}

// Of several streams each by itself with its number; of one there is no other to tell it from.
export const apart = (streams, shown) => streams.map((stream) => (streams.length === 1
  ? shown(stream)
  : element("span", {class: "apart", title: stream.is_over ? "this stream is over" : null},
    element("span", {class: "muted"}, `stream ${stream.stream}${stream.is_over ? ", over" : ""}: `),
    shown(stream))));

// The value if there is one, to sort by.
export const raw = (source, name) => {
  const value = source?.m[name]?.[1];
  return Array.isArray(value) ? value[0] : value;
};
