// The three views, as SVG: pictures of an experiment and its run.
"use strict";
(function (explorer) {
const { MAX_STEPS, TRUTH, curvature, fullLoss, stepsOf } = explorer;
const MARGIN = { left: 44, right: 10, top: 12, bottom: 42 };
const FAR = 1e6; // pixels: browsers fail beyond
const MAX_VERTICES = 3000; // of the drawn path: then the oldest go

/** A new SVG element, the last child of its parent. */
function add(parent, tag, attributes = {}) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  set(element, attributes);
  return parent.appendChild(element);
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
}

const between = (value, low, high) => Math.min(Math.max(value, low), high);
const pixel = (value) => Math.round(between(value, -FAR, FAR) * 10) / 10;
const short = (value) => String(Number(value.toPrecision(6)));

/** Round numbers and their texts, about `count`, at least `least` apart. */
function ticks(low, high, count, least = 0) {
  const raw = Math.max((high - low) / count, least);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= raw);
  const first = Math.ceil(low / step), last = Math.floor(high / step);
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const value = (first + i) * step;
    return [value, short(value)];
  });
}

/** A frame with axes; its layers, in drawing order, are clipped to it. */
class Frame {
  constructor(svg, names, labels) {
    this.svg = svg;
    this.labels = labels;
    this.grid = add(svg, "path", { class: "lx-grid" });
    this.layers = {};
    this.pane = add(svg, "svg"); // clips what is in it
    for (const [name, tag] of Object.entries(names)) {
      this.layers[name] = add(this.pane, tag, { class: `lx-${name}` });
    }
    this.axes = add(svg, "g", { class: "lx-axes", "aria-hidden": "true" });
  }

  /** Fit the drawing to its place in the page: type keeps its size on a phone. */
  resize() {
    this.width = Math.max(this.svg.clientWidth, 160);
    this.height = Math.max(this.svg.clientHeight, 120);
    set(this.svg, { viewBox: `0 0 ${this.width} ${this.height}` });
    this.right = this.width - MARGIN.right;
    this.bottom = this.height - MARGIN.bottom;
    const width = this.right - MARGIN.left, height = this.bottom - MARGIN.top;
    const viewBox = `${MARGIN.left} ${MARGIN.top} ${width} ${height}`;
    set(this.pane, { x: MARGIN.left, y: MARGIN.top, width, height, viewBox });
  }

  /** Map x in [x0, x1] and y in [y0, y1] to the frame. */
  scale([x0, x1, y0, y1]) {
    this.domain = [x0, x1, y0, y1];
    this.perX = (this.right - MARGIN.left) / (x1 - x0);
    this.perY = (this.bottom - MARGIN.top) / (y1 - y0);
  }

  px(x) { return pixel(MARGIN.left + (x - this.domain[0]) * this.perX); }
  py(y) { return pixel(this.bottom - (y - this.domain[2]) * this.perY); }

  /** The values under the pointer. */
  at(event) {
    const box = this.svg.getBoundingClientRect(), [x0, , y0] = this.domain;
    return {
      x: x0 + (event.clientX - box.left - MARGIN.left) / this.perX,
      y: y0 + (this.bottom - event.clientY + box.top) / this.perY,
    };
  }

  /** The nearest values inside the frame. */
  inside({ x, y }) {
    const [x0, x1, y0, y1] = this.domain;
    return { x: between(x, x0, x1), y: between(y, y0, y1) };
  }

  /** Draw the axes: pairs of a value and its text, for x and for y. */
  drawAxes(xTicks, yTicks) {
    let grid = "";
    this.axes.replaceChildren();
    for (const [value, text] of xTicks) {
      grid += `M${this.px(value)},${MARGIN.top}V${this.bottom}`;
      this.write(this.px(value), this.bottom + 16, text, "middle");
    }
    for (const [value, text] of yTicks) {
      grid += `M${MARGIN.left},${this.py(value)}H${this.right}`;
      this.write(MARGIN.left - 6, this.py(value) + 4, text, "end");
    }
    set(this.grid, { d: grid });
    const centre = (this.right + MARGIN.left) / 2;
    const middle = (this.bottom + MARGIN.top) / 2;
    this.write(centre, this.height - 5, this.labels.x, "middle");
    const label = this.write(12, middle, this.labels.y, "middle");
    set(label, { transform: `rotate(-90 12 ${middle})` });
  }

  write(x, y, text, anchor) {
    const place = { x: pixel(x), y: pixel(y), "text-anchor": anchor };
    const label = add(this.axes, "text", place);
    label.textContent = text;
    return label;
  }
}

function segment(frame, k, m) {
  const [x0, x1] = frame.domain;
  const y = [frame.py(k * x0 + m), frame.py(k * x1 + m)];
  return `M${frame.px(x0)},${y[0]}L${frame.px(x1)},${y[1]}`;
}

const triangle = ([x, y], r) => `M${x},${pixel(y - r)}l${r},${1.7 * r}h${-2 * r}z`;

