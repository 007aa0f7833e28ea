"""Single pieces: what a method tells of each, and what muting, favouring, locking, replacing and drawing anew do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from engine import pieces
from engine.box import Size
from engine.errors import BadSettingError
from engine.fields.artwork import Artwork
from engine.images import maps
from engine.job import MOST_WEIGHT, Job, PieceChoice, PieceChoices, PiecePlace
from engine.messages.commands import CountPieces, Load, Stop
from engine.messages.events import PiecesCounted
from engine.method import Method, method_class
from engine.methods.famos.method import Famos
from engine.methods.magic.method import Magic
from engine.options import RenderMode
from engine.preview.usage import PieceCounter
from engine.project import load_job, save_job
from engine.tiling import tiled, tiled_place
from engine.training.session import Session
from tests.engine import famos_jobs, magic_jobs

CPU = torch.device("cpu")
JOBS = {"famos": famos_jobs.job, "magic": magic_jobs.job}


def made(key: str, folder: Path, settings: dict[str, Any] | None = None) -> tuple[Method, Job]:
    job = JOBS[key](folder, settings)
    return method_class(key)(job, CPU), job


def listed(method: Method) -> list[pieces.PieceInfo]:
    """The pieces, all of the canvas painted."""
    return list(PieceCounter().counted(method))


def picture(method: Method, render_mode: RenderMode | None = None) -> torch.Tensor:
    with torch.no_grad():
        painter = method.renderer(render_mode or RenderMode())
        scale = render_mode.originals if render_mode else 1
        size = Size(round(method.canvas_size.height * scale), round(method.canvas_size.width * scale))
        return Artwork(painter, size, "collage").at(size.box)


@pytest.fixture(params=["famos", "magic"])
def key(request: pytest.FixtureRequest) -> str:
    return request.param


def test_all_pieces_are_listed_with_their_parts_of_the_canvas(key, tmp_path):
    method, job = made(key, tmp_path)
    assert method.pieces_counted_at is None
    found = listed(method)
    assert [piece.index for piece in found] == list(range(5))
    assert sum(piece.usage for piece in found) == pytest.approx(1, abs=1e-3)
    assert method.pieces_counted_at == 0
    for piece in found:
        assert piece.path in [Path(image.path) for image in job.sources["style"]]
        top, left, height, width = piece.box
        assert 0 <= top <= top + height <= 1 + 1e-9
        assert 0 <= left <= left + width <= 1 + 1e-9
        assert (piece.weight, piece.locked, piece.replaced) == (1, False, False)


def test_usage_is_that_of_the_whole_mixture(key, tmp_path):
    method, _ = made(key, tmp_path)
    method.step(0)
    found = listed(method)
    with torch.no_grad():
        shares = Artwork(_Mixture(method), method.canvas_size, "all").at(method.canvas_size.box)
    per_image = shares.mean((1, 2))
    for index, path in enumerate(method.piece_images):
        assert sum(p.usage for p in found if p.path == path) == pytest.approx(float(per_image[index]), abs=0.02)


class _Mixture:
    def __init__(self, method: Method) -> None:
        self.method = method
        self.device, self.alignment_px, self.halo = method.device, method.alignment_px, method.halo

    def paint(self, box: Any, canvas_size: Size) -> dict[str, torch.Tensor]:
        return {"all": self.method.image_shares(box, canvas_size)}


def test_a_muted_piece_lies_nowhere_at_once(key, tmp_path):
    method, job = made(key, tmp_path)
    method.step(0)
    first = max(listed(method), key=lambda piece: piece.usage)
    assert method.try_update(pieces.weighed(job, [first], 0))
    after = listed_anew(method)
    assert after[first.index].usage < 1e-6
    assert after[first.index].weight == 0
    assert sum(piece.usage for piece in after) == pytest.approx(1, abs=1e-3)


def listed_anew(method: Method) -> list[pieces.PieceInfo]:
    picture(method)
    return list(method.pieces())


def test_a_favoured_piece_has_more(key, tmp_path):
    method, job = made(key, tmp_path)
    before = listed(method)
    assert method.try_update(pieces.weighed(job, before[:1], 4))
    after = listed_anew(method)
    assert after[0].usage > before[0].usage
    assert pieces.weighed(job, before[:1], 1e9).pieces.choices[0].weight == MOST_WEIGHT


def test_muting_acts_in_training(key, tmp_path):
    method, job = made(key, tmp_path)
    muted = listed(method)[:4]
    assert method.try_update(pieces.weighed(job, muted, 0))
    method.step(0)
    batch, fake = method._last  # type: ignore[attr-defined]
    bias = batch.bias[:1] if key == "magic" else batch.directed.bias  # a set of MAGIC's batch is the one shown
    assert (bias < maps.FORBIDDEN).sum() == 4
    assert torch.isfinite(fake.result).all()


def test_prints_and_repeats_leave_muted_pieces_out(key, tmp_path):
    """Muting all pieces but one makes a print of that one's tiling alone."""
    method, job = made(key, tmp_path, {"refine": False} if key == "magic" else {})
    every = listed(method)
    assert method.try_update(pieces.weighed(job, every[1:], 0))
    once, twice = (picture(method, RenderMode(originals=times)) for times in (1.0, 2.0))
    rows, columns = torch.arange(once.shape[1]), torch.arange(once.shape[2])
    assert isinstance(method, Famos | Magic)
    alone = method.pieces()[0]
    at = torch.tensor([alone.index])
    templates = method.templates if isinstance(method, Famos) else method.composed(1).templates
    assert templates is not None
    tiling = templates.view_at(rows[None], columns[None]).crops(int(at), int(at) + 1)[0, 0]
    assert (once - tiling).abs().max() < 1e-3
    assert torch.nn.functional.avg_pool2d(twice, 2).sub(once).abs().mean() < 0.05  # the same, in more detail
    assert listed_anew(method)[0].usage == pytest.approx(1)


