"""MAGIC: the laws of every method over the options that change its graph, and those of sets."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from engine.box import Box, Size
from engine.errors import BadProjectError, BadSettingError, MissingSourcesError
from engine.fields.artwork import Artwork
from engine.job import SourceImage
from engine.method import Method
from engine.methods.magic import method as magic_module
from engine.methods.magic import painting
from engine.methods.magic.method import Magic
from engine.methods.magic.settings import MagicSettings
from engine.nn.collage import affine_displacement, handed_over, together
from engine.nn.layers import ChannelLayerNorm, InstanceNorm
from engine.settings import idle, specs
from engine.templates.atlas import Templates
from tests.engine.combinations import every_pair
from tests.engine.famos_jobs import picture
from tests.engine.magic_jobs import job

CPU = torch.device("cpu")
ROUNDING = 4e-5
"""A hundredth of a level of 255. Sums of other shapes are added in another order, which a sharp softmax makes larger:
1e-5 on Intel's processors, 1.8e-5 on AMD's. A halo that is one step too small is off by more than a level."""

OPTIONS: dict[str, tuple[Any, ...]] = {
    "guidance": ("guided", "unguided"),
    "adversarial": ("hinge", "wgan_gp", "dcgan", "lsgan"),
    "correspondence": ("pool8", "pool4", "pool16", "blur"),
    "norm": ("layer", "instance", "none"),
    "kernel": ("5", "3", "7"),
    "discriminator_norm": ("none", "layer", "instance"),
    "tiling": ("mirror", "wrap"),
    "placement": ("anywhere", "aligned", "middle"),
    "warp": ("none", "affine", "flow"),
    "set_size_least": (0, 2),
    "show_size": (0, 7),
    "between": (0.0, 0.3),
    "between_by": ("mixed", "pieces"),
    "full_size": (False, True),
    "attention": ("full", "inducing"),
    "attention_from": (2, 1),
    "heads": (2, 1),
    "refine": (True, False),
    "refiner_paints": ("change", "picture"),
    "refiner_norm": ("same", "layer"),
    "checkpointing": (False, True),
    "depth": (2, 3),
    "precision": ("float32", "bfloat16"),
    "discriminator_steps": (1, 2),
    "tone_matching": (True, False),
}
CHANGE_ONLY_THE_TRAINING = (
    *("adversarial", "correspondence", "discriminator_norm", "discriminator_steps", "set_size_least"),
    *("checkpointing", "precision", "tone_matching"),
)


def whole(method: Method, canvas_size: Size, layer: str = "result") -> torch.Tensor:
    with torch.no_grad():
        return Artwork(method, canvas_size, layer).at(canvas_size.box)


def alive(method: Magic, factor: float = 20.0) -> Magic:
    """Logits that decide: fresh weights are so small that every choice is a tie."""
    with torch.no_grad():
        for network in (method.generator, method.average):
            network.st_unet.last.weight.mul_(factor)
    return method


@pytest.mark.parametrize(
    "options", every_pair(OPTIONS), ids=lambda row: f"{row['guidance']}-{row['warp']}-{row['norm']}-{row['attention']}"
)
def test_a_step_and_a_picture_with_every_pair_of_options(options: dict[str, Any], tmp_path: Path) -> None:
    method = Magic(job(tmp_path, options), CPU)
    before = [parameter.clone() for parameter in method.generator.parameters()]
    judge = [parameter.clone() for parameter in method.discriminator.parameters()]
    terms: dict[str, Tensor] = {}
    for step in range(2):
        terms = method.step(step)
        assert all(torch.isfinite(value) for value in terms.values()), terms
        assert all(value.shape == () for value in terms.values())
    assert {term.key for term in Magic.terms} >= set(terms)
    assert any(not torch.equal(a, b) for a, b in zip(before, method.generator.parameters(), strict=True))
    assert any(not torch.equal(a, b) for a, b in zip(judge, method.discriminator.parameters(), strict=True))
    with torch.no_grad():
        layers = Artwork(method, method.canvas_size).layers_at(Box(3, 5, 20, 30))
    assert set(layers) == {layer.key for layer in Magic.layers}
    for image in layers.values():
        assert image.shape == (3, 20, 30)
        assert image.min() >= 0
        assert image.max() <= 1 + 1e-6
    for patch in method.patches().values():
        assert patch.shape == (2, 3, 32, 32)
    if not options["refine"]:
        assert torch.equal(layers["result"], layers["collage"])


@pytest.mark.parametrize(
    "options",
    every_pair({key: values for key, values in OPTIONS.items() if key not in CHANGE_ONLY_THE_TRAINING}),
    ids=lambda row: f"{row['guidance']}-{row['warp']}-{row['norm']}-{row['kernel']}-{row['depth']}",
)
def test_tiles_agree_with_one_piece(options: dict[str, Any], tmp_path: Path) -> None:
    method = alive(Magic(job(tmp_path, options), CPU))
    method.step(0)
    canvas_size = Size(101, 83)  # no tile divides it
    artwork = Artwork(method, canvas_size)
    with torch.no_grad():
        one_piece = artwork.layers_at(canvas_size.box)
        for tile in canvas_size.box.tiles(64):
            pieces = artwork.layers_at(tile)
            rows, columns = tile.within(canvas_size.box)
            for layer in ("result", "collage"):
                assert (pieces[layer] - one_piece[layer][:, rows, columns]).abs().max() <= ROUNDING, layer


def test_a_halo_one_grain_smaller_would_show(tmp_path: Path) -> None:
    """The law's test can fail: with too little halo the tiles differ."""
    method = alive(Magic(job(tmp_path), CPU))
    canvas_size = Size(96, 96)
    exact = whole(method, canvas_size)
    halo = method.halo
    method._halo = type(halo)(halo.top - method.alignment_px, halo.left - method.alignment_px, 0, 0)
    with torch.no_grad():
        piece = Artwork(method, canvas_size).at(Box(32, 32, 32, 32))
    assert (piece - exact[:, 32:64, 32:64]).abs().max() > 100 * ROUNDING


