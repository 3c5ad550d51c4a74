// SPDX-License-Identifier: Apache-2.0
// Elements. Whatever a device said goes in as text, never as markup.

// element("td", {class: "n", data: {metric: "p.su"}}, "text", child, ...)
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

const SVG = "http://www.w3.org/2000/svg";

export function drawn(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "data") {
      Object.assign(made.dataset, value);
    } else if (name === "on") {
      Object.entries(value).forEach(([event, heard]) => made.addEventListener(event, heard));
    } else if (value === true) {
      made.setAttribute(name, "");
    } else if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value);
    }
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

export const byId = (id) => document.getElementById(id);

// Puts new children in only if what they show is not what is shown: the reader's focus, selection
// and pointer stay where they are.
const shownIn = new WeakMap();

export function show(place, signature, make) {
  const text = JSON.stringify(signature);
  if (shownIn.get(place) !== text) {
    shownIn.set(place, text);
    place.replaceChildren(...[make()].flat());
    return true;
  }
  return false;
}
