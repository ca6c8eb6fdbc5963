// A block that may scroll sideways can be reached and scrolled with the keyboard. One with room for
// all it holds needs no stop. The browser says when a block has got a size: in a fold that opens, or
// as the reader comes near. So nothing here makes it lay out what nobody sees.
const sizes = new ResizeObserver(entries => {
  const blocks = entries.map(entry => entry.target);
  const wide = blocks.map(block => block.scrollWidth > block.clientWidth);  // measure first
  blocks.forEach((block, i) => {
    if (wide[i]) block.tabIndex = 0;
    else if (block !== document.activeElement) block.removeAttribute("tabindex");
  });
});
document.querySelectorAll("pre, div.math, .table-wrapper").forEach(block => sizes.observe(block));

// The section in view is marked in the list at the side. A line near the top of the window tells which
// it is, without a look at the height of any other.
const list = document.querySelector(".toc-pane");
const items = new Map();
const line = new IntersectionObserver(entries => {
  for (const { target, isIntersecting } of entries) {
    const item = items.get(target);
    item.classList.toggle("scroll-current", isIntersecting);
    if (isIntersecting) list.scrollTop = item.offsetTop - list.clientHeight / 2;
  }
}, { rootMargin: "-15% 0px -85% 0px" });
document.querySelectorAll(".toc-tree a").forEach(link => {
  const section = document.getElementById(decodeURIComponent(link.hash.slice(1)))?.closest("section, dl");
  if (section && !items.has(section)) {
    items.set(section, link.parentElement);
    line.observe(section);
  }
});

// The pieces that the window does not show yet are laid out one at a time, and the page answers in
// between. All at once kept a phone busy for a quarter of a second.
const pieces = [...document.querySelectorAll(".in-pieces article section > section, .in-pieces dl.py")];
function layOutNext() {
  pieces.shift()?.classList.add("laid-out");
  if (pieces.length) requestAnimationFrame(() => setTimeout(layOutNext));
}
addEventListener("load", () => setTimeout(layOutNext));
