"""The golden cases of the optimizers' rules: two networks of ``golden_cases.py`` with each rule,
its options and its weight decay. Recorded and tested as the area ``training`` is.
"""

from __future__ import annotations

from typing import Any

Spec = dict[str, Any]

NETWORKS = ("scce_softmax", "mse_linear")


def spec(name: str, **config: Any) -> Spec:
    """An optimizer in JSON."""
    return {"class": name, "config": config}


OPTIMIZERS: dict[str, Spec] = {
    "lion": spec("Lion", learning_rate=0.01),
    "lion_options": spec("Lion", learning_rate=0.01, beta_1=0.6, beta_2=0.8, weight_decay=0.3),
    "adagrad": spec("Adagrad", learning_rate=0.1),
    "adagrad_options": spec(
        "Adagrad", learning_rate=0.1, initial_accumulator_value=0.02, epsilon=1e-2
    ),
    "adagrad_decay": spec("Adagrad", learning_rate=0.1, weight_decay=0.1),
    "adadelta": spec("Adadelta", learning_rate=5.0),
    "adadelta_options": spec("Adadelta", learning_rate=1.0, rho=0.8, epsilon=1e-4),
    "adadelta_decay": spec("Adadelta", learning_rate=1.0, epsilon=1e-4, weight_decay=0.02),
    "amsgrad": spec("Adam", learning_rate=0.01, beta_2=0.6, amsgrad=True),
    "amsgrad_decay": spec("AdamW", learning_rate=0.01, beta_2=0.7, amsgrad=True, weight_decay=0.2),
    "adamax": spec("Adamax", learning_rate=0.01),
    "adamax_options": spec(
        "Adamax", learning_rate=0.02, beta_1=0.8, beta_2=0.7, epsilon=1e-2, weight_decay=0.1
    ),
    "nadam": spec("Nadam", learning_rate=0.01),
    "nadam_options": spec(
        "Nadam", learning_rate=0.01, beta_1=0.7, beta_2=0.9, epsilon=1e-3, weight_decay=0.2
    ),
    "ftrl": spec("Ftrl", learning_rate=0.2),
    "ftrl_options": spec(
        "Ftrl",
        learning_rate=0.1,
        learning_rate_power=-0.3,
        initial_accumulator_value=0.3,
        l1_regularization_strength=0.01,
        l2_regularization_strength=0.02,
        l2_shrinkage_regularization_strength=0.05,
        beta=0.1,
        weight_decay=0.1,
    ),
    "lamb": spec("Lamb", learning_rate=0.02),
    "lamb_options": spec(
        "Lamb", learning_rate=0.02, beta_1=0.8, beta_2=0.9, epsilon=1e-2, weight_decay=0.2
    ),
    "adafactor": spec("Adafactor", learning_rate=0.05),
    "adafactor_options": spec(
        "Adafactor",
        learning_rate=0.4,
        beta_2_decay=-0.6,
        epsilon_1=1e-4,
        epsilon_2=1e-2,
        clip_threshold=0.7,
        relative_step=False,
        weight_decay=0.05,
    ),
    "muon": spec("Muon", learning_rate=0.02),
    "muon_options": spec(
        "Muon",
        learning_rate=0.05,
        adam_beta_1=0.8,
        adam_beta_2=0.9,
        adam_weight_decay=0.1,
        epsilon=1e-3,
        weight_decay=0.2,
        exclude_layers=["output"],
        adam_lr_ratio=0.5,
        momentum=0.8,
        ns_steps=3,
        nesterov=False,
        rms_rate=None,
    ),
}
