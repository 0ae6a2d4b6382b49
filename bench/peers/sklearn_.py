"""scikit-learn's MLPClassifier. It has no dropout: on workload A it does less work than the others
(``compare.py`` says so beside the row and counts it neither as a peer nor in the check of losses).
"""

from __future__ import annotations

import itertools
import time
import warnings
from typing import Any

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier, _multilayer_perceptron

from bench.peers import job as jobs
from bench.peers.job import Array, Job, Measured

VARIANTS = {"train": ["MLPClassifier"], "infer": ["predict_proba"]}


def versions() -> dict[str, str]:
    """Names and versions of what is measured."""
    return {"scikit-learn": sklearn.__version__, "numpy": np.__version__}


def model(job: Job, epochs: int) -> Any:
    """A classifier that starts from the job's weights: one step on one batch makes its arrays,
    which then are overwritten; a warm start keeps them, and ``fit`` makes a new optimizer.
    """
    workload, values = job.network, job.weights()
    made = MLPClassifier(
        hidden_layer_sizes=workload.sizes[1:-1],
        batch_size=workload.batch,
        learning_rate_init=jobs.LEARNING_RATE,
        beta_1=jobs.BETA_1,
        beta_2=jobs.BETA_2,
        epsilon=jobs.EPSILON,
        alpha=0.0,
        max_iter=epochs,
        n_iter_no_change=10**9,
        tol=0.0,
    )
    x, y = job.array("x")[: workload.batch], job.array("y")[: workload.batch]
    made.partial_fit(x, y, classes=np.arange(2 if workload.binary else workload.sizes[-1]))
    for mine, given in zip(made.coefs_, values[0::2], strict=True):
        mine[...] = given
    for mine, given in zip(made.intercepts_, values[1::2], strict=True):
        mine[...] = given
    made.set_params(warm_start=True)
    made.loss_curve_ = []
    return made


def train(job: Job, variant: str) -> Measured:
    """Epochs of one ``fit``, which shuffles the row numbers once at the start of each: that call
    gets the job's permutations and tells the time.
    """
    rng, times, epochs = job.generator(), list[float](), job.warm_up + job.epochs
    x, y, made = job.array("x"), job.array("y"), model(job, epochs)

    def shuffle(rows: Array, **unused: Any) -> Array:
        times.append(time.perf_counter())
        return rng.permutation(len(rows))

    _multilayer_perceptron.shuffle = shuffle
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        made.fit(x, y)
    times.append(time.perf_counter())
    spans = [b - a for a, b in itertools.pairwise(times)]
    return Measured(len(x), spans[job.warm_up :], [float(v) for v in made.loss_curve_])


def infer(job: Job, variant: str) -> Measured:
    """``predict_proba`` of an array."""
    x, made = job.array("x"), model(job, 1)
    outputs = made.predict_proba(x)
    return jobs.time_calls(job, lambda: made.predict_proba(x), len(x), outputs)
