"""The journal 审计日志: every state change, hash-chained."""
