"""互联互通: what flows between platforms of different levels, stored and forwarded until the other side has it.

parcel    one message, its canonical bytes, its limits (pure)
sealing   signatures: Ed25519 with SHA-256, or SM2 with SM3
models    peers, what was sent, what was taken, what others told us
offers    facts of this platform that a peer has a right to
intake    a sealed parcel from a peer: proved, put in order, taken once
effects   what a taken parcel changes here
carrier   the way over HTTPS; `stick` is the way by file
"""
