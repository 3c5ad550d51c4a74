// SPDX-License-Identifier: Apache-2.0
// Function body: every visible text of the page with less contrast than WCAG 2.2 AA asks for (1.4.3),
// and every line of a plot with less than 1.4.11 does, as [{text, where, ratio, needed}]; a place
// whose background cannot be told is a finding too.
const canvas = document.createElement("canvas");
canvas.width = canvas.height = 1;
const pen = canvas.getContext("2d", { willReadFrequently: true });
const known = new Map();

// Any colour of CSS as [red, green, blue, alpha], by painting it.
function rgba(colour) {
  if (!known.has(colour)) {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
    known.set(colour, [red, green, blue, alpha / 255]);
  }
  return known.get(colour);
}

function over(top, below) {
  return [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
}

function luminance(colour) {
  const [red, green, blue] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function ratio(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

// What is painted behind an element; null where that is a picture.
function backdrop(element) {
  const layers = [];
  for (let each = element; each; each = each.parentElement) {
    const style = getComputedStyle(each);
    if (style.backgroundImage !== "none") return null;
    layers.push(rgba(style.backgroundColor));
    if (layers.at(-1)[3] === 1) break;
  }
  return layers.reverse().reduce((below, top) => over(top, below), rgba("Canvas"));
}

function opacity(element) {
  let product = 1;
  for (let each = element; each; each = each.parentElement) {
    product *= Number(getComputedStyle(each).opacity);
  }
  return product;
}

function where(element) {
  const own = element.className && typeof element.className === "string" ? `.${element.className}` : "";
  const parent = element.parentElement;
  return `${parent ? `${parent.tagName.toLowerCase()} > ` : ""}${element.tagName.toLowerCase()}${own}`;
}

function neededFor(style) {
  const pixels = parseFloat(style.fontSize);
  const isLarge = pixels >= 24 || (pixels >= 18.66 && Number(style.fontWeight) >= 700);
  return isLarge ? 3 : 4.5;
}

const found = [];

function judge(text, element, colour, needed) {
  const behind = backdrop(element);
  const ink = behind && rgba(colour);
  const reached = behind && ratio(over([...ink.slice(0, 3), ink[3] * opacity(element)], behind), behind);
  if (!behind || reached < needed) {
    found.push({ text: [...text].slice(0, 40).join(""), where: where(element), needed,
                 ratio: behind ? Math.round(reached * 100) / 100 : null });
  }
}

function isSeen(element) {
  return element.checkVisibility({ opacityProperty: false, visibilityProperty: true })
    && !element.closest(":disabled, [aria-disabled=true]");
}

const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let judged = 0;
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (!texts.currentNode.data.trim() || !isSeen(element) || element.closest("script, style")) continue;
  const style = getComputedStyle(element);
  const colour = element instanceof SVGElement ? style.fill : style.color;
  judge(texts.currentNode.data.trim(), element, colour, neededFor(style));
  judged += 1;
}
for (const field of document.querySelectorAll("input")) {
  if (!isSeen(field)) continue;
  const style = getComputedStyle(field);
  judge(field.value || "(what is typed)", field, style.color, neededFor(style));
  if (field.placeholder) {
    judge(field.placeholder, field, getComputedStyle(field, "::placeholder").color, neededFor(style));
  }
}
for (const holder of document.querySelectorAll(".canvas")) {
  const plot = holder.plot?.chart;
  if (!plot || !isSeen(holder)) continue;
  plot.axes.forEach((axis, number) => {
    if (!axis.show) return;
    judge(`axis ${number}`, holder, axis.stroke(plot, number), 4.5);
    judged += 1;
  });
  plot.series.slice(1).forEach((series, number) => {
    if (series.show) judge(`line ${series.label}`, holder, series.stroke(plot, number + 1), 3);
  });
}
return { judged, found };
