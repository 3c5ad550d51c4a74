// SPDX-License-Identifier: Apache-2.0
// How spool and uplink do, in the agent's own words, and the device around it.
import {element, show} from "./dom.mjs";
import {figure, raw, worked} from "./figures.mjs";
import {count} from "./format.mjs";
import {item, nameOf} from "./sections.mjs";

// Of the agent's group: what an engineer asks together. `alarms` are fine at 0 only.
const GROUPS = [
  {title: "Records given up", alarms: true, names: ["a.ud", "a.ad", "a.qs", "a.qe", "a.qh", "a.qx",
    "a.aa", "a.ao", "a.u1", "a.ae", "a.ax", "a.us"]},
  {title: "Uploads that failed", alarms: true, names: ["a.an", "a.at", "a.af", "a.ar", "a.u0",
    "a.u3"]},
  {title: "Uploads", names: ["a.az", "a.au", "a.ac", "a.lh", "a.le", "a.ab", "a.u2", "a.aq", "a.ak",
    "a.aj"]},
  {title: "Spool and memory", names: ["a.am", "a.ap", "a.bk", "a.aw", "a.ah", "a.as", "a.al"]},
  {title: "Clock and configuration", names: ["a.wq", "a.ag", "a.a0", "a.a1", "a.a2", "a.a3"]},
];

function line(device, source, name, alarms) {
  const made = figure(device, source, name);
  made.classList.toggle("bad", Boolean(alarms) && Number(made.dataset.value) > 0);
  return item(nameOf(name), made);
}

const group = (title, ...items) => element("div", {class: "group"}, element("h4", {}, title),
  element("dl", {}, ...items));

function stored(device, overview) {
  const of = {boot: overview.boot_id};
  const figures = [["records_stored", "stored, of this boot"],
    ["records_missing", "missing so far"], ["resends", "sent again"]];
  return group("At the collector", ...figures.map(([name, text]) => item(text,
    worked(device, name, overview[name], count(overview[name]), of))),
  item("uploads refused", worked(device, "uploads_refused", overview.uploads_refused,
    count(overview.uploads_refused))));
}

// All that was told of a source, by the registry's names.
function told(device, title, source) {
  const names = Object.keys(source?.m ?? {}).filter((name) => raw(source, name) !== undefined &&
    source.m[name][0] === "told" && !name.startsWith("h."));
  return names.length ? [group(title, ...names.map((name) => line(device, source, name)))] : [];
}

export function health(place, device, all) {
  if (!all.health) {
    return;
  }
  const {agent} = all.health;
  show(place, [all.health.agent, all.health.device, all.health.viewing, all.overview.records_stored,
    all.overview.records_missing, all.overview.resends, all.overview.uploads_refused], () => [
    ...GROUPS.map(({title, names, alarms}) => group(title,
      ...names.map((name) => line(device, agent, name, alarms)))),
    stored(device, all.overview), ...told(device, "Device", all.health.device),
    ...told(device, "All sessions", all.health.viewing)]);
}
