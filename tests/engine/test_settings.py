"""Settings: declared once, validated in sentences, parsed from the command line."""

from typing import Annotated, Literal

import pytest
from pydantic import Field

from engine.errors import BadSettingError
from engine.method import method_class, method_keys
from engine.settings import Knob, Settings, When, condition, differing, idle, parse_assignments, specs


class Example(Settings):
    weight: Annotated[float, Field(ge=0, le=5), Knob("Weight", "More or less.", live=True)] = 1.0
    count: Annotated[int, Field(ge=1, le=9), Knob("Count", "More or less.")] = 3
    kind: Annotated[Literal["wrap", "mirror"], Knob("Kind", "Which.", choices=("Wrap", "Mirror"))] = "wrap"
    loud: Annotated[bool, Knob("Loud", "On or off.")] = False


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
    way: Annotated[Literal["plain", "soft", "hard"], Knob("Way", "Which.", choices=("Plain", "Soft", "Hard"))] = "plain"
    radius: Annotated[float, Field(ge=0, le=9), Knob("Radius", "How far.", when=(When("way", ("soft", "hard")),))] = 1.0
    edge: Annotated[bool, Knob("Edge", "On or off.", when=(When("radius", above=0),))] = False
    again: Annotated[
        int, Field(ge=0, le=9), Knob("Again", "How often.", when=(When("way", ("plain",)), When("edge", (True,))))
    ] = 0


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


def test_in_famos_what_the_mode_and_the_losses_leave_out_is_idle() -> None:
    settings = method_class("famos").Settings
    assert {"blur_px", "learned_after", "penalty_weight", "temperature_start"} <= idle(settings())
    assert "blur_px" not in idle(settings.of({"correspondence": "blur"}))
    assert "blur_px" not in idle(settings.of({"correspondence": "learned", "learned_after": "blur"}))
    assert "blur_px" in idle(settings.of({"correspondence": "pool8", "learned_after": "blur"}))
    wasserstein = idle(settings.of({"adversarial": "wgan_gp"}))
    assert {"r1_weight", "r1_every_steps"} <= wasserstein
    assert "penalty_weight" not in wasserstein
    assert {"templates", "entropy_weight", "entropy_ramp_steps", "refine", "alpha_weight"} <= idle(
        settings.of({"mode": "paint"})
    )
