"""The transactional outbox and its one dispatcher."""
