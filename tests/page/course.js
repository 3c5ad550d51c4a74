// SPDX-License-Identifier: Apache-2.0
// Function body: what is drawn over time, as {plots, spans}. A plot is {id, lines: [{metric,
// stream, label, x, y}], inked}, inked being how many of its pixels are painted.
const plots = [...document.querySelectorAll(".canvas")].filter((holder) => holder.plot.chart).map(
  (holder) => {
    const { chart } = holder.plot;
    const { canvas } = chart.ctx;
    const pixels = chart.ctx.getImageData(0, 0, canvas.width, canvas.height).data;
    const [x, ...all] = chart.data;
    return {
      id: holder.closest("figure").dataset.plot,
      inked: pixels.filter((value, at) => at % 4 === 3 && value > 0).length,
      lines: all.map((y, place) => {
        const { metric, stream, label } = holder.plot.told.lines[place];
        return { metric, stream, label, y: [...y], x: [...x] };
      }),
    };
  });
const spans = [...document.querySelectorAll("rect.span")].map(({ dataset }) => ({
  state: dataset.state, begin: Number(dataset.begin), end: Number(dataset.end),
  took: Number(dataset.took), sure: dataset.sure === "true" }));
return { plots, spans };
