"""The first step of the ``offtake`` command: make sure that it runs its own packages.

Other distributions and many people's own folders are called ``contracts`` or ``montecarlo``, and
installers put one over the other without a word. This module stands beside the two packages and
needs only the standard library, so that it can say what happened when they cannot be imported.
"""

from __future__ import annotations

import _thread
import gc
import signal
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import Distribution

DISTRIBUTION = "offtake"
PACKAGES = ("contracts", "montecarlo")
REINSTALL = f"uninstall what does not belong, then reinstall {DISTRIBUTION}"
GARBAGE_THRESHOLD = 100_000
AFTER_CALLBACK_SECONDS = 0.01
RENAME = "rename that folder, or run from elsewhere (python -P leaves the script's folder out)"


class Finding(NamedTuple):
    """One thing that was looked at: its name, how it stands, and a sentence about it."""

    name: str
    status: Literal["ok", "warn", "fail"]
    message: str


def main() -> None:
    """Run the command; an interruption while it still starts is as quiet as a later one."""
    sys.unraisablehook = _interrupt_again
    try:
        _main()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    finally:
        # The interpreter looks through everything again as it ends, and then gives it back anyhow.
        gc.freeze()


def _main() -> None:
    """Run the command, or say which package stands in its way and end with 1."""
    # Nearly all that is imported lives to the end: looking for garbage in it is time lost.
    gc.set_threshold(GARBAGE_THRESHOLD)
    try:
        for package in PACKAGES:
            _check_place(package)
        import contracts

        if getattr(contracts, "__dist__", None) != DISTRIBUTION:
            message = f"{contracts.__file__} does not belong to {DISTRIBUTION}"
            raise ImportError(message)
        from contracts.cli import main as run
    except Exception:
        # A foreign package may raise anything while it is imported.
        wrong = [finding for finding in package_findings() if finding.status == "fail"]
        if not wrong:
            raise
        for finding in wrong:
            sys.stderr.write(f"{DISTRIBUTION}: {finding.message}\n")
        sys.exit(1)
    run()


def _interrupt_again(lost: sys.UnraisableHookArgs) -> None:
    """Interrupt once more where an interruption fell into a callback, which swallows it.

    Imports run such callbacks all the time, and the command would go on to its end.
    """
    if isinstance(lost.exc_value, KeyboardInterrupt) or lost.exc_type is KeyboardInterrupt:
        # After the callback, which would swallow this one too.
        threading.Timer(AFTER_CALLBACK_SECONDS, _interrupt).start()
    else:
        sys.__unraisablehook__(lost)


def _interrupt() -> None:
    if hasattr(signal, "pthread_kill"):
        # It also wakes a main thread that waits for something.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def package_findings() -> list[Finding]:
    """Return where each package is loaded from, and whether that is this distribution's own.

    Examples
    --------
    >>> [finding.name for finding in package_findings()]
    ['contracts', 'montecarlo']
    """
    from importlib.metadata import packages_distributions

    home, distribution = _installation()
    owners = packages_distributions()
    findings = []
    for package in PACKAGES:
        others = sorted(set(owners.get(package, [])) - {DISTRIBUTION})
        status, message = _judge(package, home, distribution, others)
        findings.append(Finding(package, status, message))
    return findings


def _check_place(package: str) -> None:
    """Raise ImportError unless the package stands beside this file; nothing is imported."""
    expected = Path(__file__).with_name(package) / "__init__.py"
    if _origin(package) != expected.resolve():
        message = f"{package} is not taken from {expected}"
        raise ImportError(message)


def _origin(package: str) -> Path | None:
    """Return the file that ``import package`` would read, ``None`` when there is none."""
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return None
    return None if spec is None or spec.origin is None else Path(spec.origin).resolve()


def _installation() -> tuple[Path, Distribution | None]:
    """Return the folder that should hold the packages, and the installed distribution if any.

    An editable install records the folder of its source; a wheel holds its own files; a checkout
    that is not installed has the packages beside this file.
    """
    import json
    from importlib import metadata
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    beside = Path(__file__).resolve().parent
    try:
        distribution = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return beside, None
    if any(True for _ in _recorded(distribution, PACKAGES[0])):
        return Path(str(distribution.locate_file(""))).resolve(), distribution
    text = distribution.read_text("direct_url.json")
    url = json.loads(text).get("url", "") if text else ""
    if url.startswith("file:"):
        return Path(url2pathname(urlsplit(url).path)).resolve(), distribution
    return beside, distribution


def _recorded(distribution: Distribution, package: str) -> Iterator[tuple[Path, str]]:
    """Yield each Python file of a package that the distribution installed, with its hash."""
    for file in distribution.files or ():
        if file.parts[0] == package and file.suffix == ".py" and file.hash is not None:
            yield Path(str(distribution.locate_file(file))), file.hash.value


def _judge(
    package: str,
    home: Path,
    distribution: Distribution | None,
    others: list[str],
) -> tuple[Literal["ok", "warn", "fail"], str]:
    culprit = f"the distribution {' and '.join(others)}" if others else "something else"
    expected = home / package / "__init__.py"
    origin = _origin(package)
    if not expected.is_file():
        return "fail", f"{expected} is missing: {culprit} took it away; {REINSTALL}"
    if origin is None:
        return "fail", f"{package} cannot be found, though {expected} exists; {REINSTALL}"
    if origin != expected:
        if others:
            return "fail", f"{package} is {origin}, from {culprit}, not {expected}; {REINSTALL}"
        return "fail", f"{package} is {origin}, a folder that hides {expected}; {RENAME}"
    changed = [
        file
        for file, recorded in (_recorded(distribution, package) if distribution else ())
        if not file.is_file() or _sha256(file) != recorded
    ]
    if changed:
        names = ", ".join(str(file.relative_to(home)) for file in sorted(changed)[:3])
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        verb = "overwritten" if others else "changed"
        return "fail", f"{names}{more} in {home} was {verb} by {culprit}; {REINSTALL}"
    if others:
        rule = "also claims its folder, and removing it would break this one"
        return "warn", f"{package} is {expected}, but {culprit} {rule}"
    return "ok", str(origin) if distribution else f"{origin}, not installed"


def _sha256(file: Path) -> str:
    """Return the hash in the form of an installer's RECORD."""
    import base64
    import hashlib

    digest = hashlib.sha256(file.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
