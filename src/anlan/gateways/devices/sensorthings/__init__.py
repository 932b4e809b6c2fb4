"""OGC SensorThings API v1.1 over HTTP."""
