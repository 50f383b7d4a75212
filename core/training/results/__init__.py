"""What a trained network says: of new rows, of the data it was measured on, and why."""
