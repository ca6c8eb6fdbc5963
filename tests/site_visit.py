"""What the tests of the site share: they serve the site and visit its pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

PREFIX = "/some/sub/path/"  # a project's pages are rarely at the root of their host
# What a page is asked once it is loaded; lazy pictures are made to load first.
REPORT = """async () => {
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map(image => image.decode().catch(() => 0)));
  const images = [...document.querySelectorAll("main img, article img")];
  const root = document.documentElement;
  return {
    sideways: root.scrollWidth - root.clientWidth,
    title: document.title,
    description: document.querySelector("meta[name=description]")?.content ?? "",
    headings: document.querySelectorAll("h1").length,
    broken: images.filter(i => !i.naturalWidth).map(i => i.src),
    sizeless: images.filter(i => !i.hasAttribute("width") || !i.hasAttribute("height"))
      .map(i => i.src),
    wordless: images.filter(i => !i.alt && !(i.hasAttribute("alt") && i.closest("a")))
      .map(i => i.src),
    formulas: document.querySelectorAll("math").length,
    split: [...document.querySelectorAll("article math")].filter(formula => {
      const after = formula.nextSibling?.nodeType === Node.TEXT_NODE
        ? formula.nextSibling.data.search(/[^\\u2060]/) : -1;
      if (after < 0 || !/[,.;:!?)]/.test(formula.nextSibling.data[after])) return false;
      const mark = document.createRange();
      mark.setStart(formula.nextSibling, after);
      mark.setEnd(formula.nextSibling, after + 1);
      return mark.getBoundingClientRect().left < formula.getBoundingClientRect().left;
    }).map(formula => formula.parentElement.textContent),
  };
}"""


class _Quiet(SimpleHTTPRequestHandler):
    """Serves the site below PREFIX and its 404 page elsewhere, without a log."""

    policy = ""  # of what a page may load

    def translate_path(self, path: str) -> str:
        rest = urlsplit(path).path.removeprefix(PREFIX)
        return super().translate_path("/" + rest if rest != path else "/nothing-here")

    def end_headers(self) -> None:
        if self.policy:
            self.send_header("Content-Security-Policy", self.policy)
        super().end_headers()

    def log_message(self, *_args: Any) -> None:
        pass


@contextmanager
def serve(site: Path, policy: str = "") -> Iterator[str]:
    """Serve the site as a host serves a project's pages; yield its address."""
    handler = type("_Handler", (_Quiet,), {"policy": policy})
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(handler, directory=str(site))
    )
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Visit:
    """What a page did and said when it was opened as a file."""

    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)


def visit_all(page: Any, site: Path) -> dict[str, Visit]:
    """Open every page of the site from its file, and note what it does."""
    visits = {name: Visit() for name in pages_of(site)}

    def note_failure(request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page was left before it came
            seen.errors.append(f"failed: {request.url}")

    def note_message(message: Any) -> None:
        if message.type == "error":
            seen.errors.append(f"console: {message.text}")

    page.on("pageerror", lambda error: seen.errors.append(f"script: {error}"))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("requestfailed", note_failure)
    page.on("console", note_message)
    for name, seen in visits.items():
        page.goto((site / name).as_uri())
        seen.report = page.evaluate(REPORT)
    return visits


def pages_of(site: Path) -> list[str]:
    """Return the pages of the site, as paths below it."""
    paths = (page.relative_to(site) for page in site.rglob("*.html"))
    return sorted(
        path.as_posix() for path in paths if not path.parts[0].startswith("_")
    )


def swipe(page: Any, x: float, y: float, dx: float, dy: float) -> None:
    """Move a finger over a page, and wait for the page to come to rest."""
    devtools = page.context.new_cdp_session(page)
    for event, part in [("Start", 0), *(("Move", n / 8) for n in range(1, 9))]:
        points = [{"x": x + part * dx, "y": y + part * dy}]
        touch = {"type": f"touch{event}", "touchPoints": points}
        devtools.send("Input.dispatchTouchEvent", touch)
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(300)
