"""The command ``offtake doctor``."""

from __future__ import annotations

import typer


def doctor() -> None:
    """Find the known trouble: shadowed packages, versions, threads, the compile cache."""
    from contracts.doctor import diagnose
    from contracts.reports.listings import print_findings

    findings = diagnose()
    print_findings(findings)
    if any(finding.status == "fail" for finding in findings):
        raise typer.Exit(1)
