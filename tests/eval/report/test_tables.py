from eval.report.tables import header, interval, paired_cells, row
from eval.statistics import Difference


def test_a_table_begins_with_its_names() -> None:
    assert list(header(["a", "b"])) == ["| a | b |", "| --- | --- |"]


def test_a_bar_in_a_cell_is_no_border() -> None:
    assert row(["a|b", "c"]) == "| a\\|b | c |"


def test_shares_are_written_in_percent() -> None:
    assert interval(0.0, 0.2775) == "0.0 to 27.8"
    assert paired_cells(Difference(0.1, -0.05, 0.2, 3, 1, 0.625)) == ["+10.0", "-5.0 to +20.0", "3", "1", "0.625"]
    assert paired_cells(Difference(0.1, -0.05, 0.2, 3, 1, None))[-1] == ""
