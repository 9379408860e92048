"""The doctor, and the first step of the command, on planted trouble in site-packages of our own."""

import base64
import hashlib
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import _offtake
from contracts import doctor
from montecarlo import processors

FOREIGN = "raise RuntimeError('a package of other people')\n"

DIAGNOSE = textwrap.dedent("""
    import sys
    sys.path.insert(0, {site!r})
    sys.argv = ["offtake", "doctor"]
    {before}
    import _offtake
    {then}
""")
FINDINGS = "[print(f.name, f.status, f.message) for f in _offtake.package_findings()]"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def distribute(site, name, files):
    """Install ``files`` as an installer does: text, RECORD with hashes, METADATA."""
    info = site / f"{name}-1.0.dist-info"
    write(info / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"{info.name}/METADATA,,", f"{info.name}/RECORD,,"]
    for file, text in files.items():
        write(site / file, text)
        content = (site / file).read_bytes()
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        lines.append(f"{file},sha256={digest},{len(content)}")
    write(info / "RECORD", "\n".join(lines) + "\n")


@pytest.fixture
def site(tmp_path):
    """A folder that stands for site-packages with the distribution installed from its wheel."""
    site = tmp_path / "site"
    site.mkdir()
    distribute(
        site,
        "offtake",
        {
            "contracts/__init__.py": '__dist__ = "offtake"\n',
            "contracts/cli.py": "def main():\n    print('the command runs')\n",
            "montecarlo/__init__.py": "",
            "_offtake.py": Path(_offtake.__file__).read_text(encoding="utf-8"),
        },
    )
    return site


def run(site, then=FINDINGS, before="", folder=None):
    text = DIAGNOSE.format(site=str(site), before=before, then=then)
    # Isolated from the packages under test, which are also importable here.
    command = [sys.executable, "-I", "-S", "-c", text]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder or site)


def shadowed_by(folder):
    return f"sys.path.insert(0, {str(folder)!r})"


def test_sound_installation(site):
    found = run(site)

    assert found.stderr == ""
    assert found.stdout.splitlines() == [
        f"contracts ok {site}/contracts/__init__.py",
        f"montecarlo ok {site}/montecarlo/__init__.py",
    ]
    assert run(site, "_offtake.main()").stdout == "the command runs\n"


LOST = textwrap.dedent("""
    import time, weakref
    class Thing: pass
    def fail(_): raise {error}
    def main():
        thing = Thing()
        kept = weakref.ref(thing, fail)
        del thing
        time.sleep(3.0)
        print("went on")
""")


def test_an_interruption_that_a_callback_swallows_is_not_lost(site):
    write(site / "contracts/cli.py", LOST.format(error="KeyboardInterrupt"))
    command = run(site, "_offtake.main()")

    assert (command.returncode, command.stdout, command.stderr) == (130, "", "interrupted\n")


def test_any_other_error_in_a_callback_is_shown_and_does_not_stop(site):
    write(site / "contracts/cli.py", LOST.format(error="ValueError('odd')").replace("3.0", "0.1"))
    command = run(site, "_offtake.main()")

    assert (command.returncode, command.stdout) == (0, "went on\n")
    assert "ValueError: odd" in command.stderr


def test_overwritten_by_another_distribution(site):
    distribute(site, "PyContracts", {"contracts/__init__.py": FOREIGN})

    said = f"contracts/__init__.py in {site} was overwritten by the distribution PyContracts"
    assert f"contracts fail {said}" in run(site).stdout
    command = run(site, "_offtake.main()")
    assert command.returncode == 1
    assert command.stdout == ""
    assert command.stderr.startswith(f"offtake: {said}; uninstall")
    assert "Traceback" not in command.stderr


def test_overwritten_by_one_that_imports_cleanly(site):
    distribute(site, "PyContracts", {"contracts/__init__.py": "x = 1\n"})

    command = run(site, "_offtake.main()")

    assert command.returncode == 1
    assert "was overwritten by the distribution PyContracts" in command.stderr


def test_missing_after_the_other_was_uninstalled(site):
    (site / "contracts" / "__init__.py").unlink()

    command = run(site, "_offtake.main()")

    assert command.returncode == 1
    assert f"{site}/contracts/__init__.py is missing" in command.stderr


def test_other_claims_the_folder_but_ours_was_installed_last(site):
    distribute(site, "PyContracts", {"contracts/extra.py": FOREIGN})

    found = run(site)

    assert "contracts warn" in found.stdout
    assert "the distribution PyContracts also claims its folder" in found.stdout
    assert run(site, "_offtake.main()").stdout == "the command runs\n"


@pytest.mark.parametrize("package", ["contracts", "montecarlo"])
def test_local_folder_hides_the_package(site, tmp_path, package):
    local = tmp_path / "project"
    write(local / package / "__init__.py", FOREIGN)

    found = run(site, before=shadowed_by(local))
    command = run(site, "_offtake.main()", before=shadowed_by(local))

    hidden = f"{local}/{package}/__init__.py, a folder that hides {site}/{package}/__init__.py"
    assert f"{package} fail {package} is {hidden}; rename that folder" in found.stdout
    assert command.returncode == 1
    assert hidden in command.stderr
    assert "other people" not in command.stderr


def test_folder_without_init_is_harmless(site, tmp_path):
    local = tmp_path / "project"
    write(local / "contracts" / "lease.txt", "text")

    assert run(site, "_offtake.main()", before=shadowed_by(local)).stdout == "the command runs\n"


