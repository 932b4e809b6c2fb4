"""The two addresses a peer's carrier asks for, outside the pages: `/exchange/hello`, `/exchange/parcels`."""
