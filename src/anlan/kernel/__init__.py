"""What every room stands on: areas, organisations, accounts, audit, events, clock, geo, register, documents."""
