"""The registry toolkit: one declaration gives list, filter, form, import, export, map symbol, API, permission."""
