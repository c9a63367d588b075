"""The end-to-end tests; fixtures are in fixtures.py."""

from fixtures import *  # noqa: F403
