"""What a Python package is written of: data, losses, optimizer, schedule, the loop."""
