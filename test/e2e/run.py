#!/usr/bin/env python3
"""Runs end-to-end cases in parallel processes.

    run.py --polytile build/release/bin/polytile [--device D]... [--cpu LEVEL] [-k WORD] [-j N] FILE.py...

Each file defines CASES, a list of `Case` and `Bad` (see harness.py). Prints one line for each failure and a count; exit
status 1 when one failed, there was none to run, or a simulator doubts more than one of a hundred. The files of a failed
case stay in the folder that --failures names.
"""

import argparse
import importlib.util
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness  # noqa: E402

EVERYWHERE = (harness.INTERPRETER, harness.CPU, harness.PACKAGE)


def load(path):
    spec = importlib.util.spec_from_file_location("cases_" + path.stem.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def elements_of(inputs):
    return sum(np.size(value) for value in inputs.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    harness.add_options(parser, EVERYWHERE)
    parser.add_argument("--most-elements", type=int, default=sys.maxsize, help="only cases with so many of input")
    parser.add_argument("-k", default="", help="only cases whose name contains this")
    parser.add_argument("files", nargs="+", type=Path)
    options = parser.parse_args()
    devices = options.device or EVERYWHERE

    cases = []
    for file in options.files:
        found = load(file).CASES
        names = [case.name for case in found]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            sys.exit(f"two cases of {file} have the name {twice[0]!r}")
        cases += [
            case for case in found if options.k in case.name and elements_of(case.inputs) <= options.most_elements
        ]
    failed = 0
    with harness.session(options) as (runner, pool):
        for case, problem in zip(cases, pool.map(lambda case: harness.run(runner, case, devices), cases)):
            if problem:
                failed += 1
                print(f"FAIL {case.name}: {problem}", flush=True)
    doubts = runner.counts.doubts
    print(*(f"doubtful: {doubt}" for doubt in doubts), sep="\n", end="\n" if doubts else "")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed or not cases or len(doubts) * 100 > len(cases) else 0


if __name__ == "__main__":
    sys.exit(main())
