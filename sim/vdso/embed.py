#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""embed.py IMAGE OUTPUT NAME: the vDSO image as a C array."""
import sys

name = sys.argv[3]
image = open(sys.argv[1], "rb").read()
rows = [image[i:i + 12] for i in range(0, len(image), 12)]
with open(sys.argv[2], "w", encoding="ascii") as out:
    out.write("/* Made by sim/vdso/embed.py. */\n")
    out.write('#include "sim/vdso/vdso_image.h"\n\n')
    out.write(f"const uint8_t {name}[] = {{\n")
    for row in rows:
        out.write("\t" + " ".join(f"0x{byte:02x}," for byte in row) + "\n")
    out.write("};\n")
    out.write(f"const size_t {name}_bytes = sizeof({name});\n")
