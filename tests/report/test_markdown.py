import re

import pytest
from markdown_it import MarkdownIt

from fairaudit.report import report_tree, to_html, to_markdown
from fairaudit.report.markdown import escape

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
NASTY = [
    "<script>alert(1)</script>", "a|b", "`code`", "**bold**", "_it_ *it*", "[x](javascript:alert(1))", "![i](http://x)",
    "# head", "1. one", "- item", "+ item", "> quote", "===", "---", "~~gone~~", "&lt;", "\\|", "\\", "$x$", "<http://x>",
    "$", "3) x", "***", "|---|", "a\nb", "[ref]: http://x", "*", "_", "#", "<!-- c -->", "http://evil.example",
]  # fmt: skip


def _text(tokens):
    return "".join(_text(t.children) if t.children else t.content for t in tokens if t.type != "html")


@pytest.mark.parametrize("text", NASTY)
def test_text_comes_out_as_it_went_in(text):
    shown = re.sub(r"\s+", " ", text)
    for document in (escape(text), f"- {escape(text)}", f"| h |\n| --- |\n| {escape(text)} |"):
        tokens = PARSER.parse(document)
        inline = [token for token in tokens if token.type == "inline"]
        assert _text(inline[-1:]) == shown
        kinds = {child.type for token in inline for child in token.children}
        assert kinds <= {"text", "text_special"}
        assert not any(t.type.startswith(("html", "heading", "hr", "blockquote", "fence", "code")) for t in tokens)


def test_no_address_turns_into_a_link():
    # GitHub links bare addresses and mentions, which CommonMark does not; so they must not be there to be found.
    assert "://" not in escape("http://evil.example")
    assert "www." not in escape("WWW.evil.example www.evil.example".lower())
    assert "@" not in escape("@all")


def test_the_whole_report_has_the_same_tables_as_the_page(sample, hostile):
    for result in (sample, hostile):
        tokens = PARSER.parse(to_markdown(result))
        tables = [token for token in tokens if token.type == "table_open"]
        assert len(tables) == to_html(result).count("<table>")
        kinds = {child.type for token in tokens for child in token.children or ()}
        assert kinds <= {"text", "text_special", "strong_open", "strong_close"}
        assert not any(token.type.startswith(("html", "fence", "code_block")) for token in tokens)


def test_a_hostile_name_makes_no_extra_row_or_column(sample, hostile):
    def shape(result):
        tokens = PARSER.parse(to_markdown(result))
        return [token.type for token in tokens]

    assert shape(hostile) == shape(sample)


def test_headings_are_those_of_the_tree(sample):
    report = report_tree(sample)
    tokens = PARSER.parse(to_markdown(sample))
    top = [_text([tokens[i + 1]]) for i, t in enumerate(tokens) if t.type == "heading_open" and t.tag == "h2"]
    assert top == [section.heading for section in report.sections]


def test_the_same_result_gives_the_same_bytes(sample):
    assert to_markdown(sample) == to_markdown(sample)
