"""The officer's page: opened by the link of his message, on a cheap phone with a bad line. No script, no style sheet."""
