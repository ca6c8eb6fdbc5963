// A block that scrolls sideways can be reached and scrolled with the keyboard.
function markScrollers() {
  for (const block of document.querySelectorAll("pre, div.math, .table-wrapper")) {
    if (block.scrollWidth > block.clientWidth) block.tabIndex = 0;
    else block.removeAttribute("tabindex");
  }
}
markScrollers();
addEventListener("load", markScrollers);
addEventListener("resize", markScrollers);
document.addEventListener("toggle", markScrollers, true);
