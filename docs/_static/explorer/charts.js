// The loss surface and the chart of the loss: what the explorer alone draws.
"use strict";
(function (explorer) {
const {
  FAR, MAX_STEPS, TRUTH, Frame, add, between, curvature, fullLoss, pixel, set, short,
  stepsOf, ticks,
} = explorer;
const MAX_VERTICES = 3000; // of the drawn path: then the oldest go

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
      if (lastLabel - top < 20 || top < frame.top + 10) return; // no room for a label
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
    set(layers.best, { d: `M${frame.left},${best}H${frame.right}` });
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

Object.assign(explorer, { SurfaceView, LossView });
})(window.linregExplorer);
