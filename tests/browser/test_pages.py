"""The demo's pages in a real Chromium, one by one: every view, in both
languages, wide and as narrow as a phone (which is 1280 at 400 %), light and
dark. axe finds nothing against WCAG 2.2 AA, nothing needs scrolling sideways,
the browser has nothing to complain of. Pictures go to build/test-logs/pages.
"""

import base64
import os
import pathlib

import pytest

from rig import BUILD
from scenes import NARROW, SCENES, WIDE, page, size, stub_site

__all__ = ["page", "stub_site"]  # fixtures

AXE = pathlib.Path(os.environ.get("KENMEN_JUDGES") or "missing",
                   "node_modules/axe-core/axe.min.js")
PICTURES = BUILD / "test-logs/pages"


def axe(page):
    """What axe finds, one line each."""
    if not page.evaluate("typeof axe === 'object'"):
        page.run(AXE.read_text())
    return page.evaluate("""axe.run(document, { runOnly: ["wcag2a",
        "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
        .then((found) => found.violations.flatMap((v) => v.nodes.map((n) =>
            `${v.id}: ${n.target}: ${n.failureSummary}`)))""")


def sideways(page):
    """What is wider than the window, if anything."""
    return page.evaluate("""[...document.querySelectorAll("body *")]
        .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 &&
            !e.closest("pre, .unseen"))
        .map((e) => e.outerHTML.slice(0, 80))
        .concat(document.documentElement.scrollWidth > innerWidth ?
            ["the document scrolls sideways"] : [])""")


def keep_picture(page, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    got = page.call("Page.captureScreenshot", captureBeyondViewport=True)
    (PICTURES / f"{name}.png").write_bytes(base64.b64decode(got["data"]))


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("scene", SCENES)
def test_a_page_is_for_everybody(page, scene, lang):
    page.before_scripts(f"""if (origin !== "null")
        localStorage.lang = "{lang}";""")
    SCENES[scene](page)
    assert page.evaluate("document.documentElement.lang") == lang
    for width in (WIDE, NARROW):
        size(page, width)
        keep_picture(page, f"{scene}-{lang}-{width}")
        assert axe(page) == []
        assert sideways(page) == []
    if lang == "ja":
        page.call("Emulation.setEmulatedMedia", media="", features=[
            {"name": "prefers-color-scheme", "value": "dark"},
            {"name": "prefers-reduced-motion", "value": "reduce"}])
        assert axe(page) == []
        keep_picture(page, f"{scene}-dark-{NARROW}")
    assert page.complaints() == []
