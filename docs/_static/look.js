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

// What the theme writes into its pages as a script is refused by a strict policy.
document.body.dataset.theme ??= localStorage.getItem("theme") ?? "auto";

const again = document.getElementById("search-again");
if (again) again.value = new URLSearchParams(location.search).get("q") ?? "";
// Summaries are read from the pages found, which a page opened as a file may not do.
if (origin === "null") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
