"""A release as one file that proves itself: written, signed, read and verified.

`layout` says where each byte of it stands, `writing` makes one of `Evidence`, `reading` verifies
one; `signing` and `signatures` are OpenSSF model-signing.
"""
