"""Speed and memory against other programs, in one process and in turn."""
