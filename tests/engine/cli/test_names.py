"""A command that is mistyped says what may have been meant."""

from __future__ import annotations

import pytest

from app.__main__ import main as tessera
from engine.__main__ import main


def test_an_option_that_there_is_not_is_answered_by_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "project", "--out", "a.png", "--widht", "3"]) == 2
    said = capsys.readouterr().err
    assert "render takes no option --widht. Did you mean --width? See tessera render --help." in said


def test_a_word_too_many_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "project", "--out", "a.png", "too-many"]) == 2
    assert "render takes no argument too-many." in capsys.readouterr().err


def test_a_command_that_there_is_not_is_answered_by_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert tessera(["rendr"]) == 2
    assert "Did you mean tessera render?" in capsys.readouterr().err
