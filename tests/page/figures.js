// SPDX-License-Identifier: Apache-2.0
// Function body: every figure on the page, as [{metric or figure, device, boot, session, stream, seq,
// state, value, element, text, seen}].
return [...document.querySelectorAll("[data-metric], [data-figure]")].map((element) => {
  const { metric, figure, device, boot, session, stream, seq, state, value,
          element: part } = element.dataset;
  const number = (text) => (text === undefined || text === "" ? null : Number(text));
  return { metric: metric ?? null, figure: figure ?? null, device, boot: number(boot),
           session: number(session), stream: number(stream), seq: number(seq), state: state ?? null,
           value: value === undefined || value === "" ? null : JSON.parse(value),
           part: part ?? null, text: element.innerText.trim(),
           exact: element.classList.contains("exact"),
           seen: element.checkVisibility({ visibilityProperty: true }) };
});
