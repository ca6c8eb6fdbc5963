// The three views, as SVG: pictures of an experiment and its run, which they never change.
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
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}

const pixel = (value) => Math.round(Math.min(Math.max(value, -FAR), FAR) * 10) / 10;
const short = (value) => String(Number(value.toPrecision(6)));

/** Round numbers between two ends, about `count`, at least `least` apart, each with its text. */
function ticks(low, high, count, least = 0) {
  const raw = Math.max((high - low) / count, least), power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= raw);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => {
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
    this.domain = null;
  }

  /** Map x in [x0, x1] and y in [y0, y1] to the frame. True if that is a change. */
  scale(domain) {
    if (this.domain && domain.every((value, i) => value === this.domain[i])) return false;
    this.domain = domain;
    const [x0, x1, y0, y1] = domain;
    this.perX = (this.right - MARGIN.left) / (x1 - x0);
    this.perY = (this.bottom - MARGIN.top) / (y1 - y0);
    return true;
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
    return { x: Math.min(Math.max(x, x0), x1), y: Math.min(Math.max(y, y0), y1) };
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
    const middle = (this.bottom + MARGIN.top) / 2;
    this.write((this.right + MARGIN.left) / 2, this.height - 5, this.labels.x, "middle");
    set(this.write(12, middle, this.labels.y, "middle"), { transform: `rotate(-90 12 ${middle})` });
  }

  write(x, y, text, anchor) {
    const label = add(this.axes, "text", { x: pixel(x), y: pixel(y), "text-anchor": anchor });
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
      residuals: "path", points: "path", truth: "path", exact: "path", batch: "path", model: "path",
    }, { x: "x", y: "y" });
  }

  /** The ranges of the axes: all points, and the true line, with some air. */
  fit(experiment) {
    const { points, centre } = experiment;
    const xs = points.map((p) => p.x), ys = points.map((p) => p.y);
    const x0 = Math.min(centre - 3.3, ...xs.map((x) => x - 0.3));
    const x1 = Math.max(centre + 3.3, ...xs.map((x) => x + 0.3));
    const ends = [TRUTH.k * x0 + TRUTH.m, TRUTH.k * x1 + TRUTH.m];
    this.range = [x0, x1, Math.min(ends[0], ...ys) - 2, Math.max(ends[1], ...ys) + 2];
  }

  drawData(experiment, run) {
    const { frame } = this, { layers } = frame;
    if (frame.scale(this.range)) {
      const [x0, x1, y0, y1] = this.range;
      frame.drawAxes(ticks(x0, x1, frame.width / 50), ticks(y0, y1, frame.width / 50));
      set(layers.truth, { d: segment(frame, TRUTH.k, TRUTH.m) });
    }
    this.places = experiment.points.map((p) => [frame.px(p.x), frame.py(p.y)]);
    set(layers.points, { d: this.places.map((place) => triangle(place, 4)).join("") });
    const { unique, k, m } = run.summary;
    set(layers.exact, { d: unique ? segment(frame, k, m) : "" });
  }

  drawRun(experiment, run) {
    const { frame, places } = this, t = stepsOf(run), k = run.k[t], m = run.m[t];
    const { layers } = frame;
    set(layers.model, { d: segment(frame, k, m) });
    const stick = ({ x }, i) => `M${places[i]}V${frame.py(k * x + m)}`;
    set(layers.residuals, { d: experiment.points.map(stick).join("") });
    set(layers.batch, { d: run.batch.map((i) => triangle(places[i], 5.5)).join("") });
  }

  /** The point nearest to a position in the window, within `reach` pixels, or -1. */
  nearest(event, reach) {
    const box = this.frame.svg.getBoundingClientRect();
    const x = event.clientX - box.left, y = event.clientY - box.top;
    const distances = this.places.map((place) => Math.hypot(place[0] - x, place[1] - y));
    const best = Math.min(...distances);
    return best <= reach ? distances.indexOf(best) : -1;
  }
}

