"""How large model files are."""

from edgehone.decide.metrics._base import MOST, Range

SIZE = Range(  # offsets in FlatBuffers and Protocol Buffers have 31 bits
    32,
    2.0**31,
    1,
    2.0**31,
    "model files have between 32 bytes and 2 GiB",
    MOST.format("200 KiB"),
)