def test_changed_by_hand(site):
    write(site / "contracts" / "cli.py", "def main(): ...\n")

    assert "contracts fail contracts/cli.py in" in run(site).stdout
    assert "was changed by something else" in run(site).stdout


def test_fault_of_our_own_is_not_hidden(site):
    distribute(
        site,
        "offtake",
        {
            "contracts/__init__.py": '__dist__ = "offtake"\n',
            "contracts/cli.py": "raise RuntimeError('ours')\n",
            "montecarlo/__init__.py": "",
        },
    )

    command = run(site, "_offtake.main()")

    assert "RuntimeError: ours" in command.stderr


def test_editable_install_hidden_by_another_distribution(site, tmp_path):
    source = tmp_path / "source"
    for name in ("contracts", "montecarlo"):
        shutil.move(site / name, source / name)
    shutil.move(site / "_offtake.py", source / "_offtake.py")
    info = site / "offtake-1.0.dist-info"
    write(info / "RECORD", f"{info.name}/METADATA,,\n")
    write(info / "direct_url.json", f'{{"url": "{source.as_uri()}", "dir_info": {{}}}}')
    editable = f"sys.path.append({str(source)!r})"

    assert f"contracts ok {source}/contracts/__init__.py" in run(site, before=editable).stdout

    distribute(site, "PyContracts", {"contracts/__init__.py": FOREIGN})
    command = run(site, "_offtake.main()", before=editable)
    assert command.returncode == 1
    assert "contracts/__init__.py, from the distribution PyContracts, not" in command.stderr


def test_one_checkout_hides_another_that_is_installed(site, tmp_path):
    installed = tmp_path / "installed"
    write(installed / "contracts" / "__init__.py", "")
    write(installed / "montecarlo" / "__init__.py", "")
    info = site / "offtake-1.0.dist-info"
    write(info / "RECORD", f"{info.name}/METADATA,,\n")
    write(info / "direct_url.json", f'{{"url": "{installed.as_uri()}", "dir_info": {{}}}}')

    hides = f"contracts is {site}/contracts/__init__.py, a folder that hides {installed}/contracts"
    assert hides in run(site).stdout


def test_diagnosis_of_this_installation():
    findings = {finding.name: finding for finding in doctor.diagnose()}

    names = ["python", "contracts", "montecarlo", "versions"]
    names += ["compiler", "threads", "cache", "processor"]
    assert list(findings) == names
    assert {finding.status for finding in findings.values()} <= {"ok", "warn"}
    assert "numpy" in findings["versions"].message


def test_diagnosis_does_not_import_pandas(tmp_path):
    text = "import sys; from contracts.doctor import diagnose; diagnose(); print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=True, cwd=tmp_path
    )

    assert "numba" in found.stdout.split()
    assert not {"pandas", "pydantic", "rich"} & set(found.stdout.split())


def test_missing_requirement_fails(monkeypatch):
    requirements = ["numpy>=2.0", "no-such-package>=1", 'another-one; extra == "dev"']
    monkeypatch.setattr(doctor.metadata, "requires", lambda name: requirements)

    versions = next(finding for finding in doctor.diagnose() if finding.name == "versions")

    assert versions.status == "fail"
    assert versions.message == "not installed: no-such-package>=1"


def test_broken_dependency_is_a_finding(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)

    findings = {finding.name: finding for finding in doctor.diagnose()}

    assert findings["compiler"].status == "fail"
    assert "numba" in findings["compiler"].message
    assert findings["processor"].status == "ok"


@pytest.mark.parametrize(
    ("folder", "is_writable", "is_warm", "status", "said"),
    [
        ("", False, False, "warn", "no folder for compiled kernels can be written to; set NUMBA_"),
        ("/x", False, False, "warn", "/x, for compiled kernels, cannot be written to; set NUMBA_"),
        ("/x", True, False, "ok", "does not yet hold"),
        ("/x", True, True, "ok", "/x holds"),
    ],
)
def test_cache_finding(monkeypatch, folder, is_writable, is_warm, status, said):
    from montecarlo import kernel_cache

    state = kernel_cache.CacheStatus(folder=folder, is_writable=is_writable, is_warm=is_warm)
    monkeypatch.setattr(kernel_cache, "cache_status", lambda: state)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)

    cache = next(finding for finding in doctor.diagnose() if finding.name == "cache")

    assert cache.status == status
    assert said in cache.message


def threads_found():
    return next(finding for finding in doctor.diagnose() if finding.name == "threads")


def test_less_than_a_processor_is_a_warning(monkeypatch):
    monkeypatch.setattr(processors, "processor_limit", lambda *_: 0.5)

    threads = threads_found()

    assert threads.status == "warn"
    assert threads.message.startswith("1 for blocks of paths")
    assert "control group grants 0.5" in threads.message


def test_threads_are_those_that_a_run_takes(monkeypatch):
    monkeypatch.setattr(processors, "processor_limit", lambda *_: None)
    monkeypatch.setattr(processors.os, "sched_getaffinity", lambda _: range(6), raising=False)
    monkeypatch.setenv("OFFTAKE_NUM_THREADS", "5")

    assert threads_found().message.startswith("5 for blocks of paths")


@pytest.mark.parametrize("name", ["OFFTAKE_NUM_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS"])
def test_faulty_number_of_threads_is_a_warning(monkeypatch, name):
    monkeypatch.setenv(name, "all of them")

    threads = threads_found()

    assert threads.status == "warn"
    assert f"{name} must be a positive whole number, got 'all of them'" in threads.message
