"""Each mistake in a system's file is an error with its line and a mend."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairaudit.errors import SystemFileError
from fairaudit.systems.loading import check, names, path_of
from fairaudit.systems.point_system import PointSystem

from .conftest import EVENTS, WEIGHTED

VARIANT = """\
variants:
  strict:
    title: Strict
    events:
      - {id: late, says: was late, points: -5, area: a, context: librari, gravity: 1, tag: stylised}
"""


def line_of(text, words):
    return next(i for i, line in enumerate(text.splitlines(), start=1) if words in line)


@pytest.mark.parametrize("text", [EVENTS, WEIGHTED])
def test_the_files_that_the_mistakes_start_from_are_in_order(written, text):
    assert check(written(text)) == []


MISTAKES = [
    (EVENTS, "kind: events", "kind: event", "kind: event", "'kind' is 'event'; it is one of events, weighted. Did you"),
    (EVENTS, "kind: events\n", "", "id: club", "'kind' is missing"),
    (EVENTS, "points: 4", "points: 4.5", "points: 4.5", "'points' should be a valid integer"),
    (EVENTS, "points: 4", "points: 0", "points: 0", "'read' changes nothing: its points are 0"),
    (EVENTS, "points: 4", "pionts: 4", "pionts: 4", "unknown key 'pionts'. Did you mean 'points'?"),
    (EVENTS, "gravity: 1, ", "", "id: late", "'late' makes a score worse and has no 'gravity'"),
    (EVENTS, "gravity: 1", "gravity: 6", "gravity: 6", "'gravity' should be less than or equal to 5"),
    (EVENTS, "context: reading", "context: readin", "readin,", "no context 'readin'. Did you mean 'reading'?"),
    (EVENTS, "bands: [low]", "bands: [lo]", "bands: [lo]", "no band 'lo'. Did you mean 'low'?"),
    (EVENTS, "events: [lost]", "events: [lots]", "[lots]", "no event 'lots'. Did you mean 'lost'?"),
    (EVENTS, "severity: 1, events: [lost], ", "severity: 1, ", "id: fee", "'fee' follows from nothing"),
    (EVENTS, "{value: 10, tag: stylised}", "10", "start: 10", "'start' has no tag"),
    (EVENTS, "{value: 10, tag", "{value: 30, tag", "start:", "start 30 is not between floor and cap (from 0 to 20)"),
    (EVENTS, "{value: 20, tag", "{value: -5, tag", "floor:", "the floor 0 is not below the cap -5"),
    (EVENTS, "id: lost", "id: late", "lost a book", "'late' is given twice in events"),
    (EVENTS, "at_least: 12", "at_least: 25", "at_least: 25", "band 'high' begins at 25, and scores go from 0 to 20"),
    (EVENTS, "{name: low, tag", "{name: low, at_least: 3, tag", "name: low", "0 of the bands have no 'at_least'"),
    (EVENTS, "at_least: 12, ", "", "name: low", "2 of the bands have no 'at_least'"),
    (EVENTS, "cap: {value: 20, tag: stylised}", "cap: {value: 20, tag: documented}", "cap:", "where: add 'source'"),
    (EVENTS, "20, tag: stylised}", "20, tag: documented, source: x}", "cap:", "no source 'x'"),
    (EVENTS, "higher_is: better", "higher_is: beter", "beter", "one of better, worse. Did you mean 'better'?"),
    (EVENTS, "tag: stylised}\nfloor", "tag: styled}\nfloor", "styled}", "'tag' is 'styled'; it is one of account"),
    (EVENTS, "title: A club", "title: A club\ntitle: B", "title: B", "'title' is given twice"),
    (EVENTS, "title: A club", "title: !!python/name:os.system A", "python", "is refused"),
    (EVENTS, "kind: punishment, context: evenings", "kind: punish, context: evenings", "id: out", "'punishment'?"),
    (EVENTS, EVENTS[-1], "\n" + VARIANT, "librari", "no context 'librari'. Did you mean 'library'?"),
    (EVENTS, EVENTS[-1], "\n" + VARIANT.replace("librari", "library") + "    without: [ot]\n", "[ot]", "'ot'. Did"),
    (WEIGHTED, "weight: 3, ", "", "id: income", "'income' has no 'weight' and others have one"),
    (WEIGHTED, "weight: 3", "weight: 0", "weight: 0", "the weight of 'income' is 0"),
    (WEIGHTED, "worst: 0, best: 30", "worst: 5, best: 5", "id: income", "'worst' and 'best' of 'income' are both 5"),
    (WEIGHTED, "worst: 0, best: 30", "worst: 5", "id: income", "needs 'worst' and 'best'"),
    (WEIGHTED, "missing: 0.5", "missing: 2", "id: debt", "a share of the weight, 0 to 1, and not 2"),
    (WEIGHTED, "lowest: 100", "lowest: 300", "range:", "the range goes from 300 to 200"),
    (WEIGHTED, "unscored:", "norm: {table: [[0, 0], [50, 1]], tag: stylised}\nunscored:", "norm:", "ends with"),
    (WEIGHTED, "contexts:", "base: {value: 1, tag: stylised}\ncontexts:", "base:", "Remove 'base'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "old", "new", "place", "words"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_named_with_its_line_and_a_mend(written, text, old, new, place, words):
    assert old in text
    wrong = text[:-1] + new if old == "\n" else text.replace(old, new, 1)
    problems = check(written(wrong))
    found = [problem for problem in problems if words in problem.message]
    assert found, problems
    assert found[0].line == line_of(wrong, place)
    with pytest.raises(SystemFileError, match=r"^mine\.yaml, line \d+: "):
        PointSystem.load(written(wrong))


@pytest.mark.parametrize(
    ("lines", "place", "words"),
    [
        ("    start:\n", "    start:", "'start' should be"),
        ("    without: [read, late, lost]\n", "variants:", "at least 1 item"),
    ],
)
def test_a_variant_that_leaves_nothing_to_run_is_a_mistake_of_its_line(written, lines, place, words):
    text = EVENTS + "variants:\n  bare:\n    title: Bare\n" + lines
    found = [problem for problem in check(written(text)) if words in problem.message]
    assert found
    assert found[0].line in (line_of(text, place), line_of(text, "events:"))


PUT = ["", " ", ":", "[", "{", "9", "-1e99", "~", "null", ", ", "x", "*", "&a ", "tag: account"]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(base=st.sampled_from([EVENTS + VARIANT, WEIGHTED]), data=st.data())
def test_whatever_is_done_to_a_file_its_problems_are_a_list_with_lines(written, base, data):
    lines = base.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        place = data.draw(st.integers(0, len(lines[at])))
        put = data.draw(st.sampled_from(PUT))
        lines[at] = data.draw(st.sampled_from([lines[at][:place] + put + lines[at][place + 1 :], put, lines[at - 1]]))
    problems = check(written("\n".join(lines)))
    assert all(problem.line is None or 1 <= problem.line <= len(lines) for problem in problems)
    if not problems:
        PointSystem.load(written("\n".join(lines))).consequence_sheet()


STEPS = """\
inputs:
  - {id: age, says: age, area: a, context: money, steps: [{below: 5, points: 0}, {points: 100}], tag: stylised}
