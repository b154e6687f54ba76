"""Pages in a headless Chromium: no message, no request, no fault of axe-core, text in its boxes, keyboard and print.

Needs Debian's chromium and, for the accessibility, `npm install --prefix .local axe-core`; skipped where these are missing.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from automation.recovery.stale import plan_text
from providers import AVAILABLE
from tests.planning import ROOT
from tests.reports import facts, fifty_services, page_of

pytestmark = pytest.mark.long(reason="needs a browser")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
AXE = ROOT / ".local" / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP, PHONE, A4 = (1440, 900), (390, 844), (1050, 740)
"""Sizes in pixels; A4 in landscape without its margins."""
Scheme = Literal["light", "dark"]
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
TEXT_OUTSIDE = """() => [...document.querySelectorAll('.picture .node')].flatMap(node => {
  const box = node.querySelector('.box').getBBox();
  return [...node.querySelectorAll('text')].filter(text => {
    const own = text.getBBox();
    return own.x < box.x || own.x + own.width > box.x + box.width || own.y + own.height > box.y + box.height + 1;
  }).map(text => text.textContent);
})"""
SMALL_TEXT = """() => Math.min(...[...document.querySelectorAll('.picture text')].map(text => text.getBoundingClientRect().height))"""
BROKEN_WORDS = """() => [...document.querySelectorAll('thead th')].filter(cell => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  return !cell.textContent.includes(' ') && range.getClientRects().length > 1;
}).map(cell => cell.textContent)"""
MIN_TEXT_PIXELS = 9
"""Height of the smallest line of text in the picture on a desktop."""


@dataclass
class Opened:
    """Page in the browser, with what it has logged and requested."""

    page: Page
    messages: list[str] = field(default_factory=list[str])
    requests: list[str] = field(default_factory=list[str])


def chromium() -> str:
    """Return the path of a Chromium of the system; skip the test when there is none."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium is on PATH")
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the file of each page: reports of production on each cloud, of fifty services, and a recovery plan."""
    chromium()  # skips before anything is planned
    folder = tmp_path_factory.mktemp("pages")
    texts = {cloud: page_of(facts(cloud)) for cloud in AVAILABLE}
    texts |= {"fifty": page_of(fifty_services()), "recovery": plan_text(facts("aws").plan, "html")}
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.fixture(scope="module")
def browser(files: dict[str, Path]) -> Iterator[Browser]:
    """Return a headless Chromium of the system, after the plans: a plan cannot run in the event loop of the browser."""
    assert files
    with sync_playwright() as playwright:
        # the sandbox of Chromium does not start as root
        started = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield started
        started.close()


PAGES = (*AVAILABLE, "fifty", "recovery")


def opened(browser: Browser, file: Path, size: tuple[int, int] = DESKTOP, scheme: Scheme = "light") -> Opened:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, bypass_csp=False, reduced_motion="reduce"
    )
    result = Opened(context.new_page())
    result.page.on("console", lambda message: result.messages.append(message.text))
    result.page.on("pageerror", lambda error: result.messages.append(str(error)))
    result.page.on("request", lambda request: result.requests.append(request.url))
    result.page.goto(file.as_uri())
    return result


@pytest.mark.parametrize(("name", "scheme"), [*((name, "light") for name in PAGES), ("aws", "dark")])
def test_a_page_logs_nothing_and_requests_nothing(
    browser: Browser, files: dict[str, Path], name: str, scheme: Scheme
) -> None:
    shown = opened(browser, files[name], scheme=scheme)
    assert (shown.messages, shown.requests) == ([], [files[name].as_uri()])
    assert shown.page.locator("h1").count() == 1
    shown.page.context.close()


def test_the_policy_refuses_scripts_and_requests(browser: Browser, files: dict[str, Path], tmp_path: Path) -> None:
    hostile = '<script>document.title = "run"</script><img src="https://example.com/x.png" alt=""></body>'
    text = files["docker"].read_text(encoding="utf-8").replace("</body>", hostile)
    (tmp_path / "hostile.html").write_text(text, encoding="utf-8")
    shown = opened(browser, tmp_path / "hostile.html")
    assert shown.page.title() != "run"
    assert len([message for message in shown.messages if "Content Security Policy" in message]) == 2
    shown.page.context.close()


@pytest.mark.parametrize(
    ("name", "scheme"), [*((name, "light") for name in PAGES), ("aws", "dark"), ("fifty", "dark"), ("recovery", "dark")]
)
def test_axe_finds_no_fault(browser: Browser, files: dict[str, Path], name: str, scheme: Scheme) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is missing: npm install --prefix .local axe-core")
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)  # the policy would refuse axe's own script
    page = context.new_page()
    page.goto(files[name].as_uri())
    page.add_script_tag(path=AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", list(RULES))
    faults = [(each["id"], each["impact"], each["nodes"][0]["html"][:120]) for each in found["violations"]]
    assert faults == []
    assert len(found["passes"]) > 10
    context.close()


@pytest.mark.parametrize("name", [name for name in PAGES if name != "recovery"])
def test_text_is_inside_its_box_and_large_enough(browser: Browser, files: dict[str, Path], name: str) -> None:
    shown = opened(browser, files[name])
    assert shown.page.evaluate(TEXT_OUTSIDE) == []
    assert shown.page.evaluate(SMALL_TEXT) >= MIN_TEXT_PIXELS
    assert shown.page.evaluate(BROKEN_WORDS) == []
    shown.page.context.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", ["azure", "docker", "fifty", "recovery"])
def test_only_tables_and_the_picture_scroll_sideways(
    browser: Browser, files: dict[str, Path], name: str, size: tuple[int, int]
) -> None:
    shown = opened(browser, files[name], size)
    assert shown.page.evaluate("() => document.documentElement.scrollWidth") <= size[0]
    shown.page.context.close()


def test_the_keyboard_reaches_the_content_the_sections_and_the_rows(browser: Browser, files: dict[str, Path]) -> None:
    shown = opened(browser, files["aws"])
    page = shown.page
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Skip to the content"
    page.locator(".picture a", has_text="gateway").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.querySelector(':target').textContent").startswith("gateway")
    shown.page.context.close()


def test_dark_and_light_differ_and_print_is_light(browser: Browser, files: dict[str, Path]) -> None:
    background = "() => getComputedStyle(document.body).backgroundColor"
    colours = {
        scheme: opened(browser, files["aws"], scheme=scheme).page.evaluate(background) for scheme in ("light", "dark")
    }
    assert colours["light"] == "rgb(255, 255, 255)" != colours["dark"]
    shown = opened(browser, files["aws"], A4, "dark")
    shown.page.emulate_media(media="print", color_scheme="dark")
    assert shown.page.evaluate(background) == colours["light"]
    assert not shown.page.locator("nav").is_visible()
    picture = shown.page.locator(".picture").bounding_box()
    assert picture is not None and picture["width"] <= A4[0]
    assert shown.page.pdf(prefer_css_page_size=True).startswith(b"%PDF-")
    shown.page.context.close()
