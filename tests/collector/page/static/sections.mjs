// SPDX-License-Identifier: Apache-2.0
// The parts of a device's page that are lists of figures.
import {metric, valueName} from "./api.mjs";
import {loss, second, stateLabel} from "./columns.mjs";
import {byId, element, show} from "./dom.mjs";
import {apart, figure, raw, worked} from "./figures.mjs";
import {age, clock, count, duration, quantity, shortBoot, words} from "./format.mjs";
import {timeOf} from "./plots.mjs";

export const item = (name, ...shown) => element("div", {}, element("dt", {}, name),
  element("dd", {}, ...shown));

// A table of [heading, cell of a row]; `text` columns stand left.
export function table(place, caption, columns, rows, {chosen = () => false} = {}) {
  place.replaceChildren(
    element("caption", {class: "hidden"}, caption),
    element("thead", {}, element("tr", {}, ...columns.map(({head, text}) =>
      element("th", {scope: "col", class: text ? "text" : null}, head)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {class: chosen(row) ? "chosen" : null},
      ...columns.map(({cell, text}) => element("td", {class: text ? "text" : null}, cell(row)))))));
}

export function about(device, told) {
  const {overview} = told;
  const boot = overview.boot;
  show(byId("device"), device, () => device);
  const late = told.now_ms - overview.seen_ms > overview.late_after_ms;
  show(byId("about"), [boot, overview.seen_ms, late], () => [
    ...["b.dm", "b.fw", "b.so", "b.os", "b.gv"].filter((name) => raw(boot, name) !== undefined)
      .flatMap((name) => [name === "b.gv" ? "agent " : "", figure(device, boot, name), " · "]),
    "last upload ", worked(device, "seen_ms", overview.seen_ms, clock(overview.seen_ms)),
    late ? element("span", {class: "bad"}, ` (${age(told.now_ms - overview.seen_ms)})`) : ""]);
}

// The figures of the session that is shown.
export function now(place, device, session) {
  const {summary} = session;
  const [rtp, frames] = ["r", "f"].map(
    (kind) => session.streams.filter((stream) => stream.kind === kind));
  const of = (name, options) => figure(device, session.last, name, options);
  const from = {boot: summary.boot, session: summary.session};
  show(place, [summary, session.last, session.streams], () => [
    item("State", stateLabel(device, summary)),
    item("Startup", of("p.su")), item("Stalls", of("p.sc"), second(of("p.sd"))),
    item("Play time", of("p.pt")), item("Elapsed", of("p.xe")),
    item("Bitrate", summary.received_kbps === null ? of("p.br") : worked(device, "received_kbps",
      summary.received_kbps, quantity(summary.received_kbps, "kbps"), from)),
    item("Buffer", of("l.lb")),
    item("Loss", loss(device, summary),
      ...apart(rtp, (stream) => second(figure(device, stream, "r.rl"), " packets"))),
    ...(rtp.length ? [item("Jitter", ...apart(rtp, (stream) => figure(device, stream, "r.rj")))]
      : []),
    ...(frames.length ? [item("Frames shown", ...apart(frames, (stream) => element("span", {},
      figure(device, stream, "f.fr"), second(figure(device, stream, "f.fk"), " dropped"))))] : []),
    item("Errors", of("p.er")), item("Stop reason", of("p.sr")),
    item("Content", content(device, summary))]);
}

function content(device, summary) {
  const name = ["d.ct", "d.ci"].find((each) => raw(summary.about, each) !== undefined) ?? "d.ci";
  return element("span", {}, figure(device, summary.about, name));
}

const SESSION_COLUMNS = [["State", true], ["Began", false], ["Startup", "p.su"], ["Stalls", "p.sc"],
  ["Stalled", "p.sd"], ["Played", "p.pt"], ["Errors", "p.er"], ["Stop reason", "p.sr"]];

