#!/usr/bin/env python3
"""Checks that no device was skipped: adds up what each test wrote about the programs that it ran, and prints the sums.

    check_counts.py build/release/test/counts 700 pocl rusticl/small lavapipe

Every device must have run all programs of each test that names it, or have refused it for want of an element type (f64,
or 64-bit integers), which few may; and at least so many programs in all.
"""
import collections
import json
import sys
from pathlib import Path

# Of a hundred programs, so many may need an element type that a device lacks.
REFUSED_PER_HUNDRED = 30


def main():
    folder, least, devices = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    ran, refused, wrong = collections.Counter(), collections.Counter(), []
    for file in sorted(folder.glob("*.json")):
        counts = json.loads(file.read_text())
        for device in set(counts["devices"]) & set(devices):
            done, said_no = counts["ran"].get(device, 0), counts["refused"].get(device, 0)
            ran[device] += done
            refused[device] += said_no
            if done + said_no != counts["programs"] or not done:
                wrong.append(f"{file.stem}: {device} ran {done} and refused {said_no} of {counts['programs']} programs")
    for device in devices:
        print(f"{device}: {ran[device]} programs run, {refused[device]} refused for want of an element type")
        if ran[device] < least:
            wrong.append(f"{device} ran {ran[device]} programs; at least {least} are expected")
        if refused[device] * 100 > REFUSED_PER_HUNDRED * (ran[device] + refused[device]):
            wrong.append(f"{device} refused {refused[device]} programs, which is too many")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