@pytest.mark.parametrize(
    "options", [{}, {"attention": "inducing"}, {"warp": "affine"}, {"warp": "flow"}, {"guidance": "unguided"}]
)
def test_permuting_the_set_permutes_the_mixture_and_leaves_the_collage(options: dict[str, Any], tmp_path: Path) -> None:
    method = alive(Magic(job(tmp_path, options | {"attention_from": 1}), CPU), 2.0)
    method.step(0)
    box, order = Box(0, 0, 64, 64), torch.tensor([3, 1, 4, 0, 2])
    straight = method.draw.templates(5, 1)
    turned = Templates(straight.atlas, straight.image[order], straight.offset[order], straight.flip[order], "mirror")
    content = method._content_at(box, method.scene(method.canvas_size))
    painted = []
    for templates in (straight, turned):
        sets = method.draw.at(templates, box)
        with torch.no_grad():
            affine = method.average.locate(sets, content, (64, 64)) if options.get("warp") == "affine" else None
            choice = method.average.choose(sets, content, (64, 64), 2.0, affine, (32.0, 32.0), method._conditions())
            painted.append(method.average.paste([(choice, 1.0)], 0.25, None))
    (collage, mixture), (same_collage, permuted) = painted
    assert mixture.std() > 0.005  # it decides something
    assert (permuted - mixture[:, order]).abs().max() <= ROUNDING
    assert (same_collage - collage).abs().max() / 2 <= ROUNDING  # of 0..1


