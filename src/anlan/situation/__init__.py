"""灾情管理: loss reports, verification, assessment, relief."""
