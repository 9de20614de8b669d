#!/usr/bin/env python3
"""Tests compiling for devices, and measuring and choosing them, through the command line tool.

    test_targets.py --polytile build/release/bin/polytile [unittest options]

Needs PoCL (opencl:0) and lavapipe (vulkan:0), as tools/scripts/install-dependencies.sh installs them.
"""
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

import numpy as np

import test_cli
from test_cli import MATMUL, CliTest

GPUS = ("opencl:0", "vulkan:0")
SHAPES = ("--shape", "A=2x3:f32", "--shape", "B=3x4:f32")
INPUTS = ("--input", "A=a.npy", "--input", "B=b.npy")
NO_COMPILER = dict(POLYTILE_COMPILER="/nowhere.so")


class Run(CliTest):
    def test_source_on_every_device(self):
        want = self.matmul()
        for device in GPUS:
            self.call("run", "matmul.tile", "--device", device, *INPUTS, "--output", "C=c.npy")
            np.testing.assert_array_equal(np.load(self.folder / "c.npy"), want)

    def test_one_package_for_all_without_the_compiler(self):
        want = self.matmul()
        self.call("compile", "matmul.tile", *SHAPES, "--target", "cpu,opencl,vulkan", "-o", "m.ptl")
        for device in ("cpu:0", *GPUS):
            self.call("run", "m.ptl", "--device", device, *INPUTS, "--output", "C=c.npy", **NO_COMPILER)
            np.testing.assert_array_equal(np.load(self.folder / "c.npy"), want)

    def test_the_cache_tells_devices_apart(self):
        self.matmul()
        for _ in range(2):
            for device in ("cpu:0", *GPUS):
                self.call("run", "matmul.tile", "--device", device, *INPUTS)
        self.assertEqual(len(list(self.folder.glob("cache/*.ptlc"))), 3)

    def test_a_package_without_code_for_the_device(self):
        self.matmul()
        self.call("compile", "matmul.tile", *SHAPES, "--target", "cpu=x86-64,opencl", "-o", "m.ptl")
        err = self.call("run", "m.ptl", "--device", "vulkan:0", *INPUTS, expect=3)
        self.assertIn("no code for vulkan:0", err)
        self.assertIn("cpu x86-64", err)
        self.assertIn("opencl", err)

    def test_an_unknown_device_names_those_there_are(self):
        self.matmul()
        err = self.call("run", "matmul.tile", "--device", "opencl:77", *INPUTS, expect=3)
        self.assertIn("opencl:77", err)
        self.assertIn("cpu:0", err)
        self.assertIn("vulkan:0", err)

    def test_nothing_for_the_device_yet(self):
        self.write("p.tile", "function f(T[N, M], I: i32[K], V[K, M]) -> (O) {\n  O = scatter(V, I, T);\n}\n")
        self.save("t.npy", np.zeros((4, 2), "f4"))
        self.save("i.npy", np.array([1, 1, 3], "i4"))
        self.save("v.npy", np.ones((3, 2), "f4"))
        words = ("--input", "T=t.npy", "--input", "I=i.npy", "--input", "V=v.npy")
        for device in GPUS:
            err = self.call("run", "p.tile", "--device", device, *words, expect=1)
            self.assertRegex(err, rf"p\.tile:2:\d+: error: {device} .* can't compute 'scatter' yet")


