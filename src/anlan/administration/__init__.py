"""政务管理: duty roster, contacts, responsibility lists."""
