// SPDX-License-Identifier: Apache-2.0
// Raw records: what came, exactly, with names and units beside it. One page of them at a time.
import {ask, groupName, kindName, metric, valueName} from "./api.mjs";
import {byId, element} from "./dom.mjs";
import {exactly} from "./figures.mjs";
import {clock, count, duration, shortBoot, words} from "./format.mjs";

const PAGE = 50;
const ENVELOPE = new Set(["k", "q", "u", "w", "s"]);

function row(record, device, group, key, value) {
  const about = metric(key);
  const named = valueName(key, value);
  const data = {device, boot: record.boot, seq: record.seq, metric: `${group}.${key}`,
    state: "told", value: JSON.stringify(value)};
  for (const name of ["session", "stream"].filter((each) => record[each] !== null)) {
    data[name] = record[name];
  }
  return element("tr", {}, element("td", {class: "text code"}, `${group}.${key}`),
    element("td", {class: "text"}, words(about.name)),
    element("td", {class: "text exact", data}, exactly(value, about)),
    element("td", {class: "text muted"}, named === undefined ? about.meaning
      : `${words(named)}: ${about.meaning}`));
}

function body(record, device) {
  const rows = Object.entries(record.fields).flatMap(([group, fields]) => {
    if (group === "c" && typeof fields === "object") {
      return Object.entries(fields).map(([letter, bits]) => element("tr", {},
        element("td", {class: "text code"}, `c.${letter}`),
        element("td", {class: "text"}, `declared: ${groupName(letter)}`),
        element("td", {class: "text exact"}, String(bits)),
        element("td", {class: "text muted"}, "bits of what is measured")));
    }
    return typeof fields === "object" && fields !== null && !ENVELOPE.has(group)
      ? Object.entries(fields).map(([key, value]) => row(record, device, group, key, value)) : [];
  });
  return [element("div", {class: "wide"}, element("table", {class: "rows"},
    element("tbody", {}, ...rows))),
  element("pre", {tabindex: 0, "aria-label": "the record as JSON"}, JSON.stringify(record.fields))];
}

function item(record, device) {
  const when = record.wall_ms === null ? "time unknown"
    : `${clock(record.wall_ms, true)} (${record.wall_quality})`;
  const made = element("details", {class: "record", data: {boot: record.boot, seq: record.seq}},
    element("summary", {}, element("span", {class: "code"}, String(record.seq)),
      element("b", {}, words(kindName(record.kind))),
      element("span", {}, [record.session === null ? "" : `session ${record.session}`,
        record.stream === null ? "" : `stream ${record.stream}`].filter(Boolean).join(", ")),
      ...[`boot ${shortBoot(record.boot)} +${duration(record.uptime_ms)}`, when,
        record.resends ? `sent again ${count(record.resends)}×` : ""].map(
        (text) => element("span", {class: "muted"}, text))));
  made.addEventListener("toggle", () => {
    if (made.open && made.children.length === 1) {
      made.append(...body(record, device));
    }
  });
  return made;
}

export class Records {
  constructor(device) {
    this.device = device;
    this.trail = [null]; // where each page that was turned to begins: before this record's id
    this.isHeld = false;
    this.list = element("div");
    this.older = element("button", {type: "button", on: {click: () => this.turn(1)}}, "older");
    this.newer = element("button", {type: "button", on: {click: () => this.turn(-1)}}, "newer");
    this.said = element("span", {class: "muted", role: "status"});
    byId("raw").append(this.list,
      element("p", {class: "pager"}, this.newer, this.older, this.said));
    byId("records").addEventListener("toggle", () => this.load());
  }

  async turn(by) {
    if (by > 0) {
      this.trail.push(this.last);
    } else {
      this.trail.pop();
    }
    await this.load(true);
  }

  // New records come in by themselves on the first page, while no record on it is open.
  async load(isAsked = false) {
    const isRead = this.list.querySelector("details[open]") !== null;
    if (!byId("records").open || (!isAsked && (this.trail.length > 1 || isRead))) {
      return;
    }
    const before = this.trail.at(-1);
    const told = await ask("/api/records", [["device", this.device], ["limit", PAGE],
      ...(before === null ? [] : [["before", before]])]);
    this.last = told.records.at(-1)?.id ?? null;
    this.list.replaceChildren(...told.records.map((record) => item(record, this.device)));
    this.newer.disabled = this.trail.length === 1;
    this.older.disabled = told.records.length < PAGE;
    this.said.textContent = told.records.length === 0 ? "no records"
      : this.trail.length === 1 ? "the newest, as they arrive" : `before record ${before}`;
  }
}
