"""Philox against its authors' vectors and a scalar twin, the dropout masks against golden bits, and
seeds and generators: own state only, JSON round trip, the global states untouched.
"""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from fastnn.errors import ArgumentError
from fastnn.random import (
    dropout_uniform,
    generator_state,
    keep_mask,
    key_from_seed,
    make_generator,
    next_seed,
    philox4x32,
    random_words,
    restore_generator,
    set_default_seed,
)
from fastnn.utils import set_random_seed

# keep_mask(3, 70, 0.4, key_from_seed(2026), step=17, stream=2), packed
GOLDEN_MASK = "95f8988979c6938bee7a1eee7535bd35b1896eb7aaf7fd9756fcc0"

# kat_vectors of the Random123 library, lines "philox4x32 10"
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000",
     "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff",
     "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0",
     "d16cfe09 94fdcceb 5001e420 24126ea1"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _no_default_seed():
    set_default_seed(None)
    yield
    set_default_seed(None)


def words(text: str) -> list[int]:
    return [int(word, 16) for word in text.split()]


def philox_scalar(counter: list[int], key: list[int]) -> list[int]:
    """Philox4x32-10 in Python integers, written from the paper: the twin of the vectorised one."""
    counter, key = list(counter), list(key)
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * counter[0], 2**32)
        high1, low1 = divmod(0xCD9E8D57 * counter[2], 2**32)
        counter = [high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0]
        key = [(key[0] + 0x9E3779B9) % 2**32, (key[1] + 0xBB67AE85) % 2**32]
    return counter


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_philox_known_answers(counter: str, key: str, expected: str):
    assert [int(word) for word in philox4x32(words(counter), words(key))] == words(expected)
    assert philox_scalar(words(counter), words(key)) == words(expected)


def test_philox_is_vectorised_by_broadcasting():
    c0 = np.arange(5)[:, np.newaxis]
    c1 = np.array([7, 2**32 - 1])[np.newaxis, :]
    found = philox4x32((c0, c1, 3, 4), (5, 6))
    assert all(word.shape == (5, 2) and word.dtype == np.uint32 for word in found)
    for i in range(5):
        for j in range(2):
            one = philox_scalar([i, int(c1[0, j]), 3, 4], [5, 6])
            assert [int(word[i, j]) for word in found] == one


@pytest.mark.parametrize("columns", [1, 15, 16, 63, 64, 65, 130])
def test_dropout_uniform_follows_the_counter_scheme(columns: int):
    key, step, stream, rows = (123, 456), 2**32 + 9, 3, 4
    found = dropout_uniform(rows, columns, key, step, stream)
    assert found.shape == (rows, columns)
    for row in range(rows):
        for e in range(columns):
            g, word = 16 * (e // 64) + e % 16, (e % 64) // 16
            expected = philox_scalar([g, row, 9, stream], list(key))[word]
            assert found[row, e] == (expected >> 8) * 2.0**-24


def test_golden_mask():
    """The bits that every backend must give; recorded once, never to change."""
    mask = keep_mask(3, 70, 0.4, key_from_seed(2026), step=17, stream=2)
    assert np.packbits(mask).tobytes().hex() == GOLDEN_MASK


def test_words_and_masks_of_several_steps_are_those_of_each():
    steps = [3, 2**32 + 4, 5]
    words = random_words(4, 70, (1, 2), steps, 6)
    masks = keep_mask(4, 70, 0.3, (1, 2), steps, 6)
    assert words.shape == masks.shape == (3, 4, 70)
    for number, step in enumerate(steps):
        np.testing.assert_array_equal(words[number], random_words(4, 70, (1, 2), step, 6))
        np.testing.assert_array_equal(masks[number], keep_mask(4, 70, 0.3, (1, 2), step, 6))
        drawn = dropout_uniform(4, 70, (1, 2), step, 6)
        np.testing.assert_array_equal(masks[number], drawn >= 0.3)


@pytest.mark.parametrize("rate", [2.0**-24, 0.3, 1 - 2.0**-24, 1 - 2.0**-26])
def test_keep_mask_at_the_edges_of_the_grid(rate: float):
    drawn = dropout_uniform(64, 1024, (3, 4), 0, 0)
    np.testing.assert_array_equal(keep_mask(64, 1024, rate, (3, 4), 0, 0), drawn >= rate)


@pytest.mark.parametrize("beyond", [-(2.0**-26), 0.0, 2.0**-26])
def test_keep_mask_at_a_number_that_is_drawn(beyond: float):
    drawn = dropout_uniform(2, 64, (3, 4), 0, 0)
    rate = float(drawn[1, 7]) + beyond
    kept = keep_mask(2, 64, rate, (3, 4), 0, 0)
    np.testing.assert_array_equal(kept, drawn >= rate)


def test_keep_mask_rates():
    assert keep_mask(4, 100, 0.0, (1, 2), 0, 0).all()
    assert not keep_mask(4, 100, 1.0, (1, 2), 0, 0).any()
    for rate in (0.1, 0.5, 0.9):
        share = 1 - keep_mask(500, 784, rate, (1, 2), 3, 4).mean()
        deviation = np.sqrt(rate * (1 - rate) / (500 * 784))
        assert abs(share - rate) < 4 * deviation


def test_masks_of_steps_streams_rows_and_keys_are_unrelated():
    masks = [
        keep_mask(64, 784, 0.5, key, step, stream).ravel() * 2.0 - 1.0
        for key in ((1, 0), (2, 0), (1, 1))
        for step in (0, 1)
        for stream in (0, 1)
    ]
    correlation = np.corrcoef(masks) - np.eye(len(masks))
    assert np.abs(correlation).max() < 5 / np.sqrt(64 * 784)


def test_empty_shapes():
    assert dropout_uniform(0, 5, (1, 2), 0, 0).shape == (0, 5)
    assert dropout_uniform(5, 0, (1, 2), 0, 0).shape == (5, 0)


def test_key_from_seed_splits_64_bits():
    assert key_from_seed(0) == (0, 0)
    assert key_from_seed(2**64 - 1) == (2**32 - 1, 2**32 - 1)
    assert key_from_seed(np.int64(5)) == (5, 0)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, "1", True, None])
