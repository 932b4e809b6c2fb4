"""Playing a scenario: readings through the real sockets, people through the real API, and a check of every link."""
