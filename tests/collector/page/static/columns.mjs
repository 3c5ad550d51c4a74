// SPDX-License-Identifier: Apache-2.0
// The overview's columns: what each shows of a device, and by what it sorts.
import {element} from "./dom.mjs";
import {apart, figure, raw, worked} from "./figures.mjs";
import {age, count, quantity, words} from "./format.mjs";

const sum = (source, names) => names.reduce((total, name) => total + (raw(source, name) ?? 0), 0);

const LOST = ["a.ad", "a.ud", "a.ao", "a.aa", "a.u1", "a.ae"];
const FAILED = ["a.an", "a.at", "a.af", "a.ar", "a.u0"];

export const ageOf = (told, nowMs) => Math.max(0, nowMs - told.seen_ms);

export const isLate = (told, nowMs) => ageOf(told, nowMs) > told.late_after_ms;

export const stateOf = (told) => (told.session ? told.session.state ?? "unknown" : "no session");

// Uploads that failed are what the spool is for, and no trouble once one has come through.
const isFailing = (told) => told.refused_lately > 0 || raw(told.agent, "a.lh") > 299;

// What an engineer should look into: something was lost, or failed, or nothing comes.
export const hasTrouble = (told, nowMs) => isLate(told, nowMs) || isFailing(told) ||
  sum(told.agent, LOST) > 0 || stateOf(told) === "failed";

export const searched = (told) => [told.device, raw(told.boot, "b.dm"), raw(told.boot, "b.fw"),
  stateOf(told), raw(told.session?.about, "d.ct"), raw(told.session?.about, "d.ci")]
  .filter(Boolean).join(" ").toLowerCase();

export const second = (...parts) => element("span", {class: "second"}, ...parts);

// A count that is fine at 0 and worth a look above it.
function alarming(made) {
  made.classList.toggle("bad", Number(made.dataset.value) > 0);
  return made;
}

export function stateLabel(device, session) {
  const state = session?.state ?? null;
  const by = session && `told by: ${session.state_by}`;
  const made = worked(device, "state", state, state === null ? "" : words(state),
    {boot: session?.boot, session: session?.session, title: by ?? ""});
  made.classList.add("state", `of-${state}`);
  return made;
}

function bitrate(told) {
  const session = told.session;
  if (!session) {
    return "";
  }
  const of = {boot: session.boot, session: session.session};
  if (session.received_kbps !== null) {
    return worked(told.device, "received_kbps", session.received_kbps,
      quantity(session.received_kbps, "kbps"),
      {...of, title: "RTP payload between the last two records of each stream"});
  }
  return figure(told.device, session.last, session.last?.m["l.lv"][0] === "told" ? "l.lv" : "p.br");
}

const jitter = (told) => apart(told.session.streams, (stream) => figure(told.device, stream,
  stream.kind === "j" ? "j.jj" : "r.rj"));

export const loss = (device, session) => worked(device, "loss_ppm", session.loss_ppm,
  quantity(session.loss_ppm, "ppm"), {boot: session.boot, session: session.session,
    state: session.loss_state, title: "packets lost of those expected, of all its streams"});

function seen(told, nowMs) {
  const late = isLate(told, nowMs);
  const text = age(ageOf(told, nowMs));
  const made = worked(told.device, "seen_ms", told.seen_ms, text,
    {title: `last upload ${new Date(told.seen_ms).toISOString()}; late after ${
      quantity(told.late_after_ms, "ms")}`});
  made.classList.add("seen", late ? "late" : "timely");
  made.setAttribute("aria-label", `${text}, ${late ? "late" : "in time"}`);
  return made;
}

const playing = (told, name) => (told.session ? figure(told.device, told.session.last, name) : "");

const agent = (told, name) => alarming(figure(told.device, told.agent, name));

const link = (told) => element("a", {href: `/device?${new URLSearchParams({device: told.device})}`},
  told.device);

