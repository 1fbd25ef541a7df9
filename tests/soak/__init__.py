"""The fault harness: real processes under load, killed and hindered at seeded random moments.

`python -m tests.soak` runs the long form, tests/faults/test_soak.py the short one.
"""
