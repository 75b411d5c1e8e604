"""What a [[budget]] and a [[waiver]] may say beyond a metric and a limit."""

from datetime import date
from pathlib import Path

import pytest

from edgehone.budgets import Budget, Waiver
from edgehone.config import load, load_budgets, load_waivers
from edgehone.config.rewriting import write_limits
from edgehone.decide.ratchet import Tightened
from edgehone.errors import ConfigError

RELATIVE = 'metric = "size_bytes"\nrelative_to = "baseline"\n'


def budgets(folder: Path, *tables: str) -> tuple[Budget, ...]:
    path = folder / "budgets.toml"
    path.write_text("".join(f"[[budget]]\n{table}\n" for table in tables))
    return load_budgets(path)


@pytest.mark.parametrize(
    ("limit", "ratio"),
    [('"+2 %"', 1.02), ('"-10 %"', 0.9), ('"102 %"', 1.02), ("1.02", 1.02), ('"\u221210 %"', 0.9)],
)
def test_a_relative_limit_is_a_change_or_a_ratio(limit: str, ratio: float, tmp_path: Path) -> None:
    (found,) = budgets(tmp_path, f"{RELATIVE}max = {limit}")
    assert found.relative_to == "baseline"
    assert found.limit == pytest.approx(ratio)


def test_labels_may_be_numbers(tmp_path: Path) -> None:
    (found,) = budgets(tmp_path, 'metric = "accuracy"\nmin = 0.5\nclasses = [3, "7"]')
    assert found.classes == ("3", "7")


@pytest.mark.parametrize(
    "table",
    [
        'metric = "io_types"\nrelative_to = "baseline"',
        'metric = "operators"\nbanned = ["Flex*"]',
        'metric = "types"\nallowed = ["int8"]',
    ],
)
def test_things_with_names_need_no_number(table: str, tmp_path: Path) -> None:
    (found,) = budgets(tmp_path, table)
    assert (found.bound, found.limit) == ("max", 0)


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (f'{RELATIVE}max = "2 %"', "is 2 % of the baseline's value"),
        (f"{RELATIVE}max = 0.02", "is 2 % of the baseline's value"),
        (f"{RELATIVE}max = 300000", "of the baseline's value"),
        (f'{RELATIVE}max = "300 KiB"', "no unit that fits"),
        (f"{RELATIVE}", "needs either a max or a min"),
        ('metric = "size_bytes"\nmax = 5\nrelative_to = "float"', "relative_to"),
        ('metric = "accuracy"\nmin = "-1 %"\nrelative_to = "baseline"', "cannot be relative"),
        ('metric = "size_bytes"\nmax = 500\nbanned = ["ADD"]', "banned says nothing about"),
        ('metric = "size_bytes"\nmax = 500\nclasses = ["1"]', "classes says nothing about"),
        ('metric = "operators"\nmin = 3', "needs a max, not a min"),
        ('metric = "operators"', "needs either a max or a min"),
        ('metric = "operators"\nbanned = []', "banned"),
        ('metric = "types"\nbanned = ["int*", "flaot32"]', "'flaot32', which is none of the"),
        ('metric = "io_types"\nallowed = ["string", "INT9"]', "'INT9', which is none of the"),
        ('metric = "latency_p50_ms"\nmax = "-3 %"', "is a change, and nothing says of what"),
        ('metric = "accuracy"\nmin = 0.5\nclasses = ["worst", "1"]', "'worst' and others"),
        ('metric = "size_bytes"\nmax = 500\nrequired = "no"', "required"),
    ],
)
def test_what_makes_no_sense_is_refused(table: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=text) as refused:
        budgets(tmp_path, table)
    assert refused.value.hint


def test_budgets_on_different_things_stand_beside_each_other(tmp_path: Path) -> None:
    size = 'metric = "size_bytes"\nmax = 500'
    found = budgets(tmp_path, size, f'{RELATIVE}max = "+1 %"', f"{size}\nrequired = false")
    assert len({each.id for each in found}) == 2
    with pytest.raises(ConfigError, match="both set a max"):
        budgets(tmp_path, f'{RELATIVE}max = "+1 %"', f'{RELATIVE}max = "+2 %"')


@pytest.mark.parametrize("limit", ['"90 %"', "0.9"])
def test_a_share_of_a_delegate_is_written_in_percent_or_as_a_fraction(
    limit: str, tmp_path: Path
) -> None:
    (found,) = budgets(tmp_path, f'metric = "delegate_coverage"\nmin = {limit}')
    assert found.limit == pytest.approx(0.9)
    with pytest.raises(ConfigError, match="lacks its unit"):
        budgets(tmp_path, 'metric = "delegate_coverage"\nmin = 90')


