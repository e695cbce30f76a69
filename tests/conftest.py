"""Settings for all tests."""

import os

from hypothesis import settings

# In CI the same examples every time: a run is red because of a change, not because of luck.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("here", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")
