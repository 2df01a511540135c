"""Puts the fakes on the path: the package ``nuke`` here is the stand-in."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from nuke_fixtures import nuke, session, start  # noqa: F401 - fixtures
