// SPDX-License-Identifier: Apache-2.0
// Ahead of the first paint, so that a page that is to be dark does not flash: what was chosen last.
"use strict";
const chosen = localStorage.getItem("theme");
if (chosen === "dark" || chosen === "light") {
  document.documentElement.dataset.theme = chosen;
}
