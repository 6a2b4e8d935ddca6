"""The command line: exit codes, clean streams, files whole or not at all, and help that is true."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fairaudit import audit, load_cube, read_result
from fairaudit.cli import COMMANDS, main
from fairaudit.policy.loading import preset_ids

TEAL = """race,sex,decision,n
Black,F,pass,20
Black,M,pass,6
Black,F,fail,12
Black,M,fail,10
White,F,pass,106
White,M,pass,100
White,F,fail,23
White,M,fail,30
"""  # 26 of 48 and 206 of 259 passed: Connecticut v. Teal, 457 U.S. 440 (1982); the split by sex is made up
COUNTS = ["--counts", "n", "--decision", "decision", "--favorable", "pass", "--group", "race"]
WHITE = ["--reference", "race=White"]
CROSSED = ["--group", "sex", "--reference", "sex=M"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("teal.csv").write_text(TEAL)
    return tmp_path


@pytest.fixture
def run(folder, monkeypatch, capsys):
    """Call the command line in this process and return its exit code, standard output and standard error."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["fairaudit", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in out
        assert "Traceback" not in err or ended.value.code == 70
        return ended.value.code, out, err

    return call


def process(*arguments, given=b""):
    return subprocess.run(
        [sys.executable, "-m", "fairaudit", *arguments], input=given, capture_output=True, check=False
    )


# Exit codes


def table(**groups):
    rows = [
        f"{group},{decision},{n}"
        for group, pair in groups.items()
        for decision, n in zip(("pass", "fail"), pair, strict=True)
    ]
    return "race,decision,n\n" + "\n".join(rows) + "\n"


FLAGGED = table(White=(800, 200), Black=(400, 600))
WITHIN = table(White=(800, 200), Black=(790, 210))
THIN = table(White=(40, 10), Black=(35, 15))


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (FLAGGED, [], 0),
        (FLAGGED, ["--fail-on", "never"], 0),
        (FLAGGED, ["--fail-on", "flag"], 1),
        (FLAGGED, ["--fail-on", "flag", "--allow-insufficient"], 1),
        (WITHIN, ["--fail-on", "flag"], 0),
        (THIN, [], 0),
        (THIN, ["--fail-on", "flag"], 3),
        (THIN, ["--fail-on", "flag", "--allow-insufficient"], 0),
        (FLAGGED + "Asian,pass,3\nAsian,fail,2\n", ["--fail-on", "flag"], 1),  # flagged goes before insufficient
        (WITHIN + "Asian,pass,3\nAsian,fail,2\n", ["--fail-on", "flag"], 3),
        (table(White=(80, 20)), ["--fail-on", "flag"], 3),  # nothing was tested
        (FLAGGED, ["--policy", "us-nyc-ll144"], 0),
        (FLAGGED, ["--fail-on", "flag", "--policy", "us-nyc-ll144"], 2),  # it sets no line: nothing is cleared either
    ],
)
def test_exit_codes_of_the_gate(run, text, options, code):
    Path("t.csv").write_text(text)
    assert run("audit", "t.csv", *COUNTS, *WHITE, *options, "--format", "json")[0] == code


