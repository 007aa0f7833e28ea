"""Laws that every registered method keeps: a new one adds a row to `JOBS` of method_jobs.py, and all hold for it."""

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.box import Box, Size
from engine.errors import BadProjectError, BadSettingError, MissingSourcesError
from engine.messages.commands import RenderView
from engine.method import method_class, method_keys
from engine.method_choices import preset_values
from engine.preview import views
from engine.settings import specs
from tests.engine.method_jobs import CPU, JOBS, built, check_goes_on, check_tiles_agree, learned, painted

every_method = pytest.mark.parametrize("key", method_keys())


def test_each_has_a_row() -> None:
    assert set(JOBS) == set(method_keys())


@every_method
def test_it_says_what_it_is(key: str) -> None:
    method = method_class(key)
    assert method.key == key
    for parts in (method.slots, method.layers, method.terms):
        names = [part.key for part in parts]
        assert len(names) == len(set(names)) > 0
        assert all(part.title for part in parts)
    assert all(len(part.help) > 5 for part in (*method.slots, *method.layers))
    assert method.layers[0].key == "result"
    assert all(0 <= slot.minimum <= slot.maximum for slot in method.slots)
    known = {slot.key for slot in method.slots}
    assert all(set(slot.beneath) <= known for slot in method.slots)
    assert any(char.isdigit() for char in method.paper)


@every_method
def test_presets_are_settings_that_can_be_had(key: str) -> None:
    method = method_class(key)
    names = [preset.name for preset in method.presets]
    assert len(names) == len(set(names)) > 0
    for preset in method.presets:
        settings = method.Settings.of(preset_values(method, [preset.name]))
        assert all(getattr(settings, name) == value for name, value in preset.values.items())
        assert preset.help
    with pytest.raises(BadSettingError, match="There is no preset Nothing"):
        preset_values(method, ["Nothing"])


@every_method
def test_a_step_gives_the_terms_it_names_and_a_picture_of_all_layers(key: str, tmp_path: Path) -> None:
    method = built(key, tmp_path)
    assert method.patches() == {}
    terms = method.step(0)
    assert set(terms) <= {term.key for term in method.terms}
    assert all(value.shape == () and torch.isfinite(value) for value in terms.values()), terms
    layers = painted(method, method.canvas_size, Box(3, 5, 20, 30))
    assert set(layers) == {layer.key for layer in method.layers}
    for name, image in layers.items():
        assert image.shape == (3, 20, 30), name
        assert image.dtype == torch.float32, name
        assert image.min() >= 0, name
        assert image.max() <= 1 + 1e-6, name
    patches = method.patches()
    assert patches
    assert all(patch.dim() == 4 and patch.shape[1] == 3 for patch in patches.values())


@every_method
def test_crops_agree(key: str, tmp_path: Path) -> None:
    """A canvas that no tile divides, larger than what was trained for, painted in tiles and at once."""
    method = built(key, tmp_path, steps=1)
    check_tiles_agree(method, Size(149, 131))


@every_method
def test_what_stands_still_paints_the_picture_of_its_step_whatever_is_learned_or_set_meanwhile(
    key: str, tmp_path: Path
) -> None:
    method, box = built(key, tmp_path, steps=2), Box(3, 5, 40, 50)
    still = method.still()
    if still is None:  # such a method is only painted between its steps
        return
    expected, patches = painted(method, method.canvas_size, box), method.patches()
    if "tone_matching" in type(method.settings).model_fields:
        method.settings = method.settings.with_values({"tone_matching": 0.3})
    method.step(2)
    painted(method, method.canvas_size, box)
    found = painted(still, still.canvas_size, box)
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert all(torch.equal(still.patches()[name], patch) for name, patch in patches.items())


@every_method
def test_to_paint_what_stands_still_changes_nothing_of_what_is_learned(key: str, tmp_path: Path) -> None:
    plain, looked_at = (built(key, tmp_path, steps=1) for _ in range(2))
    for step in (1, 2):
        if (still := looked_at.still()) is not None:
            painted(still, still.canvas_size, Box(3, 5, 40, 50))
        plain.step(step)
        looked_at.step(step)
    expected, found = plain.state(), looked_at.state()
    assert found.plain == expected.plain
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in expected.tensors.items())


@every_method
def test_going_on_from_a_state_equals_going_on_without_a_break(key: str, tmp_path: Path) -> None:
    check_goes_on(lambda: built(key, tmp_path))


@every_method
def test_a_state_is_not_changed_by_what_follows(key: str, tmp_path: Path) -> None:
    method = built(key, tmp_path, steps=2)
    kept = method.state()
    copies = {name: tensor.clone() for name, tensor in kept.tensors.items()}
    method.step(2)
    method.restore(kept)
    method.step(2)
    assert all(torch.equal(tensor, copies[name]) for name, tensor in kept.tensors.items())


