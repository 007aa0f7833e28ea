"""The registry of formats: what each declares is true, and a file more in the package is a format everywhere."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.__main__ import main
from engine.box import Size
from engine.errors import BadSettingError
from engine.export.encoders import check_limits, encode
from engine.export.format import Format, format_of, formats, in_words, names, roomiest, suffixes
from engine.export.preflight import findings
from engine.messages.exports import ExportRequest
from engine.options import EncodeOptions
from tests.engine import toy_format
from tests.engine.export.test_encoders import SIZE, canvas_file, gradient
from tests.engine.toy import job, register

ROOT = Path(__file__).parents[3]
FIRST_SIX = ("png", "tiff", "jpeg", "webp", "psd", "dzi")
OTHERWISE = {"quality": 20, "compression": "lzw", "pyramid": True}


@pytest.fixture
def _pixmap(tmp_path: Path) -> Iterator[None]:
    with toy_format.registered(tmp_path / "formats"):
        yield


def test_the_formats_in_their_order() -> None:
    assert tuple(kind.key for kind in formats() if kind.key in FIRST_SIX) == FIRST_SIX
    assert len(set(suffixes())) == len(suffixes())
    assert roomiest().key == "tiff"


@pytest.mark.parametrize("option", OTHERWISE)
@pytest.mark.parametrize("kind", formats(), ids=lambda kind: kind.key)
def test_a_format_reads_the_options_that_it_declares_and_no_other(kind: Format, option: str, tmp_path: Path) -> None:
    source = canvas_file(tmp_path, 8)
    contents = []
    for number, encode_options in enumerate((EncodeOptions(), replace(EncodeOptions(), **{option: OTHERWISE[option]}))):
        out = tmp_path / str(number) / f"a{kind.suffixes[0]}"
        list(encode(source, out, encode_options=encode_options))
        contents.append([path.read_bytes() for path in sorted(out.parent.rglob("*")) if path.is_file()])
    assert (contents[0] != contents[1]) == (option in kind.options)


def test_names_in_words() -> None:
    assert names(lambda kind: kind.key in FIRST_SIX and "quality" in kind.options) == "JPEG, WebP and Deep Zoom"
    assert names(lambda kind: kind.key in FIRST_SIX and kind.cmyk, "or") == "TIFF, JPEG or Photoshop"
    assert [in_words(list(words)) for words in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.usefixtures("_pixmap")
def test_a_file_more_in_the_package_is_a_format_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert formats()[-1].title == toy_format.TITLE
    assert main(["render", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"or {toy_format.SUFFIX}; of a film" in told
    assert f"and {toy_format.TITLE}; 92 unless given" in told

    out = tmp_path / f"a{toy_format.SUFFIX}"
    list(encode(canvas_file(tmp_path, 8), out))
    with Image.open(out) as image:
        assert (np.asarray(image) == gradient(8)).all()

    with pytest.raises(BadSettingError, match="Portable pixmap ends at 2,000 px a side"):
        check_limits(out, Size(2001, 9), 8, EncodeOptions())
    register(monkeypatch)
    request = ExportRequest(tmp_path / f"b{toy_format.SUFFIX}", Size(3000, 900))
    (stop,) = [finding for finding in findings(request, SIZE, job(tmp_path)) if finding.severity == "stop"]
    assert {remedy.title for remedy in stop.remedies} == {"Save as TIFF", "600 × 2,000 px"}


def test_without_the_file_there_is_no_such_format() -> None:
    with pytest.raises(BadSettingError, match="has to end in"):
        format_of(Path(f"a{toy_format.SUFFIX}"))


def test_help_on_formats_loads_neither_torch_nor_numpy_nor_libvips() -> None:
    code = (
        "import sys; from engine.__main__ import main; main(['render', '--help'])\n"
        "sys.exit(any(name in sys.modules for name in ('torch', 'numpy', 'pyvips', 'cv2', 'pydantic')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=120, check=False).returncode == 0
