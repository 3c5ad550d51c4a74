// SPDX-License-Identifier: Apache-2.0
// Keeps a page up to date: hears which devices changed, and lets it ask for these now and then.
// However many changes come, there is one question at a time, and a pause after each answer. What
// was not asked for yet is a set of names, or all.
import {byId} from "./dom.mjs";

const PAUSE_MS = 500;
const FAILED_MS = 2000;
const root = document.documentElement;

// `refresh(devices or null for all, newest upload heard of)` returns the newest upload that its
// numbers include; `failed` is told why it did not.
export function live(refresh, failed = () => {}) {
  let source = null;
  let waiting = new Set();
  let newest = 0;
  let busy = false;

  function say(state, text) {
    root.dataset.live = state;
    byId("live").textContent = text;
  }

  function heard({upload, devices}) {
    newest = upload;
    waiting = devices === null || waiting === null ? null : new Set([...waiting, ...devices]);
    work();
  }

  async function work() {
    if (busy || document.hidden || (waiting !== null && waiting.size === 0)) {
      return;
    }
    busy = true;
    const devices = waiting;
    waiting = new Set();
    let pause = PAUSE_MS;
    try {
      root.dataset.shown = await refresh(devices === null ? null : [...devices], newest);
      root.dataset.ready = "true";
    } catch (reason) {
      waiting = null;
      pause = FAILED_MS;
      say("waiting", `no answer: ${reason.message}`);
      failed(reason);
    }
    setTimeout(() => {
      busy = false;
      work();
    }, pause);
  }

  // Of one server a browser holds six connections: a page that nobody looks at takes none.
  function connect() {
    if (document.hidden) {
      source?.close();
      source = null;
      say("waiting", "not looked at");
    } else if (source === null) {
      source = new EventSource("/api/changes");
      source.addEventListener("open", () => say("open", "live"));
      source.addEventListener("error", () => {
        say("waiting", "reconnecting");
        if (source?.readyState === EventSource.CLOSED) {
          source = null;
          setTimeout(connect, FAILED_MS);
        }
      });
      source.addEventListener("changed", (event) => {
        say("open", "live");
        heard(JSON.parse(event.data));
      });
    }
  }

  document.addEventListener("visibilitychange", connect);
  connect();
}
