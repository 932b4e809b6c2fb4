"""气象: the Canadian fire-weather index. Point arithmetic, no footprint of its own."""
