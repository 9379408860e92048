"""Words of the glossary: names that are banned because a reader takes them for something else."""

import ast

import pytest

from tests.architecture import source

# Whole public names, and words within one.
BANNED_NAMES = {"data", "df", "notional", "params", "payout", "price", "rate", "utils", "helpers"}
BANNED_WORDS = {"vol", "payout", "params", "df", "utils", "helpers"}
BANNED_FILES = {"utils", "helpers"}

# A name that the glossary bans, and why it stands here all the same.
ALLOWED = {
    "contracts.legs.loan.Loan.rate": "names an interest-rate observation, as the term sheet does",
    "contracts.market.Market.rate": "takes the name of the benchmark",
    "contracts.market_sheet.build_market(data)": "plain data, as a YAML reader returns it",
    "contracts.observations.escalation.FixedEscalation.rate": "the key of the term sheet",
    "contracts.protocols.Context.rate": "takes the name of the benchmark",
    "contracts.specification.legs.LoanTerms.rate": "the key of the term sheet",
    "contracts.specification.measures.Price": "the type of every price in a file",
    "contracts.specification.observations.FixedEscalationTerms.rate": "the key of the term sheet",
    "contracts.specification.scalars.Rate": "the type of every rate in a file",
    "contracts.specification.scalars.rate": "reads any rate in a file",
    "contracts.termsheet.build_deal(data)": "plain data, as a YAML reader returns it",
    "montecarlo.block.PathBlock.price": "the mapping that is read as price[name]",
    "montecarlo.engine.source.GaussianWorkspace.price": "the arrays behind price[name]",
    "montecarlo.engine.kernels.fill_block(price)": "the arrays behind price[name]",
    "montecarlo.engine.kernels.fill_mirrored_block(price)": "the arrays behind price[name]",
    "montecarlo.decay.integrated_decay(rate)": "any rate of decay",
    "montecarlo.models.supplied.SuppliedPaths.price": "the mapping that is read as price[name]",
}


def public_names(module):
    """Yield the dotted public names that a module defines: functions, classes, fields."""
    yield from _public(module.tree.body, module.name)


def _public(body, prefix):
    for node in body:
        names = []
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        for name in names:
            if name.startswith("_"):
                continue
            yield f"{prefix}.{name}"
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body, f"{prefix}.{name}")
            if isinstance(node, ast.FunctionDef):
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                for argument in arguments:
                    yield f"{prefix}.{name}({argument.arg})"


def banned(name):
    last = name.rpartition(".")[2]
    word = last.partition("(")[2].rstrip(")") or last
    words = set(word.lower().split("_"))
    return word.lower() in BANNED_NAMES or bool(words & BANNED_WORDS)


def test_no_public_name_is_banned():
    names = [name for module in source.read() for name in public_names(module)]

    assert len(names) > 500
    assert [name for name in names if banned(name) and name not in ALLOWED] == []


def test_no_file_is_a_drawer():
    assert [module.name for module in source.read() if module.path.stem in BANNED_FILES] == []


def test_what_is_allowed_exists():
    names = {name for module in source.read() for name in public_names(module)}

    assert set(ALLOWED) - names == set()


@pytest.mark.parametrize(
    "text",
    [
        "def price(): ...",
        "class Leg:\n    notional: float",
        "def drift(vol): ...",
        "short_vol = 1.0",
        "class Leg:\n    def payout(self): ...",
        "def discount(*, df): ...",
    ],
)
def test_banned_name_is_seen(text):
    module = source.Module("contracts.a", source.ROOT, False, ast.parse(text))

    assert any(banned(name) for name in public_names(module))


@pytest.mark.parametrize(
    "text", ["volume = 1", "reference_price = 1", "notional_quantity = 1", "def f(prices): ..."]
)
def test_similar_name_is_left_alone(text):
    module = source.Module("contracts.a", source.ROOT, False, ast.parse(text))

    assert not any(banned(name) for name in public_names(module))
