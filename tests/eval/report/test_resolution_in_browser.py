"""The report on verdicts in a real browser, without a network."""

import shutil
from pathlib import Path

import pytest

from cgm.artifacts import Tally, Verdict
from eval.report.resolution_page import resolution_page
from eval.swebench.resolution import Trail, resolution

pytestmark = pytest.mark.browser
VERDICTS = [
    Verdict("a-1", "resolved", Tally(1), applied="clean", seconds=2.0),
    Verdict("b-2", "unresolved", Tally(0, ("test_x",)), applied="clean", seconds=30.0),
]


def test_outcomes_are_chosen_without_a_script_and_nothing_is_refused(tmp_path: Path) -> None:
    api = pytest.importorskip("playwright.sync_api")
    trails = [Trail(verdict.instance_id, "o/p") for verdict in VERDICTS]
    report = resolution(trails, {verdict.instance_id: verdict for verdict in VERDICTS})
    (tmp_path / "report.html").write_text(resolution_page("m", report, VERDICTS))
    with api.sync_playwright() as driver:
        own = Path(driver.chromium.executable_path)
        installed = None if own.exists() else shutil.which("chromium") or shutil.which("google-chrome")
        browser = driver.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        tab = browser.new_context(offline=True).new_page()
        complaints: list[str] = []
        tab.on("console", lambda message: complaints.append(message.text))
        tab.goto((tmp_path / "report.html").as_uri())
        rows = tab.locator(".instances tbody tr")
        assert [row.is_visible() for row in rows.all()] == [True, True]
        tab.locator("label[for=show-unresolved]").click()
        assert [row.is_visible() for row in rows.all()] == [False, True]
        tab.locator("summary").click()
        assert tab.get_by_text("test_x").is_visible()
        assert tab.locator(".strip circle").count() == 2
        browser.close()
    assert complaints == []
