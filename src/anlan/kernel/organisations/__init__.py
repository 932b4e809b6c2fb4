"""Organisations, posts and people 机构、岗位、人员."""
