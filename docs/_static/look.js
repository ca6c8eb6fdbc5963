// A block that scrolls sideways can be reached with the keyboard, and then scrolled.
// One with room for all it holds is no stop. The browser says when a block gets a size.
const blocks = new ResizeObserver(entries => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else if (target !== document.activeElement) target.removeAttribute("tabindex");
  }
});
for (const block of document.querySelectorAll("pre, div.math, .table-wrapper")) {
  blocks.observe(block);
}
