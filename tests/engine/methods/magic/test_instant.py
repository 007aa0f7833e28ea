"""MAGIC before its first step: what it is told, the network that comes along, coarse pictures, what it remembers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from engine.box import Box, Size
from engine.errors import BadWeightsError, MissingSourcesError
from engine.fields.artwork import Artwork
from engine.job import Job, SourceImage
from engine.messages.commands import RenderView
from engine.methods.magic import pretrained
from engine.methods.magic.conditions import RANGES, conditions
from engine.methods.magic.method import Magic
from engine.methods.magic.settings import MagicSettings
from engine.methods.remembered import Remembered
from engine.nn.collage import Choice, CollageGenerator
from engine.nn.parts import painting_quickly
from engine.preview import views
from resources import example
from tests.engine.famos_jobs import picture
from tests.engine.magic_jobs import TINY, job

CPU = torch.device("cpu")
CANVAS = Size(96, 128)


def whole(method: Magic, layer: str = "result") -> torch.Tensor:
    with torch.no_grad():
        return Artwork(method, CANVAS, layer).at(CANVAS.box)


def enlivened(method: Magic) -> Magic:
    """Weights as after some training: what the network is told acts, and its choice is decided."""
    random = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, parameter in method.average.named_parameters():
            if "scale_shift" in name:
                parameter.normal_(0, 0.5, generator=random)
            elif "last" in name:
                parameter.mul_(20)
    return method


# ---------------------------------------------------------------- what it is told


@pytest.mark.parametrize("name", list(RANGES))
def test_each_weight_is_told_on_its_own_and_rises_from_end_to_end(name: str) -> None:
    place, (least, most) = list(RANGES).index(name), RANGES[name]
    told = [conditions(MagicSettings.of({name: value}), True) for value in (0.0, least, (least * most) ** 0.5, most)]
    assert [round(c[place], 6) for c in told] == [-1, -1, 0, 1], "below what was learned counts as its least"
    assert all(c[:place] + c[place + 1 :] == told[0][:place] + told[0][place + 1 :] for c in told)


def test_how_coarsely_contents_are_compared_is_told_in_one_measure() -> None:
    def told(**values: Any) -> float:
        return conditions(MagicSettings.of(values), True)[len(RANGES)]

    pools = [told(correspondence=f"pool{side}") for side in (4, 8, 16)]
    assert pools == sorted(pools)
    assert told(correspondence="blur", blur_px=8 / 12**0.5) == pytest.approx(pools[1])


def test_a_network_that_is_told_begins_as_one_that_is_not(tmp_path: Path) -> None:
    told, untold = (Magic(job(tmp_path, {"conditional": value, "start": "nothing"}), CPU) for value in (True, False))
    values = told.average.state_dict()
    untold.average.load_state_dict({key: values[key] for key in untold.average.state_dict()})
    before = whole(told)
    assert before.equal(whole(untold))
    told.settings = told.settings.with_values({"content_weight": 200.0})
    assert whole(told).equal(before), "it has not learned yet what that means"


def test_sliders_act_without_a_step_once_the_network_knows_them(tmp_path: Path) -> None:
    method = enlivened(Magic(job(tmp_path), CPU))
    before = whole(method)
    for name, value in (("content_weight", 200.0), ("variation_weight", 1.2), ("entropy_weight", 0.5)):
        method.settings = MagicSettings.of(TINY).with_values({name: value})
        assert not whole(method).equal(before), name


def test_what_is_told_acts_in_training_too(tmp_path: Path) -> None:
    less, more = (Magic(job(tmp_path, {"variation_weight": value}), CPU) for value in (0.02, 1.0))
    for method in (less, more):
        for step in range(2):
            method.step(step)
    key = "decoder.0.conditional.scale_shift.weight"
    first, second = (method.generator.st_unet.state_dict()[key] for method in (less, more))
    assert first.abs().max() > 0
    assert not first.equal(second)


# ---------------------------------------------------------------- what it remembers


def test_what_acts_after_the_decision_asks_the_network_no_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    method = enlivened(Magic(job(tmp_path), CPU))
    asked = []
    forward = method.average.st_unet.forward
    monkeypatch.setattr(method.average.st_unet, "forward", lambda *given: asked.append(1) or forward(*given))
    first = whole(method)
    for changes, again in (
        ({"temperature": 0.1}, False),
        ({"repaint_bound": 0.0}, False),
        ({"temperature": 0.25, "repaint_bound": 0.5}, False),
        ({"content_weight": 200.0}, True),
        ({"set_seed": 9}, True),
    ):
        asked.clear()
        method.settings = method.settings.with_values(changes)
        shown = whole(method)
        assert bool(asked) == again, changes
        fresh = enlivened(Magic(job(tmp_path), CPU))
        fresh.settings = method.settings
        assert whole(fresh).equal(shown), "and it is the picture of a network that remembers nothing"
    assert not first.equal(shown)


def test_pieces_kept_whole_are_larger_and_crops_agree(tmp_path: Path) -> None:
    method = enlivened(Magic(job(tmp_path), CPU))
    size, inner = Size(120, 136), Box(21, 35, 40, 50)
    areas = []
    for smoothing_px in (0.0, 2.0, 6.0):
        method.settings = method.settings.with_values({"smoothing_px": smoothing_px})
        with torch.no_grad():
            field = Artwork(method, size)
            torch.testing.assert_close(field.at(size.box)[:, 21:61, 35:85], field.at(inner), rtol=1e-4, atol=1e-4)
            mixture = method.painting(Box(0, 0, 120, 136), method.scene(size)).mixture[0]
        chosen = mixture.argmax(0)
        areas.append(float((chosen[1:] == chosen[:-1]).float().mean()))  # neighbours that show one piece
    assert areas == sorted(areas)
    assert areas[0] < areas[2]


def test_a_step_and_another_state_are_not_answered_from_memory(tmp_path: Path) -> None:
    method = Magic(job(tmp_path), CPU)
    start, before = method.state(), whole(method)
    method.step(0)
    assert not whole(method).equal(before)
    method.restore(start)
    assert whole(method).equal(before)


def test_memory_is_bounded_and_the_oldest_goes_first(tmp_path: Path) -> None:
    method = Magic(job(tmp_path), CPU)
    sets = method.draw.at(method.draw.templates(2, 1), Box(0, 0, 8, 8))
    choice = Choice(sets, torch.zeros(1, 2, 8, 8), None, torch.zeros(()))  # 512 bytes
    remembered, made = Remembered(most_bytes=1200), []
    box = Box(0, 0, 8, 8)
    for place in (1, 2, 1, 3, 2, 1):
        remembered.of("state", place, box, lambda place=place: made.append(place) or choice)
    assert made == [1, 2, 3, 2, 1]
    remembered.of("other", 1, box, lambda: made.append("again") or choice)
    assert made[-1] == "again"


def test_what_was_decided_of_a_box_is_known_of_the_boxes_in_it(tmp_path: Path) -> None:
    method = Magic(job(tmp_path), CPU)
    outer, inner = Box(8, 16, 32, 40), Box(16, 32, 8, 16)
    templates = method.draw.templates(2, 1)
    whole = Choice(method.draw.at(templates, outer), torch.rand(1, 2, 32, 40), None, torch.zeros(()))
    remembered = Remembered()
    remembered.of("state", "set", outer, lambda: whole)
    part = remembered.of("state", "set", inner, lambda: pytest.fail("asked anew"))
    assert torch.equal(part.logits, whole.logits[:, :, 8:16, 16:32])
    assert torch.equal(part.sets.origin, method.draw.at(templates, inner).origin)


# ---------------------------------------------------------------- coarse first


def test_a_coarse_picture_comes_first_where_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "COARSE_PX", 2000)
    method = enlivened(Magic(job(tmp_path), CPU))
    size = method.canvas_size
    plain = list(views.answer(method, RenderView(size.box, size)))
    coarse, *rest = views.answer(method, RenderView(size.box, size, coarse_first=True))
    assert [piece.box for piece in rest] == [piece.box for piece in plain]
    assert all((a.image == b.image).all() for a, b in zip(plain, rest, strict=True))
    assert coarse.image.shape[0] * coarse.image.shape[1] <= 2500
    assert not coarse.done
    assert (coarse.box.top, coarse.box.left) == (0, 0)
    assert coarse.box.bottom >= size.height
    assert coarse.box.right >= size.width
    assert coarse.image.std() > 1


def test_small_views_and_other_methods_come_sharp_at_once(tmp_path: Path) -> None:
    method = Magic(job(tmp_path), CPU)
    box = Box(0, 0, 32, 32)
    assert len(list(views.answer(method, RenderView(box, box.size, coarse_first=True)))) == 1


# ---------------------------------------------------------------- quickly


def test_a_slider_of_the_network_does_not_begin_anew_and_another_set_and_other_tones_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    method = enlivened(Magic(job(tmp_path), CPU))
    begin, begun = CollageGenerator.begin, list[int]()
    monkeypatch.setattr(CollageGenerator, "begin", lambda *given: begun.append(1) or begin(*given))
    with painting_quickly():
        whole(method)
        for changes, again in (
            ({"content_weight": 5.0}, False),
            ({"variation_weight": 1.0, "entropy_weight": 3.0}, False),
            ({"set_seed": 4}, True),
            ({"tone_matching": 0.0}, True),
        ):
            begun.clear()
            method.settings = method.settings.with_values(changes)
            shown = whole(method)
            assert bool(begun) == again, changes
            fresh = enlivened(Magic(job(tmp_path), CPU))
            fresh.settings = method.settings
            assert whole(fresh).equal(shown), "and it is the picture of a network that remembers nothing"
    begun.clear()
    exact = whole(method)
    assert not begun, "what is kept on disk is made without it"
    torch.testing.assert_close(exact, shown, rtol=0, atol=1e-4)


def test_what_is_looked_at_may_be_rounded_and_nothing_else_is(tmp_path: Path) -> None:
    method = enlivened(Magic(job(tmp_path, {"start": "nothing", "precision": "bfloat16"}), CPU))
    exact = whole(method)
    with painting_quickly():
        rounded = whole(method)
    assert not rounded.equal(exact)
    assert (rounded - exact).abs().mean() < 0.02
    assert whole(method).equal(exact), "what was rounded is not remembered as exact"
    method = enlivened(Magic(job(tmp_path, {"start": "nothing", "precision": "float32"}), CPU))
    exact = whole(method)
    method._remembered.forget()
    with painting_quickly():
        assert whole(method).equal(exact), "float32 was asked for"


# ---------------------------------------------------------------- the network that comes along


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny network in place of the one that is shipped."""
    path = tmp_path / "network.safetensors"
    method = enlivened(Magic(job(tmp_path, {"start": "nothing"}), CPU))
    pretrained.write(path, TINY, {"generator": method.average, "discriminator": method.discriminator})
    monkeypatch.setattr(pretrained, "shipped", lambda: path)
    return path


