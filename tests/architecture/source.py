"""The source as data: modules and what they import, read without running them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("contracts", "montecarlo")


@dataclass(frozen=True)
class Module:
    name: str
    path: Path
    is_package: bool
    tree: ast.Module

    @property
    def n_lines(self):
        return len(self.path.read_text(encoding="utf-8").splitlines())


@dataclass(frozen=True)
class Import:
    """``target`` is the dotted name that is wanted, a module's or a name's within a module."""

    importer: str
    target: str
    line: int
    is_relative: bool
    runs_at_import: bool

    def __str__(self):
        return f"{self.importer}:{self.line} imports {self.target}"


def read(root=ROOT):
    """Return all modules of the packages under ``root``, and those beside them."""
    files = [file for package in PACKAGES for file in sorted((root / package).rglob("*.py"))]
    files += sorted(root.glob("_offtake.py"))
    modules = []
    for file in files:
        parts = file.relative_to(root).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
        modules.append(Module(name, file, is_package, tree))
    return modules


def imports(module) -> Iterator[Import]:
    """Yield every import, wherever it stands; one for each name of a ``from`` import."""
    yield from _imports(module, module.tree, runs_at_import=True)


def _imports(module, node, *, runs_at_import) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(module.name, alias.name, node.lineno, False, runs_at_import)
        return
    if isinstance(node, ast.ImportFrom):
        for alias in node.names:
            target = ".".join(part for part in (node.module, alias.name) if part)
            yield Import(module.name, target, node.lineno, node.level > 0, runs_at_import)
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        runs_at_import = False
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        for child in node.body:
            yield from _imports(module, child, runs_at_import=False)
        for child in node.orelse:
            yield from _imports(module, child, runs_at_import=runs_at_import)
        return
    for child in ast.iter_child_nodes(node):
        yield from _imports(module, child, runs_at_import=runs_at_import)


def is_within(target, package):
    return target == package or target.startswith(f"{package}.")
