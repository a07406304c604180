#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads a trace of our own as docs/trace-format.md says, and prints what
`pagewalk trace cat` prints. A second implementation: it shares nothing with the first.

    zstd -dc FILE | read_trace.py
"""
import sys

M = (1 << 64) - 1
KINDS = ["load", "store", "fetch"]
ADDRESSES = set("""va va_r ip start end new old hint brk brk_r start_brk mmap_base task_size
    start_data end_data object object_r cache flags""".split())


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def number(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    def signed(self):
        value = self.number()
        return value >> 1 if not value & 1 else -(value >> 1) - 1

    def take(self, size):
        self.at += size
        assert self.at <= len(self.data)
        return self.data[self.at - size:self.at]

    def done(self):
        return self.at == len(self.data)


class Runs:
    """True if the next guess is right."""

    def __init__(self, data):
        self.data = Bytes(data)
        self.next()

    def next(self):
        self.left = None if self.data.done() else self.data.number()

    def right(self):
        if self.left == 0:
            self.next()
            return False
        if self.left is not None:
            self.left -= 1
        return True


def cut(value):
    value &= 0xffffffff
    return value - (1 << 32) if value >> 31 else value


class History:
    last = stride = step = from_last = way = 0


class Frame:
    def __init__(self, data, header, out):
        self.header, self.out = header, out
        data.number()
        self.task, self.cpu = data.signed(), data.number()
        self.nr_accesses, self.nr_steps, self.nr_marks = (data.number() for _ in range(3))
        sizes = [data.number() for _ in range(8)]
        columns = [data.take(size) for size in sizes]
        self.shape_data, self.steps, self.counts, self.ways, self.deltas, self.marks = (
            Bytes(columns[i]) for i in (0, 2, 3, 5, 6, 7))
        self.step_runs, self.va_runs = Runs(columns[1]), Runs(columns[4])
        self.shapes, self.blocks, self.history, self.places = [], [], [], {}
        self.base, self.guess, self.latest, self.before = 0, None, 0, 0

    def read_shape(self):
        data = self.shape_data
        self.base = (self.base + data.signed()) & M
        which, block = data.number(), None
        if which == 1:
            self.blocks.append(data.take(data.number()))
        if which:
            block = self.blocks[-1 if which == 1 else 1 - which]
        elements, offset = [], 0
        for _ in range(data.number()):
            bits, size, count = data.byte(), data.number(), None
            if bits & 0x30:
                offset += data.signed()
            if not bits & 0x40:
                count = data.number()
            elements.append((bits, size, offset + self.base & M, count, block, History()))
        self.shapes.append(elements)

    def next_step(self):
        if self.step_runs.right():
            step = self.history[self.guess]
            self.guess += 1
            self.history.append(step)
            return step
        which = self.steps.number()
        if not which:
            self.read_shape()
            which = len(self.shapes)
        counted = self.shapes[which - 1][0][0] & 0x40
        step = which - 1, self.counts.number() if counted else None
        self.history.append(step)
        h = 0
        for shape, _ in self.history[:-4:-1]:
            h = (h ^ (shape + 1)) * 0x9e3779b97f4a7c15 & M
        self.guess = self.places.get(h >> 48)
        self.places[h >> 48] = len(self.history)
        return step

    def next_va(self, h):
        guesses = [(h.last + h.stride) & M, (self.latest + h.from_last) & M]
        if self.va_runs.right():
            va = guesses[h.way]
        else:
            way = self.ways.byte()
            if way == 0:
                h.way ^= 1
                va = guesses[h.way]
            else:
                origin = (h.last, self.latest, self.before)[way - 1]
                va = (origin + self.deltas.signed()) & M
        d = cut(va - h.last)
        if d == h.step:
            h.stride = d
        h.step, h.from_last, h.last = d, cut(va - self.latest), va
        self.before, self.latest = self.latest, va
        return va

    def read_step(self):
        shape, count = self.next_step()
        for bits, size, place, own_count, block, history in self.shapes[shape]:
            va = place if bits & 0x10 else self.next_va(history)
            ip = "0x%x" % place if bits & 0x20 else "-"
            line = [self.task, self.cpu, KINDS[bits & 3], "kernel" if bits & 4 else "user",
                    "0x%x" % va, size or "-", count or own_count, ip]
            if bits & 8:
                line.append(",".join(map(str, block)))
            self.out.write(" ".join(map(str, line)) + "\n")
            self.nr_accesses -= 1

    def read_mark(self):
        mark = self.marks.number()
        task, cpu = self.marks.signed(), self.marks.number()
        if not mark:
            self.task, self.cpu = task, cpu
            return
        name, *names = self.header[mark - 1]
        line = "%d %d %s" % (task, cpu, name)
        args = [self.marks.signed() for _ in range(self.marks.number())]
        for name, value in zip(names, args):
            value = "0x%x" % (value & M) if name in ADDRESSES else "%d" % value
            line += " %s=%s" % (name, value)
        text = self.marks.take(self.marks.number())
        if text:
            line += ' "%s"' % "".join(
                "\\" + chr(c) if chr(c) in '"\\' else
                "\\%03o" % c if c < 32 or c == 127 else chr(c) for c in text[:-1])
        self.out.write(line + "\n")

    def read(self):
        until = self.marks.number() if self.nr_marks else None
        while self.nr_steps or self.nr_marks:
            if until == 0:
                self.read_mark()
                self.nr_marks -= 1
                until = self.marks.number() if self.nr_marks else None
                continue
            self.read_step()
            self.nr_steps -= 1
            until = until - 1 if until else None
        assert self.nr_accesses == 0
        for column in (self.shape_data, self.steps, self.counts, self.ways, self.deltas,
                       self.marks, self.step_runs.data, self.va_runs.data):
            assert column.done()


def main():
    data = Bytes(sys.stdin.buffer.read())
    end = data.data.index(b"\nend\n") + 5
    header = data.take(end).decode("utf-8", "surrogateescape").split("\n")
    assert header[0] == "pagewalk-trace/1"
    events = [line.split(" ")[1:] for line in header if line.startswith("event ")]
    while not data.done():
        Frame(data, events, sys.stdout).read()


main()
