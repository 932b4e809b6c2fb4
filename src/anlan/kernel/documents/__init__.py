"""文书: Word documents out of templates (`word`), rows in and out of Excel and CSV (`sheets`)."""