def test_bad_seed(seed: object):
    message = r"key_from_seed: received seed=.*, expected an integer from 0 to 2\*\*64 - 1\. Pass"
    with pytest.raises(ArgumentError, match=message):
        key_from_seed(seed)


def test_generators_are_reproducible_and_their_own():
    numpy_state, python_state = np.random.get_state()[1].copy(), random.getstate()
    assert make_generator(4).random() == make_generator(4).random()
    assert make_generator(4).random() != make_generator(5).random()
    assert make_generator().random() != make_generator().random()
    assert next_seed() != next_seed()
    assert (np.random.get_state()[1] == numpy_state).all()
    assert random.getstate() == python_state


def test_global_numpy_seed_has_no_influence():
    np.random.seed(3)
    first = make_generator().random()
    np.random.seed(3)
    assert make_generator().random() != first


def test_set_random_seed_orders_later_seeds_and_seeds_the_globals():
    set_random_seed(5)
    first = [random.random(), np.random.rand(), next_seed(), next_seed(), make_generator().random()]
    set_random_seed(5)
    again = [random.random(), np.random.rand(), next_seed(), next_seed(), make_generator().random()]
    assert first == again
    set_random_seed(6)
    assert next_seed() != first[2]
    assert first[2] != first[3]
    assert all(0 <= seed < 2**53 for seed in first[2:4])


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, None])
def test_set_random_seed_refuses(seed: object):
    with pytest.raises(ArgumentError, match=r"set_random_seed: .* from 0 to 2\*\*32 - 1"):
        set_random_seed(seed)


def test_default_seed_is_thread_safe():
    from concurrent.futures import ThreadPoolExecutor

    set_default_seed(1)
    with ThreadPoolExecutor(4) as pool:
        seeds = list(pool.map(lambda _: next_seed(), range(200)))
    assert len(set(seeds)) == 200
    set_default_seed(1)
    assert sorted(seeds) == sorted(next_seed() for _ in range(200))


@pytest.mark.parametrize("warm_up", [0, 1])
def test_generator_state_round_trip(warm_up: int):
    generator = make_generator(9)
    generator.integers(0, 10, size=warm_up, dtype=np.uint32)  # an odd count buffers half a word
    state = json.loads(json.dumps(generator_state(generator)))
    expected = generator.integers(0, 2**32, size=5, dtype=np.uint32), generator.permutation(50)
    restored = restore_generator(state)
    found = restored.integers(0, 2**32, size=5, dtype=np.uint32), restored.permutation(50)
    assert (found[0] == expected[0]).all()
    assert (found[1] == expected[1]).all()
    assert generator_state(restored) == generator_state(generator)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "0x1" + "0" * 40},
        {"state": "-0x1"},
        {"state": "spam"},
        {"state": 3},
        {"inc": "0x2"},
        {"bit_generator": "MT19937"},
        {"has_uint32": 2},
        {"uinteger": -1},
        {"uinteger": None},
    ],
)
def test_restore_refuses_damaged_states(change: dict[str, object]):
    state = {**generator_state(make_generator(1)), **change}
    with pytest.raises(ArgumentError, match="restore_generator: received a dictionary that is not"):
        restore_generator(state)
    with pytest.raises(ArgumentError, match="restore_generator"):
        restore_generator({})


def test_generator_state_refuses_other_generators():
    with pytest.raises(ArgumentError, match="a generator on MT19937, expected PCG64"):
        generator_state(np.random.Generator(np.random.MT19937(1)))
