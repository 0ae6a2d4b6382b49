"""Cutting into stages: what runs through without a barrier, and what must wait."""

from __future__ import annotations

import pytest

from fastnn import backends
from fastnn.ops.contract import ROW, SERIAL, TILE
from fastnn.ops.dense import GRADIENT_STEPS
from fastnn.ops.optimizer import is_update
from fastnn.optimizers import Adam
from fastnn.program import memory
from fastnn.program.fuse import fuse, fuse_updates
from fastnn.program.record import HEADER_WORDS, STAGE_WORDS, pack
from fastnn.program.stages import Stage, cut, kind_of
from tests.support.training import ARCHITECTURES, HEADS, Training, perceptron, predictor


def stages_of(training: Training, updates: bool = True) -> list[Stage]:
    """With everything fused, or with all but the updates."""
    fused = {"dense_activation_forward", "dense_activation_dx"}
    fused |= {op.name for op in GRADIENT_STEPS.values()} if updates else set()
    program = training.program
    nodes = fuse(program.nodes, set(program.gradients), fused.__contains__)
    return cut(fuse_updates(nodes, program.gradients, fused.__contains__))


def names(stage: Stage) -> list[str]:
    return [node.op.name for node in stage.nodes]


def test_the_stages_of_a_training_step():
    """One row stage from the gather to the last dx, sums, weight gradients with their updates."""
    training = Training(perceptron(6, 5, 4), (3,), optimizer=Adam())
    stages = stages_of(training)
    assert [(s.kind, sorted(names(s))) for s in stages] == [
        (
            ROW,
            sorted(
                [
                    "gather_rows",
                    "dense_activation_forward",
                    "dense_activation_forward",
                    "dense_forward",
                    "gather_labels",
                    "sparse_softmax_crossentropy_forward",
                    "argmax_i32",
                    "equal_i32",
                    "loss_mean_backward",
                    "sparse_softmax_crossentropy_backward",
                    "dense_activation_dx",
                    "dense_activation_dx",
                ]
            ),
        ),
        (SERIAL, ["epoch_end", "loss_mean", "metric_mean", "metric_scalar"]),
        (TILE, ["dense_db_adam_step"] * 3 + ["dense_dw_adam_step"] * 3),
    ]
    assert names(stages[1])[0] == "loss_mean"
    assert names(stages[1])[-1] == "epoch_end"
    apart = stages_of(training, updates=False)
    assert [s.kind for s in apart] == [ROW, SERIAL, TILE, TILE]
    assert [sorted(names(s)) for s in apart[2:]] == [
        ["dense_db"] * 3 + ["dense_dw"] * 3,
        ["adam_step"],
    ]


def test_prediction_is_one_stage():
    program = predictor(Training(*ARCHITECTURES["perceptron"]))
    (stage,) = cut(program.nodes)
    assert stage.kind == ROW


@pytest.mark.parametrize("updates", [True, False])
@pytest.mark.parametrize("reduction", ["mean", "sum", "weighted_mean"])
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_rules_that_every_program_keeps(name: str, head: str, reduction: str, updates: bool):
    training = Training(
        *ARCHITECTURES[name], head, optimizer=Adam(), weighted=True, reduction=reduction
    )
    stages = stages_of(training, updates)
    place = {n.id: i for i, s in enumerate(stages) for n in s.nodes}
    position = {n.id: j for s in stages for j, n in enumerate(s.nodes)}
    makers = {id(t): n for s in stages for n in s.nodes for t in n.outputs}
    count = sum(len(s.nodes) for s in stages)
    assert count == len(place)
    for stage in stages:
        for node in stage.nodes:
            assert kind_of(node) == stage.kind
            for tensor in node.inputs:
                maker = makers.get(id(tensor))
                if maker is None:
                    continue
                assert place[maker.id] <= place[node.id]
                if place[maker.id] == place[node.id]:
                    # within a stage only earlier nodes of a row or serial stage, row by row
                    assert stage.kind != TILE, (maker, node)
                    assert position[maker.id] < position[node.id]
                    assert not node.op.whole(node), node
    last = max(place.values())
    for node in (n for s in stages for n in s.nodes):
        if is_update(node.op):
            assert place[node.id] == last
            assert stages[last].nodes == [n for n in stages[last].nodes if is_update(n.op)]
            assert all(t.has_batch or t.region is not None for t in node.inputs), node
        if node.op.name == "loss_mean":
            assert place[node.id] < last  # the check of the loss comes before any update
    effects = [n.op.name for s in stages for n in s.nodes if n.op.effect and s.kind == SERIAL]
    assert effects[-1] == "epoch_end"  # after every metric
    whole = [n for s in stages for n in s.nodes if n.op.whole(n)]
    assert len(whole) == (1 if reduction == "weighted_mean" else 0)


def test_row_stages_merge_as_far_as_they_may():
    """Two row stages where a row op waits for all weights, else one."""
    for reduction, expected in (("mean", 1), ("sum", 1), ("weighted_mean", 2)):
        training = Training(*ARCHITECTURES["perceptron"], weighted=True, reduction=reduction)
        for updates in (True, False):
            kinds = [s.kind for s in stages_of(training, updates)]
            assert kinds.count(ROW) == expected, reduction
            assert kinds.count(TILE) == (1 if updates else 2)


def test_ops_on_weights_alone_are_serial():
    """The sum of a shared layer's gradients has no batch axis."""
    stages = stages_of(Training(*ARCHITECTURES["shared layer"]))
    sums = [(s.kind, n) for s in stages for n in s.nodes if n.op.name == "binary"]
    assert len(sums) == 2
    assert all(kind == SERIAL for kind, _ in sums)


def test_a_cycle_is_reported():
    training = Training(*ARCHITECTURES["one layer"])
    nodes = [n for n in training.program.nodes if n.op.name != "gather_rows"]
    gather = training.program.nodes[0]
    loop = type(gather).fused(gather.op, (nodes[-1].inputs[0],), {}, gather)
    loop.inputs = (training.prediction,)
    with pytest.raises(RuntimeError, match="cycle"):
        cut([loop, *nodes])


def test_packed_stages_say_what_they_are():
    training = Training(perceptron(6, 5, 4), (3,), optimizer=Adam())
    stages = stages_of(training)
    layout = memory.plan(stages, training.program.gradients, 16)
    backend = backends.resolve("c")
    packed = pack(stages, layout, backend.kernel_id)
    words = packed.words
    assert words[2] == words.size
    assert words[3] == len(stages)
    assert words[4] == sum(len(s.nodes) for s in stages)
    table = words[HEADER_WORDS : HEADER_WORDS + STAGE_WORDS * len(stages)].reshape(-1, STAGE_WORDS)
    assert table[:, 0].tolist() == [{ROW: 0, TILE: 1, SERIAL: 2}[s.kind] for s in stages]
    assert table[:, 2].tolist() == [len(s.nodes) for s in stages]
    assert (table[:, 3] > 0).all()
    assert (table[:, 4:6] >= 0).all()
    # forward and dx of the batch: 2·(3·6 + 6·5 + 5·4) + 2·(5·4 + 6·5) flops per sample, and more
    assert table[0, 5] >= 2 * (18 + 30 + 20) + 2 * (20 + 30)
    assert packed.attributes.dtype == "float64"
