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
