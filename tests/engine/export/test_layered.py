"""All layers as the pages of one TIFF: each is what it is alone, under its name; what can not be is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tifffile import TiffFile, TiffPage, imread

from engine.box import Size
from engine.errors import BadSettingError
from engine.export import journal, layered, provenance, run
from engine.export.painting import present_of
from engine.messages.commands import Keep
from engine.messages.exports import ALL_LAYERS, CancelExport, ExportCancelled, Exported, ExportRequest, Progressed
from engine.options import EncodeOptions
from engine.training.session import Session
from tests.engine import toy
from tests.engine.export.test_run import of, play

SIZE = Size(300, 270)


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    toy.register(monkeypatch)


def session(folder: Path) -> Session:
    return Session(toy.job(folder), folder / "p", device="cpu", paused=True)


@pytest.mark.parametrize(("bits", "compression"), [(8, "deflate"), (16, "none")])
def test_each_page_is_the_layer_as_it_is_alone(tmp_path: Path, bits, compression) -> None:
    out, alone = tmp_path / "all.tif", [tmp_path / f"{layer.key}.tif" for layer in toy.Toy.layers]
    options = EncodeOptions(compression=compression, dpi=150)
    requests = [ExportRequest(out, SIZE, ALL_LAYERS, tile_px=64, bits=bits, encode_options=options)]
    for path, layer in zip(alone, toy.Toy.layers, strict=True):
        requests.append(ExportRequest(path, SIZE, layer.key, tile_px=64, bits=bits, encode_options=options))
    events = play(session(tmp_path), *requests)
    assert of(events, Exported)[0].size == SIZE
    with TiffFile(out) as file:
        pages = [page for page in file.pages if isinstance(page, TiffPage)]
        assert [page.tags["PageName"].value for page in pages] == [layer.title for layer in toy.Toy.layers]
        assert pages[0].tags["XResolution"].value == (150, 1)
        for page, path in zip(pages, alone, strict=True):
            assert np.array_equal(page.asarray(), imread(path))
    assert provenance.read(out).job.method == "toy"
    assert not journal.folder_for(out).exists()


def test_a_snapshot_is_read_once_for_all_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(session(tmp_path), Keep())
    (moment,) = [path.parent for path in (tmp_path / "p").rglob("snapshot.json")]
    read = []
    monkeypatch.setattr(run, "present_of", lambda *what: read.append(what) or present_of(*what))
    events = play(session(tmp_path), ExportRequest(tmp_path / "all.tif", SIZE, ALL_LAYERS, tile_px=64, snapshot=moment))
    assert of(events, Exported)
    assert len(read) == 1


def test_what_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "all.tif"

    def stop(event: object) -> CancelExport | None:
        return CancelExport(keep=True) if isinstance(event, Progressed) and event.done == 30 else None

    request = ExportRequest(out, SIZE, ALL_LAYERS, tile_px=64)
    assert of(play(session(tmp_path), request, react=stop), ExportCancelled)[0].kept is None
    assert not out.exists()
    assert not journal.folder_for(out).exists()


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (ExportRequest(Path("a.png"), layer=ALL_LAYERS), "has to end in .tif"),
        (ExportRequest(Path("a.tif"), layer=ALL_LAYERS, part=(1, 2)), "one layer"),
        (ExportRequest(Path("a.tif"), layer=ALL_LAYERS, canvas_folder=Path("kept")), "keep no canvas"),
        (
            ExportRequest(Path("a.tif"), layer=ALL_LAYERS, encode_options=EncodeOptions(pyramid=True)),
            "smaller versions",
        ),
    ],
)
def test_what_can_hold_no_layers_says_so(request_: ExportRequest, said: str) -> None:
    with pytest.raises(BadSettingError, match=said):
        layered.check(request_)
