"""The rules of the architecture; each returns the places where a set of modules breaks it."""

import ast

from tests.architecture.source import imports, is_within

LONGEST_FILE = 400

# Folder -> what its files import neither at import time, nor lazily, nor for types.
FORBIDDEN = {
    "montecarlo": ("contracts", "pandas", "_offtake"),
    "contracts.legs": ("contracts.deal", "contracts.reports", "montecarlo.models", "pandas"),
    "contracts.observations": (
        "contracts.deal",
        "contracts.reports",
        "montecarlo.models",
        "pandas",
    ),
    "contracts.modifiers": ("contracts.deal", "contracts.reports", "montecarlo.models", "pandas"),
}

SIMULATION = "montecarlo.simulation"
SIMULATES = ("simulate", "simulate_paths")
MAY_SIMULATE = {
    "contracts.floor_choices",
    "contracts.simulated_history",
    "contracts.run",
    "contracts.valuation",
    "contracts.valuing",
    "contracts.public_exposure",
    "contracts.pilot",
    "contracts.warmup",
}

# Linear algebra calls BLAS, which has threads of its own: within a block's work they would take
# the processors of the other blocks. These functions may; they run once, before the first block,
# and so does everything in these folders.
PRODUCTS = {"dot", "einsum", "inner", "linalg", "matmul", "matvec", "tensordot", "vdot", "vecdot"}
BEFORE_ANY_BLOCK = ("montecarlo.calibrate",)
MAY_MULTIPLY = {
    "montecarlo.models.joint._check_positive_definite",
    "montecarlo.models.joint._worst_pair",
    "montecarlo.models.n_factor._correlations",
    "montecarlo.correlation_matrix.nearest_correlation",
}


def forbidden_imports(modules):
    return [
        str(found)
        for module in modules
        for folder, targets in FORBIDDEN.items()
        if is_within(module.name, folder)
        for found in imports(module)
        if any(is_within(found.target, target) for target in targets)
    ]


def stray_simulations(modules):
    loops = {f"{home}.{name}" for home in (SIMULATION, "montecarlo") for name in SIMULATES}
    whole = {SIMULATION, "montecarlo", f"{SIMULATION}.*", "montecarlo.*"}
    return [
        str(found)
        for module in modules
        if is_within(module.name, "contracts") and module.name not in MAY_SIMULATE
        for found in imports(module)
        if found.target in loops | whole
    ]


def linear_algebra(modules):
    """Return where a product of arrays is written, outside the functions that may."""
    return [
        f"{function}:{line} calls {name}"
        for module in modules
        if not any(is_within(module.name, folder) for folder in BEFORE_ANY_BLOCK)
        for function, line, name in products(module)
        if function not in MAY_MULTIPLY
    ]


def products(module):
    """Yield each product of arrays: the function it stands in, its line and what it is."""
    yield from _products(module.tree, module.name)


def _products(node, function):
    for child in ast.iter_child_nodes(node):
        inside = function
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inside = f"{function}.{child.name}"
        if isinstance(child, ast.BinOp | ast.AugAssign) and isinstance(child.op, ast.MatMult):
            yield inside, child.lineno, "@"
        elif isinstance(child, ast.Attribute) and child.attr in PRODUCTS:
            yield inside, child.lineno, child.attr
        elif isinstance(child, ast.Import | ast.ImportFrom):
            words = set((getattr(child, "module", None) or "").split("."))
            words |= {word for alias in child.names for word in alias.name.split(".")}
            yield from ((inside, child.lineno, name) for name in sorted(words & PRODUCTS))
        yield from _products(child, inside)


def relative_imports(modules):
    return [str(found) for module in modules for found in imports(module) if found.is_relative]


def long_files(modules):
    return [
        f"{module.path.name} has {module.n_lines} lines"
        for module in modules
        if module.n_lines > LONGEST_FILE
    ]


def cycles(modules):
    """Return one cycle of imports that run while importing, as names; empty when there is none.

    Importing ``a.b`` runs ``a`` first, unless the importer stands within ``a`` itself.
    """
    names = {module.name for module in modules}
    graph = {module.name: _runs(module, names) for module in modules}
    done = set()
    for start in sorted(graph):
        found = _cycle_from(start, graph, done, [])
        if found:
            return found
    return []


def _runs(module, names):
    targets = set()
    for found in imports(module):
        if not found.runs_at_import:
            continue
        parts = found.target.split(".")
        prefixes = [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
        wanted = [name for name in prefixes if name in names]
        targets |= {
            name for name in wanted if name == wanted[-1] or not is_within(module.name, name)
        }
        own = wanted[-1] if wanted else ""
        is_submodule = found.target in names
        if own and not is_submodule and is_within(module.name, own) and own != module.name:
            # "from contracts import value" inside contracts reads a name of the package itself.
            targets.add(own)
    return targets - {module.name}


def _cycle_from(name, graph, done, trail):
    if name in trail:
        return [*trail[trail.index(name) :], name]
    if name in done:
        return []
    for target in sorted(graph[name]):
        found = _cycle_from(target, graph, done, [*trail, name])
        if found:
            return found
    done.add(name)
    return []


def classes_with(module, methods):
    """Return the names of the classes of a module that define all of these methods."""
    return [
        node.name
        for node in module.tree.body
        if isinstance(node, ast.ClassDef)
        and set(methods) <= {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
    ]
