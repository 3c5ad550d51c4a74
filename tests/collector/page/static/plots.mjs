// SPDX-License-Identifier: Apache-2.0
// Plots with uPlot, of the lines that the server tells. One is drawn when it is in sight.
import uPlot from "/static/uPlot.mjs";
import {element, show} from "./dom.mjs";
import {clock, duration} from "./format.mjs";

const HEIGHT = 170;
const COLOURS = 7;
export const AXIS_PX = 52;  // of the left axis
export const RIGHT_PX = 26; // where the last time stands half outside
const LEAST_S = 10; // that a plot is wide, be there one moment only
const sync = uPlot.sync("session");
let plots = 0;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// A value with the unit of its plot, in digits that can be read.
const AMOUNT = new Intl.NumberFormat("en", {maximumSignificantDigits: 4});
const amount = (value) => AMOUNT.format(value);

const seeing = new IntersectionObserver((entries) => entries.forEach((entry) => {
  entry.target.plot.isInSight = entry.isIntersecting;
  entry.target.plot.draw();
}), {rootMargin: "200px"});

const sizing = new ResizeObserver((entries) => entries.forEach(({target}) => target.plot.fit()));

class Plot {
  constructor(place, device) {
    this.device = device;
    this.legend = element("ul", {class: "legend", id: `legend-${plots += 1}`});
    this.canvas = element("div", {class: "canvas", role: "img",
      "aria-describedby": this.legend.id});
    this.note = element("p", {class: "note"});
    this.canvas.plot = this;
    this.title = element("h4");
    place.append(element("figure", {}, element("figcaption", {}, this.title, this.note),
      this.legend, this.canvas));
    seeing.observe(this.canvas);
    sizing.observe(this.canvas);
  }

  // `told` is the plot as the server tells it; `span` is what plots of a place have in common:
  // {offset: unix ms of uptime 0, or null, from, to: uptimes, or null}.
  update(told, span) {
    this.told = told;
    this.span = span;
    this.draw();
  }

  draw() {
    if (!this.told || !this.isInSight) {
      return;
    }
    const {told} = this;
    this.title.textContent = `${told.title}, ${told.unit}`;
    this.note.textContent = [told.note, told.unmeasured.length
      ? `Not measured: ${told.unmeasured.join(", ")}.` : ""].filter(Boolean).join(" ");
    this.canvas.setAttribute("aria-label", `${told.title} over time`);
    this.canvas.parentElement.dataset.plot = told.id;
    this.legendOf(null);
    const lines = told.lines.map((line) => `${line.metric} ${line.label}`).join();
    if (lines !== this.lines || this.isOther) {
      this.make(lines);
    } else if (this.drawn !== told) {
      // A part that the reader has chosen stays.
      this.chart?.setData(this.data(), !this.isPart);
      this.chart?.redraw();
    }
    this.drawn = told;
  }

  make(lines) {
    this.chart?.destroy();
    this.chart = null;
    this.lines = lines;
    this.isOther = false;
    this.isPart = false;
    this.canvas.classList.toggle("without", this.told.lines.length === 0);
    if (this.told.lines.length > 0) {
      this.chart = new uPlot(this.options(), this.data(), this.canvas);
      sync.sub(this.chart);
      this.canvas.parentElement.plot = this.chart;
    } else {
      this.canvas.replaceChildren("No record tells of it.");
    }
  }

  // Lines need not have a value at the same moments.
  data() {
    const joined = uPlot.join(this.told.lines.map(
      (line) => [line.at.map((at) => this.x(at)), line.values]));
    [this.first, this.last] = [joined[0][0], joined[0].at(-1)];
    return joined;
  }

  x(uptime) {
    return (uptime + (this.span.offset ?? 0)) / 1000;
  }

