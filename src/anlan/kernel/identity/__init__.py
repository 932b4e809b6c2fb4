"""Who may sign in and do what: verbs on accounts, roles, grants, second factors, tokens."""
