"""What all tests need before anything is imported."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Networks of tests are small, and several processes share the processor.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import settings

# How long an example takes says nothing about what it promises.
settings.register_profile("tessera", deadline=None)
settings.load_profile("tessera")
