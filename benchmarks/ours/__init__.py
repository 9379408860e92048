"""What this project does with each workload."""