def test_it_is_there_before_the_first_step(network: Path, tmp_path: Path) -> None:
    assert Magic.is_instant(MagicSettings.of(TINY))
    method = Magic(job(tmp_path), CPU)
    assert method.instant
    stored = load_file(network)
    for key, value in method.generator.state_dict().items():
        assert value.equal(stored[f"generator.{key}"])
    for key, value in method.discriminator.state_dict().items():
        assert value.equal(stored[f"discriminator.{key}"])
    assert method.average.state_dict().keys() == method.generator.state_dict().keys()
    assert whole(method).std() > 0


def test_training_goes_on_from_it_and_resumes(network: Path, tmp_path: Path) -> None:
    method, other = Magic(job(tmp_path), CPU), Magic(job(tmp_path), CPU)
    before = whole(method)
    method.step(0)
    state = method.state()
    method.step(1)
    other.restore(state)
    other.step(1)
    assert whole(other).equal(whole(method))
    assert not whole(method).equal(before)


def distance(method: Magic, network: Path) -> dict[str, float]:
    """How far its networks are from those in a file, by name."""
    stored, found = load_file(network), dict[str, float]()
    for name in ("generator", "discriminator"):
        own = getattr(method, name).state_dict()
        found[name] = sum(float((value - stored[f"{name}.{key}"]).square().sum()) for key, value in own.items())
    return found


