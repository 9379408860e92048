"""Other people's programs on the same workloads. None of them imports this project."""
