"""The command: what it prints where, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import contracts
from contracts.cli import main

FEW = ("--paths", "2000", "--seed", "7")


def run(monkeypatch, capsys, *arguments):
    """Run the command in this process; return exit code, stdout, stderr."""
    monkeypatch.setattr(sys, "argv", ["offtake", *arguments])
    code = 0
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def offtake(monkeypatch, capsys):
    return lambda *arguments: run(monkeypatch, capsys, *arguments)


def test_value_as_json_is_one_document_that_agrees_with_the_library(offtake):
    code, out, _ = offtake("value", "mp-materials", *FEW, "--json")
    document = json.loads(out)
    valuation = contracts.value("mp-materials", n_paths=2000, seed=7)

    assert code == 0
    wanted = {
        "deal", "valuation_date", "currency", "perspective", "n_paths", "seed", "pv",
        "standard_error", "legs", "cashflows", "fingerprint", "versions",
    }  # fmt: skip
    assert wanted <= set(document)
    assert document["deal"] == "mp-materials"
    assert document["valuation_date"] == "2025-07-10"
    assert document["n_paths"] == 2000
    assert document["seed"] == 7
    # Full precision: the float that was printed is the float that was computed.
    assert document["pv"] == valuation.pv
    assert document["standard_error"] == valuation.standard_error
    assert document["fingerprint"] == valuation.fingerprint()
    for name, leg in document["legs"].items():
        assert leg["pv"] == valuation.leg(name).pv
        assert {"standard_error", "p05", "p50", "p95"} <= set(leg)
    flow_keys = {"leg", "period", "payment_date", "expected_amount", "pv", "standard_error"}
    assert all(flow_keys <= set(flow) for flow in document["cashflows"])


def test_cash_flows_in_the_document_add_up_to_the_value(offtake):
    _, out, _ = offtake("value", "mp-materials", *FEW, "--json")
    document = json.loads(out)
    total = sum(flow["pv"] for flow in document["cashflows"])

    # The same sums in another order: equal up to rounding of amounts of order 1e9.
    assert total == pytest.approx(document["pv"], rel=1e-9)
    by_leg = dict.fromkeys(document["legs"], 0.0)
    for flow in document["cashflows"]:
        by_leg[flow["leg"]] += flow["pv"]
    for name, leg in document["legs"].items():
        assert by_leg[name] == pytest.approx(leg["pv"], rel=1e-9, abs=1e-3)


def test_value_reads_as_a_report(offtake):
    code, out, _ = offtake("value", "mp-materials", *FEW)

    assert code == 0
    for words in (
        "MP Materials",
        "critical-minerals-2025-07-10",
        "valued on 2025-07-10",
        "measure pricing",
        "2,000 paths",
        "seed 7",
        "mean reversion 0.51",
        "no traded curve",
        "forward 55.00 (2025-07-10)",
        "quoted spot 30.03",
        "correlation 0.3",
        "110 USD/kg",
        "price floor",
        "EBITDA guarantee",
        "samarium loan",
        "concession",
        "Expected cash flows by calendar year",
        "24,521,672",
        "15.0%",
        "What is simplified",
        "Paid 400.0 USD million for equity",
    ):
        assert words in out


def test_a_year_on_the_report_has_the_quarters_that_were_reported(offtake):
    _, out, _ = offtake("value", "mp-materials", "--market", "critical-minerals-2026-06-30", *FEW)
    rows = [line for line in out.splitlines() if "price floor" in line and "20" in line]
    settled = " ".join(rows)

    # MP Materials' reported PPA income, USD million: Q4-25 51.016, Q1-26 42.273, Q2-26 17.580.
    for reported in ("-51.016", "-42.273", "-17.580"):
        assert reported in settled
    assert re.search(r"2025Q4.*70\.00.*1,275,400.*-51\.016.*paid", settled)


def test_exposure_as_json_and_as_tables(offtake):
    code, out, _ = offtake(
        "exposure", "mp-materials", *FEW, "--by", "fiscal_year,programme", "--json"
    )
    document = json.loads(out)

    assert code == 0
    assert document["by"] == ["fiscal_year", "programme"]
    assert document["groups"][-1]["fiscal_year"] == "total"
    assert document["units"]["physical.expected_paid"] == "USD"
    code, out, _ = offtake("exposure", "mp-materials", *FEW)

    assert code == 0
    assert "physical measure" in out
    assert "maximum (price at zero)" in out


def test_several_deals_need_one_market(offtake):
    code, out, err = offtake("exposure", "mp-materials", "lynas-jare", *FEW)

    assert code == 2
    assert out == ""
    assert "market must be given" in err
    assert "critical-minerals-2026-06-30" in err
    assert "--market" in err
    code, out, _ = offtake(
        "exposure", "mp-materials", "lynas-jare", "nouveau-monde",
        "--market", "critical-minerals-2026-06-30", "--by", "deal", *FEW,
    )  # fmt: skip

    assert code == 0
    assert "nouveau-monde" in out


def test_every_deal_is_listed(offtake):
    code, out, _ = offtake("deals", "--json")
    listed = [item["name"] for item in json.loads(out)["deals"]]
    files = Path(contracts.__file__).parent / "deals"

    assert code == 0
    assert sorted(listed) == sorted(file.stem for file in files.glob("*.yaml"))


@pytest.mark.parametrize("deal", sorted(contracts.deals()))
def test_check_and_timetable_of_every_deal(offtake, deal):
    code, out, _ = offtake("check", deal)

    assert code == 0
    assert "no fault" in out
    assert "has no source" not in out
    code, out, _ = offtake("timetable", deal, "--json")

    assert code == 0
    flows = json.loads(out)
    assert len(flows) > 10
    code, out, _ = offtake("timetable", deal)

    assert code == 0
    assert all(flow["payment_date"][:10] in out for flow in flows)


def test_the_catalogue_reads_as_tables(offtake):
    code, out, _ = offtake("deals")

    assert code == 0
    assert all(name in out for name in (*contracts.deals(), *contracts.markets()))


def test_check_reads_a_market_too(offtake, tmp_path):
    source = Path(contracts.__file__).parent / "markets" / "uk-power-2025-07-01.yaml"
    file = tmp_path / "ours.yaml"
    file.write_text(source.read_text())
    code, out, _ = offtake("check", str(file))

    assert code == 0
    assert "1 price, no fault" in out
    file.write_text(source.read_text().replace("correlation: 0", "correlation: 3", 1))
    code, _, err = offtake("check", str(file))

    assert code == 2
    assert re.search(r"ours\.yaml:\d+: ", err)


def test_an_appropriation_may_be_tried_from_the_command_line(offtake):
    limit = ("--appropriation", "300 million USD")
    code, out, _ = offtake("exposure", "mp-materials", *FEW, *limit, "--json")
    groups = {group["fiscal_year"]: group for group in json.loads(out)["groups"]}

    assert code == 0
    assert groups[2030]["contract.appropriation"] == 300e6
    assert 0.0 < groups[2030]["physical.probability_exceeds"] < 1.0
    code, _, err = offtake("exposure", "mp-materials", *FEW, "--appropriation", "300")

    assert code == 2
    assert "unit" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("value", "mp-material"), "mp-materials"),
        (("value", "no/such/file.yaml"), "no/such/file.yaml"),
        (("value", "mp-materials", "--market", "critical-mineral"), "critical-minerals"),
        (("value", "mp-materials", "--perspective", "goverment"), "government"),
        (("value", "mp-materials", "--measure", "risk-neutral"), "measure"),
        (("value", "mp-materials", "--paths", "0"), "n_paths"),
        (("value", "mp-materials", "--seed", "-1"), "seed"),
        (("value", "mp-materials", "--threads", "0"), "n_threads"),
        (("exposure", "mp-materials", "--by", "year"), "fiscal_year"),
        (("exposure", "mp-materials", "--by", ""), "by"),
        (("exposure", "mp-materials", "mp-materials"), "each deal once"),
        (("schema", "dael"), "deal"),
        (("golden", "check", "no-such-golden.json"), "no-such-golden.json"),
        (("value",), "DEAL"),
    ],
)
def test_a_bad_input_ends_with_2_and_says_what_is_wrong(offtake, arguments, words):
    code, out, err = offtake(*arguments)

    assert code == 2
    assert out == ""
    assert words in err
    assert "Traceback" not in err


def test_a_faulty_file_names_every_fault_with_its_line(offtake, tmp_path):
    source = Path(contracts.__file__).parent / "deals" / "mp-materials.yaml"
    text = (
        source.read_text()
        .replace("share: 0.30", "share: 30")
        .replace("110 USD/kg", "110 USD/t0n", 1)
    )
    broken = tmp_path / "broken.yaml"
    broken.write_text(text)
    code, out, err = offtake("value", str(broken))

    assert code == 2
    assert out == ""
    assert len(re.findall(r"broken\.yaml:\d+: ", err)) >= 2
    assert "must be between 0 and 1" in err


def test_a_golden_keeps_how_its_paths_were_drawn(offtake, tmp_path):
    file = tmp_path / "golden.json"
    offtake("golden", "record", "lynas-jare", str(file), "--paths", "8192", "--sampling", "sobol")

    assert json.loads(file.read_text())["sampling"]["method"] == "sobol"
    assert offtake("golden", "check", str(file))[0] == 0


def test_a_golden_is_recorded_checked_and_never_replaced_unasked(offtake, tmp_path):
    file = tmp_path / "mp.json"
    code, _, _ = offtake("golden", "record", "mp-materials", str(file), *FEW)

    assert code == 0
    code, out, _ = offtake("golden", "check", str(file))

    assert code == 0
    assert "bit" in out
    before = file.read_bytes()
    code, _, err = offtake("golden", "record", "lynas-jare", str(file), *FEW)

    assert code == 2
    assert str(file) in err
    assert file.read_bytes() == before


def test_the_two_sides_mirror_each_other(offtake):
    _, government, _ = offtake("value", "mp-materials", *FEW, "--json")
    _, company, _ = offtake("value", "mp-materials", *FEW, "--json", "--perspective", "producer")
    one, other = json.loads(government), json.loads(company)

    assert one["pv"] == -other["pv"]
    assert one["p05"] == pytest.approx(-other["p95"], rel=1e-12)
    for name, leg in one["legs"].items():
        assert leg["pv"] == -other["legs"][name]["pv"]


def test_doctor_is_at_ease_here(offtake):
    code, out, err = offtake("doctor")

    assert code == 0, out + err


def command(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "contracts", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_an_interruption_ends_quietly():
    process = command("value", "mp-materials", "--paths", "500000000")
    time.sleep(6.0)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert out == ""
    assert "interrupted" in err
    assert "Traceback" not in err


def test_help_needs_none_of_the_heavy_packages():
    code = (
        "import sys; sys.argv = ['offtake', '--help']\n"
        "from contracts.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'numba', 'pandas', 'scipy', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ
    )

    assert found.returncode == 0, found.stderr
    assert "exposure" in found.stdout


def test_a_reader_that_goes_away_is_no_failure():
    process = command("timetable", "mp-materials")
    process.stdout.readline()
    process.stdout.close()
    process.wait(timeout=30)

    assert process.stderr.read() == ""
    assert process.returncode == 0
    process.stderr.close()


def test_a_terminal_of_another_encoding_still_gets_its_report():
    found = subprocess.run(
        [sys.executable, "-m", "contracts", "value", "lynas-jare", *FEW],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )

    assert found.returncode == 0, found.stderr
    assert b"price floor" in found.stdout


def test_a_file_named_as_a_folder_is_a_bad_input(tmp_path):
    (tmp_path / "prices.csv").write_text("date,mid\n")
    inside = str(tmp_path / "prices.csv" / "more.csv")
    process = command("calibrate", inside, "--unit", "USD/kg", "--model", "gbm")
    _, err = process.communicate(timeout=30)

    assert process.returncode == 2
    assert "Not a directory" in err


def test_a_closed_output_is_said():
    found = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m contracts deals --json >&-"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 1
    assert "stdout is closed" in found.stderr


def test_more_paths_than_memory_is_said(offtake):
    code, _, err = offtake("value", "lynas-jare", "--paths", str(10**15))

    assert code == 2
    assert "n_paths must leave room" in err
