"""Whoever waits for a command is told so on standard error, and nobody who does not."""

from __future__ import annotations

import io
import time

import pytest

from app.cli.waiting import waiting


class Terminal(io.StringIO):
    """What says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_short_command_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with waiting("computing"):
        pass
    assert capsys.readouterr() == ("", "")


def test_a_long_one_says_what_it_does_and_for_how_long(capsys: pytest.CaptureFixture[str]) -> None:
    said = ""
    with waiting("computing", every=0.01):
        until = time.monotonic() + 10
        while said.count("computing … 0 s\n") < 2 and time.monotonic() < until:
            said += capsys.readouterr().err
    assert said.count("computing … 0 s\n") >= 2


def test_on_a_terminal_it_turns_from_the_third_second_on(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with waiting("computing [b]", quiet=60):
        pass
    assert terminal.getvalue() == ""
    with waiting("computing [b]", quiet=0.01):
        until = time.monotonic() + 10
        while "computing [b]" not in terminal.getvalue() and time.monotonic() < until:
            time.sleep(0.01)
    assert "computing [b]" in terminal.getvalue()


def test_it_ends_with_what_went_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="wrong"), waiting("computing", quiet=60):
        raise ValueError("wrong")
    assert capsys.readouterr() == ("", "")
