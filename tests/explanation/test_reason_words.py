"""The catalogue of words: what it says, what falls back, and every mistake with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.errors import ExplanationError
from fairaudit.explanation.reason_words import catalogue_of, fallback, unused_entries

FILE = """\
language: en
features:
  duration:
    name: Length of the loan
    unit: months
    code: L07
    too_high: The loan runs for a long time
  checking:
    category: "Checking account: {value}"
    categories:
      no account: You have no checking account with us
    missing: We do not know your checking account
  default:
    categories:
      yes: You did not repay a loan
"""


@pytest.fixture
def words(tmp_path):
    path = tmp_path / "words.yaml"
    path.write_text(FILE, encoding="utf-8")
    return catalogue_of(path)


def test_words_are_by_direction_and_category(words):
    assert words.words("duration", "too_high", 48) == "The loan runs for a long time"
    assert words.words("duration", "too_low", 3) is None
    assert words.words("checking", "category", "no account") == "You have no checking account with us"
    assert words.words("checking", "category", "below 0") == "Checking account: below 0"
    assert words.words("checking", "missing", None) == "We do not know your checking account"
    assert words.words("default", "category", value=True) == "You did not repay a loan"
    assert words.words("housing", "category", "rent") is None
    assert (words.name_of("duration"), words.name_of("present_residence")) == (
        "Length of the loan",
        "Present residence",
    )
    assert (words.entries["duration"].code, words.entries["duration"].unit) == ("L07", "months")
    assert words.source == "words.yaml"


def test_a_mapping_says_the_same_as_a_file_and_none_says_nothing():
    given_here = catalogue_of({"features": {"duration": {"too_high": "Long", "categories": {12: "A year"}}}})
    assert given_here.words("duration", "too_high", 48) == "Long"
    assert given_here.words("duration", "category", 12.0) == "A year"
    assert catalogue_of(None).words("duration", "too_high", 48) is None
    assert catalogue_of(given_here) is given_here


def test_entries_that_no_feature_has_are_reported_with_the_nearest_name(words):
    said = unused_entries(words, ["durations", "checking", "default"])
    assert said == (
        "The catalogue has words for 'duration', which is no feature of the model. Did you mean 'durations'?",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "features:\n  a:\n    too_lo: x\n",
            "line 3: 'a' has the key 'too_lo', which is not known. Did you mean 'too_low'",
        ),
        ("features:\n  a:\n    too_low: x\n    too_low: y\n", "line 4: key 'too_low' is given twice"),
        ("features:\n  a: words\n", "line 2: 'a' holds keys"),
        ("features:\n  a:\n    too_low: [x, y]\n", "line 3: too_low of 'a' is a text"),
        ("features:\n  a:\n    too_low: 'x {score} y'\n", r"line 3: too_low of 'a' may hold \{value\}"),
        ("features:\n  a:\n    categories:\n      b: '{}'\n", "line 4: the category 'b' of 'a'"),
        ("features:\n  a:\n    categories: b\n", "line 3: categories of 'a' are lines"),
        ("language: fr\nfeatures: {}\n", "line 1: language is one of en, es, zh, de, not 'fr'"),
        ("feature:\n  a:\n    name: x\n", "line 1: the key 'feature' is not known. Did you mean 'features'"),
        ("- a\n- b\n", "line 1: the file is made of 'key: value' lines"),
        ("features:\n  a:\n    name: !!python/object:os.system x\n", "line 3: the tag"),
        ("features:\n  a: {name: [\n", "cannot be read"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path, text, said):
    path = tmp_path / "words.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ExplanationError, match=said):
        catalogue_of(path)


def test_every_mistake_of_a_file_is_named_at_once(tmp_path):
    path = tmp_path / "words.yaml"
    path.write_text("features:\n  a:\n    nam: x\n  b: y\n", encoding="utf-8")
    with pytest.raises(ExplanationError, match=r"(?s)line 3: .*line 4: "):
        catalogue_of(path)


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path):
    with pytest.raises(ExplanationError, match="was not found"):
        catalogue_of(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"features:\n  a:\n    name: Gr\xf6\xdfe\n")
    with pytest.raises(ExplanationError, match=r"line 3, is not UTF-8"):
        catalogue_of(tmp_path / "latin.yaml")
    with pytest.raises(ExplanationError, match="path of a YAML file or a mapping"):
        catalogue_of(7)


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Edad is too high"), ("es", "Edad: valor demasiado alto"), ("zh", "Edad过高"), ("de", "Edad: zu hoch")],
)
def test_words_without_a_catalogue_are_in_the_language_of_the_letter(language, said):
    assert fallback("too_high", "Edad", 30, language) == said


@given(name=st.text(min_size=1), value=st.text())
def test_words_of_data_are_put_in_as_they_are(name, value):
    made = fallback("category", name, value)
    assert made.endswith(value) or value in ("yes", "no", "not known")
    assert name in made
