"""The pitfalls that users of other libraries report, row by row of the project's list, and the
tests that show what fastnn does instead. A row without a test, or a test that is gone, fails here.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

# row: what goes wrong elsewhere; file: tests
PITFALLS: dict[int, tuple[str, dict[str, list[str]]]] = {
    1: (
        "(n,) and (n, 1) targets broadcast to (n, n)",
        {
            "test_pitfalls_data.py": [
                "test_1_both_shapes_of_one_target_recover_the_line",
                "test_1_losses_of_arrays",
            ]
        },
    ),
    2: (
        "targets of the same rank still broadcast",
        {
            "test_pitfalls_data.py": [
                "test_2_every_other_pair_is_refused",
                "test_2_losses_of_arrays",
                "test_2_every_row_needs_its_target",
            ]
        },
    ),
    3: (
        "labels that do not exist",
        {
            "test_pitfalls_data.py": [
                "test_3_name_row_and_value",
                "test_3_in_validation_data",
                "test_3_losses_of_arrays",
            ]
        },
    ),
    4: (
        "float labels are cut, rows that are no distribution",
        {
            "test_pitfalls_data.py": [
                "test_3_name_row_and_value",
                "test_4_rows_that_are_no_distribution_warn",
                "test_4_soft_targets_are_fine",
            ]
        },
    ),
    5: (
        "softmax twice, probabilities for logits",
        {
            "test_pitfalls_data.py": [
                "test_5_probabilities_with_from_logits",
                "test_5_6_both_ways_are_equal_and_finite",
            ]
        },
    ),
    6: (
        "exp and log overflow",
        {
            "test_pitfalls_data.py": [
                "test_5_6_both_ways_are_equal_and_finite",
                "test_6_logits_of_arrays",
            ],
            "backends/test_special_values.py": ["test_softmax_of_large_and_equal_logits"],
        },
    ),
    7: (
        "NaN trains on silently",
        {
            "training/test_non_finite.py": [
                "test_of_x",
                "test_of_the_other_arrays",
                "test_names_epoch_and_batch",
                "test_going_on_regardless",
            ]
        },
    ),
    8: (
        "the last partial batch counts as a full one",
        {
            "test_pitfalls_training.py": [
                "test_8_the_last_batch_counts_for_its_rows",
                "test_8_the_gradient_of_the_last_batch_is_divided_by_its_rows",
                "test_8_fit_and_evaluate_agree",
            ]
        },
    ),
    9: (
        "sample weights are normalised one way or the other",
        {
            "test_pitfalls_training.py": [
                "test_9_rows_of_weight_0_are_as_good_as_removed",
                "test_9_a_whole_weight_is_a_repeated_row",
            ]
        },
    ),
    10: (
        "no rows, one row",
        {
            "test_pitfalls_data.py": [
                "test_10_predict_of_nothing",
                "test_10_nothing_can_be_learned_from_no_rows",
                "test_10_nothing_leaves_the_statistics_of_a_batch_alone",
                "test_10_a_last_batch_of_one_row",
            ],
            "layers/test_normalization.py": ["test_one_row_is_beta"],
        },
    ),
    11: (
        "strides, F order, unaligned, big-endian",
        {
            "training/test_data.py": [
                "test_every_dtype_and_layout_of_x_trains_alike",
                "test_every_dtype_and_layout_of_y_trains_alike",
                "test_samples_of_more_axes_in_any_layout",
            ]
        },
    ),
    12: (
        "float64 or integers: an error, or a copy of everything",
        {
            "training/test_data.py": [
                "test_every_dtype_and_layout_of_x_trains_alike",
                "test_big_data_is_not_copied",
                "test_float64_data_is_not_rounded_in_a_float64_model",
            ],
            "training/test_sources.py": ["test_a_map_larger_than_the_memory_allowed"],
        },
    ),
    13: (
        "sums of many float32",
        {
            "test_pitfalls_training.py": ["test_13_the_mean_of_ten_million_equal_losses_is_exact"],
            "layers/test_normalization.py": ["test_values_far_from_0_keep_their_digits"],
        },
    ),
    14: (
        "more threads than the container may use",
        {
            "backends/test_threads.py": [
                "test_quota_of_version_two",
                "test_quota_of_version_one",
                "test_the_default_is_the_smallest_limit",
                "test_small_work_wakes_nobody",
            ]
        },
    ),
    15: (
        "a fork after threads hangs",
        {
            "backends/test_pool.py": [
                "test_fork_after_a_parallel_run",
                "test_fork_from_another_thread_while_the_pool_works",
                "test_processes_of_multiprocessing",
            ]
        },
    ),
    16: (
        "two OpenMP runtimes",
        {
            "test_packaging.py": ["test_no_openmp_is_linked"],
            "training/test_other_libraries.py": ["test_both_in_one_process"],
        },
    ),
    17: (
        "seeds that do not repeat",
        {
            "test_pitfalls_training.py": [
                "test_17_runs_are_bit_equal",
                "test_17_global_generators_stay_as_they_are",
                "test_17_threads_do_not_matter",
                "test_17_resuming_from_a_file_is_going_on",
            ]
        },
    ),
    18: (
        "files that run code",
        {"saving/test_model_file.py": ["test_the_loader_can_run_no_code"]},
    ),
    19: (
        "files that lie about their size",
        {
            "saving/test_container.py": [
                "test_hostile_headers_are_refused",
                "test_hostile_files_cost_less_than_16_megabytes",
                "test_mutated_files_load_or_are_refused",
            ],
            "saving/test_keras_attacks.py": [
                "test_hostile_hdf5_is_refused",
                "test_a_bomb_in_the_archive_is_refused",
            ],
        },
    ),
    20: (
        "validation_split takes sorted rows, or leaks",
        {
            "test_pitfalls_data.py": [
                "test_20_sorted_labels_warn",
                "test_20_shuffling_moves_no_validation_row_into_training",
            ]
        },
    ),
    21: (
        "EarlyStopping loses the best weights",
        {
            "test_pitfalls_training.py": [
                "test_21_stopped_early_epochs_ran_out_or_ctrl_c",
                "test_21_the_object_can_be_used_again",
                "test_21_the_best_model_is_on_disk",
            ],
            "callbacks/test_early_stopping.py": [
                "test_trajectory_equals_keras",
                "test_nan_is_never_the_best",
            ],
        },
    ),
    22: (
        "weights that are shared behind one's back",
        {
            "test_pitfalls_training.py": [
                "test_22_weights_handed_out",
                "test_22_weights_taken_in",
                "test_22_copies_train_independently",
            ]
        },
    ),
    23: (
        "compiled code that is stale, unwritable or of another CPU",
        {
            "backends/test_numba.py": [
                "test_a_changed_kernel_is_compiled_anew",
                "test_another_cpu_has_code_of_its_own",
                "test_a_cache_that_cannot_be_written_is_one_note",
                "test_without_a_home",
            ],
            "backends/test_threads.py": ["test_the_level_may_be_forced"],
        },
    ),
    24: (
        "predict from several threads",
        {
            "backends/test_pool.py": ["test_eight_threads_predict_at_once"],
            "models/test_on_batch.py": ["test_from_several_threads_at_once"],
        },
    ),
    25: (
        "a summary of a model that is not built",
        {"models/test_sequential.py": ["test_25_after_build_and_after_input"]},
    ),
}


@cache
def names_in(file: str) -> frozenset[str]:
    """The tests of a file."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    found = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return frozenset(node.name for node in found if node.name.startswith("test_"))


@pytest.mark.parametrize("row", PITFALLS)
def test_every_pitfall_has_its_tests(row: int) -> None:
    _, files = PITFALLS[row]
    assert files
    assert all(files.values())
    for file, tests in files.items():
        missing = [name for name in tests if name not in names_in(file)]
        assert not missing, f"row {row}, {file}: {missing}"


def test_every_row_is_there() -> None:
    assert list(PITFALLS) == list(range(1, 26))


def test_tests_that_name_a_row_are_of_one() -> None:
    """``test_20_…`` is about row 20."""
    for file in ("test_pitfalls_data.py", "test_pitfalls_training.py"):
        numbers = {name.split("_")[1] for name in names_in(file)}
        assert {int(number) for number in numbers if number.isdigit()} <= set(PITFALLS)
