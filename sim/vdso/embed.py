#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""embed.py IMAGE OUTPUT: the vDSO image as a C array."""
import sys

image = open(sys.argv[1], "rb").read()
rows = [image[i:i + 12] for i in range(0, len(image), 12)]
with open(sys.argv[2], "w", encoding="ascii") as out:
    out.write("/* Made by sim/vdso/embed.py. */\n")
    out.write('#include "sim/vdso/vdso_image.h"\n\n')
    out.write("const uint8_t vdso_image[] = {\n")
    for row in rows:
        out.write("\t" + " ".join(f"0x{byte:02x}," for byte in row) + "\n")
    out.write("};\n")
    out.write("const size_t vdso_image_bytes = sizeof(vdso_image);\n")
