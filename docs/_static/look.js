// A block that scrolls sideways can be reached and scrolled with the keyboard.
function markScrollers() {
  const blocks = [...document.querySelectorAll("pre, div.math, .table-wrapper")];
  const wide = blocks.map(block => block.scrollWidth > block.clientWidth);  // measure first
  blocks.forEach((block, i) => {
    if (wide[i]) block.tabIndex = 0;
    else block.removeAttribute("tabindex");
  });
}
addEventListener("load", markScrollers);
addEventListener("resize", markScrollers);
document.addEventListener("toggle", markScrollers, true);