def test_twelve_in_training_and_fifty_in_use(tmp_path: Path) -> None:
    method = Magic(job(tmp_path, {"set_size": 12}), CPU)
    method.step(0)
    twelve = whole(method, Size(64, 64))
    method.settings = method.settings.with_values({"show_size": 50})
    fifty = whole(method, Size(64, 64))
    assert torch.isfinite(fifty).all()
    assert not torch.equal(twelve, fifty)
    method.step(1)  # and it learns on with its own size
    assert method._last is not None
    assert method._last[1].mixture.weights.shape[1] == 12


def test_the_size_of_the_set_varies_from_step_to_step(tmp_path: Path) -> None:
    method = Magic(job(tmp_path, {"set_size": 6, "set_size_least": 2}), CPU)
    sizes = set()
    for step in range(12):
        method.step(step)
        assert method._last is not None
        sizes.add(method._last[1].mixture.weights.shape[1])
    assert len(sizes) > 2
    assert min(sizes) >= 2
    assert max(sizes) <= 6


def test_another_set_is_another_collage_and_the_first_one_comes_back(tmp_path: Path) -> None:
    method = Magic(job(tmp_path), CPU)
    method.step(0)
    pictures = []
    for seed in (1, 2, 1):
        method.settings = method.settings.with_values({"set_seed": seed})
        pictures.append(whole(method, Size(64, 64)))
    assert not torch.equal(pictures[0], pictures[1])
    assert torch.equal(pictures[0], pictures[2])


def test_frames_between_two_sets_begin_with_one_and_end_with_the_other(tmp_path: Path) -> None:
    method = alive(Magic(job(tmp_path, {"set_seed": 1, "between_seed": 2}), CPU))
    method.step(0)

    def frame(between: float, seed: int = 1) -> torch.Tensor:
        method.settings = method.settings.with_values({"between": between, "set_seed": seed})
        return whole(method, Size(64, 64), "collage")

    first, quarter, half, last = (frame(part) for part in (0.0, 0.25, 0.5, 1.0))
    assert torch.equal(last, frame(0.0, seed=2))
    assert torch.allclose(half, (first + last) / 2, atol=1e-5)
    assert torch.allclose(quarter, 0.75 * first + 0.25 * last, atol=1e-5)
    method.settings = method.settings.with_values({"between_by": "pieces"})
    assert torch.allclose(frame(1e-6), first, atol=1e-4)
    assert torch.allclose(frame(1 - 1e-6), last, atol=1e-4)
    assert not torch.allclose(frame(0.5), half, atol=1e-2)


def test_pieces_change_hands_one_after_another() -> None:
    """Against the formula, written out in float64 for each place; and where A is decided, most places are decided."""
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 1, 5, 6, 7, generator=random, dtype=torch.float64) * 20
    first, second = logits.softmax(2)
    collages = torch.rand(2, 1, 3, 6, 7, generator=random, dtype=torch.float64).unbind(0)
    collage, mixture = together(collages, [first, second], [0.4, 0.6], by_pieces=True)
    shares = handed_over(first, second, 0.6)
    golden = (5**0.5 - 1) / 2
    for y in range(6):
        for x in range(7):
            time = sum((k + 1) * golden % 1 * float(a[0, k, y, x]) / 2 for a in (first, second) for k in range(5))
            share = min(1.0, max(0.0, (0.6 - (0.1 + 0.8 * time)) / 0.2 + 0.5))
            assert shares[0, 0, y, x].item() == pytest.approx(share, abs=1e-6)
            mixed = (1 - share) * collages[0][0, :, y, x] + share * collages[1][0, :, y, x]
            assert torch.allclose(collage[0, :, y, x], mixed, atol=1e-6)
    assert torch.allclose(mixture.sum(1), torch.ones(1, 6, 7, dtype=torch.float64))
    assert (handed_over(first, second, 0.0) == 0).all()
    assert (handed_over(first, second, 1.0) == 1).all()


