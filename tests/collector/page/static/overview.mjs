// SPDX-License-Identifier: Apache-2.0
// All devices, one row each. A row is drawn anew when its device changed and it is in sight.
import {ask, loadRegistry} from "./api.mjs";
import {keys, moveFocus, theme} from "./chrome.mjs";
import {COLUMNS, hasTrouble, isLate, searched, stateOf} from "./columns.mjs";
import {byId, element, show} from "./dom.mjs";
import {count} from "./format.mjs";
import {live} from "./live.mjs";

const TICK_MS = 1000;
const NOBODY = "No device has reached the collector yet. The first upload shows up here by itself.";
const devices = new Map(); // id -> {told, row, cells, isStale}
const sorted = {column: 0, descending: false};
let ahead = 0; // the server's clock less this one's

const now = () => Date.now() + ahead;

const seeing = new IntersectionObserver((entries) => entries.forEach(({target, isIntersecting}) => {
  target.isInSight = isIntersecting;
  const entry = devices.get(target.dataset.row);
  if (isIntersecting && entry?.isStale) {
    draw(entry);
  }
}), {rootMargin: "100px"});

function draw(entry) {
  entry.isStale = !entry.row.isInSight;
  entry.row.dataset.stale = String(entry.isStale);
  if (!entry.isStale) {
    COLUMNS.forEach((column, place) => drawCell(entry, column, entry.cells[place]));
  }
}

// What a cell shows of the time since an upload changes without a record.
function drawCell(entry, column, cell) {
  const parts = [column.cell(entry.told, now()) ?? ""].flat();
  show(cell, parts.map((part) => part.outerHTML ?? part), () => parts);
}

function add(told) {
  const cells = COLUMNS.map((column, place) => element(place === 0 ? "th" : "td", {
    class: column.text ? "text" : "number", role: place === 0 ? "rowheader" : "cell",
    scope: place === 0 ? "row" : null, data: {label: column.head}}));
  const row = element("tr", {role: "row", data: {row: told.device}}, ...cells);
  const entry = {told, row, cells, isStale: true};
  devices.set(told.device, entry);
  byId("devices").tBodies[0].append(row);
  seeing.observe(row);
  return entry;
}

function compare(one, other) {
  const {by} = COLUMNS[sorted.column];
  const [a, b] = [by(one.told), by(other.told)];
  if (a === b || (a ?? null) === (b ?? null)) {
    return one.told.device < other.told.device ? -1 : 1;
  }
  // What has no value stands last, either way.
  if (a === undefined || a === null || b === undefined || b === null) {
    return a === undefined || a === null ? 1 : -1;
  }
  const order = typeof a === "string" ? a.localeCompare(b) : a - b;
  return sorted.descending ? -order : order;
}

function arrange() {
  const body = byId("devices").tBodies[0];
  const wanted = [...devices.values()].sort(compare).map((entry) => entry.row);
  if (wanted.some((row, place) => body.rows[place] !== row)) {
    const focused = document.activeElement;
    body.append(...wanted);
    if (body.contains(focused)) {
      focused.focus({preventScroll: true});
    }
  }
}

function filter() {
  const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const troubled = byId("trouble").checked;
  for (const {told, row} of devices.values()) {
    const text = searched(told);
    row.hidden = !words.every((word) => text.includes(word)) ||
      (troubled && !hasTrouble(told, now()));
  }
  summarize();
}

function summarize() {
  const all = [...devices.values()].map((entry) => entry.told);
  const shown = [...devices.values()].filter((entry) => !entry.row.hidden).length;
  const inState = (state) => all.filter((told) => stateOf(told) === state).length;
  const parts = [[all.length, all.length === 1 ? "device" : "devices"],
    [all.filter((told) => !isLate(told, now())).length, "in time"], [inState("playing"), "playing"],
    [inState("stalled"), "stalled"], [all.filter((told) => hasTrouble(told, now())).length,
      "with trouble"]];
  if (shown !== all.length) {
    parts.push([shown, "shown"]);
  }
  show(byId("count"), parts, () => parts.map(([number, what]) => element("span", {},
    element("b", {}, count(number)), ` ${what}`)));
  const nothing = all.length === 0 ? NOBODY : shown === 0 ? "No device fits the filter." : "";
  byId("empty").hidden = !nothing;
  byId("empty").textContent = nothing;
  byId("devices").hidden = Boolean(nothing);
}

function head() {
  const heads = COLUMNS.map((column, place) => element("th", {role: "columnheader", scope: "col",
    class: column.text ? "text" : "number"}, element("button", {type: "button",
    title: column.title ?? null, on: {click: () => sortBy(place)}}, column.head)));
  byId("devices").append(element("thead", {}, element("tr", {}, ...heads)), element("tbody"));
  sortBy(0);
}

function sortBy(place) {
  const again = sorted.column === place && devices.size > 0;
  Object.assign(sorted, {column: place, descending: again ? !sorted.descending : place > 0});
  byId("devices").tHead.querySelectorAll("th").forEach((cell, at) => cell.setAttribute("aria-sort",
    at !== place ? "none" : sorted.descending ? "descending" : "ascending"));
  arrange();
}

async function refresh(changed) {
  const told = await ask("/api/devices", (changed ?? []).map((device) => ["device", device]));
  ahead = told.now_ms - Date.now();
  for (const each of told.devices) {
    const entry = devices.get(each.device) ?? add(each);
    entry.told = each;
    draw(entry);
  }
  arrange();
  filter();
  return told.upload;
}

function tick() {
  const timed = COLUMNS.findIndex((column) => column.timed);
  for (const entry of devices.values()) {
    if (!entry.isStale) {
      drawCell(entry, COLUMNS[timed], entry.cells[timed]);
    }
  }
  summarize();
}

await loadRegistry();
theme();
keys([["/", "filter", () => byId("filter").focus()],
  ["j", "next device", () => moveFocus(byId("devices"), 1)],
  ["k", "device before", () => moveFocus(byId("devices"), -1)],
  ["Enter", "open the device"]]);
head();
byId("filter").addEventListener("input", filter);
byId("trouble").addEventListener("change", filter);
setInterval(tick, TICK_MS);
live(refresh);
