"""The user's own objects by name: registered, or of a block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import fastnn
from fastnn import registration, saving
from fastnn.errors import ArgumentError


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    before = dict(saving.get_custom_objects())
    yield
    saving.get_custom_objects().clear()
    saving.get_custom_objects().update(before)


def cubed(x: Any) -> Any:
    return x * x * x


def test_registered_objects_are_found_by_their_whole_name() -> None:
    @saving.register_keras_serializable(package="shop", name="Wide")
    class Wide(fastnn.layers.Dense):
        """A dense layer."""

    assert saving.get_registered_name(Wide) == "shop>Wide"
    assert saving.get_registered_object("shop>Wide") is Wide
    assert saving.get_registered_object("Wide") is None
    model = fastnn.Sequential([fastnn.Input((2,)), Wide(3)])
    assert type(fastnn.Sequential.from_config(model.get_config()).layers[0]) is Wide
    assert '"registered_name": "shop>Wide"' in model.to_json()
    assert type(fastnn.models.model_from_json(model.to_json()).layers[0]) is Wide


def test_a_class_needs_get_config() -> None:
    with pytest.raises(ArgumentError, match=r"class 'Bare' has no get_config\(\)"):

        @saving.register_keras_serializable()
        class Bare:
            pass


def test_a_scope_ends() -> None:
    with saving.CustomObjectScope({"cubed": cubed}):
        assert fastnn.layers.Dense(1, activation="cubed").activation is cubed
        assert saving.get_registered_object("cubed") is cubed
        with saving.custom_object_scope({}), pytest.raises(ArgumentError, match="'cubed'"):
            fastnn.layers.Dense(1, activation="cubed")
    with pytest.raises(ArgumentError, match="unknown activation 'cubed'"):
        fastnn.layers.Dense(1, activation="cubed")
    with pytest.raises(ArgumentError, match="expected a dictionary"):
        saving.custom_object_scope(cubed)


def test_what_is_put_into_the_dictionary_is_known() -> None:
    saving.get_custom_objects()["cubed"] = cubed
    assert fastnn.layers.Dense(1, activation="cubed").activation is cubed
    assert registration.registered_title("cubed") == "cubed"


def test_fastnn_s_own_names_stay() -> None:
    saving.register_keras_serializable("shop", "Dense")(type("Dense", (fastnn.layers.Layer,), {}))
    config = fastnn.layers.serialize(fastnn.layers.Dense(2))
    assert type(fastnn.layers.deserialize(config)) is fastnn.layers.Dense
