"""Where a simulation is worked off: threads of this process, or a cluster."""