@pytest.mark.parametrize("options", [{}, {"norm": "instance", "warp": "affine"}, {"guidance": "unguided"}])
def test_going_on_from_a_state_equals_going_on_without_a_break(options: dict[str, Any], tmp_path: Path) -> None:
    straight = Magic(job(tmp_path, options), CPU)
    for step in range(3):
        straight.step(step)
    kept = straight.state()
    resumed = Magic(job(tmp_path, options), CPU)
    assert resumed.restore(kept) == []
    for step in range(3, 6):
        a, b = straight.step(step), resumed.step(step)
        assert all(torch.equal(a[key], b[key]) for key in a)
    ours, theirs = straight.state(), resumed.state()
    assert ours.plain == theirs.plain
    assert all(torch.equal(ours.tensors[name], theirs.tensors[name]) for name in ours.tensors)
    assert torch.equal(whole(straight, Size(64, 64)), whole(resumed, Size(64, 64)))


def test_equal_jobs_give_equal_pictures_and_other_seeds_others(tmp_path: Path) -> None:
    pictures = []
    for seed in (1, 1, 2):
        method = Magic(job(tmp_path, {"attention": "inducing", "attention_from": 0}, seed=seed), CPU)
        method.step(0)
        pictures.append(whole(method, Size(64, 64)))
    assert torch.equal(pictures[0], pictures[1])
    assert not torch.equal(pictures[0], pictures[2])


def test_painting_does_not_change_what_is_learned(tmp_path: Path) -> None:
    looked, blind = (Magic(job(tmp_path, {"norm": "instance", "warp": "affine"}), CPU) for _ in range(2))
    for step in range(2):
        looked.step(step)
        whole(looked, Size(40, 40))
        blind.step(step)
    for name, parameter in looked.generator.state_dict().items():
        assert torch.equal(parameter, blind.generator.state_dict()[name])


def test_a_state_of_another_mode_is_taken_over_where_it_fits(tmp_path: Path) -> None:
    guided = Magic(job(tmp_path), CPU)
    guided.step(0)
    unguided = Magic(job(tmp_path, {"guidance": "unguided"}), CPU)
    assert unguided.restore(guided.state(), strict=False) == []
    back = Magic(job(tmp_path), CPU)
    left = back.restore(unguided.state(), strict=False)
    assert left
    assert all("first_content" in name for name in left), left
    with pytest.raises(BadProjectError, match="does not fit"):
        back.restore(unguided.state())


def test_a_larger_set_needs_no_other_weights(tmp_path: Path) -> None:
    small = Magic(job(tmp_path), CPU)
    small.step(0)
    assert Magic(job(tmp_path, {"set_size": 9}), CPU).restore(small.state()) == []


ELSEWHERE = ("feather_px", "anchor_steps")  # act on maps, and on the network that comes along: test_instant.py
LIVE = [spec.name for spec in specs(MagicSettings) if spec.knob.live and spec.name not in ELSEWHERE]
ONLY_SHOWN = ("set_seed", "show_size", "between_seed", "between", "between_by")


@pytest.mark.parametrize("name", LIVE)
def test_live_settings_act_in_the_next_step_or_picture(name: str, tmp_path: Path) -> None:
    """Two equal methods; one is given another value after two steps, and their third steps differ."""
    needs = {
        "blur_px": {"correspondence": "blur"},
        "settle_after_steps": {"settle_after_steps": 1},
        "penalty_weight": {"adversarial": "wgan_gp"},
        "r1_every_steps": {"r1_weight": 1.0},
        "r1_weight": {"r1_every_steps": 2},
        "entropy_ramp_steps": {"entropy_ramp_steps": 1},
        "warp_px": {"warp": "flow"},
        "warp_variation_weight": {"warp": "flow"},
        "between_seed": {"between": 0.5},
        "between_by": {"between": 0.5},
    }
    base = job(tmp_path, needs.get(name, {}))
    kept, turned = Magic(base, CPU), Magic(base, CPU)
    for step in range(2):
        kept.step(step)
        turned.step(step)
    now = getattr(turned.settings, name)
    others = {"r1_every_steps": 2, "average_decay": 0.0, "discriminator_steps": 2, "entropy_ramp_steps": 500}
    others |= {"correspondence": "pool4", "between": 0.5, "between_by": "pieces", "show_size": 9, "repaint_bound": 0.9}
    others |= {"tone_matching": 0.9, "color_matching": 0.9}
    other = others.get(name)
    if other is None:
        other = now / 10 if name in ("learning_rate", "discriminator_rate") else type(now)(now * 0.5 + 2)
    turned.settings = turned.settings.with_values({name: other})
    if name in ONLY_SHOWN:
        assert not torch.equal(whole(kept, Size(64, 64)), whole(turned, Size(64, 64)))
    kept.step(2)
    turned.step(2)
    ours, theirs = kept.state().tensors, turned.state().tensors
    assert any(not torch.equal(ours[key], theirs[key]) for key in ours) == (name not in ONLY_SHOWN)