base: {value: 100, tag: stylised}
"""


def stepped(old="", new=""):
    head, rest = WEIGHTED.split("inputs:\n")
    return (head + STEPS + rest[rest.index("unscored:") :]).replace(old, new)


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("{points: 100}", "{points: 90}", "range:", "the highest score is 200, and base and steps reach 190"),
        ("{below: 5, points: 0}", "{points: 0}", "id: age", "only the last step has no 'below'"),
        ("{points: 100}", "{below: 9, points: 100}", "id: age", "the last step has no 'below'"),
        ("{points: 100}", "{below: 3, points: 1}, {points: 100}", "id: age", "steps rise: 3 comes after 5"),
        (", steps: [{below: 5, points: 0}, {points: 100}]", "", "id: age", "neither 'weight' nor 'steps'"),
    ],
)
def test_mistakes_in_tables_of_points(written, old, new, place, words):
    assert check(written(stepped())) == []
    wrong = stepped(old, new)
    assert wrong != stepped()
    found = [problem for problem in check(written(wrong)) if words in problem.message]
    assert [problem.line for problem in found] == [line_of(wrong, place)]


def test_a_mistake_of_the_system_is_said_once_although_variants_have_it_too(written):
    wrong = EVENTS.replace("context: reading", "context: readin") + VARIANT.replace("librari", "library")
    assert [problem.line for problem in check(written(wrong))] == [line_of(wrong, "readin,")]


def test_a_variant_replaces_adds_and_leaves_out(written):
    text = EVENTS + (
        "variants:\n  free:\n    title: Free\n    cap:\n    without: [fee]\n    events:\n"
        "      - {id: late, says: late, points: -9, area: a, context: library, gravity: 1, tag: stylised}\n"
        "      - {id: sang, says: sang, points: 1, area: a, context: evenings, tag: stylised}\n"
    )
    system = PointSystem.load(written(text), variant="free")
    points = {event.id: event.points.value for event in system.definition.events}
    assert points == {"read": 4, "late": -9, "lost": -2, "sang": 1}
    assert system.definition.cap is None
    assert [one.id for one in system.definition.consequences] == ["out"]
    assert system.variants == PointSystem.load(written(text)).variants == ("free",)
    assert system.id == "club/free"
    assert PointSystem.load(written(text)).definition.cap.value == 20
    with pytest.raises(SystemFileError, match=r"no variant 'fre'\. Did you mean 'free'"):
        PointSystem.load(written(text), variant="fre")


def test_names_that_are_none_are_answered(tmp_path):
    with pytest.raises(SystemFileError, match=r"no system 'suinng'\. Did you mean 'suining'"):
        PointSystem.load("suinng")
    with pytest.raises(SystemFileError, match=r"nowhere\.yaml' was not found"):
        PointSystem.load("nowhere.yaml")
    with pytest.raises(SystemFileError, match="is a folder"):
        PointSystem.load(tmp_path)


@pytest.mark.parametrize("name", names())
def test_what_comes_along_has_no_mistake_and_tags_what_is_documented(name):
    assert check(path_of(name)) == []
    system = PointSystem.load(name)
    for variant in system.variants:
        assert PointSystem.load(name, variant=variant).definition.variants == {}
