#!/usr/bin/env python3
"""Checks that no device was skipped: adds up what each test wrote about the programs that it ran, and prints the sums.

    check_counts.py build/release/test/counts pocl rusticl lavapipe

A device must have run every program of each test, or have refused it for want of an element type (f64, or 64-bit
integers), which few may.
"""
import collections
import json
import sys
from pathlib import Path

# Of a hundred programs, so many may need an element type that a device lacks.
REFUSED_PER_HUNDRED = 30


def main():
    folder, devices = Path(sys.argv[1]), sys.argv[2:]
    ran, refused, expected, wrong = collections.Counter(), collections.Counter(), collections.Counter(), []
    files = sorted(folder.glob("*.json"))
    for file in files:
        counts = json.loads(file.read_text())
        for device in devices:
            done, said_no = counts["ran"].get(device, 0), counts["refused"].get(device, 0)
            wanted = counts["programs"]
            ran[device] += done
            refused[device] += said_no
            expected[device] += wanted
            if done + said_no != wanted or not done:
                wrong.append(f"{file.stem}: {device} ran {done} and refused {said_no} of {wanted} programs")
    print(f"{len(files)} tests")
    for device in devices:
        print(f"{device}: {ran[device]} programs run, {refused[device]} refused for want of an element type")
        if not files or refused[device] * 100 > REFUSED_PER_HUNDRED * max(1, expected[device]):
            wrong.append(f"{device} refused {refused[device]} of {expected[device]} programs")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
