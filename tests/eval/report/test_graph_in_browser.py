"""The page in a real browser, from a file and without a network."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cgm.protocols import Codebase
from eval.report.graph_page import graph_page
from eval.report.neighbourhood import PageConfig

pytestmark = pytest.mark.browser

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&<!--"
_FRAME_MS = 100.0  # on any machine, drawn by its processor; a graphics card needs a fraction
# how many pixels of the canvas have a colour of the page, and one in the middle of a dot
_PIXELS = """(name) => {
  const canvas = document.getElementById("graph"), pen = canvas.getContext("2d", { willReadFrequently: true });
  const shade = getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const want = [1, 3, 5].map((at) => parseInt(shade.slice(at, at + 2), 16));
  const { data, width, height } = pen.getImageData(0, 0, canvas.width, canvas.height);
  const is = (x, y) => want.every((part, at) => data[4 * (y * width + x) + at] === part);
  const found = { count: 0, x: -1, y: -1 };
  for (let y = 6; y < height - 6; y++) for (let x = 6; x < width - 6; x++) if (is(x, y)) {
    found.count++;
    if (found.x < 0 && is(x - 4, y) && is(x + 4, y) && is(x, y - 4) && is(x, y + 4)) { found.x = x; found.y = y; }
  }
  return found;
}"""
_FRAMES = """() => new Promise((done) => {
  const canvas = document.getElementById("graph"), times = [];
  let last = performance.now();
  const frame = (now) => {
    times.push(now - last); last = now;
    if (times.length > 40) return done(times.slice(1));
    const turn = { deltaY: times.length % 20 < 10 ? -40 : 40, clientX: 500, clientY: 400, cancelable: true };
    canvas.dispatchEvent(new WheelEvent("wheel", turn));
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})"""


class Browser:
    """A browser without a network, and whatever it complains of."""

    def __init__(self, chromium: Any, folder: Path) -> None:
        self._chromium = chromium
        self._folder = folder
        self.complaints: list[str] = []
        self.requests: list[str] = []

    def open(self, page: str, hash_part: str = "", **settings: Any) -> Any:
        path = self._folder / "page.html"
        path.write_text(page)
        settings = {"viewport": {"width": 1200, "height": 800}, "reduced_motion": "reduce", **settings}
        tab = self._chromium.new_context(offline=True, **settings).new_page()
        tab.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        tab.on("request", lambda request: self.requests.append(request.url))
        tab.goto(path.as_uri() + hash_part)
        settle(tab)
        return tab


def settle(tab: Any) -> None:
    """Wait until what was asked for is drawn."""
    tab.evaluate("() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => done()), 250))")


def find(tab: Any, text: str) -> None:
    """Search and go to the first result."""
    tab.keyboard.press("/")
    tab.keyboard.type(text)
    tab.keyboard.press("Enter")
    settle(tab)


def touch(tab: Any, begin: list[tuple[int, int]], end: list[tuple[int, int]]) -> None:
    """Put fingers down, move them in ten steps, and lift them."""
    session = tab.context.new_cdp_session(tab)
    for step in range(11):
        points = [
            {"x": x + (to_x - x) * step / 10, "y": y + (to_y - y) * step / 10, "id": number}
            for number, ((x, y), (to_x, to_y)) in enumerate(zip(begin, end, strict=True))
        ]
        kind = "touchMove" if step else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    settle(tab)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        own = Path(driver.chromium.executable_path)
        installed = None if own.exists() else shutil.which("chromium") or shutil.which("google-chrome")
        browser = driver.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium: Any, tmp_path: Path) -> Iterator[Browser]:
    opened = Browser(chromium, tmp_path)
    yield opened
    assert opened.complaints == []
    assert all(url.startswith("file://") for url in opened.requests)


@pytest.fixture
def shop_page(shop: Codebase) -> str:
    return graph_page("shop", shop.graph, PageConfig(), shop.sources)


def test_the_page_opens_offline_and_draws_nodes_of_each_kind(browser: Browser, shop_page: str) -> None:
    tab = browser.open(shop_page)
    assert tab.evaluate(_PIXELS, "FUNCTION")["count"] > 50
    assert tab.locator("#node-kinds button").count() == 5
    assert not tab.locator("#details").is_visible()


def test_search_lists_names_and_the_keyboard_chooses(browser: Browser, shop_page: str) -> None:
    tab = browser.open(shop_page)
    tab.keyboard.press("/")
    tab.keyboard.type("cart")
    assert tab.locator("#results [role=option] b").all_inner_texts()[0] == "Cart"
    for _ in range(2):
        tab.keyboard.press("ArrowDown")
    chosen = tab.locator('#results [aria-selected="true"] b').inner_text()
    tab.keyboard.press("Enter")
    assert tab.locator("#details h2").inner_text().endswith(chosen)
    assert not tab.locator("#results").is_visible()


def test_a_click_shows_source_with_line_numbers_and_edges(browser: Browser, shop_page: str) -> None:
    tab = browser.open(shop_page)
    spot = tab.evaluate(_PIXELS, "FUNCTION")
    tab.locator("#graph").click(position={"x": spot["x"], "y": spot["y"]})
    assert tab.locator("#details .code .k").first.inner_text() == "def"
    find(tab, "total")
    assert tab.locator("#details .row").all_inner_texts()[0].strip() == "1def total(items):"
    assert [text.split() for text in tab.locator("#details .edges h3").all_inner_texts()] == [
        ["IMPORTED", "BY", "1"],
        ["CALLS", "1"],
        ["CALLED", "BY", "1"],
    ]


def test_an_edge_leads_to_its_other_end_and_its_line(browser: Browser, shop_page: str) -> None:
    tab = browser.open(shop_page)
    find(tab, "checkout")
    link = tab.locator("#details .link", has_text="test_checkout")
    assert "line 3, 50 %" in link.inner_text()
    link.click()
    assert tab.locator("#details h2").inner_text() == "test_checkout"
    assert "assert Cart().checkout()" in tab.locator("#details .row.here").inner_text()


def test_a_switch_of_the_legend_hides_its_kind_and_the_address_remembers(browser: Browser, shop_page: str) -> None:
    tab = browser.open(shop_page)
    tab.locator('[data-kind="FUNCTION"]').click()
    settle(tab)
    assert tab.evaluate(_PIXELS, "FUNCTION")["count"] < 50
    assert tab.locator('[data-kind="FUNCTION"]').get_attribute("aria-pressed") == "false"
    assert tab.evaluate("location.hash") == "#hide=FUNCTION"
    again = browser.open(shop_page, "#hide=FUNCTION")
    assert again.evaluate(_PIXELS, "FUNCTION")["count"] < 50


def test_the_address_opens_a_node(browser: Browser, shop_page: str) -> None:
    tab = browser.open(shop_page, "#node=shop%2Fprice.py%3Aprice")
    assert tab.locator("#details h2").inner_text() == "price"


def test_buttons_wheel_and_keys_zoom_and_zero_shows_all_again(browser: Browser, shop_page: str) -> None:
    tab = browser.open(shop_page)
    before = tab.evaluate(_PIXELS, "FUNCTION")
    tab.locator("#zoom-out").click()
    tab.locator("#zoom-out").click()
    settle(tab)
    small = tab.evaluate(_PIXELS, "FUNCTION")["count"]
    assert small < before["count"]
    tab.mouse.move(600, 400)
    tab.mouse.wheel(0, 400)
    settle(tab)
    assert tab.evaluate(_PIXELS, "FUNCTION")["count"] < small
    tab.mouse.move(2, 2)
    tab.locator("#graph").focus()
    tab.keyboard.press("0")
    settle(tab)
    assert tab.evaluate(_PIXELS, "FUNCTION") == before


def test_arrows_go_from_node_to_node_and_escape_closes(browser: Browser, shop_page: str) -> None:
    tab = browser.open(shop_page)
    find(tab, "total")
    seen = set()
    for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        tab.keyboard.press(key)
        seen.add(tab.locator("#details h2").inner_text())
    assert len(seen) > 1
    tab.keyboard.press("Escape")
    assert not tab.locator("#details").is_visible()


def test_enter_folds_a_file_and_its_edges_stay(browser: Browser, shop_page: str) -> None:
    tab = browser.open(shop_page)
    find(tab, "price.py")
    before = tab.evaluate(_PIXELS, "FUNCTION")["count"]
    tab.keyboard.press("Enter")
    settle(tab)
    assert tab.evaluate(_PIXELS, "FUNCTION")["count"] < before
    assert tab.locator(".actions button", has_text="Unfold").count() == 1


def test_the_scheme_follows_the_system_and_the_button(browser: Browser, shop_page: str) -> None:
    tab = browser.open(shop_page, color_scheme="dark")
    dark = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    tab.locator("#theme").click()
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != dark


def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Browser, shop_page: str) -> None:
    tab = browser.open(shop_page, "#node=total", viewport={"width": 360, "height": 700}, has_touch=True)
    find(tab, "total")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    box = tab.locator("#details").bounding_box()
    assert (box["x"], box["width"]) == (0, 360)
    assert box["y"] > 250


def test_two_fingers_zoom_and_one_moves(browser: Browser, shop_page: str) -> None:
    tab = browser.open(shop_page, viewport={"width": 400, "height": 700}, has_touch=True)
    before = tab.evaluate(_PIXELS, "FUNCTION")
    wide, narrow = [(80, 400), (320, 400)], [(110, 400), (290, 400)]
    touch(tab, wide, narrow)
    far = tab.evaluate(_PIXELS, "FUNCTION")["count"]
    assert 0 < far < 0.9 * before["count"]
    touch(tab, narrow, wide)
    near = tab.evaluate(_PIXELS, "FUNCTION")["count"]
    assert abs(near - before["count"]) < 0.2 * before["count"]
    touch(tab, [(200, 100)], [(200, 690)])
    assert tab.evaluate(_PIXELS, "FUNCTION")["count"] < near
    assert not tab.locator("#details").is_visible()


def test_a_double_click_comes_nearer(browser: Browser, shop_page: str) -> None:
    tab = browser.open(shop_page)
    before = tab.evaluate(_PIXELS, "FUNCTION")
    tab.locator("#graph").dblclick(position={"x": before["x"], "y": before["y"]})
    tab.keyboard.press("Escape")
    tab.mouse.move(2, 2)
    settle(tab)
    assert tab.evaluate(_PIXELS, "FUNCTION") != before


def test_hostile_text_is_text(browser: Browser, codebase_of: Callable[..., Codebase]) -> None:
    nodes = [("REPO", EVIL, "", -1, 0, 0), ("FILE", EVIL, EVIL, 0, 1, 1), ("FUNCTION", EVIL, EVIL, 1, 1, 1)]
    codebase = codebase_of(nodes, [("CALLS", 2, 1, 1.0, 1)], {EVIL: EVIL})
    tab = browser.open(graph_page(EVIL, codebase.graph, PageConfig(), codebase.sources))
    find(tab, "alert")
    assert EVIL in tab.locator("#details h2").inner_text()
    assert tab.locator("img").count() == 0
    assert tab.locator("script").count() == 2


def test_two_thousand_nodes_stay_fluid(browser: Browser, codebase_of: Callable[..., Codebase]) -> None:
    tab = browser.open(large_page(codebase_of))
    assert float(np.median(tab.evaluate(_FRAMES))) < _FRAME_MS


def large_page(codebase_of: Callable[..., Codebase]) -> str:
    """A page of 2,000 nodes in a hundred files, and 6,000 edges."""
    random = np.random.default_rng(0)
    files = [("FILE", f"m{n}.py", f"p/m{n}.py", 1, 1, 100) for n in range(100)]
    nodes = [("REPO", "r", "", -1, 0, 0), ("PACKAGE", "p", "p", 0, 0, 0), *files]
    while len(nodes) < 2000:
        file = 2 + int(random.integers(100))
        nodes.append(("FUNCTION", f"f{len(nodes)}", nodes[file][2], file, 1, 9))
    ends = random.integers(102, 2000, size=(4001, 2)).tolist()
    codebase = codebase_of(nodes, [("CALLS", source, target, 1.0, 1) for source, target in ends])
    page = graph_page("large", codebase.graph, PageConfig(nodes=2000), codebase.sources)
    assert "2,000 of 2,000 nodes, 6,000 edges" in page
    return page
