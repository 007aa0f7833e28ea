"""Settings: declared once, validated in sentences, parsed from the command line."""

from typing import Literal

import pytest

from engine import knobs
from engine.errors import BadSettingError
from engine.knobs import above, choice, number, one_of, redeclared, toggle
from engine.method import method_class, method_keys
from engine.settings import Settings, condition, differing, idle, parse_assignments, specs


class Example(Settings):
    weight: float = number(1.0, 0, 5, "Weight", "More or less.", live=True)
    count: int = knobs.count(3, 1, 9, "Count", "More or less.")
    kind: Literal["wrap", "mirror"] = choice("wrap", ("Wrap", "Mirror"), "Kind", "Which.")
    loud: bool = toggle(False, "Loud", "On or off.")


class Inheriting(Example):
    rate: float = number(0.1, 0, 1, "Rate", "More or less.", before="kind")
    slow: bool = toggle(True, "Slow", "On or off.")
    count: int = redeclared(Example, "count", default=4, most=6, help="Another.")


def test_inherited_settings_keep_their_places_and_others_stand_between_them() -> None:
    found = specs(Inheriting)
    assert [spec.name for spec in found] == ["weight", "count", "rate", "slow", "kind", "loud"]
    assert [spec.name for spec in specs(Example)] == ["weight", "count", "kind", "loud"]


def test_a_setting_declared_again_keeps_what_is_not_said_anew() -> None:
    before, after = specs(Example)[1], specs(Inheriting)[1]
    assert (after.default, after.minimum, after.maximum) == (4, 1, 6)
    assert (after.knob.label, after.knob.help) == (before.knob.label, "Another.")
    assert Inheriting().count == 4
    with pytest.raises(BadSettingError, match="a whole number from 1 to 6"):
        Inheriting.of({"count": 7})


def test_a_field_without_a_knob_is_a_mistake_of_the_program() -> None:
    class Bare(Settings):
        weight: float = 1.0

    with pytest.raises(TypeError, match="weight needs a knob"):
        specs(Bare)


def test_each_setting_says_what_it_may_be() -> None:
    assert [spec.allowed for spec in specs(Example)] == [
        "a number from 0 to 5",
        "a whole number from 1 to 9",
        "one of wrap, mirror",
        "true or false",
    ]


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("weight", "--set weight: write it as name=value"),
        ("height=3", "there is no such setting"),
        ("weight=heavy", "weight can not be 'heavy'; it is a number from 0 to 5"),
        ("weight=7", "weight can not be 7.0; it is a number from 0 to 5"),
        ("weight=nan", "weight can not be nan; it is a number from 0 to 5"),
        ("count=2.5", "count can not be '2.5'; it is a whole number from 1 to 9"),
        ("kind=fold", "kind can not be 'fold'; it is one of wrap, mirror"),
        ("loud=perhaps", "loud can not be 'perhaps'; it is true or false"),
    ],
)
def test_a_bad_assignment_is_answered_with_a_sentence(assignment: str, message: str) -> None:
    with pytest.raises(BadSettingError, match="(?s).*".join(map(str, [message.split("(")[0]]))):
        parse_assignments(Example, [assignment])


def test_assignments_give_values_of_the_right_type() -> None:
    values = parse_assignments(Example, ["weight=2.5", "count=4", "kind=mirror", "loud=on"])
    assert values == {"weight": 2.5, "count": 4, "kind": "mirror", "loud": True}


def test_only_settings_that_are_not_live_need_a_rebuild() -> None:
    before = Example()
    assert not before.needs_rebuild(before.with_values({"weight": 2}))
    assert before.needs_rebuild(before.with_values({"count": 2}))
    assert [spec.name for spec in differing(before, before.with_values({"weight": 2, "count": 4}))] == [
        "weight",
        "count",
    ]


def test_an_unknown_stored_setting_is_named() -> None:
    with pytest.raises(BadSettingError, match="no setting colour"):
        Example.of({"colour": 1})


