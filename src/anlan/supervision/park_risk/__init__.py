"""园区定量风险: from the registers to what the risk engine asks, and its answer as a row, a report, a picture."""
