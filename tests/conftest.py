"""What all tests need before anything is imported."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from hypothesis import settings

# How long an example takes says nothing about what it promises.
settings.register_profile("tessera", deadline=None)
settings.load_profile("tessera")
