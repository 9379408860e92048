"""What turns the law of a Gaussian model into blocks of prices."""
