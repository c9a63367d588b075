"""Fixtures and hooks of all tests on a rig, for the conftest.py of each
directory of them; the rig itself is in rig.py.

rig         a started Rig. With @pytest.mark.rig(config=..., people=...) on
            the test (or pytestmark in a file): with these arguments.
make_rig    starts a Rig with the arguments given, once per test.
"""

import os
import pathlib
import shutil
import tempfile

import pytest

import rig as rig_module


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "rig(**arguments): what this test's rig is made of")
    config.addinivalue_line(
        "markers", "shows(*codes): error codes this test sees on the wire, "
        "'http:CODE' or 'read:CODE'")
    config.addinivalue_line(
        "markers", "plain(why): only shown without a sanitizer; not in that "
        "run at all, since the plain one shows it")
    config.addinivalue_line(
        "markers", "drone(**arguments): what test_demo.py's drone-server and "
        "its rig are made of")
    config.addinivalue_line(
        "markers", "leaks: run under valgrind too (tests/run valgrind)")


def pytest_collection_modifyitems(config, items):
    if not rig_module.SANITIZED:
        return
    plain = [i for i in items if i.get_closest_marker("plain")]
    config.hook.pytest_deselected(items=plain)
    items[:] = [i for i in items if i not in plain]


@pytest.fixture(scope="session")
def site():
    """One per test process. Its path is short: Unix sockets take 107 bytes."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    directory = tempfile.mkdtemp(prefix="kenmen-e2e-")
    site = rig_module.Site(directory, number)
    yield site
    site.stop()
    shutil.rmtree(directory)


@pytest.fixture
def make_rig(site, request, record_property):
    """A function that starts the test's one rig; stopped and judged after
    the test."""
    made = []
    directory = pathlib.Path(tempfile.mkdtemp(prefix="r", dir=site.dir))

    def make(**arguments):
        assert not made, "one rig at a time"
        made.append(rig_module.Rig(site, directory, **arguments))
        return made[0]

    yield make
    try:
        if made:
            made[0].stop()
            check_codes(made[0], request.node, record_property)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def rig(make_rig, request):
    marker = request.node.get_closest_marker("rig")
    return make_rig(**(marker.kwargs if marker else {}))


def check_codes(rig, node, record_property):
    """A test that says it shows a code must have seen it."""
    if getattr(node, "failed_call", False):
        return
    for marker in node.iter_markers("shows"):
        for code in marker.args:
            assert code in rig.seen, f"{code} was not seen: {rig.seen}"
            record_property("code", code)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.when != "call" or not report.failed:
        return
    item.failed_call = True
    rig = item.funcargs.get("rig")
    if rig is not None:
        report.sections.append(("kenmend's log", rig.log()[-8000:]))
        for slot, card in enumerate(rig.card):
            try:
                log = "\n".join(card.log()[-60:])
            except (rig_module.Trouble, OSError, ValueError) as e:
                log = str(e)
            report.sections.append((f"card {slot}", log))