/** Points, lines and residuals. */
class DataView {
  constructor(svg) {
    this.frame = new Frame(svg, {
      residuals: "path", points: "path", truth: "path", exact: "path", batch: "path",
      model: "path",
    }, { x: "x", y: "y" });
  }

  /** The ranges of the axes: all points, and the true line, with some air. */
  fit({ points, centre }) {
    const xs = points.map((p) => p.x), ys = points.map((p) => p.y);
    const x0 = Math.min(centre - 3.3, ...xs.map((x) => x - 0.3));
    const x1 = Math.max(centre + 3.3, ...xs.map((x) => x + 0.3));
    const y0 = Math.min(TRUTH.k * x0 + TRUTH.m, ...ys) - 2;
    const y1 = Math.max(TRUTH.k * x1 + TRUTH.m, ...ys) + 2;
    const { frame } = this, count = frame.width / 50;
    frame.scale([x0, x1, y0, y1]);
    frame.drawAxes(ticks(x0, x1, count), ticks(y0, y1, count));
    set(frame.layers.truth, { d: segment(frame, TRUTH.k, TRUTH.m) });
  }

  drawData({ points }, { summary }) {
    const { frame } = this, { layers } = frame, { unique, k, m } = summary;
    this.places = points.map((p) => [frame.px(p.x), frame.py(p.y)]);
    set(layers.points, { d: this.places.map((place) => triangle(place, 4)).join("") });
    set(layers.exact, { d: unique ? segment(frame, k, m) : "" });
  }

  drawRun({ points }, run) {
    const { frame, places } = this, { layers } = frame;
    const t = stepsOf(run), k = run.k[t], m = run.m[t];
    set(layers.model, { d: segment(frame, k, m) });
    const stick = ({ x }, i) => `M${places[i]}V${frame.py(k * x + m)}`;
    set(layers.residuals, { d: points.map(stick).join("") });
    set(layers.batch, { d: run.batch.map((i) => triangle(places[i], 5.5)).join("") });
  }

  /** The point nearest to a position in the window, within `reach` pixels, or -1. */
  nearest(event, reach) {
    const box = this.frame.svg.getBoundingClientRect();
    const left = event.clientX - box.left, top = event.clientY - box.top;
    const distances = this.places.map(([x, y]) => Math.hypot(x - left, y - top));
    const best = Math.min(...distances);
    return best <= reach ? distances.indexOf(best) : -1;
  }
}

const STAR = "M0,-9L2,-3L8,-3L3,1L5,7L0,4L-5,7L-3,1L-8,-3L-2,-3z";
const LEVELS = [-3, -2, -1, 0, 1, 2, 3, 4, 5]
  .flatMap((power) => [1, 1.5, 2, 3, 5, 7].map((factor) => factor * 10 ** power));

/** The loss over k and m: its contours are ellipses around the exact solution. */
class SurfaceView {
  constructor(svg) {
    this.frame = new Frame(svg, {
      floor: "rect", contours: "g", heights: "g", halo: "polyline", path: "polyline",
      gradient: "path", marks: "g",
    }, { x: "slope k", y: "intercept m" });
    const { floor, marks } = this.frame.layers;
    set(floor, { width: 4000, height: 4000 }); // the pane clips it
    this.truth = add(marks, "path", { class: "lx-mark-truth", d: STAR });
    const rhomb = "M-6,0l6,-6l6,6l-6,6z";
    this.exact = add(marks, "path", { class: "lx-mark-exact", d: rhomb });
    this.model = add(marks, "circle", { class: "lx-mark-model", r: 5 });
  }

  /** Zoomed in, the exact solution is the centre; else the truth, which stays. */
  fit({ zoom }, { summary }) {
    const half = 7 / 2 ** zoom, { k, m } = zoom > 0 ? summary : TRUTH;
    const { frame } = this, count = frame.width / 50;
    frame.scale([k - half, k + half, m - half, m + half]);
    frame.drawAxes(ticks(k - half, k + half, count), ticks(m - half, m + half, count));
    this.put(this.truth, TRUTH.k, TRUTH.m);
  }

  drawData(experiment, { summary }) {
    this.drawContours(summary);
    this.put(this.exact, summary.k, summary.m);
  }

  put(mark, k, m) {
    set(mark, { transform: `translate(${this.frame.px(k)} ${this.frame.py(m)})` });
  }

