"""The golden cases of all metrics beside those of `golden_cases.py`: running results over batches,
and histories of fits with several metrics. `make.py` runs them, `test_golden_metrics.py` reads
them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.golden.golden_cases import Cases, Spec, generator, network, simplex, spec

ROWS, CLASSES = 20, 4


def metric_family_cases() -> Cases:
    """Each metric over three batches of 8, 8 and 4 rows, with most of its settings."""
    rng = generator(30)
    n, k = ROWS, CLASSES
    w = rng.choice([0.0, 0.5, 1.0, 2.0], n)
    whole = rng.choice([0.0, 1.0, 2.0, 3.0], n)
    real, other = rng.normal(size=(n, k)), rng.normal(0.0, 2.0, (n, k))
    positive, p = rng.uniform(0.1, 3.0, (n, k)), simplex(rng, n, k)
    p[3], p[5] = [0.25, 0.25, 0.25, 0.25], [0.1, 0.4, 0.4, 0.1]
    labels = rng.integers(0, k, n)
    one_hot, bits = np.eye(k)[labels], rng.integers(0, 2, (n, k)).astype(np.float64)
    # multiples of 1/64 are exact, and meet thresholds exactly
    scores = rng.integers(0, 65, (n, k)) / 64.0
    fine = rng.uniform(0.01, 0.99, (n, k))
    column, column_bits = fine[:, :1], (rng.uniform(size=(n, 1)) < fine[:, :1]).astype(np.float64)
    guessed = rng.integers(0, k, (n, 1)).astype(np.float64)
    found: Cases = {}

    def add(name: str, metric: Spec, y: np.ndarray, prediction: np.ndarray, **more: Any) -> None:
        description = {"metric": metric, "batch_size": 8, "batches": 3, **more}
        weights = whole if more.get("whole") else w
        found[name] = (description, {"y": y, "p": prediction, "w": weights})

    for name in ("RootMeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError"):
        add(name, spec(name), real, other)
    add("MeanSquaredLogarithmicError", spec("MeanSquaredLogarithmicError"), positive, fine)
    for name in ("LogCoshError", "CosineSimilarity", "PearsonCorrelation"):
        add(name, spec(name), real, other)
    add("ConcordanceCorrelation", spec("ConcordanceCorrelation"), real, real + 0.3 * other)
    for name in ("Hinge", "SquaredHinge"):
        add(name, spec(name), bits, other)
        add(f"{name}_signs", spec(name), 2 * bits - 1, other)
    add("CategoricalHinge", spec("CategoricalHinge"), one_hot, other)
    add("KLDivergence", spec("KLDivergence"), p, p[::-1])
    add("Poisson", spec("Poisson"), np.round(positive), fine)
    for top in (1, 2, 3):
        add(f"top_{top}", spec("TopKCategoricalAccuracy", k=top), one_hot, p)
        add(f"sparse_top_{top}", spec("SparseTopKCategoricalAccuracy", k=top), labels, p)
    close = real + 0.3 * other
    for name, options in (
        ("r2", {}),
        ("r2_variance", {"class_aggregation": "variance_weighted_average"}),
        ("r2_columns", {"class_aggregation": None}),
        ("r2_adjusted", {"num_regressors": 3}),
    ):
        add(name, spec("R2Score", **options), real, close)
    for name in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives"):
        add(name, spec(name), bits, scores)
        add(f"{name}_at", spec(name, thresholds=[0.75, 0.25, 0.5]), bits, scores)
        add(f"{name}_even", spec(name, thresholds=[0.0, 0.5, 1.0]), bits, scores)
    for name in ("Precision", "Recall"):
        add(name, spec(name), bits, scores)
        add(f"{name}_at", spec(name, thresholds=[0.75, 0.25]), bits, scores)
        add(f"{name}_top", spec(name, top_k=2), bits, p)
        add(f"{name}_class", spec(name, class_id=1), bits, scores)
        add(f"{name}_top_class", spec(name, top_k=2, class_id=1, thresholds=0.25), bits, p)
        add(f"{name}_logits", spec(name, thresholds=0), bits, other)
    for name, argument in (
        ("SensitivityAtSpecificity", "specificity"),
        ("SpecificityAtSensitivity", "sensitivity"),
        ("PrecisionAtRecall", "recall"),
        ("RecallAtPrecision", "precision"),
    ):
        add(name, spec(name, **{argument: 0.6}), column_bits, column)
        few = {argument: 0.3, "num_thresholds": 9, "class_id": 2}
        add(f"{name}_class", spec(name, **few), bits, scores)
        add(f"{name}_one", spec(name, **{argument: 0.4}, num_thresholds=1), bits, scores)
    for curve in ("ROC", "PR", "PRGAIN"):
        for method in ("interpolation", "minoring", "majoring"):
            options = {"curve": curve, "summation_method": method}
            add(f"auc_{curve}_{method}", spec("AUC", **options), column_bits, column)
    add("auc_matrix", spec("AUC", num_thresholds=17), bits, scores)
    add("auc_thresholds", spec("AUC", thresholds=[0.6, 0.1, 0.45]), bits, fine)
    add("auc_labels", spec("AUC", multi_label=True), bits, fine)
    weighted = {"label_weights": [1.0, 0.0, 2.0, 0.5]}
    add("auc_weighted_labels", spec("AUC", multi_label=True, **weighted), bits, fine)
    add("auc_pr_labels", spec("AUC", multi_label=True, num_labels=4, curve="PR"), bits, fine)
    add("auc_label_weights", spec("AUC", **weighted), bits, fine)
    add("auc_logits", spec("AUC", from_logits=True), bits, other)
    for average in (None, "micro", "macro", "weighted"):
        add(f"f1_{average}", spec("F1Score", average=average), one_hot, p)
        add(f"f1_bits_{average}", spec("F1Score", average=average, threshold=0.5), bits, scores)
    add("fbeta", spec("FBetaScore", beta=2.0, threshold=0.25), bits, scores)
    add("fbeta_half", spec("FBetaScore", beta=0.5, average="macro"), one_hot, p)
    for name, metric, y, prediction in (
        ("iou", spec("IoU", num_classes=4, target_class_ids=[0, 2]), labels[:, None], guessed),
        ("iou_ignored", spec("MeanIoU", num_classes=4, ignore_class=1), labels, guessed),
        ("iou_fewer", spec("MeanIoU", num_classes=3), labels, guessed),
        ("iou_mixed", spec("MeanIoU", num_classes=4, sparse_y_pred=False), labels, p),
        ("binary_iou", spec("BinaryIoU"), bits[:, :1], scores[:, :1]),
        ("binary_iou_1", spec("BinaryIoU", target_class_ids=[1]), bits[:, 1:2], scores[:, 1:2]),
        ("one_hot_iou", spec("OneHotIoU", num_classes=4, target_class_ids=[1, 3]), one_hot, p),
        ("one_hot_mean_iou", spec("OneHotMeanIoU", num_classes=4), one_hot, p),
    ):
        # Keras's matrix is of integers, and its result float32 in any case
        add(name, metric, y, prediction, whole=True, tolerance=1e-6)
    return found


def metric_history_cases() -> Cases:
    """Fits with several metrics, weighted and not; the last batch is partial."""
    found: Cases = {}

    def add(name: str, of: str, plain: list[Any], weighted: list[Any]) -> None:
        description, arrays = network(of)
        description = {**description, "fit": {"epochs": 2, "batch_size": 8}}
        description["compile"] = {
            "loss": description.pop("loss"),
            "optimizer": spec("SGD", learning_rate=0.1),
            "metrics": plain,
            "weighted_metrics": weighted,
        }
        found[name] = (description, arrays)

    decisions = ["auc", "Precision", spec("Recall", name="recall", thresholds=[0.3, 0.6])]
    figures = [spec("AUC", curve="PR", name="pr"), spec("TruePositives", name="tp")]
    add("binary", "bce_sigmoid", decisions, figures)
    scores = [spec("F1Score"), spec("TopKCategoricalAccuracy", k=2), "f1_score"]
    add("classes", "cce_softmax", scores, [spec("F1Score", average="macro", name="macro")])
    top = [spec("SparseTopKCategoricalAccuracy", k=2)]
    add("labels", "scce_softmax", top, [])
    numbers = ["r2_score", "RootMeanSquaredError", "mae", "cosine_similarity"]
    add("numbers", "mse_linear", numbers, [spec("R2Score", name="weighted_r2"), "log_cosh_error"])
    return found
