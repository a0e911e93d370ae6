"""A browser for tests: Debian's Chromium over the DevTools protocol, and axe, which finds what some cannot read."""

import shutil

import pytest

CHROMIUM = shutil.which("chromium")
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
WIDTH, HEIGHT = 1280, 900


@pytest.fixture(scope="module")
def browser():
    """Return Chromium; a module that has this fixture under its name shares one among its tests."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


class Open:
    """A page of a browser, and what it said and asked for."""

    def __init__(self, browser, path, **context):
        context = {"viewport": {"width": WIDTH, "height": HEIGHT}, **context}
        self.context = browser.new_context(**context)
        self.page = self.context.new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())

    def run(self, script):
        return self.page.evaluate(script)

    def names(self):
        """Return the names on the cards that are seen, in the order in which they stand."""
        return self.run("[...document.querySelectorAll('.card:not([hidden]) h3')].map((h) => h.textContent)")


def violations(page, *rules):
    """Return what breaks rules of axe, by default all of them, as (rule, element, what to mend)."""
    options = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else None
    found = axe.Axe().run(page, options=options).response["violations"]
    return [(rule["id"], node["html"][:200], node["failureSummary"]) for rule in found for node in rule["nodes"]]
