// Live figures: what a reader may move, drawn over the picture of the build.
"use strict";
(function (explorer) {
const {
  Clock, DataView, Pane, add, advance, batchGradient, between, draggable, fullLoss,
  handle, limits, onKeys, place, round, segment, set, startRun, stepsOf, summarize,
} = explorer;
const HOLDS = [-2.5, 2.5]; // x of the rings: there the best line is in the picture
const REACH = 2.5; // of the tangent, along m to either side
const SLOW = 0.0005; // learning rates below it get nowhere in the epochs of the stage
const SPEED = 25; // steps of the path, per second
const CROSS = "m-3,-3l6,6m-6,0l6,-6"; // the place after an epoch

/** A number as the pages print it; a huge one in powers of ten. */
function text(value) {
  const huge = Math.abs(value) >= 1e4;
  const shown = huge ? value.toExponential(0) : round(value, 2).toFixed(2);
  return shown.replace("-", "−");
}

const listed = (values) =>
  Object.entries(values).map(([name, value]) => `${name} ${text(value)}`).join(", ");

const output = (name) =>
  `${name} <output data-name="${name}" aria-live="off"></output>`;

/** A figure: on its picture what moves, below it a bar, for some a view beside it. */
class Live {
  constructor(element) {
    this.element = element;
    this.figure = JSON.parse(element.querySelector("script").textContent);
    this.points = this.figure.x.map((x, i) => ({ x, y: this.figure.y[i] }));
    this.summary = summarize(this.points);
    this.svg = add(element.querySelector(".live-picture"), "svg", { role: "group" });
    this.frames = [];
    this.observer = new ResizeObserver(() => {
      for (const frame of this.frames) frame.resize();
      this.show();
    });
  }

  /** Draw the figure anew whenever the size of this pane changes. */
  watch(pane) {
    this.frames.push(pane);
    this.observer.observe(pane.svg);
    return pane;
  }

  /** A pane on the picture. */
  over(layers) { return this.watch(new Pane(this.svg, layers, {}, this.figure)); }

  /** A view of the points, beside the picture; returns what draws a line in it. */
  beside() {
    this.element.insertAdjacentHTML("beforeend", `<div class="live-side">
      <svg role="img" aria-label="The points and the line of this place"></svg></div>`);
    const view = new DataView(this.element.lastElementChild.firstElementChild);
    this.watch(view.frame);
    return (k, m) => {
      view.fit({ points: this.points, centre: 0 });
      view.drawData(this, this);
      view.drawRun(this, { k: [k], m: [m], batch: [] });
    };
  }

  /** The bar: what to do, numbers and controls, and a sentence that may change. */
  write(task, names, controls = "") {
    set(this.svg, { "aria-label": task });
    const numbers = names.map((name) => `<span>${output(name)}</span>`).join("");
    this.element.insertAdjacentHTML("beforeend", `<div class="live-bar">
      <p>${task}</p><p class="live-row">${numbers}</p><div class="live-row">
      ${controls}</div><p class="live-word" role="status"></p></div>`);
    this.bar = this.element.lastElementChild;
  }

  tell(values, sentence = "") {
    for (const [name, value] of Object.entries(values)) {
      const shown = typeof value === "string" ? value : text(value);
      this.bar.querySelector(`[data-name="${name}"]`).textContent = shown;
    }
    const word = this.bar.querySelector(".live-word");
    if (word.textContent !== sentence) word.textContent = sentence; // it is read aloud
  }

  /** From now on the script draws what moves. The whole picture stays, for paper. */
  use() {
    if (this.element.classList.contains("live-used")) return;
    this.element.classList.add("live-used");
    for (const image of this.element.querySelectorAll("img")) {
      const ground = image.cloneNode();
      ground.src += "#ground";
      ground.classList.add("live-ground");
      image.after(ground);
    }
  }

  /**
   * A ring: a mouse or a finger takes it from near, and a click from `anywhere`.
   * If it moves `along` x or y alone, the keys up and right both mean more of that.
   */
  ring(frame, label, { at, move, along, anywhere }) {
    const { drawn, view } = this.figure; // along x a ring stays on the curve
    const [low, high] = along === "x" ? drawn : view.slice(2);
    const bounds = { "aria-valuemin": round(low, 2), "aria-valuemax": round(high, 2) };
    const ring = handle(frame, label, bounds);
    const moved = (to) => {
      this.use();
      move(frame.inside(to));
      this.show();
    };
    const grab = ({ clientX, clientY, pointerType }) => {
      const { x, y, width, height } = ring.getBoundingClientRect();
      const away = Math.hypot(x + width / 2 - clientX, y + height / 2 - clientY);
      return away < (pointerType === "mouse" ? 14 : 24);
    };
    draggable(frame, ring, { grab, move: moved, click: anywhere ? moved : undefined });
    onKeys(ring, at, (to) => {
      const from = at(), more = to.x - from.x + to.y - from.y;
      moved(along ? { ...from, [along]: from[along] + more } : to);
    });
    return ring;
  }
}

/** Fit the line by hand: its two rings move up and down. */
function byHand(live) {
  const { summary, figure } = live;
  const view = new DataView(live.svg, figure), frame = live.watch(view.frame);
  live.write("Drag the line by its two rings. How small can you make the loss?",
    ["k", "m", "loss"]);
  const holds = HOLDS.map((x) => ({ x, y: 0 }));
  const rings = holds.map((hold) => live.ring(frame, `The line at x = ${hold.x}`, {
    along: "y", at: () => hold, move: ({ y }) => (hold.y = round(y, 2)),
  }));
  live.show = () => {
    const [left, right] = holds.map(({ y }) => y);
    const k = (right - left) / (HOLDS[1] - HOLDS[0]), m = (left + right) / 2;
    const loss = fullLoss(summary, k, m);
    view.drawData(live, live);
    view.drawRun(live, { k: [k], m: [m], batch: [] });
    set(frame.layers.model, { d: segment(frame, k, m, figure.drawn) });
    rings.forEach((ring, i) =>
      place(ring, frame, holds[i], listed({ y: holds[i].y, k, m, loss })));
    const best = text(loss) === text(summary.loss);
    live.tell({ k, m, loss }, best ? `${text(loss)}: the smallest there is.` : "");
  };
}

/** The loss over m, for k = 0, and its tangent. */
function tangent(live) {
  const { points, figure: { drawn: [low, high] } } = live;
  const frame = live.over({ curve: "path", tangent: "path", now: "circle" });
  live.write("Drag the dot along the curve. Which way is down?",
    ["m", "loss", "steepness"]);
  let m = 0;
  const ring = live.ring(frame, "Intercept m", {
    along: "x", at: () => ({ x: m, y: 0 }),
    move: ({ x }) => (m = round(between(x, low, high), 2)),
  });
  const at = (value) => batchGradient(points, points.map((_, i) => i), 0, value);
  const curve = Array.from({ length: 51 }, (_, i) => low + (i / 50) * (high - low));
  live.show = () => {
    const { loss, m: steepness } = at(m);
    const places = curve.map((x) => `${frame.px(x)},${frame.py(at(x).loss)}`);
    set(frame.layers.curve, { d: `M${places.join("L")}` });
    const start = loss - steepness * m, ends = [m - REACH, m + REACH];
    set(frame.layers.tangent, { d: segment(frame, steepness, start, ends) });
    set(frame.layers.now, { r: 5, cx: frame.px(m), cy: frame.py(loss) });
    place(ring, frame, { x: m, y: loss }, listed({ m, loss, steepness }));
    set(ring, { "aria-valuenow": m });
    let sentence = "Down is to the left: a smaller m lowers the loss.";
    if (steepness < 0) sentence = "Down is to the right: a larger m lowers the loss.";
    if (Math.abs(steepness) < 0.05) sentence = "Level: the lowest point for k = 0.";
    live.tell({ m, loss, steepness }, sentence);
  };
}

/** Every place on the surface is a line. */
function surface(live) {
  const frame = live.over({ now: "circle" });
  live.write("Every place is a line. Drag the ring, or click on the surface.",
    ["k", "m", "loss"]);
  const line = live.beside();
  let at = { x: 0, y: 0 };
  const ring = live.ring(frame, "Slope k and intercept m", {
    anywhere: true, at: () => at,
    move: ({ x, y }) => (at = { x: round(x, 2), y: round(y, 2) }),
  });
  live.show = () => {
    const { x: k, y: m } = at, loss = fullLoss(live.summary, k, m);
    line(k, m);
    set(frame.layers.now, { r: 4, cx: frame.px(k), cy: frame.py(m) });
    place(ring, frame, at, listed({ k, m, loss }));
    live.tell({ k, m, loss });
  };
}

/** The path of the training, step by step, at any learning rate. */
function path(live) {
  const { points, summary, figure: { lr, batch, orders } } = live;
  const epochs = orders.length, epoch = Math.ceil(points.length / batch);
  const last = epochs * epoch, limit = limits(points).full;
  const layers = { halo: "polyline", path: "polyline", crosses: "path", now: "circle" };
  const frame = live.over(layers);
  live.write("Play the training, or change its learning rate.",
    ["epoch", "k", "m", "loss"],
    `<button type="button">Play</button> <button type="button">Step</button>
     <label>${output("step")} <input type="range" max="${last}"></label>
     <label>${output("learning rate")}
       <input type="range" min="-4" max="-0.3" step="0.05"></label>`);
  const line = live.beside();
  const [play, one] = live.bar.querySelectorAll("button");
  const [step, rate] = live.bar.querySelectorAll("input");
  let t = last, run;
  const now = () => Math.min(t, stepsOf(run)); // a run that explodes has fewer steps
  const train = (value) => {
    const settings = { k: 0, m: 0, lr: value, batch, seed: 0, orders };
    run = advance(startRun(settings, points), last);
  };
  const go = (to) => {
    live.use();
    t = to;
    live.show();
  };
  const next = (count) => go(now() < stepsOf(run) ? now() + count : 0);
  const clock = new Clock(play, (count) => {
    next(count);
    if (now() === stepsOf(run)) clock.stop();
  });
  const on = (control, type, action) => control.addEventListener(type, () => {
    if (control !== play) clock.stop();
    action();
  });
  on(play, "click", () => (clock.runs ? clock.stop() : clock.start(() => SPEED)));
  on(one, "click", () => next(1));
  on(step, "input", () => go(Number(step.value)));
  on(rate, "input", () => {
    train(Number((10 ** rate.value).toPrecision(2)));
    go(t);
  });
  live.show = () => {
    const i = now(), k = run.k[i], m = run.m[i], loss = run.loss[i];
    const visited = run.k.slice(0, i + 1);
    const places = visited.map((x, j) => [frame.px(x), frame.py(run.m[j])]);
    const crosses = places.filter((_, j) => j % epoch === 0);
    set(frame.layers.halo, { points: places.join(" ") });
    set(frame.layers.path, { points: places.join(" ") });
    set(frame.layers.crosses, { d: crosses.map((at) => `M${at}${CROSS}`).join("") });
    set(frame.layers.now, { r: 5, cx: frame.px(k), cy: frame.py(m) });
    line(k, m);
    [step.value, rate.value] = [i, Math.log10(run.lr)];
    set(step, { "aria-valuetext": `${i}, ${listed({ k, m, loss })}` });
    set(rate, { "aria-valuetext": run.lr });
    const values = { epoch: `${Math.floor(i / epoch)}`, step: `${i}`, k, m, loss };
    let word = "";
    if (run.lr < SLOW) word = `Too small: after ${epochs} epochs k is only
      ${text(run.k[last])}, and the best is ${text(summary.k)}.`;
    if (run.lr > limit) word = `Too large: past ${text(limit)} a step can end farther
      from the lowest point than it began.`;
    live.tell({ ...values, "learning rate": `${run.lr}` }, word);
  };
  train(lr);
}

const KINDS = { "by-hand": byHand, tangent, surface, path };
for (const element of document.querySelectorAll(".live")) {
  const live = new Live(element);
  KINDS[live.figure.kind](live);
}
})(window.linregExplorer);
