// Live figures: what a reader may move, drawn over the picture of the build.
"use strict";
(function (explorer) {
const {
  Clock, DataView, Pane, add, advance, batchGradient, between, draggable, fullLoss,
  handle, limits, onKeys, place, round, segment, set, startRun, stepsOf, summarize,
} = explorer;
const HOLDS = [-2.5, 2.5]; // x of the rings: where the best line is in the picture
const TANGENT = 2.5; // half its length, along m
const SLOW = 0.0005; // learning rates below it get nowhere in the 25 epochs
const PER_SECOND = 25; // steps of the path

/** A number as the page prints it; a huge one in powers of ten. */
function text(value) {
  const shown = Math.abs(value) < 1e4 ? round(value, 2).toFixed(2) : value.toExponential(0);
  return shown.replace("-", "−");
}

const all = (values) =>
  Object.entries(values).map(([name, value]) => `${name} ${text(value)}`).join(", ");

/** A figure: over its picture what moves, below it a bar, for some a view beside it. */
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

  /** Take a pane, and show the figure anew whenever its size changes. */
  watch(pane) {
    this.frames.push(pane);
    this.observer.observe(pane.svg);
    return pane;
  }

  /** A pane over the picture. */
  over(layers, labels) {
    return this.watch(new Pane(this.svg, layers, labels, this.figure));
  }

  /** A view of the points beside the picture; gives what draws a line in it. */
  beside() {
    const label = "The points, and the line of this place";
    const svg = add(this.append("live-side"), "svg", { role: "img", "aria-label": label });
    const view = new DataView(svg);
    this.watch(view.frame);
    return (k, m) => {
      view.fit({ points: this.points, centre: 0 });
      view.drawData(this, this);
      view.drawRun(this, { k: [k], m: [m], batch: [] });
    };
  }

  append(name) {
    const part = document.createElement("div");
    part.className = name;
    this.element.append(part);
    return part;
  }

  /** The bar: what to do, numbers and controls, and a sentence that may change. */
  write(task, names, controls = "") {
    set(this.svg, { "aria-label": task });
    const numbers = names.map((name) =>
      `<span>${name} <output data-name="${name}" aria-live="off"></output></span>`);
    this.bar = this.append("live-bar");
    this.bar.innerHTML = `<p>${task}</p><div class="live-numbers">${numbers.join("")}</div>
      ${controls}<p class="live-word" role="status"></p>`;
  }

  tell(values, sentence = "") {
    for (const [name, value] of Object.entries(values)) {
      const shown = typeof value === "string" ? value : text(value);
      this.bar.querySelector(`[data-name="${name}"]`).textContent = shown;
    }
    const word = this.bar.querySelector(".live-word");
    if (word.textContent !== sentence) word.textContent = sentence; // it is read aloud
  }

  /** From the first touch on, the script draws what moves, and the picture the rest. */
  use() {
    if (this.used) return;
    this.used = true;
    for (const image of this.element.querySelectorAll("img")) {
      const ground = image.cloneNode();
      ground.src += "#ground";
      ground.alt = "";
      ground.classList.add("live-ground");
      image.after(ground);
    }
    this.element.classList.add("live-used");
  }

  /**
   * A ring: a mouse or a finger takes it from near by, or by a click from `anywhere`.
   * Where it moves `along` x or y only, up and right both mean more.
   */
  ring(frame, label, { at, move, along, anywhere = false }) {
    const [x0, x1, y0, y1] = this.figure.view, [low, high] = along === "x" ? [x0, x1] : [y0, y1];
    const range = { "aria-valuemin": text(low), "aria-valuemax": text(high) };
    const ring = handle(frame, label, range);
    const moved = (to) => {
      this.use();
      move(frame.inside(to));
      this.show();
    };
    const grab = (event) => {
      const box = ring.getBoundingClientRect();
      const away = [box.x + box.width / 2 - event.clientX, box.y + box.height / 2 - event.clientY];
      return Math.hypot(...away) < (event.pointerType === "mouse" ? 14 : 24);
    };
    draggable(frame, ring, { grab, move: moved, click: anywhere && moved });
    onKeys(ring, at, (to) => {
      const from = at(), by = to.x - from.x + to.y - from.y;
      moved(along ? { ...from, [along]: from[along] + by } : to);
    });
    return ring;
  }
}

/** Fit the line by hand: two rings on it move up and down. */
function byHand(live) {
  const view = new DataView(live.svg, live.figure), { points, summary } = live;
  const frame = live.watch(view.frame), best = text(summary.loss);
  live.write("Drag the line by its two rings. How small can you make the loss?", ["k", "m", "loss"]);
  const holds = HOLDS.map((x) => ({ x, y: 0 }));
  const rings = holds.map((hold, i) => live.ring(frame, `${["Left", "Right"][i]} ring of the line, y`, {
    along: "y", at: () => hold, move: ({ y }) => (hold.y = round(y, 2)),
  }));
  live.show = () => {
    const [left, right] = holds.map((hold) => hold.y);
    const k = (right - left) / (HOLDS[1] - HOLDS[0]), m = (left + right) / 2;
    const loss = fullLoss(summary, k, m);
    view.drawData({ points }, { summary });
    view.drawRun({ points }, { k: [k], m: [m], batch: [] });
    set(frame.layers.model, { d: segment(frame, k, m, live.figure.drawn) });
    rings.forEach((ring, i) =>
      place(ring, frame, holds[i], all({ y: holds[i].y, k, m, loss })));
    const near = loss < 2 * summary.loss ? `Close: no line has a loss below ${best}.` : "";
    live.tell({ k, m, loss }, text(loss) === best ? `${best}: the smallest there is.` : near);
  };
}

/** The loss over m, where k is 0, with its tangent. */
function tangent(live) {
  const { points, figure: { drawn: [low, high] } } = live;
  const layers = { curve: "path", tangent: "path", now: "circle" };
  const frame = live.over(layers, { x: "m", y: "loss" });
  live.write("Drag the dot along the curve. Which way is down?", ["m", "loss", "steepness"]);
  const at = { x: 0 };
  const ring = live.ring(frame, "Intercept m", {
    along: "x", at: () => ({ ...at, y: 0 }), move: ({ x }) => (at.x = round(between(x, low, high), 2)),
  });
  const numbers = points.map((_, i) => i);
  const of = (m) => batchGradient(points, numbers, 0, m);
  live.show = () => {
    const m = at.x, { loss, m: steepness } = of(m);
    const curve = Array.from({ length: 51 }, (_, i) => low + (i / 50) * (high - low));
    const places = curve.map((x) => `${frame.px(x)},${frame.py(of(x).loss)}`);
    set(frame.layers.curve, { d: `M${places.join("L")}` });
    const ends = [m - TANGENT, m + TANGENT];
    set(frame.layers.tangent, { d: segment(frame, steepness, loss - steepness * m, ends) });
    set(frame.layers.now, { r: 5, cx: frame.px(m), cy: frame.py(loss) });
    place(ring, frame, { x: m, y: loss }, all({ m, loss, steepness }));
    set(ring, { "aria-valuenow": m });
    const [way, change] = steepness < 0 ? ["right", "larger"] : ["left", "smaller"];
    const down = `Down is to the ${way}: a ${change} m makes the loss smaller.`;
    const level = "Level: where k is 0, no other m has a smaller loss.";
    live.tell({ m, loss, steepness }, Math.abs(steepness) < 0.05 ? level : down);
  };
}

/** Every place on the surface is a line. */
function surface(live) {
  const frame = live.over({}, { x: "k", y: "m" }), line = live.beside();
  live.write("Every place is a line. Drag the ring, or click on the surface.", ["k", "m", "loss"]);
  let at = { x: 0, y: 0 };
  const ring = live.ring(frame, "Slope k and intercept m", {
    anywhere: true, at: () => at,
    move: ({ x, y }) => (at = { x: round(x, 2), y: round(y, 2) }),
  });
  live.show = () => {
    const { x: k, y: m } = at, loss = fullLoss(live.summary, k, m);
    line(k, m);
    place(ring, frame, at, all({ k, m, loss }));
    live.tell({ k, m, loss });
  };
}

/** The path of the training, step by step, at any learning rate. */
function path(live) {
  const { points, summary, figure: { lr, batch, orders } } = live;
  const layers = { halo: "polyline", path: "polyline", crosses: "path", now: "circle" };
  const frame = live.over(layers, {}), line = live.beside();
  const epoch = Math.ceil(points.length / batch), end = epoch * orders.length;
  live.write("Play the training, or change its learning rate.", ["epoch", "k", "m", "loss"],
    `<div class="live-controls">
      <button type="button">Play</button><button type="button">Step</button>
      <label>Steps <input type="range" max="${end}"></label>
      <label>Learning rate <output></output>
        <input type="range" min="-4" max="-0.3" step="0.05"></label></div>`);
  const [play, one] = live.bar.querySelectorAll("button");
  const [steps, rate] = live.bar.querySelectorAll("input");
  const limit = limits(points).full;
  let t = end, run;
  const train = (value) => {
    run = advance(startRun({ k: 0, m: 0, lr: value, batch, seed: 0, orders }, points), end);
  };
  const go = (to) => {
    live.use();
    t = to;
    live.show();
  };
  const next = (count) => go(t >= stepsOf(run) ? 0 : Math.min(t + count, stepsOf(run)));
  const stop = () => {
    clock.stop();
    play.textContent = "Play";
  };
  const clock = new Clock((count) => {
    if (count) next(count);
    if (t >= stepsOf(run)) stop();
  });
  play.addEventListener("click", () => {
    if (clock.runs) return stop();
    play.textContent = "Pause";
    if (t >= stepsOf(run)) go(0);
    clock.start(() => PER_SECOND);
  });
  one.addEventListener("click", () => {
    stop();
    next(1);
  });
  steps.addEventListener("input", () => {
    stop();
    go(Number(steps.value));
  });
  rate.addEventListener("input", () => {
    train(Number((10 ** rate.value).toPrecision(2)));
    go(t);
  });
  train(lr);
  live.show = () => {
    const now = Math.min(t, stepsOf(run)), k = run.k[now], m = run.m[now], loss = run.loss[now];
    const places = Array.from({ length: now + 1 }, (_, i) => [frame.px(run.k[i]), frame.py(run.m[i])]);
    for (const name of ["halo", "path"]) set(frame.layers[name], { points: places.join(" ") });
    const crosses = places.filter((_, i) => i % epoch === 0);
    set(frame.layers.crosses, { d: crosses.map((at) => `M${at}m-3,-3l6,6m-6,0l6,-6`).join("") });
    set(frame.layers.now, { r: 5, cx: frame.px(k), cy: frame.py(m) });
    line(k, m);
    steps.value = now;
    rate.value = Math.log10(run.lr);
    steps.setAttribute("aria-valuetext", `${now}, ${all({ k, m, loss })}`);
    rate.setAttribute("aria-valuetext", run.lr);
    live.bar.querySelector("label output").textContent = run.lr;
    let sentence = "";
    if (run.lr < SLOW) sentence = `Too small: after ${orders.length} epochs k is ${text(run.k[end])}, and the best is ${text(summary.k)}.`;
    if (run.lr > limit) sentence = `Too large: past ${text(limit)}, a step over the lowest point can end farther from it than it began.`;
    live.tell({ epoch: String(Math.floor(now / epoch)), k, m, loss }, sentence);
  };
}

const KINDS = { "by-hand": byHand, tangent, surface, path };
for (const element of document.querySelectorAll(".live")) {
  const live = new Live(element);
  KINDS[live.figure.kind](live);
}
})(window.linregExplorer);