class Compile(CliTest):
    def test_stops(self):
        self.write("matmul.tile", MATMUL)
        for stop, pattern in (("kernel", r"kernel\.func @kernel_0\(%.*kernel.name = \"A\""), ("opencl", r"(?s)// C\[m, n : M, N\].*kernel .*void kernel_0"),
                              ("spirv-text", r"spirv\.module")):
            self.assertRegex(self.call("compile", "matmul.tile", *SHAPES, "--emit", stop), pattern)
        self.call("compile", "matmul.tile", *SHAPES, "--emit", "spirv")
        self.assertEqual((self.folder / "matmul.spv").read_bytes()[:4], b"\x03\x02\x23\x07")

    def test_one_file_for_each_spirv_module(self):
        self.write("p.tile", "function f(A[M, N]) -> (S, P) { S[m : M] = +(A[m, n]); P[n : N] = >(A[m, n]); }")
        out = self.call("compile", "p.tile", "--shape", "A=4x5:f32", "--emit", "spirv", "-o", "p.spv")
        self.assertEqual(out.split(), ["p.kernel_0.spv", "p.kernel_1.spv"])
        for name in out.split():
            subprocess.run(["spirv-val", "--target-env", "vulkan1.1", str(self.folder / name)], check=True)

    def test_a_stop_of_another_target(self):
        self.write("matmul.tile", MATMUL)
        self.assertIn("made for target 'vulkan'", self.call("compile", "matmul.tile", *SHAPES, "--emit", "spirv", "--target", "cpu", expect=2))
        self.assertIn("made for target 'cpu'", self.call("compile", "matmul.tile", *SHAPES, "--emit", "llvm", "--target", "opencl", expect=2))

    def test_for_a_described_device(self):
        want = self.matmul()
        for device in GPUS:
            kind = device.split(":")[0]
            description = self.call("devices", device)
            self.write("d.json", description)
            for target in (f"{kind}=d.json", device):
                self.call("compile", "matmul.tile", *SHAPES, "--target", target, "-o", "m.ptl")
                self.call("run", "m.ptl", "--device", device, *INPUTS, "--output", "C=c.npy", **NO_COMPILER)
                np.testing.assert_array_equal(np.load(self.folder / "c.npy"), want)

    def test_bad_descriptions(self):
        self.write("matmul.tile", MATMUL)
        good = json.loads(self.call("devices", "vulkan:0"))
        for change, message in (({"version": 9}, "has version 9, this compiler reads version 1"), ({"limits": {}}, "'limits.workgroup_size' is missing"),
                                ({"kind": "opencl"}, "a device of the kind 'opencl'")):
            self.write("d.json", json.dumps({**good, **change}))
            self.assertIn(message, self.call("compile", "matmul.tile", *SHAPES, "--target", "vulkan=d.json", expect=2))
        self.write("d.json", "no json")
        self.assertIn("no device description", self.call("compile", "matmul.tile", *SHAPES, "--target", "vulkan=d.json", expect=1))
        self.assertIn("nowhere.json", self.call("compile", "matmul.tile", *SHAPES, "--target", "vulkan=nowhere.json", expect=1))

    def test_a_type_that_the_device_lacks(self):
        self.write("p.tile", "function f(A: f64[N]) -> (O) {\n  O = exp(A);\n}\n")
        description = json.loads(self.call("devices", "vulkan:0"))
        description["features"].remove("f64")
        self.write("d.json", json.dumps(description))
        err = self.call("compile", "p.tile", "--shape", "A=8:f64", "--target", "vulkan=d.json", expect=1)
        self.assertRegex(err, r"p\.tile:1:\d+: error: vulkan:0 .* can't compute in f64: it lacks the feature 'f64'")
        self.assertFalse((self.folder / "p.ptl").exists())

    def test_a_generic_target_requires_what_the_types_take(self):
        self.write("p.tile", "function f(A: f64[N]) -> (O) {\n  O = exp(A) * 2;\n}\n")
        self.save("a.npy", np.linspace(-3, 3, 11))
        self.call("compile", "p.tile", "--shape", "A=11:f64", "--target", "opencl,vulkan", "-o", "p.ptl")
        for device in GPUS:
            self.call("run", "p.ptl", "--device", device, "--input", "A=a.npy", "--output", "O=o.npy")
            np.testing.assert_allclose(np.load(self.folder / "o.npy"), np.exp(np.linspace(-3, 3, 11)) * 2, rtol=1e-14)

    def test_a_tensor_larger_than_a_binding(self):
        self.write("matmul.tile", MATMUL)
        rng = np.random.default_rng(1)
        a, b = rng.normal(size=(40, 50)).astype("f4"), rng.normal(size=(50, 61)).astype("f4")
        self.save("a.npy", a)
        self.save("b.npy", b)
        shapes = ("--shape", "A=40x50:f32", "--shape", "B=50x61:f32")
        for device in GPUS:
            description = json.loads(self.call("devices", device))
            description["limits"]["binding_bytes"] = 4500
            self.write("d.json", json.dumps(description))
            target = f"{device.split(':')[0]}=d.json"
            self.call("compile", "matmul.tile", *shapes, "--target", target, "-o", "m.ptl")
            self.call("run", "m.ptl", "--device", device, *INPUTS, "--output", "C=c.npy")
            np.testing.assert_allclose(np.load(self.folder / "c.npy"), a @ b, rtol=1e-5, atol=1e-5)
            description["limits"].update(binding_bytes=400, bindings=16)
            self.write("d.json", json.dumps(description))
            err = self.call("compile", "matmul.tile", *shapes, "--target", target, expect=1)
            self.assertRegex(err, rf"matmul\.tile:2:\d+: error: {device} .* binds at most 400 bytes at once; a tensor of 12200 bytes")

    def test_more_tensors_than_bindings(self):
        """A kernel that would bind too many is cut: nothing that the CPU runs is refused."""
        count = 40
        names = [f"A{i}" for i in range(count)]
        terms = " + ".join(f"{name} * {i}" for i, name in enumerate(names))
        self.write("p.tile", f"function f({', '.join(name + '[N]' for name in names)}) -> (O) {{ O = {terms}; }}")
        arrays = [np.arange(i, i + 9, dtype="f4") for i in range(count)]
        shapes, inputs = [], []
        for name, array in zip(names, arrays):
            self.save(f"{name}.npy", array)
            shapes += ["--shape", f"{name}=9:f32"]
            inputs += ["--input", f"{name}={name}.npy"]
        self.call("compile", "p.tile", *shapes, "--target", "opencl,vulkan", "-o", "p.ptl")
        for device in GPUS:
            self.call("run", "p.ptl", "--device", device, *inputs, "--output", "O=o.npy")
            np.testing.assert_array_equal(np.load(self.folder / "o.npy"), sum(array * i for i, array in enumerate(arrays)))

    def test_phases_of_each_target(self):
        self.write("matmul.tile", MATMUL)
        (self.folder / "dumps").mkdir()
        self.call("compile", "matmul.tile", *SHAPES, "--target", "cpu,opencl", "--dump-phases", "dumps")
        names = sorted(path.name for path in self.folder.glob("dumps/*"))
        self.assertTrue(any("-cpu-tile-to-program" in name for name in names), names)
        self.assertTrue(any("-opencl-gpu-lower-kernels" in name for name in names), names)