def learned(method: Magic, steps: int = 6) -> Magic:
    for step in range(steps):
        method.step(step)
    return method


def test_both_networks_stay_near_what_came_along(network: Path, tmp_path: Path) -> None:
    free, held = (learned(Magic(job(tmp_path, {"anchor_steps": steps}), CPU)) for steps in (0, 2))
    far, near = distance(free, network), distance(held, network)
    assert all(0 < near[name] < far[name] for name in far)
    bound = Magic(job(tmp_path, {"anchor_steps": 1}), CPU)
    bound.steps_done = 1000  # rates are whole
    learned(bound, 1)
    assert max(distance(bound, network).values()) < 1e-9, "within one step all of it fades"


def test_the_second_network_that_paints_stays_half_way_to_what_came_along(network: Path, tmp_path: Path) -> None:
    def way(steps: int, begun: int) -> dict[str, float]:
        """Of what the networks have learned, the part that is shown."""
        values = {"anchor_steps": steps, "average_decay": 0.9, "learning_rate": 1e-6}
        method, start = Magic(job(tmp_path, values), CPU), Magic(job(tmp_path), CPU)
        with torch.no_grad():
            for parameter in method.generator.parameters():
                parameter.add_(1.0)
        method.steps_done = begun
        learned(method, 50)
        found = {}
        for part in ("st_unet", "refiner"):
            shown, came = (dict(getattr(m.average, part).named_parameters()) for m in (method, start))
            found[part] = float(torch.cat([(shown[key] - came[key]).flatten() for key in came]).mean())
        return found

    for begun in (0, 10**6):
        assert way(100_000, begun) == pytest.approx({"st_unet": 1.0, "refiner": 0.5}, abs=0.04)
    assert way(0, 10**6) == pytest.approx({"st_unet": 1.0, "refiner": 1.0}, abs=0.04)


