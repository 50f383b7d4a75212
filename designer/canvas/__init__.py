"""The canvas: the network as nodes and wires, and every gesture that changes it."""
