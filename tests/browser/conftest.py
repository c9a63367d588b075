"""Fixtures of the tests in real browsers.

town      what is there for all of them (town.py)
rig       as in tests/e2e, with a kenmend that the town's browsers trust and
          that lists the town's sites; @pytest.mark.rig(...) as there
browser   a fresh Context in Chromium and in Firefox, one after the other
"""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from fixtures import *  # noqa: E402,F403
from town import BROWSERS, Town  # noqa: E402


@pytest.fixture(scope="session")
def town(site):
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    town = Town(site, number)
    yield town
    town.stop()


@pytest.fixture
def rig(make_rig, town, request):
    marker = request.node.get_closest_marker("rig")
    return make_rig(**town.rig_arguments(**(marker.kwargs if marker else {})))


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.xdist_group(name))
                        for name in BROWSERS])
def browser(request, town):
    context = town.browser(request.param).context()
    yield context
    context.close()
