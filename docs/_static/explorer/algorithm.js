// The algorithm: data, mini-batches, gradients, the exact solution, limits of the step.
// Pure functions of numbers: nothing here knows of a page.
"use strict";
window.linregExplorer = window.linregExplorer || {};
(function (explorer) {
const TRUTH = { k: 3, m: 5 };
const MULTIPLIER = 48271, MODULUS = 2147483647; // Park and Miller's generator
const ORDER_SEED = 20190; // keeps the batch order apart from the data
const DIVERGED = 1e12; // a loss beyond this is called divergence
const MAX_STEPS = 20000;

// The product stays below 2^47, so a double holds it exactly: Python's integers agree.
const nextInteger = (state) => (state * MULTIPLIER) % MODULUS;

// + 0 turns -0 into 0.
const round = (value, digits) => Number(value.toFixed(digits)) + 0;

/** Draw n points around the true line, x within 3 of the centre; three decimals. */
function drawPoints({ n, noise, seed, centre }) {
  let state = seed + 1;
  const uniform = () => (state = nextInteger(state)) / MODULUS;
  for (let i = 0; i < 9; i++) uniform(); // neighbouring seeds begin alike
  return Array.from({ length: n }, () => {
    const x = centre - 3 + 6 * uniform();
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const normal = radius * Math.cos(2 * Math.PI * uniform()); // Box and Muller's way
    return { x: round(x, 3), y: round(TRUTH.k * x + TRUTH.m + noise * normal, 3) };
  });
}

/** The means on which the loss over all data depends, and the exact minimiser. */
function summarize(points) {
  const mean = (f) => points.reduce((sum, p) => sum + f(p), 0) / points.length;
  const x = mean((p) => p.x), y = mean((p) => p.y);
  const sxx = mean((p) => (p.x - x) ** 2);
  const unique = sxx > 1e-12; // else all x are equal, and many lines are best
  const k = unique ? mean((p) => (p.x - x) * (p.y - y)) / sxx : 0;
  const m = y - k * x;
  return { x, y, sxx, unique, k, m, loss: mean((p) => (p.y - y - k * (p.x - x)) ** 2) };
}

/** Mean squared error over all data, from the centred means. */
const fullLoss = (s, k, m) =>
  s.loss + s.sxx * (k - s.k) ** 2 + (m + k * s.x - s.y) ** 2;

/** Mean squared error of the points with these indices, and its gradient. */
function batchGradient(points, indices, k, m) {
  let loss = 0, dk = 0, dm = 0;
  for (const i of indices) {
    const residual = points[i].y - (k * points[i].x + m);
    loss += residual ** 2;
    dk -= residual * points[i].x;
    dm -= residual;
  }
  const b = indices.length;
  return { loss: loss / b, k: (2 * dk) / b, m: (2 * dm) / b };
}

/** Half the curvatures of the loss, large and small, and the steep direction. */
function curvature({ x, sxx }) {
  const xx = sxx + x * x; // the mean of the squares
  const steep = (xx + 1 + Math.hypot(xx - 1, 2 * x)) / 2;
  return { steep, flat: sxx / steep, angle: Math.atan2(2 * x, xx - 1) / 2 };
}

/** Learning rates: above `full` all points diverge, below `single` no batch. */
function limits(points) {
  const single = Math.min(...points.map((p) => 1 / (1 + p.x * p.x)));
  return { full: 1 / curvature(summarize(points)).steep, single };
}

/** The order of one epoch: Fisher and Yates' shuffle, the state passed on. */
function shuffle(n, state) {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    state = nextInteger(state);
    const j = state % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return { order, state };
}

/**
 * A run before its first step. Its points and settings must not change afterwards.
 * `orders` of the points, one for each epoch, come before those that the seed gives.
 */
function startRun({ k, m, lr, batch, seed, orders = [] }, points) {
  const summary = summarize(points);
  const run = {
    points, summary, lr, orders, batchSize: batch,
    stepsPerEpoch: Math.ceil(points.length / batch),
    k: [k], m: [m], loss: [fullLoss(summary, k, m)], batchLoss: [], diverged: false,
    state: ORDER_SEED + seed, order: [],
  };
  prepare(run);
  return run;
}

/** Choose the next mini-batch, in a new order for a new epoch, and its gradient. */
function prepare(run) {
  const t = stepsOf(run);
  const first = (t % run.stepsPerEpoch) * run.batchSize;
  if (first === 0) {
    const order = run.orders[t / run.stepsPerEpoch];
    Object.assign(run, order ? { order } : shuffle(run.points.length, run.state));
  }
  run.batch = run.order.slice(first, first + run.batchSize);
  run.gradient = batchGradient(run.points, run.batch, run.k[t], run.m[t]);
}

const stepsOf = (run) => run.k.length - 1;

/** Take up to `count` steps of gradient descent; stop where the loss explodes. */
function advance(run, count) {
  const end = Math.min(stepsOf(run) + count, MAX_STEPS);
  for (let t = stepsOf(run); t < end && !run.diverged; t++) {
    const k = run.k[t] - run.lr * run.gradient.k;
    const m = run.m[t] - run.lr * run.gradient.m;
    const loss = fullLoss(run.summary, k, m);
    run.k.push(k);
    run.m.push(m);
    run.loss.push(loss);
    run.batchLoss.push(run.gradient.loss);
    run.diverged = !(loss < DIVERGED);
    prepare(run);
  }
  return run;
}

Object.assign(explorer, {
  TRUTH, MULTIPLIER, MODULUS, ORDER_SEED, MAX_STEPS, round, drawPoints, summarize,
  fullLoss, batchGradient, curvature, limits, startRun, stepsOf, advance,
});
})(window.linregExplorer);
