#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes corpus-trace from recordings, small ones:

    pagewalk run --record full.pwt guest/touch 4096 1
    pagewalk run --record page.pwt --record-detail page guest/touch 4096 1
    make-corpus-trace.py corpus-trace full.pwt page.pwt
"""
import pathlib
import subprocess
import sys

folder = pathlib.Path(sys.argv[1])
folder.mkdir(exist_ok=True)
for path in map(pathlib.Path, sys.argv[2:]):
    content = subprocess.run(["zstd", "-dc", path], capture_output=True, check=True).stdout
    end = content.index(b"\nend\n") + 5
    is_page = b"\ndetail page\n" in content[:end]
    (folder / (path.stem + "-file")).write_bytes(b"\0" + path.read_bytes())
    (folder / (path.stem + "-frame")).write_bytes(
        (b"\2" if is_page else b"\1") + content[end:])
    (folder / (path.stem + "-header")).write_bytes(b"\3" + content[:end])
