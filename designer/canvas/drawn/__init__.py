"""What is on the canvas for the eye alone: frames and notes, how they look, and what the hand does with them."""