@every_method
def test_equal_jobs_give_equal_pictures_and_other_seeds_others(key: str, tmp_path: Path) -> None:
    first, second, other = (
        painted(built(key, tmp_path, steps=2, seed=seed), Size(64, 64))["result"] for seed in (1, 1, 2)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(
    ("key", "settings"),
    [
        *((key, {}) for key in method_keys()),
        ("famos", {"norm": "batch"}),
        ("magic", {"norm": "instance", "warp": "affine"}),
        ("stylize", {"norm": "batch"}),
    ],
)
def test_painting_does_not_change_what_is_learned(key: str, settings: dict[str, Any], tmp_path: Path) -> None:
    looked, blind = (built(key, tmp_path, settings) for _ in range(2))
    for step in range(2):
        looked.step(step)
        painted(looked, Size(40, 40))
        blind.step(step)
    ours, theirs = learned(looked), learned(blind)
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        assert torch.equal(tensor, theirs[name]), name


@pytest.mark.parametrize(("key", "settings"), [*((key, {}) for key in method_keys()), ("famos", {"periodic_noise": 3})])
def test_all_that_is_random_is_seeded_by_the_job(key: str, settings: dict[str, Any], tmp_path: Path) -> None:
    states = []
    for elsewhere in (1, 2):
        torch.manual_seed(elsewhere)
        states.append(built(key, tmp_path, settings).state().tensors)
    assert states[0].keys() == states[1].keys()
    for name, tensor in states[0].items():
        assert torch.equal(tensor, states[1][name]), name


@every_method
def test_live_settings_can_change_between_steps(key: str, tmp_path: Path) -> None:
    """All of them, one after the other, to both ends of their ranges."""
    method = built(key, tmp_path, steps=1)
    start, step = method.settings, 1
    live = [spec for spec in specs(type(start)) if spec.knob.live]
    assert live
    for spec in live:
        ends = spec.values if spec.kind == "choice" else (spec.minimum, spec.maximum)
        if spec.kind == "bool":
            ends = (False, True)
        for value in ends:
            try:
                changed = start.with_values({spec.name: int(value) if spec.kind == "int" else value})  # type: ignore[arg-type]
            except BadSettingError:  # it does not go with the others
                continue
            assert not start.needs_rebuild(changed)
            method.settings = changed
            terms = method.step(step)
            assert set(terms) <= {term.key for term in method.terms}, spec.name
            step += 1
        method.settings = start


@every_method
def test_a_state_of_something_else_is_refused_or_left(key: str, tmp_path: Path) -> None:
    method = built(key, tmp_path, steps=1)
    state = method.state()
    name = max(state.tensors, key=lambda key: state.tensors[key].numel())
    state.tensors[name] = torch.zeros(2, 3)
    with pytest.raises(BadProjectError):
        built(key, tmp_path).restore(state)


@every_method
def test_what_is_missing_is_asked_for(key: str, tmp_path: Path) -> None:
    method = method_class(key)
    job = JOBS[key](tmp_path)
    for slot in method.slots:
        left = {name: images for name, images in job.sources.items() if name != slot.key}
        lacking = job.model_copy(update={"sources": left})
        by_setting = key in ("famos", "magic") and slot.key == "content"  # where they are guided by one
        if not slot.minimum and not by_setting:
            method(lacking, CPU).step(0)
        else:
            with pytest.raises(MissingSourcesError, match=f"Drop one (on {slot.title}|there)"):
                method(lacking, CPU)


@every_method
def test_a_canvas_of_another_size_than_the_images(key: str, tmp_path: Path) -> None:
    method = built(key, tmp_path, canvas_size=Size(90, 200))
    assert method.canvas_size == Size(90, 200)
    method.step(0)
    assert painted(method, method.canvas_size)["result"].shape == (3, 90, 200)


@every_method
def test_slowing_down_is_told_and_remembered(key: str, tmp_path: Path) -> None:
    method = built(key, tmp_path, steps=1)
    fast = method.state()
    message = method.slow_down()
    assert message.endswith(".")
    assert "0.5" in message
    slow = method.state()
    assert slow.plain != fast.plain
    again = built(key, tmp_path)
    again.restore(slow)
    assert again.state().plain == slow.plain


@every_method
def test_a_method_that_is_let_go_is_gone_at_once(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Without a look through all objects for circles: its memory is what the next one needs."""
    gc.collect()
    gc.disable()
    request.addfinalizer(gc.enable)
    monkeypatch.setattr(views, "COARSE_PX", 2000)
    method = built(key, tmp_path, steps=2)
    canvas_size = method.canvas_size
    for layer in method.layers:
        list(views.answer(method, RenderView(canvas_size.box, canvas_size, layer.key, coarse_first=True, pieces=True)))
    method.try_update(JOBS[key](tmp_path))
    method.restore(method.state())
    networks = [part for part in vars(method).values() if isinstance(part, torch.nn.Module)]
    held = [weakref.ref(each) for each in (method, *networks, *(p for n in networks for p in n.parameters()))]
    del method, networks
    assert [each() for each in held if each() is not None] == []
