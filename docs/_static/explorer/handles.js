// Rings that a mouse, a finger or the arrow keys move, and a clock.
"use strict";
(function (explorer) {
const { add, set } = explorer;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** A ring in a frame: a slider for those who hear the page. */
const handle = (frame, label, attributes) => add(frame.svg, "circle", {
  class: "lx-handle", r: 12, tabindex: 0, role: "slider", "aria-label": label,
  ...attributes,
});

/** Put a ring to values, or to the edge near them. It says `text`, or these values. */
function place(ring, frame, { x, y }, text) {
  const near = frame.inside({ x, y });
  set(ring, {
    cx: frame.px(near.x), cy: frame.py(near.y), "aria-valuenow": y,
    "aria-valuetext": text ?? `${frame.labels.x} ${x}, ${frame.labels.y} ${y}`,
  });
}

/** Drag what `grab` finds under the pointer; a click elsewhere goes to `click`. */
function draggable(frame, ring, { grab, move, drop, click }) {
  const { svg } = frame;
  let dragging = false, grabbed = false;
  svg.addEventListener("pointerdown", (event) => {
    grabbed = dragging = event.button === 0 && grab(event);
    if (!dragging) return;
    event.preventDefault();
    svg.setPointerCapture(event.pointerId);
    ring.focus({ preventScroll: true });
  });
  svg.addEventListener("pointermove", (event) => {
    if (dragging) move(frame.inside(frame.at(event)), false);
  });
  const stay = (event) => dragging && event.preventDefault(); // the page stays
  svg.addEventListener("touchstart", stay, { passive: false });
  const end = () => {
    if (dragging) drop?.();
    dragging = false;
  };
  for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, end);
  svg.addEventListener("click", (event) => {
    const at = frame.at(event), near = frame.inside(at);
    if (!grabbed && at.x === near.x && at.y === near.y) click?.(at);
  });
}

const ARROWS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
};

/** Arrow keys move by 0.1, with Shift by 1; other keys have their actions. */
function onKeys(ring, position, move, actions = {}) {
  ring.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key], size = event.shiftKey ? 1 : 0.1;
    const { x, y } = position();
    if (arrow) move({ x: x + size * arrow[0], y: y + size * arrow[1] });
    else if (actions[event.key]) actions[event.key]();
    else return;
    event.preventDefault();
  });
}

/** Tells `go`, picture by picture, how many steps are due; its button says "Pause". */
class Clock {
  constructor(button, go) {
    Object.assign(this, { button, go, next: null });
  }

  get runs() { return this.next !== null; }

  /** `speed` gives the steps per second. */
  start(speed) {
    this.button.textContent = "Pause";
    let last = performance.now(), due = 0;
    const tick = (now) => {
      this.next = requestAnimationFrame(tick);
      if (now - last < (calm.matches ? 500 : 0)) return; // less motion: two a second
      due += (Math.min(now - last, 500) / 1000) * speed();
      last = now;
      const count = Math.floor(due);
      due -= count;
      this.go(count);
    };
    this.next = requestAnimationFrame(tick);
  }

  stop() {
    this.button.textContent = "Play";
    cancelAnimationFrame(this.next);
    this.next = null;
  }
}

Object.assign(explorer, { handle, place, draggable, onKeys, Clock });
})(window.linregExplorer);
