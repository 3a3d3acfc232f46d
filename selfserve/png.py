"""Small PNGs, read strictly: what remains can hold a picture and nothing else. Pure.

Icons come from sub-systems and are shown by every phone, so they are taken apart chunk by chunk:
text, profiles and animation are dropped, and whatever does not belong is refused.
"""

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
BYTES_AT_MOST = 32 * 1024
SIDE_AT_MOST = 512  # pixels
_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"sRGB", b"IDAT", b"IEND"}
_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}


class NoPicture(Exception):
    """It is not such a PNG; the message says why."""


def cleaned(data: bytes) -> bytes:
    """The same picture without anything that is no picture. Raises NoPicture."""
    if len(data) > BYTES_AT_MOST:
        raise NoPicture(f"An icon has at most {BYTES_AT_MOST // 1024} kB.")
    if not data.startswith(SIGNATURE):
        raise NoPicture("This is no PNG.")
    chunks = list(_chunks(data))
    kinds = [kind for kind, _ in chunks]
    if not kinds or kinds[0] != b"IHDR" or kinds[-1] != b"IEND" or kinds.count(b"IHDR") > 1:
        raise NoPicture("This PNG does not begin or end as it should.")
    if unknown := {kind for kind in kinds if kind[:1].isupper()} - _CRITICAL:
        raise NoPicture(f"This PNG has a part of an unknown kind: {min(unknown)!r}.")
    expected = _expected(chunks[0][1])
    _check_pixels(b"".join(body for kind, body in chunks if kind == b"IDAT"), expected)
    return SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks if kind in _KEPT)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(data):
        head = data[at : at + 8]
        if len(head) < 8:
            raise NoPicture("This PNG is cut off.")
        length, kind = struct.unpack(">I4s", head)
        body, crc = data[at + 8 : at + 8 + length], data[at + 8 + length : at + 12 + length]
        if len(body) < length or len(crc) < 4 or not kind.isalpha():
            raise NoPicture("This PNG is cut off.")
        if struct.unpack(">I", crc)[0] != zlib.crc32(kind + body):
            raise NoPicture("This PNG is damaged.")
        yield kind, body
        at += 12 + length
        if kind == b"IEND" and at < len(data):
            raise NoPicture("Something follows this PNG.")


def _expected(header: bytes) -> int:
    """How many bytes its pixels are, unpacked; not interlaced, so that it can be told."""
    if len(header) != 13:
        raise NoPicture("This PNG has no proper header.")
    parts: tuple[int, ...] = struct.unpack(">IIBBBBB", header)
    width, height, depth, colour, packing, filters, interlace = parts
    if not (1 <= width <= SIDE_AT_MOST and 1 <= height <= SIDE_AT_MOST):
        raise NoPicture(f"An icon has at most {SIDE_AT_MOST} pixels a side.")
    if depth not in _DEPTHS.get(colour, ()) or packing or filters:
        raise NoPicture("This PNG has colours of an unknown kind.")
    if interlace:
        raise NoPicture("Save the icon without interlacing.")
    return height * (1 + (width * depth * _CHANNELS[colour] + 7) // 8)


def _check_pixels(packed: bytes, expected: int) -> None:
    unpack = zlib.decompressobj()
    try:
        found = unpack.decompress(packed, expected + 1)  # never more, however small it is packed
    except zlib.error:
        raise NoPicture("This PNG is damaged.") from None
    if len(found) != expected or not unpack.eof or unpack.unused_data:
        raise NoPicture("This PNG does not hold the pixels that it announces.")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
