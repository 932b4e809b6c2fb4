"""Accounts, roles and grants 账号、角色、授权: role x area scope x data class."""
