"""Where the weights and the optimizer's arrays lie in files of Keras.

``model.weights.h5``: ``layers/<class in snake case, numbered>/vars/<0, 1, …>``, trainable weights
first, and inner layers under the attribute that holds them. Old ``.h5`` files: layers by name, each
with a list ``weight_names``, matched by order. The optimizer: ``iteration``, ``learning_rate`` and
the slots, those of one call of ``add_optimizer_variables`` weight by weight.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import FileFormatError
from fastnn.layers.layer import Layer, snake_case
from fastnn.layers.normalization import Normalization
from fastnn.optimizers.adafactor import Adafactor
from fastnn.optimizers.nadam import Nadam
from fastnn.optimizers.processing import AVERAGE, KEPT
from fastnn.program.variable import Variable
from fastnn.saving.hdf5 import Hdf5Reader, Stored

Array = NDArray[Any]
OPTIMIZER = "optimizer"
_OLD_ROOT = "_layer_checkpoint_dependencies/"  # of Keras before 3.3, instead of layers/

# Slots by optimizer, in the groups in which Keras makes them
_SLOTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "SGD": (("momentum",),),
    "Adam": (("m", "v"), ("v_hat",)),
    "AdamW": (("m", "v"), ("v_hat",)),
    "RMSprop": (("v",), ("momentum",), ("average",)),
    "Adafactor": (("r", "c", "v"),),
    "Adagrad": (("accumulator",),),
    "Adadelta": (("accumulated_grad", "accumulated_delta_var"),),
    "Adamax": (("momentum", "norm"),),
    "Ftrl": (("accumulator", "linear"),),
    "Lamb": (("momentum", "velocity"),),
    "Lion": (("momentum",),),
    "Nadam": (("momentum", "velocity"),),  # and the product of its momenta so far
    "Muon": (("momentum", "velocity"),),
}


# -- weights ---------------------------------------------------------------------------------------


def placed(model: Any) -> dict[str, Variable]:
    """The model's variables by their path in a ``.weights.h5`` file, each once."""
    return {
        f"{path}{number}": variable
        for path, layer in holders(model)
        for number, variable in enumerate(_in_order(layer))
    }


def holders(model: Any) -> list[tuple[str, Layer]]:
    """Every layer with the path of its variables: ``layers/dense/vars/``."""
    found: list[tuple[str, Layer]] = []
    visited: set[int] = set()

    def visit(layer: Layer, path: str) -> None:
        if id(layer) in visited:
            return
        visited.add(id(layer))
        found.append((f"{path}vars/", layer))
        for name, inner in _inside(layer):
            visit(inner, f"{path}{name}/")

    visit(model, "")
    return found


def _inside(layer: Layer) -> Iterator[tuple[str, Layer]]:
    """The layers that a layer holds, as Keras names them."""
    from fastnn.models.sequential import Sequential

    if isinstance(layer, Sequential):
        yield from _numbered("layers", layer.layers)
        return
    for attribute in sorted(layer.__dict__.get("_holders", {})):
        value = layer.__dict__.get(attribute)
        if isinstance(value, Layer):
            yield attribute, value
        elif isinstance(value, (list, tuple, dict)):
            yield from _numbered(attribute, value)


def _numbered(path: str, container: Any) -> Iterator[tuple[str, Layer]]:
    """The layers in a list, tuple or dictionary, called by their classes."""
    counts: dict[str, int] = {}
    for item in container.values() if isinstance(container, dict) else container:
        if not isinstance(item, (Layer, list, tuple, dict)):
            continue
        name = snake_case(type(item).__name__) if isinstance(item, Layer) else "container"
        counts[name] = counts.get(name, -1) + 1
        inner = f"{path}/{name}_{counts[name]}" if counts[name] else f"{path}/{name}"
        if isinstance(item, Layer):
            yield inner, item
        else:
            yield from _numbered(inner, item)


def _in_order(layer: Layer) -> list[Variable]:
    """A layer's own variables in Keras's order."""
    own = layer._own_variables()
    return [v for v in own if v.trainable] + [v for v in own if not v.trainable]


def value_of(layer: Layer, variable: Variable) -> Array:
    """The array that a file holds for a variable."""
    if isinstance(layer, Normalization) and variable is layer.count:
        return np.asarray(variable.numpy(), np.int32)
    return np.asarray(variable.numpy())


def write_weights(file: Any, model: Any) -> None:
    """Write all weights into a new HDF5 file, as ``save_weights`` of Keras does."""
    for path, layer in holders(model):
        group = file.create_group(path.rstrip("/"))
        group.attrs["name"] = layer.name
        for number, variable in enumerate(_in_order(layer)):
            group.create_dataset(str(number), data=value_of(layer, variable))