export function sessions(place, device, told, shown, addressOf, choose) {
  const rows = told.boots.flatMap((boot) => boot.sessions);
  const isShown = (row) => shown && row.boot === shown.boot && row.session === shown.session;
  const figures = SESSION_COLUMNS.slice(2).map(([head, name]) => ({head,
    cell: (row) => figure(device, row.last, name)}));
  const columns = [
    {head: "Session", text: true, cell: (row) => element("a", {href: addressOf(row),
      "aria-current": isShown(row) ? "true" : null, on: {click: (event) => choose(event,
        {boot: row.boot, session: row.session})}}, `${shortBoot(row.boot)} · ${row.session}`)},
    {head: "State", text: true, cell: (row) => stateLabel(device, row)},
    {head: "Content", text: true, cell: (row) => content(device, row)},
    {head: "Began", cell: began}, ...figures];
  const left = told.boots.reduce((all, boot) => all + boot.session_count, 0) - rows.length;
  const focused = place.contains(document.activeElement) && document.activeElement.href;
  if (show(place, [rows, shown], () => [])) {
    table(place, "Sessions, newest first", columns, rows, {chosen: isShown});
    place.parentElement.dataset.left = left > 0
      ? `${count(left)} older sessions are not listed` : "";
    [...place.querySelectorAll("a")].find((link) => link.href === focused)?.focus();
  }
}

const began = (row) => {
  const first = row.began ?? row.last;
  return first === null ? "" : first.wall_ms === null ? `+${duration(first.uptime_ms)}`
    : clock(first.wall_ms - (row.began ? 0 : raw(row.last, "p.xe") ?? 0));
};

// What an event's numbers are: of some a duration or a bitrate, of most a number.
const UNITS = {"e.ec": {stall_end: "ms", seeked: "ms", wake: "ms", rendition_auto: "kbps",
  rendition_user: "kbps", milestone: "percent"},
"e.ed": {rendition_auto: "kbps", rendition_user: "kbps"}};

export function events(place, device, session) {
  const columns = [
    {head: "Time", text: true, cell: (row) => timeOf(row.uptime_ms, session.offset_ms, true)},
    {head: "Event", text: true, cell: (row) => figure(device, row, "e.et")},
    {head: "Code", cell: (row) => number(device, row, "e.ec")},
    {head: "Detail", cell: (row) => number(device, row, "e.ed")},
    {head: "Position", cell: (row) => figure(device, row, "e.ep")}];
  show(place, [session.events, session.offset_ms], () => []) &&
    table(place, "Events, newest first", columns, session.events.toReversed());
}

function number(device, row, name) {
  if (row.m[name][0] !== "told") {
    return "";
  }
  const unit = UNITS[name][valueName("et", row.m["e.et"][1])];
  return figure(device, row, name, {look: (value) => quantity(value, unit)});
}

export function boots(place, device, told) {
  const columns = [
    {head: "Boot", text: true, cell: (row) => element("span", {class: "code",
      title: String(row.boot)}, shortBoot(row.boot))},
    {head: "Reset", text: true, cell: (row) => figure(device, row.about, "b.re")},
    {head: "Firmware", text: true, cell: (row) => figure(device, row.about, "b.fw")},
    {head: "Boot count", cell: (row) => figure(device, row.about, "b.bc")},
    {head: "Sessions", cell: (row) => count(row.session_count)},
    {head: "Records", cell: (row) => worked(device, "records_stored", row.records_stored,
      count(row.records_stored), {boot: row.boot})},
    {head: "Missing", cell: (row) => worked(device, "records_missing", row.records_missing,
      count(row.records_missing), {boot: row.boot})},
    {head: "Resent", cell: (row) => worked(device, "resends", row.resends, count(row.resends),
      {boot: row.boot})}];
  show(place, told.boots.map((boot) => [boot.boot, boot.about, boot.session_count,
    boot.records_stored, boot.records_missing, boot.resends]), () => []) &&
    table(place, "Boots, newest first", columns, told.boots);
}

export function refusals(device, told) {
  byId("refused-section").hidden = told.refusals.length === 0;
  const columns = [
    {head: "Received", text: true, cell: (row) => clock(row.received_ms)},
    {head: "Status", cell: (row) => String(row.status)},
    {head: "Bytes", cell: (row) => count(row.bytes)},
    {head: "Reason", text: true, cell: (row) => row.reason ?? ""}];
  show(byId("refused"), told.refusals, () => []) &&
    table(byId("refused"), "Uploads that were refused, newest first", columns, told.refusals);
}

export const nameOf = (name) => words(metric(name.split(".")[1]).name);
