"""PyTorch, eager, with its fused Adam; for inference eager and TorchScript (traced, frozen).

Batches are gathered by ``index_select`` from one tensor; the epoch's loss is kept as tensors and
read once at its end. Inputs and outputs of inference are tensors: no conversion is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from bench import workloads
from bench.peers import job as jobs
from bench.peers.job import Array, Job, Measured

VARIANTS = {"train": ["eager"], "infer": ["eager", "torchscript"], "accuracy": ["eager"]}


def versions() -> dict[str, str]:
    """Names and versions of what is measured."""
    return {"torch": torch.__version__}


def network(job: Job, training: bool) -> nn.Sequential:
    """The layers with the job's weights; for training with dropout and without the last
    activation, which is part of the loss.
    """
    torch.set_num_threads(job.threads)
    torch.set_num_interop_threads(1)
    torch.manual_seed(job.seed)
    workload, values = job.network, job.weights()
    modules: list[nn.Module] = []
    for number, (n_in, n_out) in enumerate(workload.layers):
        dense = nn.Linear(n_in, n_out)
        with torch.no_grad():
            dense.weight.copy_(torch.from_numpy(values[2 * number].T.copy()))
            dense.bias.copy_(torch.from_numpy(values[2 * number + 1]))
        modules.append(dense)
        if number < len(workload.layers) - 1 and workload.elementwise:
            modules += [nn.LayerNorm(n_out, eps=workloads.NORM_EPSILON), nn.SiLU()]
        elif number < len(workload.layers) - 1:
            modules.append(nn.ReLU())
            if training and workload.dropout:
                modules.append(nn.Dropout(workload.dropout))
    if not training:
        modules.append(nn.Sigmoid() if workload.binary else nn.Softmax(dim=1))
    return nn.Sequential(*modules).train(training)


def focal_loss(z: Any, labels: Any) -> Any:
    """Keras's categorical focal cross-entropy, from logits: -α (1 - p)² log p of the label."""
    log_p = torch.log_softmax(z, dim=1).gather(1, labels[:, None])
    return (-workloads.BALANCE * (1 - log_p.exp()) ** workloads.FOCUS * log_p).mean()


def learner(job: Job) -> tuple[nn.Sequential, Callable[[Array], float]]:
    """The network and what trains it for an epoch."""
    model, workload = network(job, training=True), job.network
    x, y = torch.from_numpy(job.array("x")), torch.from_numpy(job.array("y"))
    criterion: Callable[..., Any]
    if workload.elementwise:
        criterion = focal_loss
    elif workload.binary:
        y, criterion = y.to(torch.float32)[:, None], nn.BCEWithLogitsLoss()
    else:
        criterion = nn.CrossEntropyLoss()
    weights = list(model.parameters())
    averages = [weight.detach().clone() for weight in weights] if workload.elementwise else []
    make = torch.optim.Adam
    decay = {}
    if workload.elementwise:
        make, decay = torch.optim.AdamW, {"weight_decay": workloads.WEIGHT_DECAY}
    optimizer = make(
        weights,
        lr=jobs.LEARNING_RATE,
        betas=(jobs.BETA_1, jobs.BETA_2),
        eps=jobs.EPSILON,
        fused=True,
        **decay,
    )

    def epoch(permutation: Array) -> float:
        order, losses, sizes = torch.from_numpy(permutation), [], []
        for rows in jobs.batches(len(x), workload.batch):
            index = order[rows]
            loss = criterion(model(x.index_select(0, index)), y.index_select(0, index))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            if averages:
                nn.utils.clip_grad_norm_(weights, workloads.CLIP_NORM)
            optimizer.step()
            if averages:
                with torch.no_grad():
                    torch._foreach_lerp_(averages, weights, 1 - workloads.AVERAGE)
            losses.append(loss.detach())
            sizes.append(len(index))
        return float(torch.stack(losses) @ torch.tensor(sizes, dtype=torch.float32)) / len(x)

    return model, epoch


def train(job: Job, variant: str) -> Measured:
    """Epochs of a plain training loop."""
    return jobs.time_epochs(job, learner(job)[1])


def infer(job: Job, variant: str) -> Measured:
    """The module called on a tensor, in inference mode."""
    model: Any = network(job, training=False)
    x = torch.from_numpy(job.array("x"))
    with torch.inference_mode():
        if variant == "torchscript":
            model = torch.jit.freeze(torch.jit.trace(model, x))
        outputs = model(x).numpy()
        return jobs.time_calls(job, lambda: model(x), len(x), outputs)


def time_to_accuracy(job: Job, variant: str) -> Measured:
    """Training epochs, each followed by a test."""
    model, epoch = learner(job)

    def predict(x: Array) -> Array:
        model.eval()
        with torch.inference_mode():
            outputs: Array = model(torch.from_numpy(x)).numpy()
        model.train()
        return outputs

    return jobs.race(job, epoch, predict)
