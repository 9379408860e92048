"""Monte Carlo simulation of commodity prices."""