def test_what_began_otherwise_is_not_pulled_to_it(network: Path, tmp_path: Path) -> None:
    """Neither a training from nothing, nor one that began with another project's networks."""
    nothing = [Magic(job(tmp_path, {"start": "nothing", "anchor_steps": steps}), CPU) for steps in (0, 2)]
    borrowed = [Magic(job(tmp_path, {"anchor_steps": steps}), CPU) for steps in (0, 2)]
    for method in borrowed:
        assert method.begin_from(nothing[0].state())
    for free, held in (nothing, borrowed):
        assert whole(learned(free, 2)).equal(whole(learned(held, 2)))


@pytest.mark.parametrize("values", [{"start": "nothing"}, {"generator_width": 8}, {"depth": 3}, {"conditional": False}])
def test_other_sizes_begin_with_nothing(network: Path, tmp_path: Path, values: dict[str, Any]) -> None:
    assert not Magic.is_instant(MagicSettings.of(TINY | values))
    method = Magic(job(tmp_path, values), CPU)
    assert not method.instant
    assert method.warnings == []


def test_a_network_that_knows_contents_makes_collages_without_one(network: Path, tmp_path: Path) -> None:
    for settings in ({}, {"guidance": "unguided"}):
        method = Magic(job(tmp_path, settings, sources={"style": job(tmp_path).sources["style"]}), CPU)
        assert method.instant
        assert whole(method).std() > 0
    with pytest.raises(MissingSourcesError, match="content"):
        Magic(job(tmp_path, {"start": "nothing"}, sources={"style": job(tmp_path).sources["style"]}), CPU)