const STAR = "M0,-9L2,-3L8,-3L3,1L5,7L0,4L-5,7L-3,1L-8,-3L-2,-3z";
const LEVELS = [-3, -2, -1, 0, 1, 2, 3, 4, 5]
  .flatMap((power) => [1, 1.5, 2, 3, 5, 7].map((f) => f * 10 ** power));

/** The loss over k and m: its contours are ellipses around the exact solution. */
class SurfaceView {
  constructor(svg) {
    this.frame = new Frame(svg, {
      floor: "rect", contours: "g", heights: "g", halo: "polyline", path: "polyline",
      gradient: "path", marks: "g",
    }, { x: "slope k", y: "intercept m" });
    const { marks } = this.frame.layers;
    this.truth = add(marks, "path", { class: "lx-mark-truth", d: STAR });
    this.exact = add(marks, "path", { class: "lx-mark-exact", d: "M-6,0l6,-6l6,6l-6,6z" });
    this.model = add(marks, "circle", { class: "lx-mark-model", r: 5 });
  }

  /** Zoomed in, the exact solution is the centre; else the true parameters, which do not move. */
  fit(experiment, run) {
    const half = 7 / 2 ** experiment.zoom;
    const { k, m } = experiment.zoom > 0 ? run.summary : TRUTH;
    this.range = [k - half, k + half, m - half, m + half];
  }

  drawData(experiment, run) {
    const { frame } = this, { summary } = run;
    if (frame.scale(this.range)) {
      const [k0, k1, m0, m1] = this.range, count = frame.width / 50;
      frame.drawAxes(ticks(k0, k1, count), ticks(m0, m1, count));
      set(frame.layers.floor, { x: 0, y: 0, width: frame.width, height: frame.height });
    }
    this.drawContours(run.points, summary);
    this.put(this.truth, TRUTH.k, TRUTH.m);
    this.put(this.exact, summary.k, summary.m);
  }

  put(mark, k, m) {
    set(mark, { transform: `translate(${this.frame.px(k)} ${this.frame.py(m)})` });
  }

  drawContours(points, summary) {
    const { frame } = this, { contours, heights } = frame.layers, [k0, k1, m0, m1] = this.range;
    const highest = Math.max(...[k0, k1].flatMap((k) => [m0, m1].map((m) => fullLoss(summary, k, m))));
    const inView = LEVELS.filter((level) => level > summary.loss && level < highest);
    const every = Math.ceil(inView.length / 12);
    const levels = inView.filter((level) => LEVELS.indexOf(level) % every === 0);
    const { steep, flat, angle } = curvature(points);
    const x = frame.px(summary.k), y = frame.py(summary.m);
    contours.replaceChildren();
    heights.replaceChildren();
    let lastLabel = y;
    levels.forEach((level, i) => { // from the inside out: each goes below those before it
      const reach = Math.sqrt(level - summary.loss) * frame.perX, top = y - reach;
      contours.prepend(add(contours, "ellipse", {
        rx: pixel(reach / Math.sqrt(steep)), ry: pixel(reach / Math.sqrt(Math.max(flat, 1e-9))),
        transform: `translate(${x} ${y}) rotate(${short((-angle * 180) / Math.PI)})`,
        style: `--height:${Math.round((100 * i) / levels.length)}%`,
      }));
      if (lastLabel - top < 20 || top < MARGIN.top + 10) return; // no room for a label
      lastLabel = top;
      const place = { x, y: pixel(top + 4), "text-anchor": "middle" };
      add(heights, "text", place).textContent = short(level);
    });
  }

  drawRun(experiment, run) {
    const { frame } = this, t = stepsOf(run);
    this.drawPath(run);
    const x = frame.px(run.k[t]), y = frame.py(run.m[t]);
    this.put(this.model, run.k[t], run.m[t]);
    const dx = -run.lr * run.gradient.k * frame.perX, dy = run.lr * run.gradient.m * frame.perY;
    const length = Math.hypot(dx, dy), visible = length > 0 && length < FAR;
    set(frame.layers.gradient, { d: visible ? arrow(x, y, dx, dy, length) : "" });
  }