def learned(tmp_path: Path, settings: dict[str, Any], steps: int = 30) -> dict[str, float]:
    """Means of the last terms of a short training on a fixed seed."""
    base = {"generator_width": 8, "set_size": 6, "entropy_ramp_steps": 1, "correspondence": "pool4"}
    method = Magic(job(tmp_path, base | settings), CPU)
    terms = [method.step(step) for step in range(steps)]
    return {key: float(torch.stack([term[key] for term in terms[-8:]]).mean()) for key in ("content", *SHOWN)}


SHOWN = ("entropy", "variation", "largest_share", "alpha")


@pytest.mark.parametrize(
    ("name", "less", "more", "term", "base"),
    [
        ("entropy_weight", 0.5, 5.0, "entropy", {}),
        ("variation_weight", 1.0, 100.0, "variation", {}),
        ("largest_share_weight", 0.0, 10.0, "largest_share", {"guidance": "unguided"}),
        ("content_weight", 1.0, 100.0, "content", {}),
        ("alpha_weight", 0.0, 20.0, "alpha", {}),
    ],
)
def test_more_weight_on_a_term_makes_it_smaller(
    name: str, less: float, more: float, term: str, base: dict[str, Any], tmp_path: Path
) -> None:
    assert learned(tmp_path, base | {name: more})[term] < learned(tmp_path, base | {name: less})[term]


def test_warping_stays_within_its_bound(tmp_path: Path) -> None:
    method = alive(Magic(job(tmp_path, {"warp": "flow"}), CPU))
    box = Box(0, 0, 64, 64)
    sets = method.draw.at(method.draw.templates(5, 1), box)
    content = method._content_at(box, method.scene(method.canvas_size))
    with torch.no_grad():
        method.average.st_unet.last.weight.mul_(100)
        choice = method.average.choose(sets, content, (64, 64), 3.0, None, (32.0, 32.0), method._conditions())
    assert choice.displacement is not None
    assert 2.5 < choice.displacement.abs().max() <= 3.0
    theta = torch.ones(1, 1, 6)
    moved = affine_displacement(theta, (128, 128), (64.0, 64.0), bound_px=4.0)
    assert moved.abs().max() <= 3 * 4.0


def test_the_second_network_stays_within_its_bound(tmp_path: Path) -> None:
    method = Magic(job(tmp_path, {"repaint_bound": 0.1}), CPU)
    with torch.no_grad():
        for parameter in method.average.refiner.parameters():  # type: ignore[union-attr]
            parameter.mul_(50)
        layers = Artwork(method, Size(64, 64)).layers_at(Box(0, 0, 64, 64))
    change = (layers["result"] - layers["collage"]).abs().max()
    assert 0.01 < change <= 0.05 + 1e-6


