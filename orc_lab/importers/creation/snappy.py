"""Decompress raw Snappy blocks, as Firefox stores long values: https://github.com/google/snappy/blob/main/format_description.txt

The format has been frozen since 2011. A library would be several MB of compiled codecs for one field of one file that
is read once; the tests compare this with such a library.
"""


def decompress(data: bytes, *, most: int) -> bytes:
    """Return the bytes that a block stands for; raises ValueError for a damaged block, or one of more than `most`."""
    try:
        size, at = _size(data)
        if size > most:
            raise ValueError(f"{size:,} bytes, more than {most:,}")
        out = bytearray()
        while at < len(data) and len(out) <= size:
            at = _literal(data, at, out) if data[at] & 3 == 0 else _copy(data, at, out)
    except IndexError:
        raise ValueError("it ends too early") from None
    if len(out) != size:
        raise ValueError(f"{len(out):,} bytes instead of {size:,}")
    return bytes(out)


def _size(data: bytes) -> tuple[int, int]:
    """Return the length of the whole, seven bits a byte, and where the elements begin."""
    size = 0
    for at in range(5):
        size |= (data[at] & 0x7F) << 7 * at
        if data[at] < 0x80:
            return size, at + 1
    raise ValueError("its length is no number")


def _literal(data: bytes, at: int, out: bytearray) -> int:
    length = (data[at] >> 2) + 1
    at += 1
    if length > 60:  # so many bytes more hold the length
        length, at = int.from_bytes(data[at : at + length - 60], "little") + 1, at + length - 60
    if at + length > len(data):
        raise IndexError
    out += data[at : at + length]
    return at + length


def _copy(data: bytes, at: int, out: bytearray) -> int:
    """Add what stands `offset` bytes back once more; where it is longer than that, it repeats itself."""
    tag = data[at]
    if tag & 3 == 1:
        length, offset, at = (tag >> 2 & 7) + 4, tag >> 5 << 8 | data[at + 1], at + 2
    else:
        width = 2 if tag & 3 == 2 else 4
        if at + width >= len(data):
            raise IndexError
        length, offset, at = (tag >> 2) + 1, int.from_bytes(data[at + 1 : at + 1 + width], "little"), at + 1 + width
    if not 0 < offset <= len(out):
        raise ValueError("it points to before its beginning")
    start = len(out) - offset
    found = out[start : start + length]
    out += found if len(found) == length else (found * (length // offset + 1))[:length]
    return at
