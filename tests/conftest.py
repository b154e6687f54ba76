"""Settings that every test shares."""

from hypothesis import settings

# A slow machine must not fail a test, and the same examples run every time.
settings.register_profile("platform", deadline=None, max_examples=100, derandomize=True)
settings.load_profile("platform")