def test_aligned_portraits_of_several_sizes_meet(tmp_path: Path) -> None:
    """One mark at the same place of each image, whatever its size, is at one place in all elements."""
    styles = []
    for index, (height, width) in enumerate(((64, 64), (128, 128), (96, 64), (40, 64))):
        pixels = np.zeros((height, width, 3), np.uint8)
        unit = max(64 / height, 64 / width)  # of the first image's pixels in this one's
        rows = (np.arange(height) + 0.5 - height / 2) * unit
        columns = (np.arange(width) + 0.5 - width / 2) * unit
        pixels[np.ix_((rows > -24) & (rows < -8), (columns > 8) & (columns < 24))] = 255
        Image.fromarray(pixels).save(tmp_path / f"{index}.png")
        styles.append(SourceImage(path=str(tmp_path / f"{index}.png")))
    settings = {"guidance": "unguided", "placement": "aligned", "set_size": 4}
    method = Magic(job(tmp_path, settings, sources={"style": tuple(styles)}), CPU)
    seen = method.draw.at(method.draw.templates(4, 1), Box(0, 0, 64, 64)).view(64, 64).crops(0, 4)[0, :, 0]
    for element in seen:
        rows, columns = (element > 0.5).nonzero().double().unbind(1)
        assert rows.mean().item() == pytest.approx(32 - 16.5, abs=1)
        assert columns.mean().item() == pytest.approx(32 + 15.5, abs=1)


def test_the_papers_second_network_paints_the_picture_itself(tmp_path: Path) -> None:
    """I = U-Net_2(I_M), with the norm of the first one: nothing of the collage passes beside the network."""
    method = Magic(job(tmp_path, {"norm": "instance", "refiner_paints": "picture"}), CPU)
    refiner = method.generator.refiner
    assert refiner is not None
    assert any(isinstance(module, InstanceNorm) for module in refiner.modules())
    assert not any(isinstance(module, ChannelLayerNorm) for module in refiner.modules())
    collage = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert torch.equal(method.generator.refined(collage, 0.0), refiner(collage, None, None, (3,))[0].tanh())
    with torch.no_grad():
        for parameter in method.average.refiner.parameters():  # type: ignore[union-attr]
            parameter.zero_()
        layers = Artwork(method, Size(64, 64)).layers_at(Box(0, 0, 64, 64))
    assert torch.allclose(layers["result"], torch.full((), 0.5))
    assert layers["mask"].max() <= 1
    assert "repaint_bound" in idle(method.settings)
    kept = Magic(job(tmp_path, {"norm": "instance", "refiner_norm": "layer"}), CPU).generator.refiner
    assert not any(isinstance(module, InstanceNorm) for module in kept.modules())  # type: ignore[union-attr]


def test_unguided_needs_no_content_and_takes_any_canvas(tmp_path: Path) -> None:
    sources = {"style": (picture(tmp_path / "s.png", 64, 64, 1), picture(tmp_path / "t.png", 80, 64, 2))}
    method = Magic(job(tmp_path, {"guidance": "unguided"}, sources=sources), CPU)
    assert method.canvas_size == Size(64, 64)
    terms = method.step(0)
    assert terms["content"] == 0
    assert whole(method, Size(70, 150)).shape == (3, 70, 150)


@pytest.mark.parametrize(
    ("settings", "slots", "message"),
    [
        ({}, ("style",), "A guided collage needs a content image. Drop one on Content, or choose Unguided"),
        ({}, ("content",), "at least one style image"),
        ({"guidance": "unguided", "placement": "aligned"}, ("style",), "at least two style images"),
    ],
)
def test_missing_images_are_asked_for(
    settings: dict[str, Any], slots: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    sources = {slot: (picture(tmp_path / f"{slot}.png", 64, 64, 1),) for slot in slots}
    with pytest.raises(MissingSourcesError, match=message):
        Magic(job(tmp_path, settings, sources=sources), CPU)


def test_images_smaller_than_the_patch_and_several_contents(tmp_path: Path) -> None:
    sources = {
        "style": (picture(tmp_path / "s.png", 64, 64, 1),),
        "content": (picture(tmp_path / "t.png", 64, 64, 2), picture(tmp_path / "u.png", 200, 64, 3)),
    }
    method = Magic(job(tmp_path, {"patch": 96}, sources=sources), CPU)
    assert torch.isfinite(method.step(0)["content"])
    assert whole(method, method.canvas_size).shape == (3, 64, 64)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patch": 50}, "patch can not be 50 at depth 2; it is a multiple of 4"),
        ({"set_size": 1}, "set_size can not be 1; it is a whole number from 2 to 400"),
        ({"generator_width": 6, "heads": 4}, "generator_width can not be 6 with 4 heads; .* for example 4"),
        ({"set_size_least": 9}, "set_size_least can not be 9; it is at most set_size, 5"),
        ({"adversarial": "wgan_gp", "discriminator_norm": "batch"}, "can not be 'batch' with wgan_gp"),
    ],
)
def test_settings_that_can_not_be_had(settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettingError, match=message):
        Magic(job(tmp_path, settings), CPU)


