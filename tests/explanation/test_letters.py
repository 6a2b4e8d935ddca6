"""Letters and notices: what the person reads, what the lender must fill, and what may not be in them."""

import re

import numpy as np
import pandas as pd
import pytest

import fairaudit as fa
from fairaudit.errors import ExplanationError, SchemaError
from fairaudit.explanation.letters import ONE_PAGE

CREDIT = fa.load_dataset("german_credit")
FEATURES = CREDIT.drop(columns=["credit_risk", "personal_status_sex", "age", "foreign_worker"])
CARD = fa.Scorecard(good="good").fit(FEATURES, CREDIT["credit_risk"])
CUTOFF = 520
EXPLAINED = fa.Explainer(CARD, background=FEATURES, cutoff=CUTOFF).explain(FEATURES)
ROW = int(np.flatnonzero(EXPLAINED.scores < CUTOFF)[3])
WORDS = {
    "features": {
        "amount": {"name": "Amount of the loan", "unit": "DM", "too_high": "The loan is large", "code": "A1"},
        "duration": {"name": "Length of the loan", "unit": "months", "too_high": "The loan runs for a long time"},
        "purpose": {"category": "What the loan is for: {value}"},
        "housing": {"categories": {"own": "You own your home"}},
    }
}
MADE = EXPLAINED.reasons(ROW, words=WORDS, draws=0)
CHANGES = ["Ask for a loan of 3,000 DM or less.", "Pay the loan back in 18 months or less."]


def syllables(word):
    """Groups of vowels, without a silent e at the end; at least one."""
    word = re.sub(r"[^a-z]", "", word.lower())
    groups = len(re.findall(r"[aeiouy]+", word))
    silent = word.endswith("e") and not word.endswith(("le", "ee")) and groups > 1
    return max(1, groups - silent)


def grade(text):
    """Kincaid, Fishburne, Rogers and Chissom (1975): 0.39 words a sentence + 11.8 syllables a word - 15.59."""
    text = re.sub(r"\s+", " ", text)  # a list counts with the sentence before it, which is the strict way
    sentences = [each for each in re.split(r"[.!?] ", text) if each]
    words = re.findall(r"[A-Za-z']+", text)
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def read_by_the_person(markdown):
    """The letter without the box, the blanks, the headings (short, they would flatter the grade) and the marks."""
    lines = [line for line in markdown.splitlines() if line and not line.startswith((">", "**\\[", "#"))]
    return "\n".join(re.sub(r"^(#+|-|\d+\.) ", "", line).replace("\\", "") for line in lines)


def test_the_counter_of_syllables_knows_words_of_letters():
    known = {"score": 1, "application": 4, "people": 2, "line": 1, "months": 1, "correct": 2, "loan": 1, "typical": 3}
    assert {word: syllables(word) for word in known} == known


def test_the_letter_says_score_reasons_changes_and_how_to_correct_a_record():
    made = MADE.letter(
        would_change=CHANGES, contact="Call 555 0100.", creditor="First Bank, 1 Main Street", date="2 May"
    )
    text = read_by_the_person(made)
    own = f"Your score is {EXPLAINED.scores[ROW]:.0f}."
    assert f"{own} The line is 520: we say yes from there up. A higher score is better." in text
    assert "100 people whose score was just good enough" in text
    people = MADE.baseline.rows["amount"]
    middle = int(np.quantile(people, 0.5, method="nearest"))
    assert f"The loan is large (yours: 9055 DM; typical for them: {middle} DM)" in text
    assert "What the loan is for: repairs (most common among them: furniture or equipment)" in text
    assert "You own your home" in text
    assert all(line in text for line in [*CHANGES, "Call 555 0100.", "First Bank, 1 Main Street"])
    assert "Ask us to correct it" in text
    assert [line for line in made.splitlines() if "\\[" in line] == [
        "**\\[LENDER: if a credit report was used, say whose and how to correct it\\]**"
    ]


def test_the_letter_reads_at_grade_six_and_fits_on_a_page():
    for reasons in (MADE, EXPLAINED.reasons(ROW, draws=0, method="all_applicants")):
        text = read_by_the_person(reasons.letter(would_change=CHANGES))
        assert grade(text) < 6
        assert len(text.split()) < ONE_PAGE


def test_no_jargon_and_nothing_that_fairaudit_never_says():
    pages = [MADE.letter(language=one) + MADE.notice(language=one) for one in ("en", "es", "zh", "de")]
    for word in (r"\bfair", "unfair", r"\bpass", r"\b(il)?legal", "Shapley", "attribution", "baseline", "log-odds"):
        assert not any(re.search(word, page, re.IGNORECASE) for page in pages), word
    jargon = r"\b(variable|feature|model|algorithm|percentile|threshold|cut-?off|adverse|quantile|creditor)\b"
    assert not re.search(jargon, read_by_the_person(MADE.letter()), re.IGNORECASE)