def test_the_gate_is_the_same_whatever_is_written(run):
    Path("t.csv").write_text(FLAGGED)
    for written in ([], ["--out", "report"], ["--format", "md"], ["--quiet"]):
        assert run("audit", "t.csv", *COUNTS, *WHITE, "--fail-on", "flag", *written)[0] == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit"],
        ["audit", "teal.csv"],
        ["audit", "teal.csv", "--nobody"],
        ["nobody"],
        ["audit", "teal.csv", *COUNTS],  # no reference
        ["audit", "teal.csv", *COUNTS, "--reference", "race=Green"],
        ["audit", "teal.csv", *COUNTS, "--reference", "race"],
        ["audit", "teal.csv", *COUNTS, *WHITE, "--policy", "nobody"],
        ["audit", "teal.csv", *COUNTS, *WHITE, "--policy", "eu-ai-act-annex-iii-5b"],  # asks for declarations first
        ["audit", "teal.csv", *COUNTS, *WHITE, "--format", "pdf"],
        ["audit", "teal.csv", *COUNTS, *WHITE, "--format", "json,html"],
        ["audit", "teal.csv", *COUNTS, *WHITE, "--metric", "nobody"],
        ["audit", "teal.csv", *COUNTS, *WHITE, "--cutoff", "high"],
        ["audit", "teal.csv", *COUNTS, *WHITE, "--bands", "race=young"],
        ["audit", "teal.csv", "--score", "n", "--group", "race"],  # no direction
        ["audit", "teal.csv", "--group", "rase", "--decision", "decision", "--favorable", "pass"],
        ["audit", "teal.csv", *COUNTS, *WHITE, "--out", "teal.csv"],
        ["count", "teal.csv", *COUNTS],  # no -o
        ["merge"],
        ["merge", "a.cube"],
        ["report", "nobody.json"],
        ["report", "."],
        ["policy", "show", "nobody"],
        ["policy", "lint", "nobody.yaml"],
        ["datasets", "show", "nobody"],
        ["datasets", "path", "nobody"],
    ],
    ids=" ".join,
)
def test_a_question_asked_wrongly_ends_with_two(run, arguments):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert len(err.strip()) > 20


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit", "nobody.csv", *COUNTS, *WHITE],
        ["audit", "empty.csv", *COUNTS, *WHITE],
        ["audit", "broken.csv", *COUNTS, *WHITE],
        ["audit", "https://example.invalid/a.csv", *COUNTS, *WHITE],
        ["audit", "teal.csv", "--score", "race", "--higher-is", "better", "--group", "sex"],  # text for a score
        ["audit", "teal.csv", "--counts", "n", "--outcome", "race", "--bad", "Green", "--group", "sex"],
        ["audit", "broken.cube"],
        ["merge", "broken.cube", "-o", "all.cube"],
        ["report", "teal.csv"],
        ["report", "broken.cube"],
        ["report", "other.json"],
    ],
    ids=" ".join,
)
def test_data_that_break_their_contract_end_with_four(run, arguments):
    Path("empty.csv").write_text("")
    Path("broken.csv").write_text("race,decision,n\nWhite,pass,1\nBlack,pass\n")
    Path("broken.cube").write_bytes(b"PK\x03\x04\xff\xfe")
    Path("other.json").write_text('{"schema_version": "1.0"}')
    code, out, err = run(*arguments)
    assert (code, out) == (4, "")
    assert err.startswith("Error: ")
    assert not Path("all.cube").exists()


def test_our_own_errors_end_with_seventy(run, monkeypatch):
    def wrong(*_, **__):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("fairaudit.cli.audit.audit", wrong)
    code, out, err = run("audit", "teal.csv", *COUNTS, *WHITE)
    assert (code, out) == (70, "")
    assert "ZeroDivisionError: a bug" in err
    assert "fairaudit doctor" in err


