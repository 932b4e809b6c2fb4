"""Other-level platforms 上下级平台: store-and-forward."""
