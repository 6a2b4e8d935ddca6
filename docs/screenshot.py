"""Draws docs/report.png, the picture of a report in README.md: python docs/screenshot.py (needs Chromium)."""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import fairaudit as fa
from fairaudit.data.bundled import path

PICTURE = Path(__file__).with_name("report.png")
WIDTH, HEIGHT = 1120, 1500


def main() -> None:
    """Audit the printed credit scores of README.md and draw the section on who is selected."""
    made = fa.audit(
        path("fico_2003"), counts="n", score="score", higher_is="better", cutoff=40, outcome="outcome", bad="bad",
        groups="race", reference={"race": "White"},
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        report = made.write_html(Path(folder) / "report.html")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(f"{report.as_uri()}#selection")
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
