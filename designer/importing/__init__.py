"""Networks and weights from elsewhere, brought into the window."""
