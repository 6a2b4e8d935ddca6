"""A policy file may come from a stranger: nothing runs, nothing explodes, every problem has its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.policy.loading import lint, load_policy
from fairaudit.policy.reading import MAX_NODES, read_yaml


def problems(text):
    return read_yaml(text).problems


def test_scalars_stay_the_text_that_was_written():
    document = read_yaml("version: 1.0\nlevel: No\nday: 2026-07-21\nempty:\nnothing: ~\nquoted: 'null'\n")
    assert document.data == {
        "version": "1.0",
        "level": "No",
        "day": "2026-07-21",
        "empty": None,
        "nothing": None,
        "quoted": "null",
    }
    assert document.problems == ()


def test_every_key_has_its_line_and_unknown_places_the_nearest_one():
    document = read_yaml("# a comment\nid: x\nrules:\n  - id: a\n    practical:\n      op: '<'\n")
    assert document.line_of(("id",)) == 2
    assert document.line_of(("rules", 0, "practical", "op")) == 6
    assert document.line_of(("rules", 0, "practical", "value")) == 5
    assert document.line_of(("nowhere",)) == 2


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("id: a\nid: b\n", 2, "'id' is given twice, first on line 1"),
        (
            "id: a\nx: !!python/object/apply:os.system ['echo']\n",
            2,
            "tag '!!python/object/apply:os.system' is refused",
        ),
        ("id: a\n\nx: !secret y\n", 3, "tag '!secret' is refused"),
        ("id: a\nx: !!binary aGk=\n", 2, "tag '!!binary' is refused"),
        ("id: a\nx: !!set {a, b}\n", 2, "tag '!!set' is refused"),
        ("base: &b {alpha: 1}\nother:\n  <<: *b\n", 3, "merge key '<<' is not read"),
        ("id: a\n? [x, y]\n: z\n", 2, "a key must be plain text"),
        ("id: a\nx: [1, 2\ny: 3\n", 3, "cannot be read"),
        ("id: a\n\tx: 3\n", 2, "cannot be read"),
        ("id: a\n---\nid: b\n", 2, "cannot be read"),
        ("id: a\nx: *nobody\n", 2, "undefined alias"),
        ("id: a\nx: a\x00b\n", 2, "U+0000"),
        ('id: "\\UFFFFFFFF"\n', 1, "cannot be read"),
        ("", 1, "holds nothing"),
        ("# only a comment\n", 1, "holds nothing"),
        ("- a\n- b\n", 1, "holds a list"),
        ("just words\n", 1, "holds text"),
    ],
)
def test_what_is_wrong_with_the_yaml_is_said_with_its_line(text, line, words):
    (problem,) = problems(text)
    assert problem.line == line
    assert words in problem.message


def test_a_tag_never_runs_anything(tmp_path):
    trace = tmp_path / "trace"
    found = problems(f"id: a\nx: !!python/object/apply:pathlib.Path.touch [!!python/name:x '{trace}']\n")
    assert found
    assert not trace.exists()


def test_an_alias_bomb_is_refused_before_it_expands():
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]  # 10^12 values if expanded
    (problem,) = problems("\n".join(rows))
    assert "more than 10,000 keys and values" in problem.message


def test_an_alias_of_itself_is_refused():
    (problem,) = problems("a: &a [*a]\n")
    assert "nested more than 20 deep" in problem.message


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_deep_nesting_is_refused(opening):
    assert problems(opening * 50_000)


def test_too_many_values_are_refused():
    (problem,) = problems("a: [" + "x, " * (MAX_NODES + 1) + "]")
    assert "more than 10,000" in problem.message


@given(st.text(max_size=300))
def test_no_text_at_all_makes_it_fall_over(text):
    document = read_yaml(text)
    assert isinstance(document.data, dict)
    assert all(problem.message and (problem.line or 0) >= 1 for problem in document.problems)


@given(st.text(alphabet="ab:-[]{}&*!|>'\"%#?, \n\\<", max_size=120))
def test_no_yaml_like_text_makes_it_fall_over(text):
    assert isinstance(read_yaml(text).data, dict)


def test_a_file_that_is_too_large_is_refused(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_bytes(b"# " + b"x" * 1_000_001)
    (problem,) = lint(path)
    assert "larger than 1,000,000 bytes" in problem.message


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path):
    path = tmp_path / "latin.yaml"
    path.write_bytes("id: a\ntitle: Kreditprüfung\n".encode("latin-1"))
    (problem,) = lint(path)
    assert (problem.line, problem.message) == (2, "this is not UTF-8 text. Save the file as UTF-8.")


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path):
    text = "extends: us-ugesp\nid: mine\n"
    plain, windows = tmp_path / "plain.yaml", tmp_path / "windows.yaml"
    plain.write_bytes(text.encode())
    windows.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load_policy(plain).sha256 == load_policy(windows).sha256
