#!/usr/bin/env python3
"""Tests the command line tool from outside: options, exit codes, messages, files, the cache.

    test_cli.py --polytile build/release/bin/polytile [unittest options]
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import numpy as np

POLYTILE = os.environ.get("POLYTILE", "polytile")
MATMUL = "function matmul(A[M, K], B[K, N]) -> (C) {\n  C[m, n : M, N] = +(A[m, k] * B[k, n]);\n}\n"
TWO = "function f(A: f32[N], s: f32) -> (O, P) {\n  O = A * s;\n  P[] = +(A[n]);\n}\n"
# Tens of seconds on the interpreter: time enough for a signal.
SLOW = "function f(A[N]) -> (S) {\n  S[] = +(A[i] * A[j] * A[k]);\n}\n"


class CliTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = Path(self.temporary.name)
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("POLYTILE_DEVICE")}
        self.environment.update(POLYTILE_CACHE_DIR=str(self.folder / "cache"), TMPDIR=str(self.folder),
                                XDG_CONFIG_HOME=str(self.folder / "config"))

    def call(self, *words, expect=0, **environment):
        done = subprocess.run([POLYTILE, *map(str, words)], capture_output=True, text=True, cwd=self.folder,
                              env={**self.environment, **environment}, timeout=120)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout if expect == 0 else done.stderr

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def save(self, name, array):
        np.save(self.folder / name, array)

    def matmul(self):
        self.write("matmul.tile", MATMUL)
        a, b = np.arange(6, dtype="f4").reshape(2, 3), np.arange(12, dtype="f4").reshape(3, 4)
        self.save("a.npy", a)
        self.save("b.npy", b)
        return a @ b


class Run(CliTest):
    def test_from_npy_to_npy(self):
        want = self.matmul()
        for device in ("cpu:0", "interpreter"):
            self.call("run", "matmul.tile", "--device", device, "--input", "A=a.npy", "--input", "B=b.npy", "--output", "C=c.npy")
            np.testing.assert_array_equal(np.load(self.folder / "c.npy"), want)

    def test_npz(self):
        want = self.matmul()
        np.savez(self.folder / "both.npz", x=np.load(self.folder / "a.npy"), y=np.load(self.folder / "b.npy"))
        self.call("run", "matmul.tile", "--input", "A=both.npz:x", "--input", "B=both.npz:y", "--output", "C=c.npz")
        np.testing.assert_array_equal(np.load(self.folder / "c.npz")["C"], want)
        err = self.call("run", "matmul.tile", "--input", "A=both.npz", "--input", "B=b.npy", expect=1)
        self.assertIn("2 arrays", err)

    def test_summary_without_output(self):
        self.matmul()
        out = self.call("run", "matmul.tile", "--input", "A=a.npy", "--input", "B=b.npy")
        self.assertRegex(out, r"^C: f32 2x4, 20 to 92, mean .*: 20, 23, 26, 29, 56, 68, \.\.\.\n$")

    def test_scalars(self):
        self.write("two.tile", TWO)
        self.save("a.npy", np.array([1, 2, 3], "f4"))
        for device in ("cpu:0", "interpreter"):
            for number in ("2", "2.0", "0x2", "2e0"):
                self.call("run", "two.tile", "--device", device, "--input", "A=a.npy", "--input", f"s={number}",
                          "--output", "O=o.npy")
                np.testing.assert_array_equal(np.load(self.folder / "o.npy"), [2, 4, 6])

    def test_number_without_declared_type(self):
        self.write("s.tile", "function f(s) -> (O) { O = s; }")
        for number, kind in (("2", "i4"), ("2.5", "f4"), ("inf", "f4"), ("-3", "i4"), ("1e1", "f4")):
            for device in ("cpu:0", "interpreter"):
                self.call("run", "s.tile", "--device", device, "--input", f"s={number}", "--output", "O=o.npy")
                got = np.load(self.folder / "o.npy")
                self.assertEqual((got.dtype, got.shape, float(got)), (np.dtype(kind), (), float(number)))

    def test_function_option(self):
        self.write("p.tile", "function g(A) -> (O) { O = A + 1; }\nfunction h(A) -> (O) { O = A + 2; }\n")
        self.save("a.npy", np.zeros(1, "f4"))
        for words, want in (((), 2), (("--function", "g"), 1)):
            self.call("run", "p.tile", *words, "--input", "A=a.npy", "--output", "O=o.npy")
            self.assertEqual(np.load(self.folder / "o.npy")[0], want)

    def test_package(self):
        want = self.matmul()
        self.call("compile", "matmul.tile", "--shape", "A=2x3:f32", "--shape", "B=3x4:f32", "-o", "m.ptl")
        no_compiler = dict(POLYTILE_COMPILER="/nowhere.so")
        self.call("run", "m.ptl", "--input", "A=a.npy", "--input", "B=b.npy", "--output", "C=c.npy", **no_compiler)
        np.testing.assert_array_equal(np.load(self.folder / "c.npy"), want)
        self.save("a.npy", np.zeros((3, 3), "f4"))
        err = self.call("run", "m.ptl", "--input", "A=a.npy", "--input", "B=b.npy", expect=1)
        self.assertIn("'A' is f32 2x3, but the input is f32 3x3", err)
        err = self.call("run", "m.ptl", "--input", "B=b.npy", expect=1)
        self.assertIn("no input is given for 'A'", err)
        self.assertIn("takes Tile source", self.call("run", "m.ptl", "--device", "interpreter", expect=1))

    def test_scalar_of_a_package_converts(self):
        self.write("two.tile", TWO)
        self.call("compile", "two.tile", "--shape", "A=3:f32", "--shape", "s=f32", "-o", "two.ptl")
        self.save("a.npy", np.array([1, 2, 3], "f4"))
        self.call("run", "two.ptl", "--input", "A=a.npy", "--input", "s=2", "--output", "O=o.npy")
        np.testing.assert_array_equal(np.load(self.folder / "o.npy"), [2, 4, 6])
        self.assertIn("can't hold 16777217", self.call("run", "two.ptl", "--input", "A=a.npy", "--input", "s=16777217", expect=1))

    def test_device_precedence(self):
        self.matmul()
        words = ("run", "matmul.tile", "--input", "A=a.npy", "--input", "B=b.npy")
        self.assertIn("toaster:0", self.call(*words, expect=3, POLYTILE_DEVICE="toaster:0"))
        self.call(*words, "--device", "cpu:0", POLYTILE_DEVICE="toaster:0")
        self.call(*words, POLYTILE_DEVICE="interpreter")

    def test_null_device_runs_nothing(self):
        self.matmul()
        out = self.call("run", "matmul.tile", "--device", "null:0", "--input", "A=a.npy", "--input", "B=b.npy")
        self.assertRegex(out, r"^C: f32 2x4, 0 to 0")

    def test_threads_do_not_change_the_result(self):
        self.write("matmul.tile", MATMUL)
        rng = np.random.default_rng(1)
        self.save("a.npy", rng.normal(size=(67, 45)).astype("f4"))
        self.save("b.npy", rng.normal(size=(45, 33)).astype("f4"))
        results = []
        for threads in (1, 2, 5):
            self.call("run", "matmul.tile", "--threads", threads, "--input", "A=a.npy", "--input", "B=b.npy", "--output", "C=c.npy")
            results.append(np.load(self.folder / "c.npy"))
        np.testing.assert_array_equal(results[0], results[1])
        np.testing.assert_array_equal(results[0], results[2])


class Errors(CliTest):
    def refuse(self, source, patterns, inputs=(), outputs=("O=o.npy",), **arrays):
        """The program is refused on both devices, and no output appears."""
        self.write("p.tile", source)
        words = []
        for name, array in arrays.items():
            self.save(f"{name}.npy", array)
            words += ["--input", f"{name}={name}.npy"]
        for word in inputs:
            words += ["--input", word]
        for word in outputs:
            words += ["--output", word]
        for device in ("cpu:0", "interpreter"):
            err = self.call("run", "p.tile", "--device", device, *words, expect=1)
            for pattern in patterns:
                self.assertRegex(err, pattern)
        self.assertEqual(list(self.folder.glob("*o.npy")), [])
        return err

    def test_missing_input(self):
        self.refuse(MATMUL, [r"p\.tile:1:26: error: no input is given for 'B'"], A=np.zeros((2, 3), "f4"))

    def test_unknown_input(self):
        self.refuse("function f(Left) -> (O) { O = Left; }", ["no input 'Leftt'", "did you mean 'Left'"],
                    Left=np.zeros(1, "f4"), Leftt=np.zeros(1, "f4"))

    def test_wrong_rank(self):
        self.refuse(MATMUL, ["'A' has 2 dimensions, but the (input|argument) has rank 1"], A=np.zeros(3, "f4"), B=np.zeros((3, 1), "f4"))

    def test_wrong_type(self):
        self.refuse(TWO, ["'A' is declared f32, but the (input|argument) is i32"], A=np.zeros(3, "i4"), s=np.float32(1))

    def test_sizes_that_disagree(self):
        err = self.refuse(MATMUL, ["'K' is 3 in 'A' and 4 in 'B'"], A=np.zeros((2, 3), "f4"), B=np.zeros((4, 1), "f4"))
        self.assertNotIn("current operation", err)

    def test_literal_size(self):
        self.refuse("function f(A[3]) -> (O) { O = A; }", ["'A'", r"\b4\b", r"\b3\b"], A=np.zeros(4, "f4"))

    def test_number_that_does_not_fit(self):
        self.refuse(TWO, ["'s' is declared f32, which can't hold 16777217"], A=np.zeros(3, "f4"), inputs=["s=16777217"])
        self.refuse("function f(s) -> (O) { O = s; }", ["'s': 3000000000 doesn't fit into i32"], inputs=["s=3000000000"])

    def test_unknown_output(self):
        self.refuse(TWO, ["no output 'Q'"], A=np.zeros(3, "f4"), inputs=["s=2"], outputs=["O=o.npy", "Q=q.npy"])

    def test_unknown_function(self):
        self.write("p.tile", TWO)
        self.assertRegex(self.call("run", "p.tile", "--function", "g", expect=1), "no function 'g'")

    def test_two_outputs_to_one_file(self):
        self.write("p.tile", TWO)
        self.call("run", "p.tile", "--output", "O=o.npy", "--output", "P=o.npy", expect=2)

    def test_files(self):
        self.write("p.tile", TWO)
        self.assertIn("nothing.tile", self.call("run", "nothing.tile", expect=1))
        self.assertIn("nothing.npy", self.call("run", "p.tile", "--input", "A=nothing.npy", expect=1))
        self.write("bad.npy", "this is no array")
        self.assertIn("bad.npy", self.call("run", "p.tile", "--input", "A=bad.npy", expect=1))
        self.write("bad.ptl", "this is no package")
        self.assertIn("bad.ptl", self.call("run", "bad.ptl", expect=1))
        self.assertIn("folder", self.call("run", ".", expect=1))

    def test_output_that_cannot_be_written(self):
        self.write("p.tile", TWO)
        self.save("A.npy", np.zeros(3, "f4"))
        words = ["run", "p.tile", "--input", "A=A.npy", "--input", "s=1"]
        self.call(*words, "--output", "O=o.npy", "--output", "P=no/such/folder/p.npy", expect=1)
        self.assertFalse((self.folder / "o.npy").exists())
        self.assertEqual([p.name for p in self.folder.glob(".*")], [])

    def test_operations_that_the_cpu_lacks(self):
        self.write("p.tile", "function f(A[N], I[M]) -> (O) {\n  O = scatter(A, I, A);\n}\n")
        self.save("A.npy", np.ones(3, "f4"))
        self.save("I.npy", np.array([0, 2, 2], "i4"))
        words = ["run", "p.tile", "--input", "A=A.npy", "--input", "I=I.npy", "--output", "O=o.npy"]
        done = subprocess.run([POLYTILE, *words, "--device", "cpu:0"], capture_output=True, text=True, cwd=self.folder,
                              env=self.environment)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        if done.returncode == 1:
            self.assertRegex(done.stderr, r"p\.tile:2:\d+: error: .*scatter")
        self.call(*words, "--device", "interpreter")
        np.testing.assert_array_equal(np.load(self.folder / "o.npy"), [1, 0, 2])


class Usage(CliTest):
    def test_malformed_command_lines(self):
        self.write("p.tile", TWO)
        for words in ((), ("run",), ("fly", "p.tile"), ("run", "p.tile", "--inptu", "A=a.npy"), ("run", "p.tile", "--input", "A"),
                      ("run", "p.tile", "--input", "=a.npy"), ("run", "p.tile", "--output", "O="), ("compile", "p.tile", "--shape", "A=2y3"),
                      ("compile", "p.tile", "--shape", "A=2x3:f31"), ("compile", "p.tile", "--shape", "A=-1:f32"),
                      ("compile", "p.tile", "--shape", "A=2x:f32"), ("compile", "p.tile", "--emit=soup"), ("compile", "p.tile", "--cpu=pentium"),
                      ("compile", "p.tile", "--target", "toaster"), ("run", "p.tile", "--threads", "many"), ("compile", "p.tile", "--dump-phases", "nowhere")):
            with self.subTest(words=words):
                self.call(*words, expect=2)

    def test_help_and_version(self):
        self.assertRegex(self.call("--version"), r"^polytile \d+\.\d+\.\d+\n$")
        self.assertRegex(self.call("version"), r"^polytile \d+\.\d+\.\d+\n$")
        for command in ("run", "compile", "check", "devices", "bench"):
            self.assertIn("Usage", self.call(command, "--help"))

    def test_check(self):
        self.write("good.tile", MATMUL)
        self.assertEqual(self.call("check", "good.tile"), "")
        self.write("bad.tile", "function f(A) -> (O) {\n  O = sigmod(A);\n}\n")
        err = self.call("check", "bad.tile", expect=1)
        self.assertRegex(err, r"bad\.tile:2:7: error: .*'sigmod'")
        self.assertIn("'sigmoid'", err)

    def test_devices(self):
        self.assertIn("cpu:0", self.call("devices"))
        described = json.loads(self.call("devices", "--json"))
        self.assertEqual(described["default"], "cpu:0")
        self.assertEqual(described["devices"][0]["name"], "cpu:0")


class Compile(CliTest):
    def test_every_stop(self):
        self.write("m.tile", MATMUL)
        shapes = ("--shape", "A=20x30:f32", "--shape", "B=30x40:f32")
        for emit, part in (("ast", "contract"), ("tile", "tile.contract"), ("program", "program.dispatch"), ("linalg", "memref"),
                           ("llvm", "define"), ("asm", "ret")):
            self.assertIn(part, self.call("compile", "m.tile", *shapes, f"--emit={emit}"))
        self.call("compile", "m.tile", *shapes)
        self.assertTrue((self.folder / "m.ptl").exists())

    def test_sizes_are_decimal(self):
        self.write("m.tile", "function f(A[M, N]) -> (O) { O[n : N] = +(A[m, n]); }")
        self.call("compile", "m.tile", "--shape", "A=0x4:f32", "-o", "m.ptl")
        self.save("a.npy", np.zeros((0, 4), "f4"))
        self.call("run", "m.ptl", "--input", "A=a.npy", "--output", "O=o.npy")
        np.testing.assert_array_equal(np.load(self.folder / "o.npy"), [0, 0, 0, 0])

    def test_every_cpu_level(self):
        want = self.matmul()
        for level in ("x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4", "native"):
            self.call("compile", "matmul.tile", "--shape", "A=2x3", "--shape", "B=3x4", f"--cpu={level}", "-o", "m.ptl")
            done = subprocess.run([POLYTILE, "run", "m.ptl", "--input", "A=a.npy", "--input", "B=b.npy", "--output", "C=c.npy"],
                                  capture_output=True, text=True, cwd=self.folder, env=self.environment)
            if level == "x86-64-v4" and done.returncode == 3:
                continue  # this machine has no AVX-512
            self.assertEqual(done.returncode, 0, done.stderr)
            np.testing.assert_array_equal(np.load(self.folder / "c.npy"), want)

    def test_dumps_of_the_phases(self):
        self.write("m.tile", MATMUL)
        (self.folder / "dumps").mkdir()
        self.call("compile", "m.tile", "--shape", "A=2x3", "--shape", "B=3x4", "--dump-phases", "dumps")
        names = sorted(p.name for p in (self.folder / "dumps").iterdir())
        self.assertEqual(names[0], "01-import.mlir")
        self.assertTrue(any("tile-to-program" in name for name in names), names)

    def test_nothing_is_left_after_an_error(self):
        self.write("m.tile", MATMUL)
        self.call("compile", "m.tile", "--shape", "A=2x3", "-o", "m.ptl", expect=1)
        self.assertFalse((self.folder / "m.ptl").exists())


class Cache(CliTest):
    def words(self):
        return ("run", "matmul.tile", "--input", "A=a.npy", "--input", "B=b.npy", "--output", "C=c.npy")

    def entries(self):
        return sorted((self.folder / "cache").glob("*.ptlc"))

    def test_second_run_needs_no_compiler(self):
        want = self.matmul()
        self.call(*self.words())
        self.assertEqual(len(self.entries()), 1)
        loads = subprocess.run([POLYTILE, *self.words()], env={**self.environment, "LD_DEBUG": "files"}, capture_output=True,
                              text=True, cwd=self.folder)
        self.assertEqual(loads.returncode, 0)
        self.assertNotIn("libMLIR", loads.stderr)
        np.testing.assert_array_equal(np.load(self.folder / "c.npy"), want)

    def test_other_shapes_and_sources_are_other_entries(self):
        self.matmul()
        self.call(*self.words())
        self.save("a.npy", np.zeros((5, 3), "f4"))
        self.call(*self.words())
        self.assertEqual(len(self.entries()), 2)
        self.write("matmul.tile", MATMUL.replace("+(", ">("))
        self.call(*self.words())
        self.assertEqual(len(self.entries()), 3)

    def test_damaged_entries_are_ignored(self):
        want = self.matmul()
        self.call(*self.words())
        whole = self.entries()[0].read_bytes()
        for damaged in (b"", whole[:20], whole[:-1], whole[:-40] + b"x" * 40, b"y" * len(whole)):
            self.entries()[0].write_bytes(damaged)
            self.call(*self.words())
            np.testing.assert_array_equal(np.load(self.folder / "c.npy"), want)
            self.assertEqual(self.entries()[0].read_bytes(), whole)

    def test_no_cache(self):
        self.matmul()
        self.call(*self.words(), "--no-cache")
        self.assertEqual(self.entries(), [])

    def test_a_cache_that_cannot_be_written_is_no_error(self):
        self.matmul()
        self.call(*self.words(), POLYTILE_CACHE_DIR="/proc/nowhere")


class Bench(CliTest):
    def test_json(self):
        self.write("matmul.tile", MATMUL)
        out = self.call("bench", "matmul.tile", "--shape", "A=64x64", "--shape", "B=64x64", "--seconds", "0.05", "--json")
        result = json.loads(out)
        self.assertEqual(result["flops"], 2 * 64 ** 3)
        self.assertGreater(result["median_seconds"], 0)
        self.assertGreater(result["peak_gflops_per_second"], 1)
        self.assertIn("GFLOP/s", self.call("bench", "matmul.tile", "--shape", "A=64x64", "--shape", "B=64x64", "--seconds", "0.05"))

    def test_interpreter_is_refused(self):
        self.write("matmul.tile", MATMUL)
        self.call("bench", "matmul.tile", "--device", "interpreter", expect=1)


class Crash(CliTest):
    def test_a_crash_leaves_a_reproducer(self):
        self.write("slow.tile", SLOW)
        self.save("a.npy", np.zeros(2000, "f4"))
        process = subprocess.Popen([POLYTILE, "run", "slow.tile", "--device", "interpreter", "--input", "A=a.npy"], cwd=self.folder,
                                   env=self.environment, stderr=subprocess.PIPE, text=True)
        # The handlers stand once the compiler is loaded and at work.
        deadline = time.monotonic() + 30
        while process.poll() is None and "libMLIR" not in Path(f"/proc/{process.pid}/maps").read_text() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.5)
        process.send_signal(signal.SIGSEGV)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 70, err)
        self.assertIn("internal error", err)
        path = re.search(r"is kept in (\S+)", err).group(1)
        self.assertIn(SLOW, (self.folder / path).read_text())
        self.assertIn(f"run {path} --device interpreter --input A=a.npy", err)
        self.call("check", path)

    def test_a_crash_in_a_kernel_leaves_a_reproducer(self):
        self.write("slow.tile", SLOW)
        self.save("a.npy", np.zeros(20000, "f4"))
        process = subprocess.Popen([POLYTILE, "run", "slow.tile", "--threads", "1", "--input", "A=a.npy"], cwd=self.folder,
                                   env=self.environment, stderr=subprocess.PIPE, text=True)
        # The package is in the cache before the kernel starts.
        deadline = time.monotonic() + 60
        while process.poll() is None and not list(self.folder.glob("cache/*.ptlc")) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(1)
        process.send_signal(signal.SIGSEGV)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 70, err)
        self.assertTrue((self.folder / re.search(r"is kept in (\S+)", err).group(1)).exists())


def main(module="__main__"):
    """Runs the tests of a module with the command that --polytile names."""
    global POLYTILE
    if "--polytile" in sys.argv:
        at = sys.argv.index("--polytile")
        POLYTILE = str(Path(sys.argv[at + 1]).resolve())
        del sys.argv[at:at + 2]
    unittest.main(module)


if __name__ == "__main__":
    main()