def damaged(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def no_file(path: Path) -> None:
    path.unlink()


def not_numbers(path: Path) -> None:
    _rewritten(path, lambda tensors, about: tensors[next(iter(tensors))].fill_(torch.nan))


def of_another_version(path: Path) -> None:
    _rewritten(path, lambda tensors, about: about.update(format=99))


def without_a_word(path: Path) -> None:
    save_file(load_file(path), path)


def with_unknown_settings(path: Path) -> None:
    _rewritten(path, lambda tensors, about: about["settings"].update(colour="red"))


def _rewritten(path: Path, change: Any) -> None:
    tensors, about = load_file(path), {"format": pretrained.FORMAT, "settings": dict(TINY)}
    change(tensors, about)
    save_file(tensors, path, {"tessera": json.dumps(about)})


@pytest.mark.parametrize(
    "spoil", [damaged, no_file, not_numbers, of_another_version, without_a_word, with_unknown_settings]
)
def test_a_spoiled_network_is_named_and_training_begins_with_nothing(spoil: Any, network: Path, tmp_path: Path) -> None:
    spoil(network)
    with pytest.raises(BadWeightsError, match=network.name):
        pretrained.read(network)
    method = Magic(job(tmp_path), CPU)
    assert not method.instant
    (warning,) = method.warnings
    assert network.name in warning
    assert "nothing" in warning
    method.step(0)


# ---------------------------------------------------------------- odd images


@pytest.mark.parametrize("count", [2, 60])
def test_odd_images_give_a_picture(network: Path, tmp_path: Path, count: int) -> None:
    black, dot = tmp_path / "black.png", tmp_path / "dot.png"
    Image.fromarray(np.zeros((70, 90, 3), np.uint8)).save(black)
    Image.fromarray(np.full((20, 20, 3), 99, np.uint8)).save(dot)
    other = picture(tmp_path / "other.png", 60, 60, 4)
    sources = [SourceImage(path=str(path)) for path in (black, dot)]
    for style, content in (([sources[0]], other), ([other], sources[0]), ([sources[1]], other), ([other], sources[1])):
        wanted = {"style": tuple(style) * 3, "content": (content,)}
        method = Magic(job(tmp_path, {"show_size": count}, sources=wanted), CPU)
        assert torch.isfinite(whole(method)).all()
    same = Magic(job(tmp_path, sources={"style": (other,), "content": (other,)}), CPU)
    assert torch.isfinite(whole(same)).all()


def test_three_hundred_images_among_them_an_animated_and_a_damaged_one(network: Path, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (40, 30), color) for color in ("red", "navy")]
    frames[0].save(tmp_path / "moves.gif", save_all=True, append_images=frames[1:])
    (tmp_path / "broken.png").write_bytes(picture(tmp_path / "whole.png", 40, 30, 9).path.encode())
    others = tuple(picture(tmp_path / f"{index}.png", 24, 20 + index % 7, index) for index in range(298))
    odd = tuple(SourceImage(path=str(tmp_path / name)) for name in ("moves.gif", "broken.png"))
    method = Magic(job(tmp_path, {"show_size": 50}, sources={"style": (*others, *odd), "content": (others[0],)}), CPU)
    assert method.instant
    assert torch.isfinite(whole(method)).all()
    assert any("broken.png" in sentence for sentence in method.warnings)
    assert len(method.piece_images) == 299


def test_scales_that_suit_are_proposed_for_small_and_huge_images() -> None:
    huge = Magic.fitting({"style": [Size(6000, 4000)], "content": [Size(4000, 3000)]})
    assert huge == {"content_scale": 0.21, "style_scale": 0.11}
    tiny = Magic.fitting({"style": [Size(20, 20)], "content": [Size(20, 20)]})
    assert tiny == {"content_scale": 2.0, "style_scale": 1.5}
    assert Magic.fitting({}) == {}
    assert huge.keys() == Magic.fitted


# ---------------------------------------------------------------- the shipped one


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Magic:
    """On pictures that the program draws, as the first start shows them."""
    folder = tmp_path_factory.mktemp("example")
    paths = {}
    for name, pixels in (("feathers", example.styles()["feathers"]()), ("owl", example.contents()["owl"]())):
        paths[name] = folder / f"{name}.png"
        Image.fromarray(pixels).resize((192, 192), Image.Resampling.BOX).save(paths[name])
    style, content = (SourceImage(path=str(paths[name])) for name in ("feathers", "owl"))
    return Magic(Job(method="magic", settings=MagicSettings(), sources={"style": (style,), "content": (content,)}), CPU)


def test_the_shipped_network_shows_the_content_at_once(shipped: Magic) -> None:
    assert shipped.instant, shipped.warnings
    assert pretrained.shipped().stat().st_size < 3 * 2**20
    for count in (4, 16, 50):
        shipped.settings = shipped.settings.with_values({"show_size": count})
        size = shipped.canvas_size
        with torch.no_grad():
            result, content = (Artwork(shipped, size, layer).at(size.box).mean(0) for layer in ("result", "content"))
        coarse = [torch.nn.functional.avg_pool2d(plane[None, None], 12).flatten() for plane in (result, content)]
        assert torch.corrcoef(torch.stack(coarse))[0, 1] > 0.8, count
