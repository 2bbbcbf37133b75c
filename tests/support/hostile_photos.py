"""Contents of photo files that are damaged, deceptive or enormous, and of valid ones to mix them with."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

FORMATS = ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"]


def encoded(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def texture(seed=0, size=(160, 120)):
    noise = np.random.default_rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


def photo(form, **options):
    image = texture().quantize(200) if form == "GIF" else texture()
    return encoded(image, form, **options)


def png_bomb():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(10_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg_bomb():
    content = bytearray(photo("JPEG"))
    start = content.index(b"\xff\xc0")  # frame header: length (2), precision (1), height (2), width (2)
    content[start + 5 : start + 9] = struct.pack(">HH", 65_000, 65_000)
    return bytes(content)


def gif_bomb():
    return b"GIF89a" + struct.pack("<HH", 65_000, 65_000) + photo("GIF")[10:]


def webp_bomb():
    return encoded(Image.new("RGB", (16_383, 4_000)), "WEBP", lossless=True, quality=0, method=0)


BOMBS = {"PNG": png_bomb, "JPEG": jpeg_bomb, "GIF": gif_bomb, "WEBP": webp_bomb}


def png_with_a_text_bomb():
    text = b"comment\0\0" + zlib.compress(bytes(200_000_000), 9)
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    return photo("PNG")[:33] + chunk + photo("PNG")[33:]


COPIED = encoded(texture(60), "JPEG")
KINDS = {
    "valid": lambda number: encoded(texture(200 + number), "JPEG"),
    "copy": lambda _: COPIED,
    "truncated": lambda number: encoded(texture(300 + number), "JPEG")[:-300],
    "flipped": lambda number: flipped(encoded(texture(400 + number), "PNG"), number),
    "empty": lambda _: b"",
    "text": lambda number: b"text" * number,
    "bomb": lambda _: BOMBS["PNG"](),
    "GIF": lambda number: encoded(texture(500 + number).quantize(200), "GIF"),
    "16 bits": lambda _: encoded(Image.fromarray(np.arange(4096, dtype=np.uint16).reshape(64, 64) * 15), "PNG"),
    "CMYK": lambda number: encoded(texture(600 + number).convert("CMYK"), "JPEG"),
    "one pixel": lambda _: encoded(Image.new("RGB", (1, 1)), "PNG"),
}


def flipped(content, number):
    middle = len(content) // 2 + number
    return content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]
