"""Somebody at the drone registration, in a real browser with a card in the
reader: does what a person does, by clicks and keys, and looks at what the page
says."""

import json

from rig import LIMIT
from whole import CODES

# What is typed into the form's fields; a drone that nobody made.
DRONE = {"f-phone": "03-0000-0000", "d-maker": "見本航空機",
         "d-model": "ＭＨ－１", "d-serial": "MH1-000042", "d-weight_g": "249"}
CHOSEN = {"d-kind": "multirotor", "d-remote_id": "built_in",
          "d-purpose": "hobby"}


class Person:
    """name: of the simulated card's owner. allowed: whether the browser's
    question was answered before."""

    def __init__(self, town, context, name="hanako", allowed=True):
        self.town, self.context, self.name = town, context, name
        self.demo = town.demos[context.name]
        self.codes = CODES[name]
        if allowed:
            context.allow(self.demo.origin)
        self.page = None

    def open(self, view="start", expect=None):
        """A tab of the site; of several, the last is the one that is used."""
        self.page = self.context.page()
        self.page.before_scripts(
            'if (origin !== "null") localStorage.lang ??= "ja";')
        self.page.goto(f"{self.demo.origin}/#{view}")
        self.at(expect or view)
        return self.page

    # -- what the page shows

    def at(self, view, page=None):
        (page or self.page).wait(
            f"document.querySelector('main').dataset.view === '{view}'",
            2 * LIMIT)

    def status(self, state, code="", page=None):
        (page or self.page).wait(
            "document.getElementById('status')?.dataset.state === "
            f"'{state}' && document.getElementById('status').dataset.code "
            f"=== '{code}'")

    def reads(self, *texts, page=None):
        """Until each of these stands on the page."""
        for text in texts:
            (page or self.page).wait(
                f"document.body.innerText.includes({json.dumps(text)})")

    # -- what the person does

    def click(self, name):
        self.page.wait(f"document.getElementById('{name}')?.checkVisibility()")
        self.page.click("#" + name)

    def to_link(self, email="mihon@example.jp"):
        """From the first page to the one where the card is read."""
        self.open()
        self.click("go-new")
        self.at("account")
        self.page.type("#email", email)
        self.click("account-next")
        self.at("way")
        self.click("way-reader")
        self.at("prepare")
        self.click("prepare-next")
        self.at("link")

    def ready(self):
        """The reader is looked for, and there."""
        self.click("card-check")
        self.status("ready")

    def begin(self):
        """To the link, and the first window on its way."""
        self.to_link()
        self.ready()
        self.click("card-start")

    def fill(self):
        self.at("form")
        for field, text in DRONE.items():
            self.page.type("#" + field, text)
        for field, choice in CHOSEN.items():
            self.page.evaluate(f"""(field => {{
                field.value = "{choice}";
                field.dispatchEvent(new Event("input", {{bubbles: true}}));
                field.dispatchEvent(new Event("change", {{bubbles: true}}));
            }})(document.getElementById("{field}"))""")

    def link(self, rig):
        """An account by now, at the form. The windows are scripted."""
        rig.windows.answer(f"pin {self.codes['auth']}",
                           f"pin {self.codes['attributes']}")
        self.begin()
        self.at("form")
