"""What limits, gates or moves an amount."""

from contracts.modifiers.budget_cap import BudgetCap
from contracts.modifiers.gate import Gate
from contracts.modifiers.ownership_cap import OwnershipCap
from contracts.modifiers.payment_terms import Advance, PaymentTerms
from contracts.protocols import Modifier

KINDS: dict[str, type[Modifier]] = {
    "budget-cap": BudgetCap,
    "gate": Gate,
    "ownership-cap": OwnershipCap,
}

__all__ = ["KINDS", "Advance", "BudgetCap", "Gate", "OwnershipCap", "PaymentTerms"]
