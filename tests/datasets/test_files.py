"""The user's own .npz and .csv files: splits, classes, and errors that name the line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fastnn.datasets import load, load_file, load_inputs
from fastnn.datasets.csv import read_csv
from fastnn.errors import ArgumentError, DataError, FileFormatError


def csv_file(tmp_path: Path, text: str | bytes) -> Path:
    file = tmp_path / "table.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


TABLES = {
    "plain": "1,2,0\n3,4,1\n",
    "header": "a,b,label\n1,2,0\n3,4,1\n",
    "windows": "a,b,label\r\n1,2,0\r\n3,4,1\r\n",
    "bom": b"\xef\xbb\xbfa,b,label\n1,2,0\n3,4,1\n",
    "blank-lines": "\n\na,b,label\n\n1,2,0\n   \n3,4,1\n\n",
    "quotes": '"a","b","label"\n"1","2","0"\n"3",4,"1"\n',
    "line-in-quotes": '"a\nb",b,label\n1,2,0\n3,4,1\n',
    "spaces": "a, b, label\n 1, 2 ,0\n3,4, 1\n",
    "no-last-newline": "1,2,0\n3,4,1",
    "label-first": "label,a,b\n0,1,2\n1,3,4\n",
    "target": "a,Target,b\n1,0,2\n3,1,4\n",
    "y": "a,Y,b\n1,0,2\n3,1,4\n",
    "numbered-header": "0,1,target\n1,2,0\n3,4,1\n",
    "other-header": "a,b,quality\n1,2,0\n3,4,1\n",
    "exponents": "1e0,20E-1,0\n+3,.4e1,1.0\n",
}


@pytest.mark.parametrize("case", TABLES)
def test_csv_forms(tmp_path: Path, case: str) -> None:
    table = read_csv(csv_file(tmp_path, TABLES[case]))
    assert table.x.dtype == np.float64
    assert table.x.tolist() == [[1, 2], [3, 4]]
    assert table.y is not None
    assert table.y.tolist() == [0, 1]


def test_csv_text_labels(tmp_path: Path) -> None:
    text = "5.1,3.5,setosa\n6.0,2.7,versicolor\n4.9,3.0,setosa\n5.9,3.0,virginica\n"
    data = load(str(csv_file(tmp_path, text * 5)))
    assert data.class_names == ("setosa", "versicolor", "virginica")
    assert data.y_train.dtype == np.int64
    assert data.scale == 1.0
    assert len(data.x_train) == 16
    by_width = {3.5: 0, 2.7: 1}
    for x, y in zip(data.x_train, data.y_train, strict=True):
        assert y == by_width.get(x[1], 0 if x[0] == 4.9 else 2)


def test_fast_and_slow_readers_agree(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((50, 7)) * 10.0 ** rng.integers(-300, 300, (50, 7))
    rows = [",".join(map(repr, row.tolist())) for row in values]
    fast = read_csv(csv_file(tmp_path, "\n".join(rows)))
    text = "\n".join(f"{row},{'no' if i else 'yes'}" for i, row in enumerate(rows))
    slow = read_csv(csv_file(tmp_path, text))
    np.testing.assert_array_equal(slow.x, values)
    np.testing.assert_array_equal(np.column_stack([fast.x, fast.y]), values)


BAD = {
    "empty": ("", "table.csv: has no rows"),
    "header-only": ("a,b,label\n\n", "has a header but no rows"),
    "ragged": ("a,b,label\n1,2,0\n\n1,0\n", "line 4: has 2 cells; the first row has 3"),
    "word": ("a,b,label\n1,2,0\n1,red,0\n", "line 3, column 'b': 'red' is not a finite number"),
    "word-no-header": ("1,2,0\n1,red,0\n", "line 2, column '1': 'red'"),
    "empty-cell": ("a,b,label\n1,,0\n", "line 2, column 'b': '' is not a finite number"),
    "nan": ("a,b,label\n1,2,0\nnan,2,0\n", "line 3, column 'a': 'nan'"),
    "inf": ("a,b,label\n1,2,0\n1,2,0\n1,-inf,0\n", "line 4, column 'b': '-inf'"),
    "overflow": ("a,b,label\n1,1e999,0\n", "line 2, column 'b': '1e999'"),
    "underscore": ("a,b,label\n1,1_0,0\n", "line 2, column 'b': '1_0'"),
    "empty-label": ("a,b,label\n1,2,\n", "line 2: the label .column 'label'. is empty"),
    "one-column": ("1\n2\n", "line 1: has 1 column"),
    "semicolons": ("1;2;0\n3;4;1\n", "with ';' or tabs in it"),
    "two-labels": ("label,x,target\n1,2,3\n", "names 2 label columns"),
    "latin-1": (b"a,b,label\n1,2,caf\xe9\n", "is not UTF-8 text"),
    "zip": (b"PK\3\4\xff\xfe\x00\x80", "is not UTF-8 text"),
    "long-cell": ("1,2,0\n1,2," + "9" * 200_000 + "\n", "line 2: is not a row of a .csv file"),
    "nul": (b"1,2,0\n1,2\0,x\n", "line 2"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_csv_names_the_line(tmp_path: Path, case: str) -> None:
    text, expected = BAD[case]
    with pytest.raises(FileFormatError, match=expected):
        read_csv(csv_file(tmp_path, text))


def test_labels_that_are_numbers_to_predict(tmp_path: Path) -> None:
    for labels in ((0.5, 1.0), (-1, 1), (0, 1000)):
        text = "".join(f"{i},{i},{label}\n" for i in range(5) for label in labels)
        data = load_file(csv_file(tmp_path, text))
        assert data.class_names == ()
        assert data.y_train.dtype == np.float64
        assert set(data.y_train.tolist()) == set(labels)


def test_numbered_classes_are_not_renumbered(tmp_path: Path) -> None:
    data = load_file(csv_file(tmp_path, "1,2,3\n4,5,7\n" * 5))
    assert set(data.y_train.tolist()) == {3, 7}
    assert data.class_names == tuple("01234567")
    named = load_file(csv_file(tmp_path, "1,2,3\n4,5,7\n" * 5), class_names=tuple("abcdefgh"))
    assert named.class_names == tuple("abcdefgh")


def test_known_classes(tmp_path: Path) -> None:
    file = csv_file(tmp_path, "1,dog\n2,cat\n" * 4)
    assert load_file(file, class_names=("dog", "cow", "cat")).class_names == ("dog", "cow", "cat")
    data = load_file(file, class_names=("dog", "cow", "cat"))
    assert [int(2 * (x[0] - 1)) for x in data.x_train] == data.y_train.tolist()
    with pytest.raises(DataError, match=r"has the label 'dog'\. Expected the classes 'cow', 'cat'"):
        load_file(file, class_names=("cow", "cat"))


def test_split_is_seeded_and_whole(tmp_path: Path) -> None:
    file = tmp_path / "mine.npz"
    np.savez(file, x=np.arange(100).reshape(50, 2), y=np.arange(50) % 5)
    first, again, other = load_file(file), load_file(file), load_file(file, seed=1)
    assert (first.x_train.shape, first.x_test.shape) == ((40, 2), (10, 2))
    np.testing.assert_array_equal(first.x_test, again.x_test)
    assert not np.array_equal(first.x_test, other.x_test)
    everything = np.concatenate([first.x_train, first.x_test])
    assert sorted(everything[:, 0].tolist()) == list(range(0, 100, 2))
    for data in (first, other):
        np.testing.assert_array_equal(data.y_train, data.x_train[:, 0] // 2 % 5)
        np.testing.assert_array_equal(data.y_test, data.x_test[:, 0] // 2 % 5)
    # RandomState's stream is frozen: these rows are the same on every machine, forever.
    assert (first.x_test[:, 0] // 2).tolist() == FIRST_TEST_ROWS
    assert len(load_file(file, test_fraction=0.5).x_test) == 25
    assert len(load_file(file, test_fraction=0.001).x_test) == 1
    assert len(load_file(file, test_fraction=0.999).x_train) == 1


def test_npz_with_its_own_split(tmp_path: Path) -> None:
    file = tmp_path / "mine.npz"
    x = np.zeros((6, 4, 4), np.uint8)
    np.savez(file, x_train=x, y_train=[0, 1, 2, 0, 1, 2], x_test=x[:2], y_test=[[3.0], [4.0]][:2])
    data = load(str(file))
    assert (data.name, data.source, data.scale) == ("mine", file, 255.0)
    assert data.x_train.shape == (6, 4, 4)
    assert data.class_names == (), "one part is of floats: not classes"
    np.savez(file, X=np.eye(4), y=np.array([False, True, True, False]))
    assert load_file(file).class_names == ("0", "1")


NPZ_ERRORS = {
    "names": ({"a": np.eye(2), "b": np.eye(2)}, FileFormatError, "has the arrays 'a', 'b'"),
    "none": ({}, FileFormatError, r"\(none\)"),
    "lengths": ({"x": np.eye(3), "y": np.arange(2)}, DataError, r"\(3, 3\) and y \(2,\)"),
    "no-rows": ({"x": np.eye(0), "y": np.arange(0)}, DataError, "at least one row"),
    "one-row": ({"x": np.eye(1), "y": np.arange(1)}, DataError, "has 1 row"),
    "scalars": ({"x": np.float64(1), "y": np.float64(1)}, DataError, "one sample per row"),
    "text-x": ({"x": np.array(["a", "b"]), "y": np.arange(2)}, DataError, "Expected numbers"),
    "kinds": (
        {"x_train": np.eye(2), "y_train": ["a", "b"], "x_test": np.eye(2), "y_test": [0, 1]},
        DataError,
        "Expected the same kind",
    ),
    "shapes": (
        {"x_train": np.eye(2), "y_train": [0, 1], "x_test": np.eye(3), "y_test": [0, 1, 1]},
        DataError,
        "Expected the same shape",
    ),
}


@pytest.mark.parametrize("case", NPZ_ERRORS)
def test_bad_npz(tmp_path: Path, case: str) -> None:
    arrays, error, text = NPZ_ERRORS[case]
    file = tmp_path / "bad.npz"
    np.savez(file, **arrays)
    with pytest.raises(error, match=text) as caught:
        load_file(file)
    assert str(file) in str(caught.value)


def test_bad_arguments(tmp_path: Path) -> None:
    file = csv_file(tmp_path, TABLES["plain"])
    for fraction in (0, 1, -0.1, float("nan")):
        with pytest.raises(ArgumentError, match="Expected a share between 0 and 1"):
            load_file(file, test_fraction=fraction)
    for seed in (-1, 2**32, 0.5, True):
        with pytest.raises(ArgumentError, match="Expected a whole number from 0"):
            load_file(file, seed=seed)
    with pytest.raises(ArgumentError, match=r"none\.npz' does not exist"):
        load(str(tmp_path / "none.npz"))
    for reader in (load_file, load_inputs):
        with pytest.raises(ArgumentError, match=r"ends in '.txt'. Expected .npz or .csv"):
            reader("data.txt")


def test_inputs_only(tmp_path: Path) -> None:
    file = tmp_path / "new.npz"
    np.savez(file, whatever=np.eye(3))
    np.testing.assert_array_equal(load_inputs(file), np.eye(3))
    np.savez(file, x_train=np.eye(2), x_test=np.eye(3), y_test=np.arange(3))
    np.testing.assert_array_equal(load_inputs(file), np.eye(3))
    np.savez(file, a=np.eye(2), b=np.eye(3))
    with pytest.raises(FileFormatError, match="Expected one named 'x', or a single array"):
        load_inputs(file)
    np.savez(file, x=np.array(["text"]))
    with pytest.raises(DataError, match="Expected numbers, one sample per row"):
        load_inputs(file)
    assert load_inputs(csv_file(tmp_path, "1,2\n3,4\n")).tolist() == [[1, 2], [3, 4]]
    assert load_inputs(csv_file(tmp_path, "a,b\n1,2\n3,4\n")).tolist() == [[1, 2], [3, 4]]
    assert load_inputs(csv_file(tmp_path, "a\n1\n3\n")).tolist() == [[1], [3]]
    assert load_inputs(csv_file(tmp_path, "a,label,b\n1,cat,2\n")).tolist() == [[1, 2]]


FIRST_TEST_ROWS = [2, 4, 10, 11, 22, 27, 28, 31, 38, 41]