def stored_weights(reader: Hdf5Reader) -> dict[str, tuple[str, Stored]]:
    """The weights in a ``.weights.h5`` file: by path, the path in the file and the sizes.

    Dropout's counters and the optimizer's arrays are left out.
    """
    found: dict[str, tuple[str, Stored]] = {}
    for path, stored in reader.datasets.items():
        plain = path.replace("\\", "/")
        if "seed_generator" in plain.split("/"):
            continue
        if plain.startswith(_OLD_ROOT):
            plain = "layers/" + plain.removeprefix(_OLD_ROOT)
        if plain.startswith(("layers/", "vars/")):
            found[plain] = path, stored
    return found


# -- old files -------------------------------------------------------------------------------------


def legacy_weights(layer: Layer) -> list[Variable]:
    """A layer's variables in the order of old files: what trains first, those inside included."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def placed_in_legacy(model: Any) -> dict[str, Variable]:
    """The model's variables by their place: ``<number of the layer with weights>/<number>``."""
    layers = [layer for layer in model.layers if layer.weights]
    return {
        f"{place}/{number}": variable
        for place, layer in enumerate(layers)
        for number, variable in enumerate(legacy_weights(layer))
    }


def stored_legacy_weights(reader: Hdf5Reader, root: str) -> dict[str, tuple[str, Stored]]:
    """The weights in an old file by place: the path in the file and the sizes."""
    found: dict[str, tuple[str, Stored]] = {}
    place = 0
    for name in reader.names(root, "layer_names"):
        group = f"{root}/{name}".strip("/")
        names = reader.names(group, "weight_names") if group in reader.groups else []
        for number, weight in enumerate(names):
            path = f"{group}/{weight}"
            if path not in reader.datasets:
                raise FileFormatError(
                    f"{reader.where}: it names a weight {weight[:80]!r} of layer {name[:80]!r}, "
                    "but holds no such array."
                )
            found[f"{place}/{number}"] = path, reader.datasets[path]
        place += bool(names)
    return found


def write_legacy_weights(group: Any, model: Any) -> None:
    """Write all weights into the group ``model_weights`` of a new HDF5 file."""
    write_names(group, "layer_names", [layer.name for layer in model.layers])
    group.attrs["backend"] = "fastnn"
    for layer in model.layers:
        inner = group.create_group(layer.name)
        names = [f"{layer.name}/{number}" for number in range(len(layer.weights))]
        write_names(inner, "weight_names", names)
        for name, variable in zip(names, legacy_weights(layer), strict=True):
            inner.create_dataset(name, data=value_of(layer, variable))
    write_names(group.create_group("top_level_model_weights"), "weight_names", [])