WAIVER = 'metric = "size_bytes"\nreason = "new head"\nowner = "ana"\n'


def waivers(folder: Path, *tables: str) -> tuple[Waiver, ...]:
    path = folder / "budgets.toml"
    path.write_text("".join(f"[[waiver]]\n{table}\n" for table in tables))
    return load_waivers(path)


@pytest.mark.parametrize("day", ["2027-03-31", '"2027-03-31"'])
def test_a_waiver_has_a_reason_an_owner_and_a_last_day(day: str, tmp_path: Path) -> None:
    (found,) = waivers(tmp_path, f"{WAIVER}expires = {day}")
    assert found == Waiver("size_bytes", "new head", "ana", date(2027, 3, 31))


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (WAIVER, "expires"),
        (f'{WAIVER}expires = "soon"', "'soon' is not a day"),
        (f"{WAIVER}expires = 3", "3 is not a day"),
        (f"{WAIVER}expires = 2027-03-31T00:00:00", "is not a day"),
        (f'{WAIVER}expires = 2027-03-31\nuntil = "x"', "until"),
        ('metric = "size_bytes"\nowner = "ana"\nexpires = 2027-03-31', "reason"),
        ('metric = "size_bytes"\nreason = "x"\nexpires = 2027-03-31', "owner"),
        (WAIVER.replace("ana", " ") + "expires = 2027-03-31", "owner"),
        (WAIVER.replace("size_bytes", "size") + "expires = 2027-03-31", "'size' is unknown"),
    ],
)
def test_a_waiver_that_lacks_something_is_refused(table: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=text):
        waivers(tmp_path, table)


def test_no_waiver_is_no_error(tmp_path: Path) -> None:
    assert waivers(tmp_path) == ()


BEFORE = """\
# Agreed with the app team.
[task]
kind = "classification"

[[budget]]
metric = "size_bytes" # what an update costs
max = "1.5 MiB"   # was 2

[[budget]]
metric = "latency_p50_ms"
device = "pi"
max = 30
"""

AFTER = BEFORE.replace("1.5 MiB", "0.5 MiB").replace("max = 30", "max = 12.5")


def test_new_limits_are_all_that_changes_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "budgets.toml"
    path.write_text(BEFORE)
    size, time = load_budgets(path)
    write_limits(path, [Tightened(size, 2**19, 2**19 - 9), Tightened(time, 12.5, 12)])
    assert path.read_text() == AFTER
    assert [each.limit for each in load_budgets(path)] == [2**19, 12.5]


@pytest.mark.parametrize("written", ['"1.5 MiB"', '"2 MB"', '"2000000 B"', "2000000"])
@pytest.mark.parametrize("limit", [1_234_567, 12_345, 123])
def test_a_limit_keeps_its_kind_of_unit_and_is_not_rounded_to_be_missed(
    written: str, limit: int, tmp_path: Path
) -> None:
    (budget,) = budgets(tmp_path, f'metric = "size_bytes"\nmax = {written}')
    write_limits(tmp_path / "budgets.toml", [Tightened(budget, limit, limit)])
    (found,) = load_budgets(tmp_path / "budgets.toml")
    assert limit <= found.limit <= limit * 1.001
    assert (found.written == "") == (budget.written == "")


def test_budgets_in_one_line_are_rewritten_too(tmp_path: Path) -> None:
    path = tmp_path / "budgets.toml"
    path.write_text('budget = [{metric = "size_bytes", max = 500}] # all\n')
    write_limits(path, [Tightened(load_budgets(path)[0], 400, 390)])
    assert path.read_text() == 'budget = [{metric = "size_bytes", max = 400}] # all\n'


def test_a_run_holds_candidates_to_what_is_required_and_absolute(tmp_path: Path) -> None:
    size = 'metric = "size_bytes"\n'
    tables = [f"{size}max = 500", f"{size}max = 400\nrequired = false", f'{RELATIVE}max = "+1 %"']
    path = tmp_path / "edgehone.toml"
    path.write_text(
        '[model]\nteacher = "m.keras"\n[data]\nsource = "digits"\n'
        + "".join(f"[[budget]]\n{table}\n" for table in tables)
    )
    found = load(path)
    assert [each.limit for each in found.budgets] == [500]
    assert [each.limit for each in found.budgets_of_the_gate] == [400, 1.01]
