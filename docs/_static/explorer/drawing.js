// Drawing, as SVG: values in a box, axes around it, and the view of the data.
"use strict";
(function (explorer) {
const { TRUTH, stepsOf } = explorer;
const MARGIN = { left: 44, right: 10, top: 12, bottom: 42 };
const FAR = 1e6; // pixels: browsers fail beyond

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

/** A box in an SVG; its layers, in drawing order, are clipped to it. */
class Pane {
  /** `figure`: that of the build over which it lies, with its axes' box and view. */
  constructor(svg, names, labels, figure) {
    this.svg = svg;
    this.labels = labels;
    this.figure = figure;
    this.layers = {};
    this.pane = add(svg, "svg"); // clips what is in it
    for (const [name, tag] of Object.entries(names)) {
      this.layers[name] = add(this.pane, tag, { class: `lx-${name}` });
    }
  }

  /** Fit the drawing to its place in the page: type keeps its size on a phone. */
  resize() {
    this.width = Math.max(this.svg.clientWidth, 160);
    this.height = Math.max(this.svg.clientHeight, 120);
    set(this.svg, { viewBox: `0 0 ${this.width} ${this.height}` });
    this.place();
    const width = this.right - this.left, height = this.bottom - this.top;
    const viewBox = `${this.left} ${this.top} ${width} ${height}`;
    set(this.pane, { x: this.left, y: this.top, width, height, viewBox });
  }

  /** Put the box where the axes of the figure are. */
  place() {
    const { box: [left, right, top, bottom], view } = this.figure;
    [this.left, this.right] = [left * this.width, right * this.width];
    [this.top, this.bottom] = [top * this.height, bottom * this.height];
    this.scale(view);
  }

  /** Map x in [x0, x1] and y in [y0, y1] to the box. */
  scale([x0, x1, y0, y1]) {
    this.domain = [x0, x1, y0, y1];
    this.perX = (this.right - this.left) / (x1 - x0);
    this.perY = (this.bottom - this.top) / (y1 - y0);
  }

  px(x) { return pixel(this.left + (x - this.domain[0]) * this.perX); }
  py(y) { return pixel(this.bottom - (y - this.domain[2]) * this.perY); }

  /** The values under the pointer. */
  at(event) {
    const box = this.svg.getBoundingClientRect(), [x0, , y0] = this.domain;
    return {
      x: x0 + (event.clientX - box.left - this.left) / this.perX,
      y: y0 + (this.bottom - event.clientY + box.top) / this.perY,
    };
  }

  /** The nearest values inside the box. */
  inside({ x, y }) {
    const [x0, x1, y0, y1] = this.domain;
    return { x: between(x, x0, x1), y: between(y, y0, y1) };
  }
}

/** A pane with axes of its own. */
class Frame extends Pane {
  constructor(svg, names, labels) {
    super(svg, names, labels);
    this.grid = add(svg, "path", { class: "lx-grid" });
    svg.prepend(this.grid);
    this.axes = add(svg, "g", { class: "lx-axes", "aria-hidden": "true" });
  }

  place() {
    [this.left, this.right] = [MARGIN.left, this.width - MARGIN.right];
    [this.top, this.bottom] = [MARGIN.top, this.height - MARGIN.bottom];
  }

  /** Draw the axes: pairs of a value and its text, for x and for y. */
  drawAxes(xTicks, yTicks) {
    let grid = "";
    this.axes.replaceChildren();
    for (const [value, text] of xTicks) {
      grid += `M${this.px(value)},${this.top}V${this.bottom}`;
      this.write(this.px(value), this.bottom + 16, text, "middle");
    }
    for (const [value, text] of yTicks) {
      grid += `M${this.left},${this.py(value)}H${this.right}`;
      this.write(this.left - 6, this.py(value) + 4, text, "end");
    }
    set(this.grid, { d: grid });
    const centre = (this.left + this.right) / 2;
    const middle = (this.top + this.bottom) / 2;
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

/** The line y = k x + m from x0 to x1, as far as the box goes if they are not said. */
function segment(frame, k, m, [x0, x1] = frame.domain) {
  const y = [frame.py(k * x0 + m), frame.py(k * x1 + m)];
  return `M${frame.px(x0)},${y[0]}L${frame.px(x1)},${y[1]}`;
}

const triangle = ([x, y], r) => `M${x},${pixel(y - r)}l${r},${1.7 * r}h${-2 * r}z`;

/** Points, lines and residuals. */
class DataView {
  constructor(svg, figure) {
    this.frame = new (figure ? Pane : Frame)(svg, {
      residuals: "path", points: "path", truth: "path", exact: "path", batch: "path",
      model: "path",
    }, { x: "x", y: "y" }, figure);
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

Object.assign(explorer, {
  FAR, add, between, pixel, segment, set, short, ticks, Pane, Frame, DataView,
});
})(window.linregExplorer);
