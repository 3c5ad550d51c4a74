// SPDX-License-Identifier: Apache-2.0
// Function body: what does not fit. `page` is how many pixels the page is wider than the `width` there
// is (innerWidth would do as a width, but on a phone it grows with what does not fit); `parts` are the
// elements that reach beyond its right or left edge and that nothing lets one scroll to; `cut` are
// texts that are cut off without a sign of it.
function holderOf(element) {
  for (let each = element.parentElement; each; each = each.parentElement) {
    const flow = getComputedStyle(each).overflowX;
    if (flow === "auto" || flow === "scroll") return each;
    if (flow === "hidden" || flow === "clip") return each;
  }
  return null;
}

function named(element) {
  const text = [...element.textContent.trim()].slice(0, 30).join("");
  return `${element.tagName.toLowerCase()}.${element.className}: ${text}`;
}

const width = document.documentElement.clientWidth;
const parts = [], cut = [];
for (const element of document.body.querySelectorAll("*")) {
  if (!element.checkVisibility({ visibilityProperty: true })) continue;
  const box = element.getBoundingClientRect();
  if (box.width <= 1 || box.height <= 1) continue;
  if ((box.right > width + 1 || box.left < -1) && !holderOf(element)) parts.push(named(element));
  const style = getComputedStyle(element);
  const hides = style.overflowX === "hidden" || style.overflowX === "clip";
  const isText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (hides && isText && style.textOverflow !== "ellipsis" && element.scrollWidth > element.clientWidth + 1) {
    cut.push(named(element));
  }
}
return { width, page: Math.max(0, document.documentElement.scrollWidth - width), parts, cut };