// [heading, title, number of the table, cell, what to sort by]; `text` columns stand left.
export const COLUMNS = [
  {head: "Device", text: true, cell: (told) => [link(told), second(
    figure(told.device, told.boot, "b.dm"), " ", figure(told.device, told.boot, "b.fw"))],
  by: (told) => told.device},
  {head: "Seen", title: "last upload, by the collector's clock", timed: true,
    cell: (told, nowMs) => [seen(told, nowMs), second(figure(told.device, told.agent, "a.wq",
      {look: (value) => ["no clock", "clock unsure", "clock sure"][value] ?? String(value)}))],
    by: (told) => -told.seen_ms},
  {head: "State", text: true, cell: (told) => [stateLabel(told.device, told.session),
    second(told.session ? title(told) : "")], by: stateOf},
  {head: "Startup", title: "startup time of the session", cell: (told) => playing(told, "p.su"),
    by: (told) => raw(told.session?.last, "p.su")},
  {head: "Stalls", title: "count and time", cell: (told) => [playing(told, "p.sc"),
    second(playing(told, "p.sd"))], by: (told) => raw(told.session?.last, "p.sd")},
  {head: "Played", title: "play time of the session", cell: (told) => playing(told, "p.pt"),
    by: (told) => raw(told.session?.last, "p.pt")},
  {head: "Bitrate", title: "measured where it is, else as the rendition declares it",
    cell: bitrate, by: (told) => told.session?.received_kbps ?? raw(told.session?.last, "l.lv") ??
      raw(told.session?.last, "p.br")},
  {head: "Buffer", title: "media ahead of the playhead", cell: (told) => playing(told, "l.lb"),
    by: (told) => raw(told.session?.last, "l.lb")},
  {head: "Loss", title: "packets lost of those expected, and jitter",
    cell: (told) => (told.session ? [loss(told.device, told.session), second(...jitter(told))] : ""),
    by: (told) => told.session?.loss_ppm},
  {head: "Dropped", title: "records evicted from a full spool: urgent, routine",
    cell: (told) => [agent(told, "a.ud"), second(agent(told, "a.ad"), " routine")],
    by: (told) => sum(told.agent, ["a.ad", "a.ud"])},
  {head: "Spool", title: "most of the spool in use at once; how long the oldest record waited",
    cell: (told) => [figure(told.device, told.agent, "a.ap"),
      second(figure(told.device, told.agent, "a.aq"))], by: (told) => raw(told.agent, "a.ap")},
  {head: "Failed", title: "uploads that failed: network, TLS, HTTP, refused, portal",
    cell: (told) => [alarming(worked(told.device, "uploads_failed",
      told.agent ? sum(told.agent, FAILED) : null, count(sum(told.agent, FAILED)),
      {title: FAILED.join(" + ")})), second("HTTP ", figure(told.device, told.agent, "a.lh"))],
    by: (told) => sum(told.agent, FAILED)},
  {head: "Stored", title: "records of this boot that are stored; missing below the highest number",
    cell: (told) => [worked(told.device, "records_stored", told.records_stored ?? null,
      count(told.records_stored ?? 0), {boot: told.boot_id}), second(alarming(worked(told.device,
      "records_missing", told.records_missing ?? null, count(told.records_missing ?? 0),
      {boot: told.boot_id})), " missing")], by: (told) => told.records_stored},
  {head: "Resent", title: "records that came more than once; uploads that were refused",
    cell: (told) => [worked(told.device, "resends", told.resends ?? null, count(told.resends ?? 0),
      {boot: told.boot_id}), second(alarming(worked(told.device, "uploads_refused",
      told.uploads_refused, count(told.uploads_refused))), " refused")],
    by: (told) => told.resends},
  {head: "Boots", title: "boots that reached the collector; why the last one",
    cell: (told) => [worked(told.device, "boots", told.boots, count(told.boots)),
      second(figure(told.device, told.boot, "b.re"))], by: (told) => told.boots},
];

function title(told) {
  const about = told.session.about;
  const name = ["d.ct", "d.ci"].find((each) => raw(about, each));
  return name ? figure(told.device, about, name) : `session ${told.session.session}`;
}
