// SPDX-License-Identifier: Apache-2.0
// Values as people read them. What they are exactly is in the title of each.

const NUMBER = new Intl.NumberFormat("en");

const fixed = (value, digits) => new Intl.NumberFormat("en", {
  minimumFractionDigits: digits, maximumFractionDigits: digits}).format(value);

// Three digits that count.
const short = (value) => fixed(value, Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);

const two = (number) => String(number).padStart(2, "0");

export function duration(ms) {
  if (Math.abs(ms) < 1000) {
    return `${ms} ms`;
  }
  if (Math.abs(ms) < 60000) {
    return `${short(ms / 1000)} s`;
  }
  const s = Math.floor(ms / 1000);
  const clock = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return s < 3600 ? `${clock} min` : `${NUMBER.format(Math.floor(s / 3600))}:${clock} h`;
}

// A value in steps of 1000 or 1024, in the largest unit that keeps it from 1 up.
function stepped(value, step, units) {
  let place = 0;
  while (Math.abs(value) >= step && place < units.length - 1) {
    value /= step;
    place += 1;
  }
  const isWhole = Number.isInteger(value) && place === 0;
  return `${isWhole ? NUMBER.format(value) : short(value)} ${units[place]}`;
}

const percent = (part) => `${part === 0 ? "0"
  : Math.abs(part) < 0.01 ? fixed(part, 4) : short(part)} %`;

const UNITS = {
  ms: duration,
  us: (value) => (Math.abs(value) < 1000 ? `${value} µs`
    : Math.abs(value) < 1e6 ? `${short(value / 1000)} ms` : duration(Math.round(value / 1000))),
  kbps: (value) => stepped(value, 1000, ["kbit/s", "Mbit/s", "Gbit/s"]),
  bps: (value) => stepped(value, 1000, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"]),
  bytes: (value) => stepped(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]),
  bits: (value) => stepped(value, 1000, ["bit", "kbit", "Mbit", "Gbit", "Tbit"]),
  percent: (value) => `${value} %`,
  permille: (value) => percent(value / 10),
  ppm: (value) => percent(value / 10000),
  ppb: (value) => `${value} ppb`,
  hz: (value) => stepped(value, 1000, ["Hz", "kHz", "MHz"]),
  millihertz: (value) => `${short(value / 1000)} /s`,
  millicelsius: (value) => `${fixed(value / 1000, 1)} °C`,
  millidecibel: (value) => `${fixed(value / 1000, 1)} dB`,
  dbm: (value) => `${value} dBm`,
  pixels: (value) => `${value} px`,
  bool: (value) => ({0: "no", 1: "yes"})[value] ?? String(value),
  count: (value) => NUMBER.format(value),
};

export function quantity(value, unit) {
  if (typeof value !== "number") {
    return typeof value === "string" ? value : JSON.stringify(value);
  }
  return unit in UNITS ? UNITS[unit](value) : String(value);
}

export const count = (value) => NUMBER.format(value);

const AGES = [[86400000, "days"], [3600000, "h"], [60000, "min"], [1000, "s"]];

export function age(ms) {
  const [unit, name] = AGES.find(([least]) => ms >= least) ?? [];
  return unit === undefined ? "now" : `${Math.floor(ms / unit)} ${name} ago`;
}

// The reader's own time of day; the date where it is not today.
export function clock(ms, withMs = false) {
  const at = new Date(ms);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const exact = withMs ? `${time}.${String(at.getMilliseconds()).padStart(3, "0")}` : time;
  return at.toDateString() === new Date().toDateString() ? exact
    : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${exact}`;
}

export const shortBoot = (boot) => boot.toString(16).slice(0, 6);

export const words = (name) => name.replaceAll("_", " ");
