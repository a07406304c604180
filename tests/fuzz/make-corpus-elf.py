#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""make-corpus-elf.py FOLDER: the seeds of the ELF fuzzer, a small file each."""
import os
import struct
import sys

LOAD, INTERP, STACK = 1, 3, 0x6474E551


def phdr64(kind, flags, offset, va, filesz, memsz, align=0x1000):
    return struct.pack("<IIQQQQQQ", kind, flags, offset, va, va, filesz, memsz, align)


def phdr32(kind, flags, offset, va, filesz, memsz, align=0x1000):
    return struct.pack("<IIIIIIII", kind, offset, va, va, filesz, memsz, flags, align)


def elf64(phdrs, kind=2, machine=62, data=1, phoff=64, phnum=None, tail=b""):
    ident = b"\x7fELF" + bytes([2, data, 1]) + bytes(9)
    head = struct.pack("<HHIQQQIHHHHHH", kind, machine, 1, 0x400100, phoff, 0, 0, 64, 56,
                       len(phdrs) if phnum is None else phnum, 0, 0, 0)
    return (ident + head + b"".join(phdrs)).ljust(0x180, b"\xcc") + tail


def elf32(phdrs, machine=3):
    ident = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    head = struct.pack("<HHIIIIIHHHHHH", 2, machine, 1, 0x8048100, 52, 0, 0, 52, 32,
                       len(phdrs), 0, 0, 0)
    return (ident + head + b"".join(phdrs)).ljust(0x180, b"\xcc")


text = phdr64(LOAD, 5, 0, 0x400000, 0x180, 0x180)
data = phdr64(LOAD, 6, 0x100, 0x401100, 0x80, 0x5000)
stack = phdr64(STACK, 6, 0, 0, 0, 0, 16)
seeds = {
    "static": elf64([text, data, stack]),
    "static-pie": elf64([phdr64(LOAD, 5, 0, 0, 0x180, 0x180, 0x200000)], kind=3),
    "interp": elf64([phdr64(INTERP, 4, 0x180, 0, 11, 11, 1), text], kind=3,
                    tail=b"/lib/ld.so\0"),
    "interp-unended": elf64([phdr64(INTERP, 4, 0x180, 0, 10, 10, 1), text], kind=3,
                            tail=b"/lib/ld.so\0"),
    "i386": elf32([phdr32(LOAD, 5, 0, 0x8048000, 0x180, 0x180)]),
    "x32": elf32([phdr32(LOAD, 5, 0, 0x8048000, 0x180, 0x180)], machine=62),
    "aarch64": elf64([text], machine=183),
    "big-endian": elf64([text], data=2),
    "object-file": elf64([text], kind=1),
    "truncated-header": elf64([text])[:40],
    "truncated-segment": elf64([text, data])[:0x160],
    "phoff-outside": elf64([text], phoff=0xFFFFFFFFFFFFFFF8),
    "phnum-max": elf64([text], phnum=0xFFFF),
    "no-phdrs": elf64([], phnum=0),
    "overlapping": elf64([text, phdr64(LOAD, 6, 0x100, 0x400100, 0x80, 0x5000)]),
    "descending": elf64([data, text]),
    "wraps": elf64([phdr64(LOAD, 5, 0, 0xFFFFFFFFFFFFF000, 0x180, 0x2000)]),
    "kernel-space": elf64([phdr64(LOAD, 5, 0, 0xFFFFFFFF80000000, 0x180, 0x180)]),
    "memsz-max": elf64([phdr64(LOAD, 5, 0, 0x400000, 0x180, 0xFFFFFFFFFFFFFFFF)]),
    "filesz-above-memsz": elf64([phdr64(LOAD, 5, 0, 0x400000, 0x180, 0x100)]),
    "unaligned": elf64([phdr64(LOAD, 5, 0x10, 0x400000, 0x100, 0x100)]),
    "empty": b"",
    "magic": b"\x7fELF",
    "script": b"#!/bin/sh\nexit 0\n",
}

for name, content in seeds.items():
    with open(os.path.join(sys.argv[1], name), "wb") as out:
        out.write(content)