@pytest.mark.parametrize("key", method_keys())
def test_every_method_declares_settings_that_can_be_shown(key: str) -> None:
    method = method_class(key)
    for spec in specs(method.Settings):
        assert spec.knob.label
        assert spec.knob.help.endswith((".", "PSGAN"))
        if spec.kind == "choice" and spec.knob.choices:
            assert len(spec.knob.choices) == len(spec.values)
    for preset in method.presets:
        assert method.Settings.of(preset.values)


class Dependent(Settings):
    way: Literal["plain", "soft", "hard"] = choice("plain", ("Plain", "Soft", "Hard"), "Way", "Which.")
    radius: float = number(1.0, 0, 9, "Radius", "How far.", when=one_of("way", "soft", "hard"))
    edge: bool = toggle(False, "Edge", "On or off.", when=above("radius", 0))
    again: int = knobs.count(0, 0, 9, "Again", "How often.", when=one_of("way", "plain") + one_of("edge", True))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {"radius", "edge"}),
        ({"way": "soft"}, {"again"}),
        ({"way": "soft", "radius": 0.0}, {"edge", "again"}),
        ({"way": "hard", "edge": True}, set()),
        ({"way": "plain", "edge": True}, {"radius", "edge"}),
    ],
)
def test_a_setting_is_idle_unless_a_condition_holds_of_one_that_acts(values: dict, expected: set) -> None:
    assert idle(Dependent.of(values)) == expected


def test_conditions_are_told_in_the_artists_words() -> None:
    assert condition(Dependent, "way") == ""
    assert condition(Dependent, "radius") == "Way is Soft or Hard"
    assert condition(Dependent, "again") == "Way is Plain, or Edge is on"


@pytest.mark.parametrize("key", method_keys())
def test_conditions_name_settings_and_values_that_there_are(key: str) -> None:
    settings = method_class(key).Settings
    known = {spec.name: spec for spec in specs(settings)}
    for spec in known.values():
        for when in spec.knob.when:
            other = known[when.name]
            assert when.name != spec.name
            assert (when.above is None) == bool(when.values)
            for value in when.values:
                assert value in other.values or isinstance(value, bool)
            if when.above is not None:
                assert other.minimum is not None
                assert other.minimum <= when.above
    assert idle(settings()) <= known.keys()


def test_what_l_bfgs_finds_for_itself_and_what_no_content_needs_is_idle() -> None:
    for key in ("neural_style", "doodle"):
        settings = method_class(key).Settings
        assert not {"learning_rate", "calm_steps"} & idle(settings())
        assert {"learning_rate", "calm_steps"} <= idle(settings.of({"optimizer": "lbfgs"}))
    magic = method_class("magic").Settings
    assert "tone_matching" not in idle(magic())
    assert "tone_matching" in idle(magic.of({"guidance": "unguided"}))


def test_magic_says_that_instance_norm_is_the_papers() -> None:
    by_name = {spec.name: spec for spec in specs(method_class("magic").Settings)}
    for name in ("norm", "discriminator_norm"):
        spec = by_name[name]
        assert [value for value in spec.values if "paper" in spec.label_of(value)] == ["instance"]


def test_in_famos_what_the_mode_and_the_losses_leave_out_is_idle() -> None:
    settings = method_class("famos").Settings
    assert {"blur_px", "learned_after", "penalty_weight", "temperature_start"} <= idle(settings())
    assert "blur_px" not in idle(settings.of({"correspondence": "blur"}))
    assert "blur_px" not in idle(settings.of({"correspondence": "learned", "learned_after": "blur"}))
    assert "blur_px" in idle(settings.of({"correspondence": "pool8", "learned_after": "blur"}))
    wasserstein = idle(settings.of({"adversarial": "wgan_gp"}))
    assert {"r1_weight", "r1_every_steps"} <= wasserstein
    assert "penalty_weight" not in wasserstein
    batch = idle(settings.of({"discriminator_norm": "batch"}))
    assert {"r1_weight", "r1_every_steps"} <= batch
    assert not {"r1_weight", "r1_every_steps"} & idle(settings.of({"discriminator_norm": "instance"}))
    assert condition(settings, "r1_weight").endswith("and Discriminator norm is None or Layer or Instance")
    assert {"templates", "entropy_weight", "entropy_ramp_steps", "refine", "alpha_weight"} <= idle(
        settings.of({"mode": "paint"})
    )