def test_all_muted_is_refused_with_the_remedy_and_nothing_changes(key, tmp_path):
    method, job = made(key, tmp_path)
    every = listed(method)
    before = picture(method)
    with pytest.raises(BadSettingError, match="Unmute at least one"):
        method.try_update(pieces.weighed(job, every, 0))
    assert torch.equal(picture(method), before)
    with pytest.raises(BadSettingError, match="Unmute at least one"):
        method_class(key)(pieces.weighed(job, every, 0), CPU)


def test_locked_pieces_stay_when_others_are_drawn_anew(key, tmp_path):
    method, job = made(key, tmp_path)
    before = listed(method)
    job = pieces.drawn_anew(pieces.locked(job, before[1:3]))
    assert method.try_update(job)
    after = list(method.pieces())
    assert [piece.place for piece in after[1:3]] == [piece.place for piece in before[1:3]]
    assert all(piece.locked for piece in after[1:3])
    assert [a.place for a in after if a.index not in (1, 2)] != [b.place for b in before if b.index not in (1, 2)]
    # Built from the job, it is the same set.
    fresh = method_class(key)(job, CPU)
    assert [piece.place for piece in fresh.pieces()] == [piece.place for piece in after]
    # Unlocked, they stay until the next draw.
    job = pieces.locked(job, after[1:3], False)
    assert method.try_update(job)
    assert [piece.place for piece in method.pieces()] == [piece.place for piece in after]
    job = pieces.drawn_anew(job)
    assert method.try_update(job)
    assert [piece.place for piece in method.pieces()][1:3] != [piece.place for piece in before[1:3]]