  options() {
    const grid = {stroke: colour("--line"), width: 1};
    const axis = {stroke: colour("--muted"), grid, ticks: {...grid, size: 4}, gap: 4,
      font: "11px system-ui, sans-serif"};
    return {
      width: this.canvas.clientWidth, height: HEIGHT, legend: {show: false},
      padding: [8, RIGHT_PX, 0, 0],
      cursor: {sync: {key: sync.key}, y: false, drag: {x: true, y: false}, points: {size: 6}},
      scales: {x: {time: this.span.offset !== null, range: (_, low, high) => this.times(low, high)},
        y: {range: (_, low, high) => this.range(low, high)}},
      axes: [{...axis, size: 26, space: 80, values: (_, all) => all.map((s) => this.time(s))},
      {...axis, size: AXIS_PX, values: (_, all) => all.map(amount)}],
      series: [{}, ...this.told.lines.map((line, place) => ({label: line.label, width: 1.6,
        stroke: colour(`--c${place % COLOURS}`), points: {size: 4},
        // What is of an interval holds from the moment before.
        ...(line.how === "last" ? {} : {paths: uPlot.paths.stepped({align: -1})})}))],
      hooks: {
        setCursor: [(chart) => this.legendOf(chart.cursor.idx ?? null)],
        setScale: [(chart, key) => key === "x" && this.scaled(chart)],
      },
    };
  }

  scaled({scales: {x}, data: [times]}) {
    this.isPart = times.length > 0 && (x.min > times[0] || x.max < times.at(-1));
  }

  time(seconds) {
    return this.span.offset === null ? duration(Math.round(seconds * 1000)) : clock(seconds * 1000);
  }

  // All of the session, unless the reader has chosen a part of it.
  times(low, high) {
    // Of a plot with one moment uPlot wants to show years: there is no part of it to be chosen.
    const {first = 0, last = 0} = this;
    const isAll = !this.chart || first === last || (low === first && high === last);
    const [from, to] = !isAll ? [low, high] : this.span.from === null ? [first, last]
      : [this.x(this.span.from), this.x(this.span.to)];
    return to - from > 0.001 ? [from, to] : [from - LEAST_S / 2, from + LEAST_S / 2];
  }

  // From 0, with some room.
  range(low, high) {
    const most = Math.max(high ?? 0, 0);
    const least = Math.min(low ?? 0, 0);
    return [least, most === least ? least + 1 : most + (most - least) * 0.08];
  }

  // The values under the cursor, or else the last ones.
  legendOf(index) {
    const {told} = this;
    const values = told.lines.map((line, place) => {
      const under = index !== null && this.chart ? this.chart.data[place + 1][index] : undefined;
      return index === null ? line.values.findLast((value) => value !== null) : under;
    });
    show(this.legend, [told.lines.map((line) => line.label), values], () => told.lines.map(
      (line, place) => element("li", {}, element("i", {class: `swatch c${place % COLOURS}`}),
        `${line.label} `, element("b", {data: {device: this.device, plot: told.id,
          line: line.metric, stream: line.stream ?? "", value: JSON.stringify(values[place] ?? null)}},
        values[place] === null || values[place] === undefined ? "–" : amount(values[place])))));
  }

  fit() {
    if (this.chart && this.canvas.clientWidth > 0) {
      this.chart.setSize({width: this.canvas.clientWidth, height: HEIGHT});
    }
  }
}

const isQuiet = (told) => told.quiet !== "" && told.lines.length > 0 &&
  told.lines.every((line) => line.values.every((value) => !value));

// The plots of one place on the page; they stay while their data change.
export class Plots {
  constructor(place, device) {
    this.place = place;
    this.device = device;
    this.all = new Map();
  }

  // What was not measured, or is nothing but 0, takes no room but a line.
  update(plots, span) {
    for (const told of plots) {
      if (!this.all.has(told.id)) {
        this.all.set(told.id, new Plot(this.place, this.device));
      }
      const plot = this.all.get(told.id);
      plot.canvas.parentElement.hidden = told.lines.length === 0 || isQuiet(told);
      plot.update(told, span);
    }
    const without = plots.filter((told) => told.lines.length === 0).map((told) => told.title);
    const said = plots.filter(isQuiet).map((told) => told.quiet);
    if (without.length) {
      said.push(`No figures of: ${without.join(", ").toLowerCase()}.`);
    }
    this.said ??= this.place.parentElement.appendChild(element("p", {class: "note said"}));
    this.said.textContent = said.join(" ");
  }

  // Colours are in the charts themselves.
  recolour() {
    for (const plot of this.all.values()) {
      plot.isOther = true;
      plot.draw();
    }
  }
}

export const timeOf = (uptime, offset, exact = false) => (offset === null
  ? `+${duration(uptime)}` : clock(uptime + offset, exact));
