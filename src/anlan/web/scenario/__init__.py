"""Playing a scenario: devices through the real sockets, people through the real API, every link checked in the database."""
