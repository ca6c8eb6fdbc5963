// The page: controls, what dragging and keys do, read-outs and the address.
"use strict";
(function (explorer) {
const {
  BOUNDS, POINT, DATA_SETTINGS, MAX_STEPS, Clock, advance, clamp, decode, draggable,
  drawPoints, encode, handle, limits, onKeys, place, presetExperiment, programText,
  startRun, stepsOf,
} = explorer;
const byId = (id) => document.getElementById(id);
const CONTROLS = {
  lr: "lr", "batch-size": "batch", n: "n", noise: "noise", centre: "centre",
  seed: "seed", "start-k": "k", "start-m": "m",
};
const TRIALS = 10; // runs with other orders of the batches

const data = new explorer.DataView(byId("data-view"));
const surface = new explorer.SurfaceView(byId("surface-view"));
const loss = new explorer.LossView(byId("loss-view"));
let experiment, run, rates, trial, selected = 0, saved = null;

/** Replay the run after a change of the data or the settings, and show everything. */
function replay(fit = true) {
  experiment.batch = clamp(experiment.batch, [1, experiment.points.length, 0]);
  selected = Math.min(selected, experiment.points.length - 1);
  run = advance(startRun(experiment, experiment.points), experiment.steps);
  rates = limits(experiment.points);
  if (fit) {
    data.fit(experiment);
    surface.fit(experiment, run);
  }
  data.drawData(experiment, run);
  surface.drawData(experiment, run);
  showSettings();
  tryOtherOrders();
  showRun();
}

/** Show another experiment, and a notice if not all of its link could be read. */
function begin(found, complete = true) {
  pause();
  byId("notice").hidden = complete;
  experiment = found;
  selected = 0;
  replay();
}

function change(settings, fit) {
  Object.assign(experiment, settings);
  const redraw = DATA_SETTINGS.some((name) => name in settings);
  if (redraw) experiment.points = drawPoints(experiment);
  replay(fit);
  save();
}

function showSettings() {
  byId("batch-size").max = byId("batch-size-slider").max = experiment.points.length;
  for (const [id, name] of Object.entries(CONTROLS)) {
    const input = byId(id), slider = byId(`${id}-slider`), value = experiment[name];
    if (document.activeElement !== input) input.value = value; // else somebody types
    if (!slider) continue;
    slider.value = name === "lr" ? Math.log10(value) : value;
    slider.setAttribute("aria-valuetext", value);
  }
  for (const button of document.querySelectorAll(".lx-presets button")) {
    button.setAttribute("aria-pressed", button.dataset.preset === experiment.preset);
  }
  showOnly("watch", experiment.preset);
  byId("zoom-in").disabled = experiment.zoom === BOUNDS.zoom[1];
  byId("zoom-out").disabled = experiment.zoom === BOUNDS.zoom[0];
}

function number(value) {
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e5 || size < 1e-4 ? value.toExponential(3) : value.toFixed(4);
}

function showRun() {
  const t = stepsOf(run);
  data.drawRun(experiment, run);
  surface.drawRun(experiment, run);
  loss.drawRun(experiment, run);
  place(pointHandle, data.frame, experiment.points[selected]);
  place(startHandle, surface.frame, { x: experiment.k, y: experiment.m });
  const { k, m, unique } = run.summary;
  const values = {
    step: t, epoch: Math.floor(t / run.stepsPerEpoch), k: run.k[t], m: run.m[t],
    "exact-k": unique ? k : NaN, "exact-m": unique ? m : NaN, loss: run.loss[t],
    "batch-loss": run.gradient.loss, limit: rates.full, "limit-single": rates.single,
  };
  for (const [id, value] of Object.entries(values)) {
    const output = byId(`out-${id}`);
    output.dataset.value = value;
    output.textContent = Number.isNaN(value) ? "not unique" : number(value);
  }
  showVerdict();
  if (!clock.runs) byId("program").textContent = programText(experiment, t);
}

/** What the learning rate promises. */
function promise() {
  const { lr } = experiment, { full, single } = rates;
  if (lr < single) return "below";
  if (run.stepsPerEpoch === 1 && lr !== full) return lr > full ? "above" : "full";
  if (trial.diverged === null) return "trying";
  return { 0: "none", [TRIALS]: "all" }[trial.diverged] ?? "some";
}

/** Where nothing is certain, count how many runs with other batches diverge. */
async function tryOtherOrders() {
  const { points, lr, batch, k, m, seed } = experiment;
  const key = JSON.stringify([points, lr, batch, k, m, seed]);
  if (key === trial?.key) return;
  const mine = trial = { key, diverged: null };
  if (promise() !== "trying") return;
  let diverged = 0, wait = 300; // until the setting stands still
  for (let other = 1; other <= TRIALS; other++) {
    const otherSeed = seed + 1000 * other; // neighbouring seeds begin alike
    const twin = startRun({ ...experiment, seed: otherSeed }, points);
    while (!twin.diverged && stepsOf(twin) < MAX_STEPS) {
      await new Promise((go) => setTimeout(go, wait));
      if (trial !== mine) return; // another setting
      advance(twin, 4000); // in parts, so that the page stays awake
      wait = 0;
    }
    diverged += twin.diverged;
  }
  mine.diverged = diverged;
  byId("share").textContent = diverged;
  showVerdict();
}

const showVerdict = () => showOnly("verdict", run.diverged ? "diverged" : promise());

/** Of the sentences that the page holds in one place, show the one that is true. */
function showOnly(group, name) {
  for (const sentence of byId(group).children) {
    sentence.toggleAttribute("hidden", sentence.dataset.when !== name);
  }
  byId(group).dataset.shown = name;
}

function announce() {
  const read = (id) => `${id} ${byId(`out-${id}`).textContent}`;
  byId("status").textContent = ["step", "epoch", "k", "m", "loss"].map(read).join(", ");
}

function go(count) {
  advance(run, count);
  experiment.steps = stepsOf(run);
  showRun();
}

const clock = new Clock(byId("play"), (count) => {
  go(count);
  save();
  if (run.diverged || stepsOf(run) >= MAX_STEPS) pause();
});

function pause() {
  if (!clock.runs) return;
  clock.stop();
  showRun();
  announce();
}

const play = () => clock.start(() => Number(byId("speed").value));

function press(id, action) {
  byId(id).addEventListener("click", () => {
    action();
    save();
  });
}

function walk(count) {
  pause();
  go(count());
  announce();
}

press("step", () => walk(() => 1));
press("epoch", () => walk(() => {
  const { stepsPerEpoch } = run;
  return stepsPerEpoch - (stepsOf(run) % stepsPerEpoch);
}));
press("play", () => (clock.runs ? pause() : play()));
press("reset", () => {
  pause();
  change({ steps: 0 });
  announce();
});
for (const [id, by] of [["zoom-in", 1], ["zoom-out", -1]]) {
  press(id, () => change({ zoom: experiment.zoom + by }));
}

for (const [id, name] of Object.entries(CONTROLS)) {
  const input = byId(id), [low, high, digits] = BOUNDS[name];
  Object.assign(input, { min: low, max: high });
  const take = (text) => {
    if (text !== "") change({ [name]: clamp(Number(text), BOUNDS[name]) });
  };
  input.addEventListener("input", () => input.validity.valid && take(input.value));
  input.addEventListener("change", () => {
    take(input.value);
    input.value = experiment[name];
  });
  const slider = byId(`${id}-slider`), log = name === "lr";
  if (!slider) continue;
  Object.assign(slider, {
    min: log ? Math.log10(low) : low, max: log ? Math.log10(high) : high,
    step: log ? 0.01 : digits ? 0.05 : 1,
  });
  const read = () => (log ? (10 ** slider.value).toPrecision(3) : slider.value);
  slider.addEventListener("input", () => take(read()));
}

for (const button of document.querySelectorAll(".lx-presets button")) {
  button.addEventListener("click", () => {
    begin(presetExperiment(button.dataset.preset));
    save();
  });
}

const ringOf = (view, id, label) =>
  handle(view.frame, label, { id, "aria-valuemin": -200, "aria-valuemax": 200 });
const pointHandle = ringOf(data, "point-handle", "Selected point");
const startHandle = ringOf(surface, "start-handle", "Start");

const point = ({ x, y }) => ({ x: clamp(x, POINT.x), y: clamp(y, POINT.y) });

function movePoint(to, fit) {
  change({ points: experiment.points.with(selected, point(to)) }, fit);
}

function moveStart({ x, y }, fit) {
  change({ k: clamp(x, BOUNDS.k), m: clamp(y, BOUNDS.m) }, fit);
}

function setPoints(points, index) {
  if (points.length < BOUNDS.n[0] || points.length > BOUNDS.n[1]) return;
  selected = index;
  experiment.n = points.length;
  change({ points });
  byId("status").textContent = `${points.length} points.`;
}

function addPoint(at) {
  const { points } = experiment;
  setPoints([...points, point(at)], points.length);
}

function removePoint() {
  setPoints(experiment.points.filter((_, i) => i !== selected), selected);
}

function addBeside() {
  const { x, y } = experiment.points[selected];
  addPoint({ x: x + 0.5, y: y + 2 });
}

function select(index) {
  const count = experiment.points.length;
  selected = (index + count) % count;
  showRun();
}

press("add-point", addBeside);
press("remove-point", removePoint);

draggable(data.frame, pointHandle, {
  grab(event) {
    const index = data.nearest(event, event.pointerType === "mouse" ? 12 : 20);
    if (index >= 0) select(index);
    return index >= 0;
  },
  move: movePoint, drop: replay, click: addPoint, // dropped: now the axes may adapt
});
draggable(surface.frame, startHandle, {
  grab: (event) => event.target === startHandle,
  move: moveStart, drop: replay, click: moveStart,
});

onKeys(pointHandle, () => experiment.points[selected], movePoint, {
  PageDown: () => select(selected + 1), PageUp: () => select(selected - 1),
  Insert: addBeside, Delete: removePoint, Backspace: removePoint,
});
onKeys(startHandle, () => ({ x: experiment.k, y: experiment.m }), moveStart);

const write = () => history.replaceState(null, "", `#${encode(experiment)}`);

/** Write the address, at most twice a second: browsers limit that. */
function save() {
  saved ??= setTimeout(() => {
    saved = null;
    write();
  }, 500);
}

/** Take the experiment from the address. Its text is parsed, never shown. */
function load() {
  const text = location.hash.slice(1), heading = text !== "" && byId(text) !== null;
  if (heading && experiment) return; // a link within the page
  if (heading || text === "") return begin(presetExperiment("post"));
  const { experiment: found, complete } = decode(text);
  begin(found, complete);
}

function copy(text) {
  const say = (words) => (byId("copied").textContent = words);
  const copying = navigator.clipboard?.writeText(text) ?? Promise.reject();
  copying.then(() => say("Copied."), () => say("Not allowed: copy it by hand."));
}

const program = () => byId("program").textContent;
press("copy-program", () => copy(program()));
press("download-program", () => {
  byId("download-program").href = `data:text/x-python,${encodeURIComponent(program())}`;
});
press("copy-link", () => {
  write();
  copy(location.href);
});

function resize() {
  for (const view of [data, surface, loss]) view.frame.resize();
  if (experiment) replay();
}

resize();
load();
new ResizeObserver(resize).observe(byId("surface-view"));
addEventListener("hashchange", load);
})(window.linregExplorer);