class Devices(CliTest):
    def test_table(self):
        out = self.call("devices")
        for device in ("cpu:0", *GPUS):
            self.assertRegex(out, rf"(?m)^{device} ")
        self.assertRegex(out, r"(?m)^device +hardware .*memory .*binding .*workgroup")
        self.assertIn("default: cpu:0 (from default)", out)

    def test_json_reads_back(self):
        described = json.loads(self.call("devices", "--json"))
        names = [device["name"] for device in described["devices"]]
        self.assertEqual(names[0], "cpu:0")
        self.assertLessEqual(set(GPUS), set(names))
        self.assertIsInstance(described["not_offered"], list)
        self.assertEqual(json.loads(self.call("devices", "opencl"))["name"], "opencl:0")
        self.assertIn("there are: cpu:0", self.call("devices", "toaster", expect=3))


class Setup(CliTest):
    def test_measures_checks_recommends_and_saves(self):
        out = self.call("setup", "--yes")
        for device in ("cpu:0", *GPUS):
            self.assertRegex(out, rf"(?m)^{device} .* right +tested$")
        chosen = re.search(r"recommended: (\S+)", out).group(1)
        self.assertIn(f"saved: programs use {chosen}", out)
        listed = self.call("devices")
        self.assertIn(f"default: {chosen} (from settings)", listed)

    def test_a_named_device_without_the_compiler(self):
        out = self.call("setup", "--device", "opencl:0", **NO_COMPILER)
        self.assertRegex(out, r"(?m)^opencl:0 .*not checked +tested$")
        self.assertNotIn("vulkan:0", out)
        self.assertIn("saved: programs use opencl:0", out)

    def test_asks_only_a_terminal(self):
        done = subprocess.run([test_cli.POLYTILE, "setup"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
                              env={**self.environment, **NO_COMPILER})
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("nothing is saved", done.stderr)
        self.assertIn("no device 'toaster'", self.call("setup", "--device", "toaster", expect=3))


class Bench(CliTest):
    def test_every_device_by_kernel(self):
        self.write("p.tile", "function f(A[M, N]) -> (S) {\n  E = exp(A);\n  S[n : N] = +(E[m, n] * E[m, n]);\n}\n")
        for device in GPUS:
            words = ("bench", "p.tile", "--shape", "A=64x64:f32", "--device", device, "--seconds", "0.01")
            out = self.call(*words)
            self.assertRegex(out, r"(?m)^kernel_\d+ .* %.* %")
            self.assertRegex(out, r"of the measured [\d.]+ of a copy")
            measured = json.loads(self.call(*words, "--json"))
            self.assertEqual(measured["device"], device)
            self.assertGreater(measured["peak_gflops_per_second"], 0)
            self.assertTrue(all(kernel["seconds"] > 0 for kernel in measured["kernels"]))


if __name__ == "__main__":
    if "--polytile" in sys.argv:
        at = sys.argv.index("--polytile")
        test_cli.POLYTILE = str(Path(sys.argv[at + 1]).resolve())
        del sys.argv[at:at + 2]
    unittest.main()
