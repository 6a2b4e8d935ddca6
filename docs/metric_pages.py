"""Write docs/metrics anew: a page a metric, from the metrics themselves."""

from pathlib import Path

from fairaudit.metrics.pages import pages

FOLDER = Path(__file__).parent / "metrics"

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.md"):
        old.unlink()
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
