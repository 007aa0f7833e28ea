"""An exported file tells how it was made, to Tessera and to others, unless it is told not to."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.box import Size
from engine.errors import BadImageError
from engine.export import provenance
from engine.export.canvas_file import CanvasFile
from engine.export.encoders import encode
from engine.export.format import formats
from engine.job import Job, SourceImage
from tests.engine import toy


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    toy.register(monkeypatch)


def job(folder: Path, count: int = 1) -> Job:
    images = tuple(SourceImage(path=str(folder / f"Stadt & Öl {i}.png"), weight=0.5, scale=2.0) for i in range(count))
    return Job(
        method="toy", settings=toy.ToySettings(rate=0.25), sources={"style": images}, canvas_size=Size(70, 90), seed=11
    )


def exported(folder: Path, name: str, xmp: bytes | None) -> Path:
    canvas = CanvasFile.create(folder / "canvas.tif", Size(70, 90), 8)
    canvas.put(Size(70, 90).box, torch.rand(3, 70, 90))
    list(encode(canvas, folder / name, xmp=xmp))
    return folder / name


@pytest.mark.parametrize("suffix", [suffix for kind in formats() for suffix in kind.suffixes])
def test_every_format_gives_the_job_back(tmp_path: Path, suffix: str) -> None:
    images = tmp_path / "images"
    images.mkdir()
    toy.picture(images, "Stadt & Öl 0.png")
    packet = provenance.packet(job(images), title="Toy", step=1234, layer="mask", render_mode={"repeat": True})
    out = exported(tmp_path, f"[a] ü{suffix}", packet)
    origin = provenance.read(out, [images])
    assert origin.job == job(images)
    assert (origin.step, origin.layer, origin.missing) == (1234, "mask", ())


def test_images_are_looked_for_beside_the_file_and_named_where_they_are_not(tmp_path: Path) -> None:
    packet = provenance.packet(job(tmp_path / "elsewhere", 2), title="Toy", step=1, layer="result", render_mode={})
    out = exported(tmp_path, "a.png", packet)
    toy.picture(tmp_path, "Stadt & Öl 1.png")
    origin = provenance.read(out)
    assert origin.missing == ("Stadt & Öl 0.png",)
    assert [image.path for image in origin.job.sources["style"]] == [
        str(tmp_path / "Stadt & Öl 0.png"),
        str(tmp_path / "Stadt & Öl 1.png"),
    ]
    assert origin.job.sources["style"][0].weight == 0.5


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".psd", ".dzi", ".webp"])
def test_no_folder_is_given_away(tmp_path: Path, suffix: str) -> None:
    packet = provenance.packet(job(tmp_path), title="Toy", step=1, layer="result", render_mode={})
    assert str(tmp_path).encode() not in packet
    assert "Stadt &amp; Öl 0.png".encode() in packet, "others can read the names"
    out = exported(tmp_path, f"a{suffix}", packet)
    assert str(tmp_path).encode() not in out.read_bytes()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".psd", ".dzi", ".webp"])
def test_without_the_story_there_is_none(tmp_path: Path, suffix: str) -> None:
    out = exported(tmp_path, f"a{suffix}", None)
    assert b"tessera" not in out.read_bytes().lower()
    with pytest.raises(BadImageError, match="holds no settings"):
        provenance.read(out)


def test_hundreds_of_images_fit_into_a_jpeg(tmp_path: Path) -> None:
    images = tuple(SourceImage(path=f"/p/{'long name ' * 8}{i}.jpg") for i in range(900))
    many = Job(method="toy", settings=toy.ToySettings(), sources={"style": images})
    out = exported(tmp_path, "a.jpg", provenance.packet(many, title="Toy", step=1, layer="result", render_mode={}))
    assert len(provenance.read(out).job.sources["style"]) == 900


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'tessera:origin="', b'tessera:origin="AAAA'), (b"rdf:RDF", b"rdf:XXX"), (b"tessera:origin", b"tessera:orogin")],
)
def test_an_origin_that_was_changed_is_told(tmp_path: Path, old: bytes, new: bytes) -> None:
    packet = provenance.packet(job(tmp_path), title="Toy", step=1, layer="result", render_mode={})
    assert old in packet
    out = exported(tmp_path, "a.png", packet.replace(old, new, 1))
    with pytest.raises(BadImageError, match="holds no settings"):
        provenance.read(out)


def test_pictures_of_others_hold_no_settings(tmp_path: Path) -> None:
    with pytest.raises(BadImageError, match="holds no settings"):
        provenance.read(toy.picture(tmp_path))
    (tmp_path / "a.png").write_bytes(b"nothing")
    with pytest.raises(BadImageError):
        provenance.read(tmp_path / "a.png")
    with pytest.raises(BadImageError, match="not there"):
        provenance.read(tmp_path / "gone.png")


def test_programs_that_show_metadata_find_it(tmp_path: Path) -> None:
    packet = provenance.packet(job(tmp_path), title="Toy", step=1, layer="result", render_mode={})
    with Image.open(exported(tmp_path, "a.png", packet)) as image:
        assert image.info["Software"] == "Tessera"
        assert "tessera:method" in image.info["XML:com.adobe.xmp"]
        assert np.asarray(image).shape == (70, 90, 3)
