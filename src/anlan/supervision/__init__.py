"""监督管理: enterprise, plant unit, chemical park."""
