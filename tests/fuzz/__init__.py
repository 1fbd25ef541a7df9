"""Byte-level fuzzing of the event body, over real HTTP.

`python -m tests.fuzz` runs the long form, tests/api/test_fuzz.py the short one.
"""
