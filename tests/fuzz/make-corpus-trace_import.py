#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes corpus-trace_import: a small trace of each format, and packed ones."""

import bz2
import gzip
import lzma
import os
import shutil
import struct
import subprocess
import zipfile

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus-trace_import")


def write(name, data):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)


def drmemtrace(entries, layout="<HHQ"):
    return b"".join(struct.pack(layout, *entry) for entry in entries)


def champsim(ip, stores=(0, 0), loads=(0, 0, 0, 0), branch=(0, 0)):
    return struct.pack("<Q2B2B4B2Q4Q", ip, *branch, 6, 0, 6, 0, 0, 0, *stores, *loads)


def oracle(time, thing, size, following):
    return struct.pack("<IQIq", time, thing, size, following)


os.makedirs(folder, exist_ok=True)
lackey = ("==12== Lackey\n==12== Command: true\nI  004014f0,2\n L 1fff000710,8\n"
          " S 1fff000708,4\n M 0421c7cc,16\n--12-- more\n==12== Exit code: 0\n")
write("lackey", lackey)
write("lackey-broken", " L 10,8\nnonsense\n L 18446744073709551616,1\n")
write("course", "0041f7a0 R\n13f5e2c0 W\r\n\n0x10 R\n")
write("din", "2 430d70\n0 1000beef rest\n1 1000\n4 0\n3 0\n")
write("pinatrace", "#\n0x7f2a5a5c3090: R 0x7ffd4ae5f0b8\n0x10: W 0x20 8 0xff\n#eof\n")
entries = [(25, 0, 4), (28, 12, 4), (28, 9, 0x240), (22, 4, 70), (24, 4, 7), (28, 2, 99),
           (47, 3, 0xE78948), (10, 3, 0x401000), (0, 8, 0x7FF0), (1, 576, 0x6FF8),
           (29, 2, 0x401003), (0, 1, 0x9000), (48, 2, 0x401005), (17, 3, 0x040302),
           (30, 1, 0x401007), (22, 4, 71), (24, 4, 7), (2, 64, 0x10), (22, 4, 70), (23, 4, 70),
           (26, 0, 0)]
write("drmemtrace", drmemtrace(entries))
write("drmemtrace-32", drmemtrace([(t, s, a & 0xFFFFFFFF) for t, s, a in entries], "<HHI"))
write("drmemtrace-broken", drmemtrace(entries[:8] + [(99, 0, 0)]))
write("drmemtrace-short", drmemtrace(entries)[:-5])
write("drmemtrace-thread-last", drmemtrace([(25, 0, 4), (22, 4, 1 << 40)]))
write("champsim", champsim(0x401000, (0x7000, 0), (0x8000, 0, 0, 0x9000)) +
      champsim(0x401003, branch=(1, 1)))
write("oracle", oracle(1, 5, 4096, 3) + oracle(1, 0xFEDCBA9876543210, 1, -1) +
      oracle(2, 6, 0, -1) + oracle(2, 5, 4096, -1))
write("csv", "task,cpu,mm,kind,privilege,va,size,ip\n7,0,3,fetch,user,0x401000,3,\n"
      "7,0,3,load,user,0x7ff0,8,0x401000\n8,1,3,store,kernel,4096,,\n")
write("csv-pages", "task,kind,va,count\n1,load,0x1000,4294967295\n1,store,0x2000,0\n")
write("csv-libcachesim", "version,time,op,size,lbn\n2,1,28,512,42\n2,2,2a,512,43\n")
write("csv-broken", "time,lbn\n1\n")
write("gzip", gzip.compress(lackey.encode(), mtime=0) * 2)
write("gzip-short", gzip.compress(lackey.encode(), mtime=0)[:-9])
write("xz", lzma.compress(lackey.encode()))
write("bzip2", bz2.compress(lackey.encode()))
if shutil.which("zstd"):
    write("zstd", subprocess.run(["zstd", "-q", "-c", "--check"], input=lackey.encode(),
                                 stdout=subprocess.PIPE, check=True).stdout)
with zipfile.ZipFile(os.path.join(folder, "zip"), "w", zipfile.ZIP_DEFLATED) as archive:
    for i, part in enumerate((drmemtrace(entries[:8]), drmemtrace(entries[8:]))):
        archive.writestr(zipfile.ZipInfo("chunk.%04d" % i), part)
