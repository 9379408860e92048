"""Contracts: price floors, offtake, public support."""