@pytest.mark.parametrize("tiling", ["mirror", "wrap"])
def test_a_replaced_piece_shows_the_asked_place_in_the_middle_of_the_canvas(key, tiling, tmp_path):
    method, job = made(key, tmp_path, {"tiling": tiling})
    piece = listed(method)[0]
    for flip in ((False, False), (True, False), (True, True)):
        place = PiecePlace(image="b.png", row=0.25, column=0.7, flip=flip)
        assert method.try_update(pieces.replaced(job, piece, place))
        after = method.pieces()[0]
        assert after.replaced
        assert after.image == "b.png"
        assert after.place.flip == flip
        assert abs(after.place.row - 0.25) < 1 / 60
        assert abs(after.place.column - 0.7) < 1 / 60
        # What the method says lies there, is that place.
        every = method.pieces()
        assert method.try_update(pieces.weighed(pieces.replaced(job, piece, place), every[1:], 0))
        middle = method.piece_at(method.canvas_size.height // 2, method.canvas_size.width // 2)
        assert middle is not None
        assert middle.index == 0
        assert (middle.row, middle.column) == pytest.approx((after.place.row, after.place.column), abs=1e-6)


def test_a_dragged_box_moves_by_what_it_was_dragged(key, tmp_path):
    method, job = made(key, tmp_path)
    for piece in listed(method):
        before = piece.box
        down = 0.1 if before[0] + before[2] < 0.85 else -0.1
        assert method.try_update(pieces.replaced(job, piece, pieces.moved_by(piece, down, 0.0)))
        after = method.pieces()[piece.index]
        assert after.replaced
        assert after.image == piece.image


def test_what_is_wanted_of_a_piece_rests_while_another_set_is_shown(tmp_path):
    method, job = made("magic", tmp_path)
    job = pieces.weighed(job, listed(method)[:1], 0)
    assert method.try_update(job)
    method.settings = method.settings.with_values({"set_seed": 5})
    assert [piece.weight for piece in method.pieces()] == [1] * 5
    method.settings = method.settings.with_values({"set_seed": 1})
    assert method.pieces()[0].weight == 0


def test_as_drawn_takes_everything_back(key, tmp_path):
    method, job = made(key, tmp_path)
    piece = listed(method)[0]
    changed = pieces.weighed(pieces.locked(job, [piece]), [piece], 3)
    assert pieces.as_drawn(changed, [piece]) == job
    assert pieces.weighed(pieces.weighed(job, [piece], 0), [piece], 1) == job


def test_going_on_with_pieces_equals_never_having_stopped(key, tmp_path):
    method, job = made(key, tmp_path)
    found = listed(method)
    place = PiecePlace(image="a.png", row=0.5, column=0.5)
    job = pieces.drawn_anew(pieces.locked(job, found[:1]))
    assert method.try_update(job)
    job = pieces.replaced(pieces.weighed(job, [method.pieces()[1]], 0), method.pieces()[2], place)
    assert method.try_update(job)
    method.step(0)
    other = method_class(key)(job, CPU)
    other.restore(method.state())
    assert [p.place for p in other.pieces()] == [p.place for p in method.pieces()]
    for one in (method, other):
        one.step(1)
    assert torch.equal(picture(method), picture(other))


def test_choices_are_stored_with_the_project_and_what_is_damaged_is_left_out(tmp_path):
    job = magic_jobs.job(tmp_path)
    choice = PieceChoice(index=3, of="a.png 1 2 00", weight=0.0)
    locked = PieceChoice(index=1, of="x", locked=True, place=PiecePlace(image="b.png", row=0.1, column=0.2))
    job = job.model_copy(update={"pieces": PieceChoices(draw=2, choices=(locked, choice))})
    save_job(tmp_path, job)
    assert load_job(tmp_path) == job
    from engine.repair import repaired_job

    stored = job.stored()
    stored["pieces"]["choices"][0]["weight"] = "many"
    repaired = repaired_job(stored, tmp_path)
    assert repaired.job.pieces.choices == (choice,)
    assert "could not be read" in repaired.sentences[0]
    assert repaired_job({**stored, "pieces": 7}, tmp_path).job.pieces == PieceChoices()
    assert "pieces" not in magic_jobs.job(tmp_path).stored()


def test_a_session_lists_pieces_and_takes_choices_without_a_rebuild(key, tmp_path):
    job = JOBS[key](tmp_path)
    session = Session(job, tmp_path / "project", paused=True)
    events = session.run()
    session.post(CountPieces())
    counted = next(event for event in events if isinstance(event, PiecesCounted))
    assert sum(piece.usage for piece in counted.pieces) == pytest.approx(1, abs=1e-3)
    session.post(Load(pieces.weighed(job, counted.pieces[:1], 0)))
    session.post(CountPieces())
    again = next(event for event in events if isinstance(event, PiecesCounted))
    assert again.pieces[0].weight == 0
    session.post(Stop(keep=False))
    list(events)


def test_counting_takes_no_more_than_its_share_of_the_time(tmp_path):
    method, _ = made("famos", tmp_path)
    now_s = [0.0]

    def clock() -> float:
        now_s[0] += 0.5
        return now_s[0]

    counter = PieceCounter(0.01, clock)
    counter.counted(method)
    assert method.pieces_counted_at == 0
    counter.counted(method)
    method.try_update(pieces.drawn_anew(method._job))  # type: ignore[attr-defined]
    counter.counted(method)
    assert method.pieces_counted_at is None  # it was painted for half a second, less than fifty seconds ago
    now_s[0] += 50
    counter.counted(method)
    assert method.pieces_counted_at == 0


def test_images_of_one_name_are_told_apart():
    names = pieces.image_names([Path("/a/x.jpg"), Path("/b/x.jpg"), Path("/b/y.jpg")])
    assert names == ["x.jpg", "x.jpg (2)", "y.jpg"]


@pytest.mark.parametrize("edge", ["wrap", "mirror"])
def test_a_single_coordinate_goes_on_as_many_do(edge):
    places = torch.arange(-23, 40)
    assert [tiled_place(place, 7, edge) for place in places.tolist()] == tiled(places, 7, edge).tolist()
