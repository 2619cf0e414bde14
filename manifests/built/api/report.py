"""Says that there is nothing to report."""

print("nothing to report")