@pytest.mark.parametrize(("page", "who"), [("letter", "LENDER"), ("notice", "CREDITOR")])
def test_what_the_lender_must_fill_is_marked_in_both_formats(page, who):
    markdown, html = getattr(MADE, page)("md"), getattr(MADE, page)("html")
    assert markdown.startswith("> Draft.")
    assert re.findall(rf"\*\*\\\[({who}: .*?)\\\]\*\*", markdown) == [
        blank.replace("&#39;", "'") for blank in re.findall(rf"<mark>\[({who}: .*?)\]</mark>", html)
    ]
    assert "<script" not in html
    assert "default-src 'none'" in html
    assert '<html lang="en">' in html


def test_the_notice_holds_reasons_and_key_factors_apart_and_no_text_of_the_rules():
    made = MADE.notice(creditor="First Bank", score_range=(300, 850), score_date="1 May", score_source="First Bank")
    reasons, rest = made.split("## Equal Credit Opportunity Act")
    assert re.findall(r"^\d\. (.*)$", reasons, re.MULTILINE) == [
        "The loan is large \\[A1\\]",
        "What the loan is for: repairs",
        "The loan runs for a long time",
        "You own your home",
    ]
    assert "1002.9(b)(1), with the agency that supervises you" in rest
    assert f"Score used: {round(EXPLAINED.scores[ROW], 2):g} points" in rest
    assert "Range of possible scores: 300 to 850" in rest
    factors = rest.split("strongest first:")[1].split("##")[0]
    assert len(re.findall(r"^\d\. ", factors, re.MULTILINE)) == 4
    assert MADE.baseline.sha256 in rest.split("## For the creditor, not to be sent")[1]


def test_a_score_is_never_rounded_onto_the_line_and_log_odds_are_out_of_100():
    log_odds = fa.Explainer(CARD, background=FEATURES, cutoff=1.0, units="log-odds").explain(FEATURES)
    row = int(np.flatnonzero(log_odds.scores < 1.0)[0])
    near = fa.Explainer(CARD, FEATURES, cutoff=float(log_odds.scores[row]) + 0.0004, units="log-odds").explain(FEATURES)
    text = near.reasons(row, draws=0).letter()
    own, line = re.search(r"Your score is ([\d.]+) out of 100. The line is ([\d.]+):", text).groups()
    assert float(own) < float(line)
    assert float(own) == pytest.approx(100 * near.reasons(row, draws=0).probability, abs=0.01)


def test_other_components_say_how_it_was_decided():
    knock = EXPLAINED.reasons(ROW, failed_component="knock-out", factors=["Bankrupt last year"]).letter()
    assert "Your score did not decide this." in knock
    assert "This alone decided" in knock
    assert str(CUTOFF) not in knock
    judged = EXPLAINED.reasons(ROW, failed_component="judgment", factors=["Job too new"]).letter()
    assert "One of our staff looked at your application" in judged
    gray = EXPLAINED.reasons(ROW, failed_component="gray band", factors=["Job too new"], draws=0).letter()
    assert "It did not decide this alone." in gray
    assert "the line is" not in gray.lower()


@pytest.mark.parametrize(
    ("language", "title", "unreviewed"),
    [
        ("es", "Sobre su solicitud", "no ha sido revisada"),
        ("zh", "关于您的申请", "未经审校"),
        ("de", "Zu Ihrem Antrag", "nicht geprüft"),
    ],
)
def test_translations_say_that_nobody_reviewed_them_and_whose_words_are_left(language, title, unreviewed):
    made = MADE.letter(language=language)
    box, letter = made.split("# ", 1)
    assert letter.startswith(title)
    assert unreviewed in box
    assert "English" in box
    assert "The loan is large" in letter
    plain = EXPLAINED.reasons(ROW, draws=0).letter(language=language)
    assert "English" not in plain.split("# ", 1)[0]
    assert "is too high" not in plain
    assert f'<html lang="{language}">' in MADE.letter("html", language=language)


def test_text_of_the_data_stays_text():
    rows = pd.DataFrame({"job": np.resize(["<b>clerk</b>", "*boss*\n# x", "a\u202eb"], 300)})
    paid = np.resize([0, 1, 1, 1, 1, 0], 300)
    card = fa.Scorecard(good=1).fit(rows, paid)
    explained = fa.Explainer(card, background=rows, cutoff=10_000).explain(rows)
    with pytest.raises(ExplanationError, match="nobody is at or just above it"):
        explained.reasons(0)
    for row in range(3):
        made = explained.reasons(row, method="all_applicants", draws=0)
        html, markdown = made.letter("html"), made.letter()
        assert "<b>" not in html
        assert "<b>" not in markdown
        assert "\u202e" not in html + markdown + str(made)
        assert "\n# x" not in markdown