  /** Extend the drawn path, or draw it anew for a new run or a new scale. */
  drawPath(run) {
    const { frame } = this, lines = [frame.layers.halo, frame.layers.path];
    if (run !== this.drawn || frame.domain !== this.drawnDomain) {
      for (const line of lines) line.points.clear();
      Object.assign(this, { drawn: run, drawnDomain: frame.domain, next: 0, x: FAR, y: FAR });
    }
    for (; this.next < run.k.length; this.next++) {
      const x = frame.px(run.k[this.next]), y = frame.py(run.m[this.next]);
      if (Math.hypot(x - this.x, y - this.y) < 0.7) continue; // nothing to see
      Object.assign(this, { x, y });
      for (const line of lines) {
        line.points.appendItem(Object.assign(frame.svg.createSVGPoint(), { x, y }));
        if (line.points.numberOfItems > MAX_VERTICES) line.points.removeItem(1); // keeps it quick
      }
    }
  }
}

/** The next step, to scale; a short one is lengthened, so that it can be seen. */
function arrow(x, y, dx, dy, length) {
  const shown = Math.max(length, 26), [ux, uy] = [dx / length, dy / length];
  const tip = [x + ux * shown, y + uy * shown].map(pixel);
  const barb = (side) => [tip[0] - 7 * ux + side * uy, tip[1] - 7 * uy - side * ux].map(pixel);
  return `M${x},${y}L${tip}M${barb(4)}L${tip}L${barb(-4)}`;
}

/** The loss over the steps, on a logarithmic axis. */
class LossView {
  constructor(svg) {
    this.frame = new Frame(svg, { noise: "path", best: "path", loss: "path", now: "circle" }, {
      x: "epoch", y: "loss",
    });
    set(this.frame.layers.now, { r: 4 });
  }

  drawRun(experiment, run) {
    const { frame } = this, { layers } = frame, t = stepsOf(run), per = run.stepsPerEpoch;
    const epochs = [3, 5, 10, 15, 25, 50, 100, 250, 1000, 4000, MAX_STEPS].find((e) => e * per >= t);
    const lowest = Math.max(Math.min(run.summary.loss, run.loss[0]), 1e-6);
    if (this.drawn !== run) Object.assign(this, { drawn: run, seen: 0, highest: run.loss[0] });
    for (; this.seen < t; this.seen++) {
      this.highest = Math.max(this.highest, run.loss[this.seen + 1], run.batchLoss[this.seen]);
    }
    const bottom = Math.floor(Math.log10(lowest) - 0.3);
    const top = Math.ceil(Math.log10(Math.max(Math.min(this.highest, 1e15), 10 * lowest)));
    if (frame.scale([0, epochs * per, bottom, top])) this.drawAxes(epochs, per, bottom, top);
    const height = (loss) => frame.py(Math.log10(Math.max(loss, 1e-7)));
    set(layers.loss, { d: trace(run.loss, frame, height) });
    set(layers.noise, { d: trace(run.batchLoss, frame, height) });
    set(layers.best, { d: `M${MARGIN.left},${height(run.summary.loss)}H${frame.right}` });
    set(layers.now, { cx: frame.px(t), cy: height(run.loss[t]) });
  }

  drawAxes(epochs, per, bottom, top) {
    this.frame.drawAxes(
      ticks(0, epochs, this.frame.width / 40, 1).map(([epoch, text]) => [epoch * per, text]),
      ticks(bottom, top, 5, 1).map(([power]) => [power, power < 5 ? short(10 ** power) : `1e${power}`]),
    );
  }
}

/** A curve as a path; of the steps that share a pixel, the lowest and the highest are drawn. */
function trace(values, frame, height) {
  const group = Math.max(1, Math.ceil(values.length / (frame.width * 1.5)));
  let text = "";
  for (let i = 0; i < values.length; i += group) {
    let low = values[i], high = values[i];
    for (let j = i + 1; j < Math.min(i + group, values.length); j++) {
      low = Math.min(low, values[j]);
      high = Math.max(high, values[j]);
    }
    text += `${text ? "L" : "M"}${frame.px(i)},${height(low)}`;
    if (high > low) text += `V${height(high)}`;
  }
  return text;
}

Object.assign(explorer, { add, set, DataView, SurfaceView, LossView });
})(window.linregExplorer);