  drawContours(summary) {
    const { frame } = this, { contours, heights } = frame.layers;
    const [k0, k1, m0, m1] = frame.domain;
    const corners = [[k0, m0], [k0, m1], [k1, m0], [k1, m1]];
    const highest = Math.max(...corners.map(([k, m]) => fullLoss(summary, k, m)));
    const inView = LEVELS.filter((level) => level > summary.loss && level < highest);
    const every = Math.ceil(inView.length / 12);
    const levels = inView.filter((level) => LEVELS.indexOf(level) % every === 0);
    const { steep, flat, angle } = curvature(summary);
    const x = frame.px(summary.k), y = frame.py(summary.m);
    const turn = short((-angle * 180) / Math.PI);
    contours.replaceChildren();
    heights.replaceChildren();
    let lastLabel = y;
    levels.forEach((level, i) => { // from the inside out: each goes below those before
      const reach = Math.sqrt(level - summary.loss) * frame.perX, top = y - reach;
      const ellipse = add(contours, "ellipse", {
        rx: pixel(reach / Math.sqrt(steep)),
        ry: pixel(reach / Math.sqrt(Math.max(flat, 1e-9))),
        transform: `translate(${x} ${y}) rotate(${turn})`,
      });
      const height = `${Math.round((100 * i) / levels.length)}%`;
      ellipse.style.setProperty("--height", height); // no policy forbids this way
      contours.prepend(ellipse);
      if (lastLabel - top < 20 || top < MARGIN.top + 10) return; // no room for a label
      lastLabel = top;
      const place = { x, y: pixel(top + 4), "text-anchor": "middle" };
      add(heights, "text", place).textContent = short(level);
    });
  }

  drawRun(experiment, run) {
    const { frame } = this, { halo, path, gradient } = frame.layers, t = stepsOf(run);
    const points = this.visited(run).join(" ");
    set(halo, { points });
    set(path, { points });
    this.put(this.model, run.k[t], run.m[t]);
    const x = frame.px(run.k[t]), y = frame.py(run.m[t]);
    const dx = -run.lr * run.gradient.k * frame.perX;
    const dy = run.lr * run.gradient.m * frame.perY;
    set(gradient, { d: arrow(x, y, dx, dy) });
  }

  /** The places on the way, without those too near to the one before to be seen. */
  visited(run) {
    const places = [];
    let x = FAR, y = FAR;
    for (let t = 0; t < run.k.length; t++) {
      const toX = this.frame.px(run.k[t]), toY = this.frame.py(run.m[t]);
      if (Math.hypot(toX - x, toY - y) < 0.7) continue;
      [x, y] = [toX, toY];
      places.push(`${x},${y}`);
    }
    return places.slice(-MAX_VERTICES);
  }
}

/** The next step, to scale; a short one is lengthened, so that it can be seen. */
function arrow(x, y, dx, dy) {
  const length = Math.hypot(dx, dy);
  if (length === 0 || length > FAR) return "";
  const shown = Math.max(length, 26), ux = dx / length, uy = dy / length;
  const tip = [x + ux * shown, y + uy * shown].map(pixel);
  const barb = (side) =>
    [tip[0] - 7 * ux + side * uy, tip[1] - 7 * uy - side * ux].map(pixel);
  return `M${x},${y}L${tip}M${barb(4)}L${tip}L${barb(-4)}`;
}

const EPOCHS = [3, 5, 10, 15, 25, 50, 100, 250, 1000, 4000, MAX_STEPS];

/** The loss over the steps, on a logarithmic axis. */
class LossView {
  constructor(svg) {
    const layers = { noise: "path", best: "path", loss: "path", now: "circle" };
    this.frame = new Frame(svg, layers, { x: "epoch", y: "loss" });
    set(this.frame.layers.now, { r: 4 });
  }

  drawRun(experiment, run) {
    const { frame } = this, { layers } = frame;
    const t = stepsOf(run), { loss, batchLoss, stepsPerEpoch } = run;
    const epochs = EPOCHS.find((count) => count * stepsPerEpoch >= t);
    const lowest = Math.max(Math.min(run.summary.loss, loss[0]), 1e-6);
    const highest = between(Math.max(...loss, ...batchLoss), 10 * lowest, 1e15);
    const bottom = Math.floor(Math.log10(lowest) - 0.3);
    const top = Math.ceil(Math.log10(highest));
    frame.scale([0, epochs * stepsPerEpoch, bottom, top]);
    frame.drawAxes(
      ticks(0, epochs, frame.width / 40, 1).map(([e]) => [e * stepsPerEpoch, short(e)]),
      ticks(bottom, top, 5, 1).map(([p]) => [p, p < 5 ? short(10 ** p) : `1e${p}`]),
    );
    const height = (value) => frame.py(Math.log10(Math.max(value, 1e-7)));
    set(layers.loss, { d: trace(loss, frame, height) });
    set(layers.noise, { d: trace(batchLoss, frame, height) });
    const best = height(run.summary.loss);
    set(layers.best, { d: `M${MARGIN.left},${best}H${frame.right}` });
    set(layers.now, { cx: frame.px(t), cy: height(loss[t]) });
  }
}

/** A curve; of the steps that share a pixel, the lowest and the highest are drawn. */
function trace(values, frame, height) {
  const group = Math.max(1, Math.ceil(values.length / (frame.width * 1.5)));
  let text = "";
  for (let i = 0; i < values.length; i += group) {
    const near = values.slice(i, i + group);
    const low = Math.min(...near), high = Math.max(...near);
    text += `${text ? "L" : "M"}${frame.px(i)},${height(low)}`;
    if (high > low) text += `V${height(high)}`;
  }
  return text;
}

Object.assign(explorer, { add, set, DataView, SurfaceView, LossView });
})(window.linregExplorer);
