#!/usr/bin/env python3
"""Measures what compiling costs: one operation cold, the same from the cache, a recorded network.

    compile_costs.py --polytile build/release/bin/polytile [--json] [--check]

Process start is included everywhere. With --check the exit status is 1 when a bound is broken.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import recorded_network

MATMUL = "function matmul(A[M, K], B[K, N]) -> (C) {\n  C[m, n : M, N] = +(A[m, k] * B[k, n]);\n}\n"
BOUNDS = {"cold_seconds": 0.3, "cached_seconds": 0.06, "network_3000_seconds": 60.0, "network_growth": 2.6}


def seconds(argv, environment):
    start = time.perf_counter()
    subprocess.run(argv, check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def median_of(count, argv, environment):
    return statistics.median(seconds(argv, environment) for _ in range(count))


def one_operation(polytile, folder, environment):
    (folder / "matmul.tile").write_text(MATMUL)
    for name in "AB":
        np.save(folder / f"{name}.npy", np.ones((256, 256), "f4"))
    run = [polytile, "run", folder / "matmul.tile", "--input", f"A={folder}/A.npy", "--input", f"B={folder}/B.npy",
           "--output", f"C={folder}/C.npy"]
    seconds(run + ["--no-cache"], environment)  # the libraries into the page cache
    cold = median_of(7, run + ["--no-cache"], environment)
    seconds(run, environment)
    return {"cold_seconds": cold, "cached_seconds": median_of(11, run, environment)}


def networks(polytile, folder, environment):
    results = {}
    for statements in (1500, 3000):
        text, shapes = recorded_network.network(statements)
        (folder / "network.tile").write_text(text)
        words = [word for name, dims in shapes.items() for word in ("--shape", f"{name}={'x'.join(map(str, dims))}:f32")]
        results[f"network_{statements}_seconds"] = seconds(
            [polytile, "compile", folder / "network.tile", *words, "-o", folder / "network.ptl"], environment)
    results["network_growth"] = results["network_3000_seconds"] / results["network_1500_seconds"]
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--polytile", default="polytile")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check", action="store_true", help="fail when a bound is broken")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        environment = {**os.environ, "POLYTILE_CACHE_DIR": str(folder / "cache")}
        results = {**one_operation(options.polytile, folder, environment), **networks(options.polytile, folder, environment)}
    broken = [name for name, bound in BOUNDS.items() if results[name] > bound]
    if options.json:
        print(json.dumps(results))
    else:
        print(f"one operation, cold            {results['cold_seconds'] * 1e3:8.1f} ms   (bound {BOUNDS['cold_seconds'] * 1e3:.0f})")
        print(f"one operation, from the cache  {results['cached_seconds'] * 1e3:8.1f} ms   (bound {BOUNDS['cached_seconds'] * 1e3:.0f})")
        print(f"network of 1500 statements     {results['network_1500_seconds']:8.2f} s")
        print(f"network of 3000 statements     {results['network_3000_seconds']:8.2f} s    (bound {BOUNDS['network_3000_seconds']:.0f}; "
              f"{results['network_growth']:.2f} times the time of 1500)")
    for name in broken:
        print(f"over the bound: {name}", file=sys.stderr)
    return 1 if broken and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