def test_a_list_without_reasons_is_not_to_be_sent():
    rows = FEATURES.copy()
    best = int(np.argmax(EXPLAINED.scores))
    high = fa.Explainer(CARD, background=FEATURES, cutoff=10_000).explain(rows)
    made = high.reasons(best, method="all_applicants", applicants=rows.iloc[[best]], draws=0)
    assert made.reasons == ()
    assert "Do not send this letter" in made.letter()
    assert "Do not send this notice" in made.notice()
    assert "none is listed" in made.left_out[0]


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        (lambda: MADE.letter("pdf"), ExplanationError, "'md' or 'html'"),
        (lambda: MADE.notice("docx"), ExplanationError, "'md' or 'html'"),
        (lambda: MADE.letter(language="fr"), SchemaError, "no translation into 'fr'"),
        (lambda: MADE.letter(would_change="Pay."), ExplanationError, "a recourse, or a list of plain sentences"),
    ],
)
def test_what_cannot_be_written_is_refused(asked, error, said):
    with pytest.raises(error, match=said):
        asked()


ACTIONS = {"features": {"duration": {"change": "down", "step": 6}, "amount": {"change": "down", "step": 500}}}


def ways_of(row=ROW, cutoff=CUTOFF, actions=ACTIONS):
    return fa.recourse(CARD, FEATURES.iloc[[row]], cutoff=cutoff, actions=actions, data=FEATURES)


def test_what_would_change_it_is_said_in_the_words_and_the_language_of_the_letter():
    ways = ways_of()
    first = ways.answers[0].changes[0]
    english = MADE.letter(would_change=ways)
    assert f"Lower Length of the loan from {first.old} months to {first.new} months." in english
    after = f"{ways.new_score:.0f}"
    assert f"With this, and all else as it is, your score would be {after}." in english
    german = MADE.letter(language="de", would_change=ways)
    assert f"Senken Sie Length of the loan von {first.old} months auf {first.new} months." in german
    assert f"läge Ihr Punktestand bei {after}." in german
    assert grade(read_by_the_person(english)) < 8


def test_log_odds_after_a_change_are_shown_as_the_letter_shows_scores():
    trained = fa.train(FEATURES, CREDIT["credit_risk"], good="good", kind="logistic", rng=1)
    scorer = fa.wrap(trained, units="margin")
    explained = fa.Explainer(scorer, background=FEATURES, cutoff=1.0).explain(FEATURES)
    row = int(np.flatnonzero(explained.scores < 0.5)[0])
    ways = fa.recourse(scorer, FEATURES.iloc[[row]], cutoff=1.0, actions=ACTIONS, data=FEATURES)
    letter = explained.reasons(row, draws=0).letter(would_change=ways)
    assert "Your score is" in letter
    assert "out of 100. The line is 73:" in letter  # 1 / (1 + exp(-1)) = 0.731
    if ways.answers:
        after = 100 / (1 + np.exp(-ways.new_score))
        assert f"your score would be {after:.0f} out of 100." in letter
    else:
        assert "We looked for changes that would reach the line, and found none." in letter


def test_a_person_without_a_way_is_told_that_none_was_found():
    ways = ways_of(actions={"features": {"duration": {"change": "down", "step": 1, "between": [47, 48]}}})
    assert ways.status == "none exists"
    assert "We looked for changes that would reach the line, and found none." in MADE.letter(would_change=ways)


def test_somebody_elses_way_is_refused():
    other = int(np.flatnonzero(EXPLAINED.scores < CUTOFF)[5])
    with pytest.raises(ExplanationError, match=r"recourse with the score .* same person, model and cut-off"):
        MADE.letter(would_change=ways_of(other))
    with pytest.raises(ExplanationError, match="recourse with the cut-off 515"):
        MADE.letter(would_change=ways_of(cutoff=515))


def test_a_change_that_follows_another_stands_beside_it():
    scorer = fa.wrap(lambda rows: rows["years"] * 10, higher_is="better", feature_names=["years"])
    rows = pd.DataFrame({"years": np.arange(1_000) % 40, "age": 20 + np.arange(1_000) % 40})
    actions = {"features": {"years": {"change": "up", "step": 1}, "age": {"follows": "years"}}}
    explained = fa.Explainer(scorer, background=rows[["years"]], cutoff=30).explain(rows[["years"]])
    ways = fa.recourse(scorer, rows.iloc[[1]], cutoff=30, actions=actions, data=rows)
    letter = explained.reasons(1, draws=0).letter(would_change=ways)
    assert "Raise Years from 1 to 3." in letter
    assert "With it, Age goes from 21 to 23." in letter