@pytest.mark.parametrize("preset", Magic.presets, ids=lambda preset: preset.name)
def test_presets_are_settings(preset: Any) -> None:
    settings = MagicSettings.of(preset.values)
    assert {name: getattr(settings, name) for name in preset.values} == preset.values


def test_where_memory_is_short_it_learns_with_less_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = job(tmp_path, {"set_size": 400, "batch": 4})
    free = 2**40
    monkeypatch.setattr(magic_module, "memory_free_bytes", lambda device: free)
    roomy = Magic(base, CPU)
    assert (roomy.plan.set_size, roomy.plan.batch, roomy.plan.checkpointing) == (400, 4, False)
    assert roomy.warnings == []
    free = 40_000_000
    short = Magic(base, CPU)
    assert short.plan.checkpointing
    assert 2 <= short.plan.set_size < 400
    assert len(short.warnings) == 1
    assert "Sets of 400" in short.warnings[0]
    short.step(0)
    assert short._last is not None
    assert short._last[1].mixture.weights.shape[1] == short.plan.set_size


def test_with_little_memory_it_paints_in_smaller_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    method = Magic(job(tmp_path), CPU)
    canvas_size = Size(160, 160)
    exact = whole(method, canvas_size)
    monkeypatch.setattr(painting, "memory_free_bytes", lambda device: 4_000_000)
    with pytest.raises(MemoryError):
        method.paint(Box(0, 0, 192, 192), canvas_size)
    assert (whole(method, canvas_size) - exact).abs().max() <= 1e-5


def test_after_diverging_it_learns_more_slowly_and_remembers(tmp_path: Path) -> None:
    method = Magic(job(tmp_path), CPU)
    assert "0.5" in method.slow_down()
    method.step(0)
    assert method.optimizer.param_groups[0]["lr"] == pytest.approx(0.5 * method.settings.learning_rate)
    again = Magic(job(tmp_path), CPU)
    again.restore(method.state())
    again.step(1)
    assert again.optimizer.param_groups[0]["lr"] == pytest.approx(0.5 * method.settings.learning_rate)


def test_no_number_in_the_weights_shows_in_the_terms(tmp_path: Path) -> None:
    method = Magic(job(tmp_path), CPU)
    with torch.no_grad():
        next(method.generator.parameters()).fill_(torch.nan)
    assert not torch.isfinite(method.step(0)["content"])


def test_it_learns_the_content_and_uses_its_set(tmp_path: Path) -> None:
    """In forty steps on one small picture the collage comes nearer to the content, on a fixed seed."""
    settings = {"generator_width": 8, "set_size": 8, "batch": 4, "correspondence": "pool4"}
    method = Magic(job(tmp_path, settings), CPU)
    terms = [method.step(step) for step in range(40)]
    early = torch.stack([term["content_collage"] for term in terms[:5]]).mean()
    late = torch.stack([term["content_collage"] for term in terms[-5:]]).mean()
    assert late < 0.7 * early
    assert terms[-1]["templates_in_use"] > 4
