"""Feed-forward doodles: the laws of every method, masks of every kind, and painting on the mask after training."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.box import Size
from engine.errors import BadImageError, BadSettingError, MissingSourcesError
from engine.job import Job, SourceImage
from engine.messages.commands import Load
from engine.messages.events import Began
from engine.methods.feedforward.doodle_net import DoodleNet
from engine.training.session import Session
from tests.engine.generator_jobs import COLORS, CPU, bands, job, trained
from tests.engine.method_jobs import whole

OPTIONS = [
    {"generator": generator, "norm": norm, "padding": ("circular", "replicate")[index % 2], "scales": 2 + index % 3}
    for index, (generator, norm) in enumerate(product(("layered", "pyramid"), ("instance", "batch", "layer", "none")))
]
OPTIONS += [{"generator": "layered", "enlarging": "nearest", "scales": 3}]
OPTIONS += [
    {"generator": "layered", "norm": "instance", "finest_noise_px": finest, "scales": 4} for finest in ("1", "4", "8")
]


def mask(path: Path, labels: np.ndarray, colors: np.ndarray = COLORS) -> SourceImage:
    Image.fromarray(colors[labels]).save(path)
    return SourceImage(path=str(path))


def with_masks(one: Job, **masks: SourceImage) -> Job:
    return one.model_copy(update={"sources": one.sources | {slot: (image,) for slot, image in masks.items()}})


def test_regions_take_on_their_own_colours(tmp_path: Path) -> None:
    """The style is dark where its mask is red and bright elsewhere; the target lies the other way round."""
    side = np.zeros((64, 64), int)
    side[:, 32:] = 1
    grey = np.array([[20, 20, 20], [230, 230, 230]], np.uint8)
    mask(tmp_path / "style.png", side, grey)
    one = with_masks(
        job("doodle_net", tmp_path, {"width": 4, "learning_rate": 1e-2, "filters": 8}),
        style=SourceImage(path=str(tmp_path / "style.png")),
        style_mask=mask(tmp_path / "sm.png", side),
        target_mask=mask(tmp_path / "tm.png", 1 - side),
    )
    painted = whole(trained(DoodleNet(one, CPU), 25), Size(64, 64))
    assert painted[:, :, 40:].mean() < painted[:, :, :24].mean() - 0.3


def test_a_repainted_mask_changes_the_picture_without_a_rebuild(tmp_path: Path) -> None:
    one = job("doodle_net", tmp_path)
    method = trained(DoodleNet(one, CPU), 1)
    before, weights = whole(method, method.canvas_size), method.state().tensors
    labels = np.full((80, 66), 2)
    labels[:, :20] = 0
    assert method.try_update(with_masks(one, target_mask=mask(tmp_path / "new.png", labels)))
    assert not torch.equal(before, whole(method, method.canvas_size))
    assert all(torch.equal(weights[key], value) for key, value in method.state().tensors.items())
    shown = whole(method, method.canvas_size, "mask")
    assert torch.allclose(shown[:, 40, 5] * 255, torch.from_numpy(COLORS[0]).float(), atol=1)
    fresh = DoodleNet(with_masks(one, target_mask=mask(tmp_path / "new.png", labels)), CPU)
    fresh.restore(method.state())
    assert torch.equal(whole(fresh, fresh.canvas_size), whole(method, method.canvas_size))


def test_a_session_goes_on_with_a_repainted_mask_and_builds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = job("doodle_net", tmp_path)
    repainted = with_masks(one, target_mask=mask(tmp_path / "new.png", np.zeros((80, 66), int)))
    built: list[Job] = []
    plain = DoodleNet.__init__
    monkeypatch.setattr(
        DoodleNet, "__init__", lambda self, job, device: (built.append(job), plain(self, job, device))[1]
    )
    session = Session(one, tmp_path / "project", device="cpu", steps=2, previews=False)
    session.post(Load(repainted))
    began = [event for event in session.run() if isinstance(event, Began)]
    assert [event.job.sources["target_mask"] for event in began][-1] == repainted.sources["target_mask"]
    assert built == [one]


@pytest.mark.parametrize("change", ["settings", "style_mask", "size", "colour", "nothing"])
def test_what_needs_a_rebuild_is_not_adopted(change: str, tmp_path: Path) -> None:
    one = job("doodle_net", tmp_path)
    method = DoodleNet(one, CPU)
    before = whole(method, Size(80, 66))
    other = {
        "settings": one.model_copy(update={"settings": one.settings.with_values({"width": 3})}),
        "style_mask": with_masks(one, style_mask=bands(tmp_path / "n.png", 40, 40)),
        "size": with_masks(one, target_mask=bands(tmp_path / "n.png", 40, 66)),
        "colour": with_masks(one, target_mask=mask(tmp_path / "n.png", np.zeros((80, 66), int), COLORS[:1] * 0 + 255)),
        "nothing": with_masks(one).model_copy(
            update={"sources": {key: value for key, value in one.sources.items() if key != "target_mask"}}
        ),
    }[change]
    assert not method.try_update(other)
    assert torch.equal(before, whole(method, Size(80, 66)))


def test_live_settings_ask_for_no_rebuild_of_a_repainted_mask(tmp_path: Path) -> None:
    one = job("doodle_net", tmp_path)
    other = one.model_copy(update={"settings": one.settings.with_values({"sample_seed": 3})})
    assert DoodleNet(one, CPU).try_update(other)


def test_masks_of_other_sizes_are_fitted(tmp_path: Path) -> None:
    one = with_masks(job("doodle_net", tmp_path), style_mask=bands(tmp_path / "big.png", 190, 200))
    method = trained(DoodleNet(one, CPU), 1)
    assert method.canvas_size == Size(80, 66)
    assert method.regions == 3


def test_the_canvas_follows_the_mask_and_its_scale(tmp_path: Path) -> None:
    assert DoodleNet(job("doodle_net", tmp_path, {"canvas_scale": 2.0}), CPU).canvas_size == Size(160, 132)
    assert DoodleNet(job("doodle_net", tmp_path, canvas_size=Size(90, 200)), CPU).canvas_size == Size(90, 200)


def test_a_mask_of_one_colour_is_said_and_painted(tmp_path: Path) -> None:
    plain = mask(tmp_path / "one.png", np.zeros((70, 70), int))
    one = with_masks(job("doodle_net", tmp_path), style_mask=plain, target_mask=plain)
    method = trained(DoodleNet(one, CPU), 1)
    assert any("one colour" in warning for warning in method.warnings)
    assert whole(method, method.canvas_size).shape == (3, 70, 70)


def test_a_mask_of_a_hundred_colours_is_said_and_painted(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    many = np.stack(np.unravel_index(random.choice(125, 100, replace=False), (5, 5, 5)), 1).astype(np.uint8) * 60
    labels = np.arange(6400).reshape(80, 80) // 8 % 100
    crowded = mask(tmp_path / "many.png", labels, many)
    method = trained(
        DoodleNet(with_masks(job("doodle_net", tmp_path), style_mask=crowded, target_mask=crowded), CPU), 1
    )
    assert any("very many colours" in warning for warning in method.warnings)
    assert method.regions <= 24


def test_a_region_that_the_style_lacks_is_named_and_mapped(tmp_path: Path) -> None:
    two = mask(tmp_path / "two.png", np.repeat([0, 1], 40)[None].repeat(80, 0))
    method = trained(DoodleNet(with_masks(job("doodle_net", tmp_path), style_mask=two), CPU), 1)
    assert any("style mask has no" in warning and "blue" in warning for warning in method.warnings)


def test_a_mask_that_is_no_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(BadImageError, match=r"broken\.png"):
        DoodleNet(
            with_masks(job("doodle_net", tmp_path), target_mask=SourceImage(path=str(tmp_path / "broken.png"))), CPU
        )


@pytest.mark.parametrize("slot", ["style", "style_mask", "target_mask"])
def test_missing_images_are_asked_for_by_name(slot: str, tmp_path: Path) -> None:
    one = job("doodle_net", tmp_path)
    title = next(s.title for s in DoodleNet.slots if s.key == slot)
    left = one.model_copy(update={"sources": {key: value for key, value in one.sources.items() if key != slot}})
    with pytest.raises(MissingSourcesError, match=f"at least one image on {title}"):
        DoodleNet(left, CPU)


def test_a_setting_that_can_not_be_had(tmp_path: Path) -> None:
    with pytest.raises(BadSettingError, match="patch can not be 50 here"):
        DoodleNet(job("doodle_net", tmp_path, {"patch": 50}), CPU)