def test_interrupted(run, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("fairaudit.cli.audit.audit", stopped)
    assert run("audit", "teal.csv", *COUNTS, *WHITE)[0] == 130


# Streams


def test_json_on_standard_output_is_nothing_but_json(folder):
    done = process("audit", "teal.csv", *COUNTS, *WHITE, "--format", "json")
    assert (done.returncode, done.stderr) == (0, b"")
    result = read_result(done.stdout.decode())
    assert result.policy.id == "us-fair-lending"  # the default
    assert (
        done.stdout.decode()
        == audit(
            "teal.csv", counts="n", decision="decision", favorable="pass", groups="race", reference={"race": "White"}
        ).to_json()
    )


def test_progress_never_stands_on_standard_output(run, monkeypatch):
    from fairaudit.cli import streams

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    code, out, _ = run("audit", "teal.csv", *COUNTS, *WHITE, "--format", "json")
    assert code == 0
    assert json.loads(out)
    shown = []
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(
        "rich.console.Console.status", lambda self, text: shown.append((self.stderr, text)) or _Nothing(shown)
    )
    with streams.progress("Auditing"):
        pass
    with streams.progress("Auditing", quiet=True):
        pass
    assert shown == [(True, "Auditing")]
    with streams.trying("Searching") as told:
        told(1, "monotone: performance -0.0010, disparity [+0.02]")
    with streams.trying("Searching", quiet=True) as told:
        told(1, "monotone")
    assert shown[1:] == [(True, "Searching"), "Searching: 1 tried. monotone: performance -0.0010, disparity [+0.02]"]


class _Nothing:
    def __init__(self, shown=None):
        self.shown = shown

    def __enter__(self):
        return self

    def update(self, text):
        self.shown.append(text)

    def __exit__(self, *_):
        return None


@pytest.mark.parametrize("form", ["html", "md", "json"])
def test_one_format_is_printed(run, form):
    code, out, err = run("audit", "teal.csv", *COUNTS, *WHITE, "--format", form)
    assert (code, err) == (0, "")
    assert out.casefold().startswith({"html": "<!doctype html>", "md": "# ", "json": "{"}[form])


def test_a_summary_is_printed_without_out(run):
    code, out, err = run("audit", "teal.csv", *COUNTS, *WHITE)
    assert (code, err) == (0, "")
    assert out.startswith("307 people in teal.csv, under us-fair-lending")
    assert "[flag] race: Black against White, 54.2% selected against 79.5%: Adverse impact ratio 0.681" in out
    assert out.index("Not tested:") < out.index("Findings:")
    assert "people who never reached this file" in out


def test_a_reader_that_goes_away_is_no_error(folder):
    command = [sys.executable, "-m", "fairaudit", "audit", "teal.csv", *COUNTS, *WHITE, "--format", "json"]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    started.stdout.readline()
    started.stdout.close()
    assert started.wait() == 0
    assert started.stderr.read() == b""
    started.stderr.close()


def test_standard_input(folder):
    done = process("audit", "-", *COUNTS, *WHITE, "--format", "json", given=TEAL.encode())
    assert done.returncode == 0
    assert json.loads(done.stdout)["input"]["files"][0]["bytes"] == len(TEAL)
    empty = process("audit", "-", *COUNTS, *WHITE)
    assert (empty.returncode, empty.stdout) == (4, b"")
    assert b"empty" in empty.stderr


# Files


def test_json_alone_is_exactly_one_file(run):
    code, out, err = run("audit", "teal.csv", *COUNTS, *WHITE, "--out", "made/here", "--format", "json")
    assert (code, out) == (0, "")
    assert [path.name for path in Path("made/here").iterdir()] == ["result.json"]
    assert "Written to made/here: result.json" in err
    assert run("audit", "teal.csv", *COUNTS, *WHITE, "--out", "q", "--quiet") == (0, "", "")


@pytest.mark.parametrize(
    ("formats", "names"),
    [(None, ["report.html", "report.md", "result.json"]), ("csv", ["findings.csv", "rates.csv"]),
     ("html, json,md,csv", ["findings.csv", "rates.csv", "report.html", "report.md", "result.json"])],
)  # fmt: skip
def test_formats(run, formats, names):
    wanted = ["--format", formats] if formats else []
    assert run("audit", "teal.csv", *COUNTS, *WHITE, "--out", "made", *wanted)[0] == 0
    assert sorted(path.name for path in Path("made").iterdir()) == names


def test_a_renderer_that_fails_writes_nothing_and_damages_nothing(run, monkeypatch):
    assert run("audit", "teal.csv", *COUNTS, *WHITE, "--out", "made")[0] == 0
    before = {path.name: path.read_bytes() for path in Path("made").iterdir()}

    def wrong(*_):
        raise RuntimeError("no template")

    monkeypatch.setattr("fairaudit.report.markdown.to_markdown", wrong)
    Path("t.csv").write_text(FLAGGED)
    assert run("audit", "t.csv", *COUNTS, *WHITE, "--out", "made")[0] == 70
    assert run("audit", "t.csv", *COUNTS, *WHITE, "--out", "new")[0] == 70
    assert {path.name: path.read_bytes() for path in Path("made").iterdir()} == before
    assert not Path("new").exists()


def test_an_audit_that_fails_writes_nothing(run):
    assert run("audit", "nobody.csv", *COUNTS, *WHITE, "--out", "made")[0] == 4
    assert run("count", "nobody.csv", *COUNTS, "-o", "made.cube")[0] == 4
    assert sorted(path.name for path in Path().iterdir()) == ["teal.csv"]


# Roles on the command line


def test_every_role_reaches_the_schema(run):
    Path("loans.csv").write_text(
        "race,age,branch,month,s,d,y,w\nA,20,x,1,500,yes,0,1\nA,30,y,2,640,no,,2\nB,70,x,1,600,wd,1,1\nB,41,y,2,710,yes,9,1\n"
    )
    code, _, err = run(
        "count", "loans.csv", "-o", "loans.cube", "--score", "s", "--higher-is", "better", "--cutoff", "620",
        "--cutoff", "600", "--decision", "d", "--decision-level", "yes=favorable", "--decision-level", "no=unfavorable",
        "--decision-level", "wd=excluded", "--outcome", "y", "--bad", "1", "--good", "0",
        "--unobserved", "9=not matured",
        "--group", "race", "--group", "age", "--bands", "age=25,62", "--closed", "right", "--stratum", "branch",
        "--period", "month", "--weight", "w", "--reference", "race=A", "--reference", "age=over 25 to 62",
    )  # fmt: skip
    assert code == 0
    assert "4 read, 4 counted" in err
    roles = load_cube("loans.cube").schema.roles()
    assert roles["cutoffs"] == [620, 600]
    assert roles["decision_levels"] == {"yes": "favorable", "no": "unfavorable", "wd": "excluded"}
    assert roles["unobserved"] == {"9": "not matured"}
    assert (roles["bands"], roles["closed"]) == ({"age": [25, 62]}, {"age": "right"})
    assert roles["reference"] == {"race": "A", "age": "over 25 to 62"}
    assert (roles["strata"], roles["period"], roles["weight"]) == (["branch"], "month", "w")


def test_a_level_may_hold_an_equals_sign(run):
    Path("e.csv").write_text(table(**{"a=b": (80, 20), "=c": (50, 50)}))
    code, out, _ = run("audit", "e.csv", *COUNTS, "--reference", "race=a=b", "--format", "json")
    assert code == 0
    assert {f.reference for f in read_result(out).findings} == {"a=b"}
    assert run("audit", "e.csv", *COUNTS, "--reference", "race==c")[0] == 0


@pytest.mark.parametrize(
    ("crossing", "names"),
    [(["--cross"], {"race × sex"}), (["--cross=sex,race"], {"sex × race"}), (["--cross", "race,sex"], {"race × sex"}),
     ([], set())],
)  # fmt: skip
def test_crossings(run, crossing, names):
    code, out, _ = run("audit", "teal.csv", *COUNTS, *WHITE, *CROSSED, "--format", "json", *crossing)
    assert code == 0
    assert {a.name for a in read_result(out).schema.attributes if a.crossing} == names


def test_cross_alone_before_an_option(run):
    code, out, _ = run("audit", "teal.csv", "--cross", *COUNTS, *WHITE, *CROSSED)
    assert code == 0
    assert "Exploratory comparisons: " in out


def test_cross_alone_before_the_file_takes_its_name_and_says_so(run):
    code, out, err = run("audit", *COUNTS, *WHITE, *CROSSED, "--cross", "teal.csv")
    assert (code, out) == (2, "")
    assert "'teal.csv' was taken for the columns of --cross: put DATA first" in err
    assert "the next word would be taken for columns" in " ".join(run("audit", "-h")[1].split())


# The other commands


def test_count_merge_audit_report(run):
    lines = TEAL.splitlines(keepends=True)
    Path("a.csv").write_text("".join(lines[:5]))
    Path("b.csv").write_text(lines[0] + "".join(lines[5:]))
    for name in "ab":
        assert run("count", f"{name}.csv", *COUNTS, *CROSSED[:2], "-o", f"{name}.cube")[0] == 0
    code, out, err = run("merge", "a.cube", "b.cube", "-o", "all.cube")
    assert (code, out) == (0, "")
    assert "307 people of 2 cubes" in err
    roles = [*WHITE, "--group", "race", "--format", "json"]
    merged = run("audit", "all.cube", *roles)[1]
    whole = run("audit", "teal.csv", *COUNTS, *WHITE, "--format", "json")[1]
    assert read_result(merged).findings == read_result(whole).findings
    Path("result.json").write_text(merged)
    assert run("report", "result.json")[1].startswith("# ")
    assert run("report", "result.json", "--format", "json")[1] == merged
    assert run("report", "result.json", "--format", "html", "-o", "again.html") == (0, "", "")
    assert "<html" in Path("again.html").read_text()
    assert run("audit", "all.cube", "--score", "n", "--higher-is", "better")[0] == 2


def test_cubes_that_do_not_fit_are_not_merged(run):
    assert run("count", "teal.csv", *COUNTS, "-o", "a.cube")[0] == 0
    assert run("count", "teal.csv", *COUNTS, *CROSSED[:2], "-o", "b.cube")[0] == 0
    code, _, err = run("merge", "a.cube", "b.cube", "-o", "all.cube")
    assert code == 2
    assert "Cubes differ in their groups" in err
    assert not Path("all.cube").exists()


def test_count_says_what_was_set_aside(run):
    Path("s.csv").write_text("g,s\nA,1\nB,inf\nA,x\nB,2\n")
    code, out, err = run("count", "s.csv", "--score", "s", "--higher-is", "better", "--group", "g", "-o", "s.cube")
    assert (code, out) == (0, "")
    assert "4 read, 2 counted" in err
    assert "1 set aside: score 's' is infinite" in err
    assert run("count", "s.csv", "--score", "s", "--higher-is", "better", "--group", "g", "-o", "s.cube", "-q")[2] == ""


def test_policies(run):
    code, out, _ = run("policy", "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(preset_ids())
    assert {"us-fair-lending", "us-ugesp", "us-nyc-ll144", "eu-ai-act-annex-iii-5b"} <= {*preset_ids()}
    for name in preset_ids():
        code, text, err = run("policy", "show", name)
        assert (code, err) == (0, "")
        Path("copy.yaml").write_text(text)
        assert run("policy", "lint", "copy.yaml") == (0, "copy.yaml: nothing wrong found.\n", "")
    assert run("policy", "show", "us-fair-lendin")[2].count("us-fair-lending") >= 1


def test_a_policy_that_is_wrong_is_told_by_line(run):
    Path("mine.yaml").write_text("extends: us-fair-lending\nid: mine\nalpha: 2\nlines: none\n")
    code, out, err = run("policy", "lint", "mine.yaml")
    assert (code, out) == (2, "")
    assert "mine.yaml, line 3" in err
    assert "mine.yaml, line 4" in err
    Path("mine.yaml").write_text("extends: us-fair-lending\nid: mine\nalpha: 0.1\n")
    out = run("audit", "teal.csv", *COUNTS, *WHITE, "--policy", "mine.yaml", "--format", "json")[1]
    assert (read_result(out).policy.id, read_result(out).policy.alpha) == ("mine", 0.1)


def test_datasets(run):
    code, out, _ = run("datasets", "list")
    assert code == 0
    assert {"loanapp", "german_credit", "fico_2003"} <= {line.split()[0] for line in out.splitlines()}
    code, out, _ = run("datasets", "path", "loanapp")
    assert code == 0
    assert Path(out.strip()).is_file()
    code, out, _ = run("datasets", "show", "german_credit")
    assert code == 0
    assert "To know before using it:" in out
    assert "Did you mean 'loanapp'" in run("datasets", "show", "loanap")[2]


def test_doctor(run):
    code, out, err = run("doctor")
    assert (code, err) == (0, "")
    assert out.startswith("fairaudit ")
    for part in ("Python", "duckdb", "Data sets found and unchanged", "Policies found and valid"):
        assert part in out


# Help

PAGES = [
    [], *([name] for name in COMMANDS), ["policy", "list"], ["policy", "show"], ["policy", "lint"],
    ["datasets", "list"], ["datasets", "show"], ["datasets", "path"],
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: " ".join(page) or "fairaudit")
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_has_help(run, page, option):
    code, out, err = run(*page, option)
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: {' '.join(['fairaudit', *page])} ")
    first = out.split("\n\n")[1].strip()
    assert len(first) > 15


def test_every_option_is_explained():
    from importlib import import_module

    import click

    for name in COMMANDS:
        command = import_module(f"fairaudit.cli.{name}").command
        for each in [command, *getattr(command, "commands", {}).values()]:
            for parameter in each.params:
                if isinstance(parameter, click.Option):
                    assert parameter.help, f"{name}: {parameter.name}"


def test_the_list_of_commands_is_whole_and_its_words_are_theirs(run):
    from importlib import import_module

    out = run("-h")[1]
    for name, words in COMMANDS.items():
        assert import_module(f"fairaudit.cli.{name}").command.short_help == words
        assert words in out
    for code in ("1 flagged", "2 a question", "3 insufficient", "4 the data", "70 an error"):
        assert code in " ".join(out.split())


def test_version(run):
    from fairaudit import __version__

    assert run("--version")[1] == f"fairaudit, version {__version__}\n"


def test_lenders_count_alike_and_a_regulator_merges_them(run):
    lines = TEAL.splitlines(keepends=True)
    Path("north.csv").write_text("".join(lines[:5]))
    Path("south.csv").write_text(lines[0] + "".join(lines[5:]))
    Path("asked.yaml").write_text("groups: race\ndecision: decision\nfavorable: pass\n")
    for name in ("north", "south"):
        asked = ["--like", "asked.yaml", "--counts", "n", "--owner", f"Bank of the {name}", "-o", f"{name}.cube"]
        assert run("count", f"{name}.csv", *asked)[0] == 0
    assert run("count", "south.csv", "--like", "north.cube", "--counts", "n", "-o", "again.cube")[0] == 0
    code, _, err = run("merge", "north.cube", "south.cube", "-o", "all.cube")
    assert code == 0
    assert "of north.csv, counted by Bank of the north" in err
    assert "of south.csv, counted by Bank of the south" in err
    assert "people are alone in an entry" in err
    report = run("audit", "all.cube", *WHITE, "--format", "html")[1]
    assert "Bank of the north" in report
    assert "Cubes that the counts were merged of" in report
    code, _, err = run("merge", "all.cube", "again.cube", "-o", "twice.cube")
    assert code == 2
    assert "'south.csv'" in err or "'south.csv' of again.cube" in err
    assert not Path("twice.cube").exists()
    assert run("merge", "all.cube", "again.cube", "--repeated", "-o", "twice.cube")[0] == 0


def test_count_with_noise(run):
    code, _, err = run("count", "teal.csv", *COUNTS, *CROSSED[:2], "--epsilon", "1", "-o", "noisy.cube")
    assert code == 0
    assert "people, with noise" in err
    assert "307" not in err
    assert "The counts have noise" in run("audit", "noisy.cube", *WHITE, "--group", "race", "--format", "md")[1]
    both = run("count", "teal.csv", *COUNTS, "--epsilon", "1", "--min-n", "5", "-o", "no.cube")
    assert both[0] == 2
    assert "two ways to publish" in both[2]


def test_watch_ends_with_one_at_an_alarm_and_with_three_where_nothing_can_be_told(run):
    roles = ["--counts", "n", "--decision", "ok", "--favorable", "yes", "--group", "sex"]
    for name, women in (("2026-01", (500, 500)), ("2026-02", (501, 500)), ("2026-03", (300, 700)), ("few", (3, 4))):
        lines = [f"F,yes,{women[0]}", f"F,no,{women[1]}", f"M,yes,{600 + women[0]}", f"M,no,{400 + women[0]}"]
        Path(f"{name}.csv").write_text("\n".join(["sex,ok,n", *lines]) + "\n")
        assert run("count", f"{name}.csv", *roles, "-o", f"{name}.cube")[0] == 0
    reference = ["--reference", "sex=M"]
    code, out, _ = run("watch", "2026-01.cube", "2026-02.cube", *reference)
    assert (code, "No alarm in 1 comparison" in out) == (0, True)
    code, out, _ = run("watch", "2026-01.cube", "2026-02.cube", "2026-03.cube", *reference)
    assert (code, "Changed, to the group's disadvantage: alarm in 2026-03" in out) == (1, True)
    assert run("watch", "few.cube", "2026-02.cube", *reference)[0] == 3
    assert run("watch", "2026-01.cube", *reference)[0] == 2
    assert run("watch", "2026-01.csv", "2026-02.cube", *reference)[0] == 4
    code, out, _ = run("watch", "2026-01.cube", "2026-03.cube", "--baseline", "2026-01", *reference, "--format", "json")
    assert code == 1
    assert json.loads(out)["periods"][0]["baseline"] is True
