// SPDX-License-Identifier: Apache-2.0
// One device: a session over time, its other sessions, and how its agent does.
import {ask, loadRegistry} from "./api.mjs";
import {keys, moveFocus, theme} from "./chrome.mjs";
import {byId, element, show} from "./dom.mjs";
import {health} from "./health.mjs";
import {live} from "./live.mjs";
import {Plots} from "./plots.mjs";
import {Records} from "./records.mjs";
import {about, boots, events, now, refusals, sessions} from "./sections.mjs";
import {states} from "./states.mjs";
import {shortBoot} from "./format.mjs";

const place = new URLSearchParams(location.search);
const device = place.get("device") ?? "";
let chosen = place.has("session")
  ? {boot: Number(place.get("boot")), session: Number(place.get("session"))} : null;
let told = null;    // the device, as it was told last
let session = null; // the session that is shown, likewise

const plots = new Plots(byId("plots"), device);
const healthPlots = new Plots(byId("health-plots"), device);
const records = new Records(device);

// The session in the address, or else the newest: it changes with the viewer.
const wanted = () => chosen ?? (told.overview.session &&
  {boot: told.overview.session.boot, session: told.overview.session.session});

const addressOf = (each) => `/device?${new URLSearchParams({device, boot: each.boot,
  session: each.session})}`;

async function choose(event, each) {
  event.preventDefault();
  chosen = each;
  history.pushState(null, "", addressOf(each));
  await showSession();
  byId("session").scrollIntoView();
}

async function showSession() {
  const each = wanted();
  byId("session").hidden = !each;
  if (each) {
    session = await ask("/api/session", [["device", device], ["boot", each.boot],
      ["session", each.session]]);
    drawSession(each);
  }
  sessions(byId("sessions"), device, told, each, addressOf, choose);
}

function drawSession(each) {
  const follows = chosen === null;
  show(byId("session-title"), [each, follows], () => [`Session ${each.session}`,
    element("span", {class: "muted"}, ` of boot ${shortBoot(each.boot)}`,
      follows ? ", the newest" : ""),
    ...(follows ? [] : [" ", element("a", {href: `/device?${new URLSearchParams({device})}`},
      "to the newest")])]);
  now(byId("now"), device, session);
  states(byId("timeline"), device, session);
  plots.update(session.plots, {offset: session.offset_ms, from: session.from_ms,
    to: session.to_ms});
  events(byId("events"), device, session);
  if (session.drawn < session.of) {
    byId("timeline").dataset.thinned = `${session.drawn} of ${session.of}`;
  }
}

async function refresh(changed, newest) {
  if (changed !== null && !changed.includes(device)) {
    return newest; // of others, and of this one nothing is newer than what is shown
  }
  told = await ask("/api/device", [["device", device]]);
  byId("empty").hidden = true;
  byId("content").hidden = false;
  about(device, told);
  boots(byId("boots"), device, told);
  refusals(device, told);
  health(byId("health"), device, told);
  if (told.health) {
    healthPlots.update(told.health.plots, {offset: told.health.offset_ms, from: null, to: null});
  }
  await showSession();
  await records.load();
  return Math.max(told.upload, session?.upload ?? 0);
}

document.title = `${device} – tally bench`;
await loadRegistry();
theme(() => {
  plots.recolour();
  healthPlots.recolour();
});
keys([["u", "up to all devices", () => location.assign("/")],
  ["j", "next session", () => moveFocus(byId("sessions"), 1)],
  ["k", "session before", () => moveFocus(byId("sessions"), -1)],
  ["Enter", "show the session"],
  ["r", "raw records", () => {
    byId("records").open = !byId("records").open;
    byId("records").scrollIntoView();
  }]]);
addEventListener("popstate", () => location.reload());
addEventListener("resize", () => session && states(byId("timeline"), device, session));
live(refresh, (reason) => {
  byId("empty").hidden = told !== null;
  byId("empty").textContent = reason.status === 404
    ? `No device with the id ${device} has reached the collector yet. It shows up here by itself.`
    : `The collector does not answer: ${reason.message}`;
});
