// An experiment: its settings, their bounds, the presets, its text in the address.
"use strict";
(function (explorer) {
const { drawPoints, limits, round, MAX_STEPS } = explorer;

// name: [smallest, largest, digits after the point].
const BOUNDS = {
  n: [2, 200, 0], noise: [0, 5, 3], seed: [0, 9999, 0], centre: [-6, 6, 2],
  lr: [0.0001, 10, 6], batch: [1, 200, 0], k: [-20, 20, 3], m: [-20, 20, 3],
  steps: [0, MAX_STEPS, 0], zoom: [-1, 4, 0],
};
const POINT = { x: [-20, 20, 3], y: [-200, 200, 3] };
const BASE = {
  lr: 0.01, batch: 8, n: 50, noise: 0.5, seed: 0, centre: 0, k: 0, m: 0,
  steps: 0, zoom: 0,
};

const clamp = (value, [low, high, digits]) =>
  round(Math.min(Math.max(value, low), high), digits);

// The words of each preset (its name, and what to watch for) stand in the page.
const PRESETS = {
  post: {},
  full: { set: { batch: 50, lr: 0.1 } },
  one: { set: { batch: 1, lr: 0.05 } },
  below: { set: { batch: 50 }, ofLimit: 0.98 },
  above: { set: { batch: 50 }, ofLimit: 1.02 },
  outlier: { edit: (points) => [{ x: 2.6, y: -18 }, ...points.slice(1)] },
  valley: { set: { centre: 4, lr: 0.015 } },
};

/** The experiment of a preset, before its first step. */
function presetExperiment(name) {
  const preset = PRESETS[name];
  const experiment = { ...BASE, ...preset.set, preset: name };
  experiment.points = drawPoints(experiment);
  if (preset.edit) experiment.points = preset.edit(experiment.points);
  if (preset.ofLimit) {
    experiment.lr = round(preset.ofLimit * limits(experiment.points).full, 4);
  }
  return experiment;
}

const pointsText = (points) => points.map((p) => `${p.x}_${p.y}`).join("~");

/** The text of an experiment: its preset, and what differs from it. */
function encode(experiment) {
  const base = presetExperiment(experiment.preset);
  const parts = [`preset=${experiment.preset}`];
  const changed = Object.keys(BOUNDS).filter((name) => experiment[name] !== base[name]);
  for (const name of changed) parts.push(`${name}=${experiment[name]}`);
  const implied = pointsText(impliedPoints(experiment, changed, base));
  const points = pointsText(experiment.points);
  if (points !== implied) parts.push(`points=${points}`);
  return parts.join("&");
}

const DATA_SETTINGS = ["n", "noise", "seed", "centre"];

/** Points that are not written: the preset's, or drawn anew where a setting differs. */
function impliedPoints(experiment, changed, base) {
  const redraw = changed.some((name) => DATA_SETTINGS.includes(name));
  return redraw ? drawPoints(experiment) : base.points;
}

function parseNumber(text, [low, high, digits]) {
  if (!/^-?\d{1,5}(\.\d{1,6})?$/.test(text)) return null;
  const value = Number(text) + 0;
  return value >= low && value <= high && round(value, digits) === value ? value : null;
}

function parsePoints(text) {
  const points = text.split("~").map((pair) => {
    const [x, y, ...rest] = pair.split("_");
    if (y === undefined || rest.length) return null;
    const point = { x: parseNumber(x, POINT.x), y: parseNumber(y, POINT.y) };
    return point.x === null || point.y === null ? null : point;
  });
  const [low, high] = BOUNDS.n, count = points.length;
  return count < low || count > high || points.includes(null) ? null : points;
}

/** What mail and chat programs make of an address, undone. */
function tidy(text) {
  try {
    for (let i = 0; i < 3; i++) text = decodeURIComponent(text); // once for each program
  } catch { /* a lone % */ }
  text = text
    .toLowerCase()
    .replace(/[\u2212\p{Pd}]/gu, "-") // a minus that became a dash
    .replace(/<\/?\w+>|[\s\p{C}<>\\]/gu, "") // broken lines, quotes, unseen marks
    .replace(/[\W_]+$/, ""); // the end of a sentence
  if (!text.includes("=3d")) return text;
  return text.replace(/=(3d)?/g, (_, sign) => (sign ? "=" : "")); // old mail, its lines
}

/** Read as much of an experiment as can be read, and tell whether that was all. */
function decode(text) {
  const fields = new Map();
  let complete = text.length <= 8000, known = false;
  // Of "&amp;" or "&#38;" the rest is a field of no meaning.
  for (const part of tidy(text.slice(0, 8000)).split(/[&;?]/)) {
    const [name, value = "", ...rest] = part.replace(/^\W+/, "").split("=");
    const isOurs = ["preset", "points"].includes(name) || Object.hasOwn(BOUNDS, name);
    if (!isOurs) continue; // somebody counts visitors
    known = true;
    const read = { preset: readPreset, points: parsePoints }[name] ?? parseNumber;
    const found = rest.length ? null : read(value, BOUNDS[name]);
    if (found === null || fields.has(name)) complete = false;
    else fields.set(name, found);
  }
  const name = fields.get("preset") ?? "post";
  const base = presetExperiment(name), experiment = { ...base };
  Object.assign(experiment, Object.fromEntries(fields));
  if (!fields.has("points")) {
    experiment.points = impliedPoints(experiment, [...fields.keys()], base);
  }
  experiment.n = experiment.points.length;
  experiment.batch = Math.min(experiment.batch, experiment.n);
  return { experiment, complete: complete && known };
}

const readPreset = (name) => (Object.hasOwn(PRESETS, name) ? name : null);

Object.assign(explorer, {
  BOUNDS, POINT, DATA_SETTINGS, clamp, presetExperiment, encode, decode,
});
})(window.linregExplorer);
