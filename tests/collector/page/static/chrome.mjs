// SPDX-License-Identifier: Apache-2.0
// What both pages have around them: the theme's switch, and keys with a list of them.
import {byId, element} from "./dom.mjs";

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

export const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";

// `changed` is called whenever colours are others.
export function theme(changed = () => {}) {
  function label() {
    byId("theme").textContent = isDark() ? "light" : "dark";
    changed();
  }
  byId("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
    label();
  });
  system.addEventListener("change", label);
  label();
}

const isTyping = (target) => target.matches("input, textarea, select");

// `own` is [[key, what it does, how], ...] of this page; what browsers do by themselves has no how.
export function keys(own) {
  const all = [...own, ["t", "light or dark", () => byId("theme").click()],
    ["?", "this list", () => dialog.showModal()]];
  const rows = all.map(([key, what]) => element("tr", {},
    element("th", {scope: "row"}, element("kbd", {}, key)), element("td", {}, what)));
  const dialog = element("dialog", {"aria-labelledby": "keys-title"},
    element("h3", {id: "keys-title"}, "Keys"), element("table", {class: "keys"}, ...rows,
      element("tr", {}, element("th", {scope: "row"}, element("kbd", {}, "Tab")),
        element("td", {}, "to links, headings that sort, and tables that scroll"))),
    element("form", {method: "dialog"}, element("button", {}, "Close")));
  // The form would send nothing anywhere, but the page's policy forbids all forms: closed by hand.
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
  });
  document.body.append(dialog);
  byId("help").addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isTyping(event.target)) {
      event.target.blur();
    }
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || dialog.open) {
      return;
    }
    const [, , act] = all.find(([key]) => key === event.key) ?? [];
    if (act) {
      event.preventDefault();
      act();
    }
  });
}

// Puts the focus on the link in a table that is `by` rows away from the one that has it.
export function moveFocus(table, by) {
  const links = [...table.querySelectorAll("tbody tr:not([hidden]) a")];
  const at = links.indexOf(document.activeElement);
  links[Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
}