def write_names(group: Any, name: str, names: list[str]) -> None:
    """A list of names, in pieces if it is longer than an attribute may be (64 kB)."""
    encoded = [text.encode() for text in names]
    longest = max([1, *map(len, encoded)])
    per_piece = max(1, 60_000 // longest)
    dtype = f"S{longest}"
    if len(encoded) <= per_piece:
        group.attrs[name] = np.array(encoded, dtype)
        return
    for number, first in enumerate(range(0, len(encoded), per_piece)):
        group.attrs[f"{name}{number}"] = np.array(encoded[first : first + per_piece], dtype)


# -- the optimizer ---------------------------------------------------------------------------------

# An array of the optimizer: its slot, the variable, and the variable's path
Place = tuple[str, Variable, str]


def optimizer_arrays(model: Any) -> list[Array] | None:
    """The optimizer's arrays in Keras's order; None where there is no form for them."""
    optimizer = model.optimizer
    places = None if optimizer is None else _places(model)
    if places is None:
        return None
    model.optimizer_storage()
    state, arrays = model.get_training_state()
    found = [np.asarray(state["iterations"], np.int32)]
    rate = optimizer.get_config()["learning_rate"]
    if not isinstance(rate, Mapping):
        found.append(np.asarray(rate, np.float32))
    for slot, variable, path in places:
        name = f"{slot}/{path}"
        found.append(
            np.asarray(arrays[name]) if name in arrays else _made(slot, variable, path, arrays)
        )
    if isinstance(optimizer, Nadam):
        steps = np.arange(1, state["iterations"] // optimizer.update_every + 1)
        momenta = optimizer.beta_1 * (1 - 0.5 * 0.96**steps)
        found.append(np.asarray(np.prod(momenta), np.float32))
    return found


def restore_optimizer(model: Any, values: list[Array], where: str) -> None:
    """Give the optimizer the arrays that Keras has written; a warning if they do not fit."""
    optimizer = model.optimizer
    if not values:
        return
    places = _places(model)
    first = 1 + (not isinstance(optimizer.get_config()["learning_rate"], Mapping))
    if len(values) == first and not int(values[0]):  # saved before the first step
        return
    if isinstance(optimizer, Nadam):
        values = values[:-1]  # the product of its momenta follows from the number of steps
    if places is None or len(values) != first + len(places):
        warnings.warn(
            f"load_model: the state of optimizer {optimizer.name!r} in {where} is not of a form "
            "that fastnn reads; training starts with a fresh one.",
            UserWarning,
            stacklevel=5,
        )
        return
    state, _ = model.get_training_state()
    arrays = {
        f"{slot}/{path}": value
        for (slot, variable, path), value in zip(places, values[first:], strict=True)
        if _is_kept(optimizer, slot, variable)
    }
    model.set_training_state({**state, "iterations": int(values[0])}, arrays)


def from_keras_2(model: Any, names: list[str], values: list[Array]) -> list[Array]:
    """The optimizer's arrays in a file of Keras 2, in the order and number of Keras 3.

    Keras 2 left out the learning rate and the product of Nadam's momenta. Before 2.11 the arrays
    of a slot stood together (``Adam/dense/kernel/m:0``), since then they stand weight by weight
    (``Adam/m/dense/kernel:0``).
    """
    places = _places(model)
    ends = [name.rpartition("/")[2].partition(":")[0] for name in names]
    kept = [v for v, end in zip(values, ends, strict=True) if not end.endswith("learning_rate")]
    if places is None or len(kept) != 1 + len(places):
        return values
    arrays = kept[1:]
    if ends[0] == "iter":  # before 2.11
        slots = list(dict.fromkeys(slot for slot, _, _ in places))
        order = sorted(range(len(places)), key=lambda i: slots.index(places[i][0]))
        arrays = [kept[1 + order.index(i)] for i in range(len(places))]
    constant = not isinstance(model.optimizer.get_config()["learning_rate"], Mapping)
    rate = [np.zeros(())] if constant else []
    return [kept[0], *rate, *arrays, *([np.ones(())] if isinstance(model.optimizer, Nadam) else [])]


def warn_of_fresh_optimizer(optimizer: Any) -> None:
    """Say that the optimizer's state does not go into a file of Keras."""
    warnings.warn(
        f"save_model: a file of Keras cannot hold the state of optimizer {optimizer.name!r} as it "
        "is here; training will start with a fresh one after loading. Save a '.fastnn' file, too.",
        UserWarning,
        stacklevel=5,
    )


def _places(model: Any) -> list[Place] | None:
    """The arrays of the optimizer in Keras's order: averages, kept gradients, those of the rule."""
    optimizer = model.optimizer
    groups = _SLOTS.get(type(optimizer).__name__)
    if groups is None:
        return None
    around = [(AVERAGE,)] if optimizer.use_ema else []
    around += [(KEPT,)] if optimizer.update_every > 1 else []
    paths = {id(variable): path for path, variable in model.named_weights().items()}
    return [
        (slot, variable, paths[id(variable)])
        for group in (*around, *groups)
        for variable in model._trained_variables()
        for slot in group
        if _has_place(optimizer, slot, variable)
    ]


def _is_kept(optimizer: Any, slot: str, variable: Variable) -> bool:
    """Whether fastnn keeps such an array for the variable."""
    kept = slot in optimizer.state_slots()
    return kept and optimizer.state_shape(slot, variable) is not None


def _has_place(optimizer: Any, slot: str, variable: Variable) -> bool:
    """Whether Keras has such an array for the variable, be it a number that it does not use."""
    return isinstance(optimizer, Adafactor) or _is_kept(optimizer, slot, variable)


def _made(slot: str, variable: Variable, path: str, arrays: Mapping[str, Array]) -> Array:
    """An array that Keras stores for Adafactor and fastnn does not keep."""
    if slot in ("r", "c"):  # of a vector: a number in place of the means
        return np.zeros((), np.float32)
    r, c = (np.asarray(arrays[f"{name}/{path}"], np.float64) for name in "rc")
    mean = r.mean(-1, keepdims=True)
    scaled = np.divide(r, mean, out=np.zeros_like(r), where=mean != 0)
    return np.asarray(scaled[..., np.newaxis] * c[..., np.newaxis, :], variable.dtype)
