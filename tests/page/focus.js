// SPDX-License-Identifier: Apache-2.0
// Function body: what has the focus, and whether one can see that: its outline (or its shadow, or that
// of a part it lends it to), and whether any of it is within the window and in front.
const element = document.activeElement;
if (!element || element === document.body) return null;
const style = getComputedStyle(element);
const [box] = element.getClientRects(); // of a link over several lines the first one
const places = [[0.5, 0.5], [0.1, 0.5], [0.5, 0.1], [0.5, 0.9], [0.9, 0.5]];
const inFront = places.some(([across, down]) => {
  const at = document.elementFromPoint(box.left + box.width * across, box.top + box.height * down);
  return at && (element.contains(at) || at.contains(element));
});
return {
  what: `${element.tagName.toLowerCase()}#${element.id}.${element.className}`,
  text: (element.getAttribute("aria-label") ?? element.innerText ?? "").trim().slice(0, 40).toWellFormed(),
  outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
  named: Boolean(element.getAttribute("aria-label") || element.getAttribute("aria-labelledby")
    || element.labels?.length || element.innerText?.trim()),
  inFront,
};
