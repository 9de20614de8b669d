#!/usr/bin/env python3
"""Tests what a user sees of OpenCL and Vulkan devices from the command line: lists, packages for several, every failure.

    test_devices.py --polytile build/release/bin/polytile [unittest options]

Needs PoCL and lavapipe, which the project's scripts install. Failures of hardware are asked for with POLYTILE_SIMULATE.
"""
import json

import numpy as np

import test_cli
from test_cli import CliTest

ROW_SUM = "function f(A[M, N]) -> (S) {\n  S[m : M] = +(A[m, n]);\n}\n"
DEVICES = ("opencl:0", "vulkan:0")
DEVICE_FAILED = 3


class DeviceTest(CliTest):
    def setUp(self):
        super().setUp()
        self.environment.update(POLYTILE_VULKAN_VALIDATION="1")
        self.write("sum.tile", ROW_SUM)
        self.save("a.npy", np.ones((5, 100), "f4"))

    def run_sum(self, device, expect=0, program="sum.tile", **environment):
        words = ("--input", "A=a.npy", "--output", "S=s.npy")
        return self.call("run", program, "--device", device, *words, expect=expect, **environment)

    def check_sum(self):
        np.testing.assert_array_equal(np.load(self.folder / "s.npy"), np.full(5, 100, "f4"))
        (self.folder / "s.npy").unlink()

    def description(self, device):
        return json.loads(self.call("devices", device))

    def described(self, device="opencl:0", **changes):
        """A file with the description of a device, changed."""
        return self.write("device.json", json.dumps({**self.description(device), **changes}))


class Lists(DeviceTest):
    def test_devices(self):
        out = self.call("devices")
        for name in ("cpu:0", *DEVICES):
            self.assertRegex(out, rf"(?m)^{name} ")
        listed = json.loads(self.call("devices", "--json"))
        names = [device["name"] for device in listed["devices"]]
        self.assertEqual(names[0], "cpu:0")
        for name in DEVICES:
            self.assertIn(name, names)
            said = self.description(name)
            self.assertEqual((said["version"], said["name"], said["kind"]), (1, name, name.split(":")[0]))
            self.assertGreater(said["limits"]["workgroup_size"], 0)

    def test_no_such_device(self):
        err = self.run_sum("opencl:7", expect=DEVICE_FAILED)
        self.assertRegex(err, r"no device 'opencl:7'.*there are: cpu:0, opencl:0.*vulkan:0")

    def test_settings_choose(self):
        self.call("setup", "--device", "vulkan:0", "--yes", XDG_CONFIG_HOME=str(self.folder / "config"))
        out = self.call("devices", XDG_CONFIG_HOME=str(self.folder / "config"))
        self.assertIn("default: vulkan:0", out)
        out = self.call("devices", XDG_CONFIG_HOME=str(self.folder / "config"), POLYTILE_DEVICE="opencl:0")
        self.assertIn("default: opencl:0", out)


class Packages(DeviceTest):
    def test_one_for_all(self):
        words = ("--shape", "A=5x100:f32")
        self.call("compile", "sum.tile", *words, "--target", "cpu,opencl,vulkan", "-o", "all.ptl")
        for device in ("cpu:0", *DEVICES):
            self.run_sum(device, program="all.ptl", POLYTILE_COMPILER="/nowhere.so")
            self.check_sum()

    def test_for_another_kind(self):
        self.call("compile", "sum.tile", "--shape", "A=5x100:f32", "--target", "opencl", "-o", "opencl.ptl")
        for device in ("cpu:0", "vulkan:0"):
            err = self.run_sum(device, program="opencl.ptl", expect=DEVICE_FAILED)
            self.assertRegex(err, rf"no code for {device}.*opencl")

    def test_for_a_description(self):
        for device in DEVICES:
            kind = device.split(":")[0]
            self.write("device.json", self.call("devices", device))
            target = f"{kind}=device.json"
            self.call("compile", "sum.tile", "--shape", "A=5x100:f32", "--target", target, "-o", "one.ptl")
            self.run_sum(device, program="one.ptl")
            self.check_sum()

    def test_levels(self):
        words = ("compile", "sum.tile", "--shape", "A=5x100:f32")
        self.assertIn("kernel.func @", self.call(*words, "--target", "vulkan", "--emit=kernel"))
        self.assertIn("reqd_work_group_size", self.call(*words, "--target", "opencl", "--emit=opencl"))
        self.assertIn("spirv.module", self.call(*words, "--target", "vulkan", "--emit=spirv-text"))
        self.call(*words, "--target", "vulkan", "--emit=spirv", "-o", "sum.spv")
        self.assertEqual((self.folder / "sum.spv").read_bytes()[:4], b"\x03\x02\x23\x07")


class Lacking(DeviceTest):
    def test_type(self):
        features = [name for name in self.description("opencl:0")["features"] if name not in ("f64", "f16")]
        self.described(features=features)
        self.write("twice.tile", "function f(A[N]) -> (O) {\n  O = A * 2;\n}\n")
        words = ("compile", "twice.tile", "--target", "opencl=device.json", "-o", "x.ptl")
        err = self.call(*words, "--shape", "A=10:f64", expect=1)
        self.assertRegex(err, r"twice\.tile:1:.*opencl:0 .*f64")
        self.assertFalse((self.folder / "x.ptl").exists())
        for element in ("f16", "bf16"):  # stored as such, computed in f32
            self.call(*words, "--shape", f"A=10:{element}")
            if element == "f16":
                self.save("a.npy", np.arange(10, dtype="f2"))
                self.call("run", "x.ptl", "--device", "opencl:0", "--input", "A=a.npy", "--output", "O=o.npy")
                np.testing.assert_array_equal(np.load(self.folder / "o.npy"), 2 * np.arange(10, dtype="f2"))

    def test_memory_of_a_binding(self):
        """A tensor that one binding can't show takes several; too many are refused with the numbers."""
        a, b = np.arange(90300).reshape(300, 301) % 7, np.arange(89999).reshape(301, 299) % 5
        self.save("a.npy", a.astype("f4"))
        self.save("b.npy", b.astype("f4"))
        self.write("matmul.tile", test_cli.MATMUL)
        for device in DEVICES:
            limits = self.description(device)["limits"]
            target = f"{device.split(':')[0]}=device.json"
            words = ("compile", "matmul.tile", "--target", target, "--shape", "A=300x301:f32", "--shape", "B=301x299:f32")
            self.described(device, limits={**limits, "binding_bytes": 1 << 17})
            self.call(*words, "-o", "split.ptl")
            inputs = ("--input", "A=a.npy", "--input", "B=b.npy")
            self.call("run", "split.ptl", "--device", device, *inputs, "--output", "C=c.npy")
            np.testing.assert_array_equal(np.load(self.folder / "c.npy"), a @ b)
            self.described(device, limits={**limits, "binding_bytes": 4096})
            err = self.call(*words, "-o", "refused.ptl", expect=1)
            self.assertRegex(err, rf"matmul\.tile:2:.*{device}.* 4096 bytes .*361200 bytes")
            self.assertFalse((self.folder / "refused.ptl").exists())

    def test_workgroup_memory(self):
        limits = {**self.description("opencl:0")["limits"], "workgroup_memory_bytes": 1 << 28}
        limits |= {"workgroup_size": 4096}
        package = self.folder / "x.ptl"
        self.described(limits=limits)
        self.call("compile", "sum.tile", "--target", "opencl=device.json", "--shape", "A=5x100:f32", "-o", package)
        self.run_sum("opencl:0", program="x.ptl")  # a schedule takes what it needs, not what there is
        self.check_sum()

    def test_unknown_gpu(self):
        self.described(
            hardware='Weird GPU "☃"', driver="?", device_type="other", features=["i64", "telepathy"],
            subgroup={"size": 48, "min": 1, "max": 48},
        )  # fmt: skip
        self.call("compile", "sum.tile", "--shape", "A=5x100:f32", "--target", "opencl=device.json", "-o", "x.ptl")
        self.run_sum("opencl:0", program="x.ptl")
        self.check_sum()

    def test_no_description(self):
        words = ("compile", "sum.tile", "--shape", "A=5x100:f32", "--target")
        self.write("device.json", '{"a": 1}')
        self.assertIn("'version' is missing", self.call(*words, "opencl=device.json", expect=2))
        self.described()
        self.assertRegex(self.call(*words, "vulkan=device.json", expect=2), "kind 'opencl'")
        self.assertRegex(self.call(*words, "opencl=nowhere.json", expect=1), "nowhere.json")


class Broken(DeviceTest):
    """Drivers and loaders that are missing or broken: a reason, and everything else goes on."""

    def check(self, kind, pattern, **environment):
        device = f"{kind}:0"
        self.assertRegex(self.run_sum(device, expect=DEVICE_FAILED, **environment), pattern)
        out = self.call("devices", **environment)
        self.assertRegex(out, rf"not offered: {kind}.*{pattern}")
        self.assertNotRegex(out, rf"(?m)^{device} ")
        (other,) = [name for name in DEVICES if name != device]
        for name in ("cpu:0", other):
            self.run_sum(name, **environment)
            self.check_sum()

    def test_no_loader(self):
        self.check("opencl", "no OpenCL loader.*/nowhere.so.*ocl-icd-libopencl1", POLYTILE_OPENCL_LIBRARY="/nowhere.so")
        self.check("vulkan", "no Vulkan loader.*/nowhere.so.*libvulkan1", POLYTILE_VULKAN_LIBRARY="/nowhere.so")

    def test_bogus_loader(self):
        bogus = str(self.write("bogus.so", "no library"))
        self.check("opencl", "no OpenCL loader.*bogus.so", POLYTILE_OPENCL_LIBRARY=bogus)
        self.check("vulkan", "no Vulkan loader.*bogus.so", POLYTILE_VULKAN_LIBRARY=bogus)

    def test_loader_without_functions(self):
        self.check("opencl", "loader libm.so.6 lacks cl", POLYTILE_OPENCL_LIBRARY="libm.so.6")
        self.check("vulkan", "libm.so.6", POLYTILE_VULKAN_LIBRARY="libm.so.6")

    def test_no_driver(self):
        nothing = self.folder / "nothing"
        nothing.mkdir()
        self.check("opencl", "knows no driver", OCL_ICD_VENDORS=str(nothing))
        (nothing / "broken.icd").write_text("/nowhere/libbroken.so\n")
        self.check("opencl", "knows no driver", OCL_ICD_VENDORS=str(nothing))
        icd = {"file_format_version": "1.0.0", "ICD": {"library_path": "/nowhere/libbroken.so", "api_version": "1.1.0"}}
        file = str(self.write("broken.json", json.dumps(icd)))
        self.check("vulkan", "no driver", VK_DRIVER_FILES=file, VK_ICD_FILENAMES=file)


class Failing(DeviceTest):
    """What hardware does when it fails, simulated: an exit status of its own, and a message with device and reason."""

    def test_lost(self):
        for device in DEVICES:
            err = self.run_sum(device, expect=DEVICE_FAILED, POLYTILE_SIMULATE="device-lost")
            self.assertRegex(err, rf"{device}.*was lost")
            self.assertFalse((self.folder / "s.npy").exists())

    def test_out_of_memory(self):
        for device in DEVICES:
            err = self.run_sum(device, expect=DEVICE_FAILED, POLYTILE_SIMULATE="out-of-memory")
            self.assertRegex(err, rf"bytes were asked for.*{device}")

    def test_build_failure(self):
        for device in DEVICES:
            err = self.run_sum(device, expect=DEVICE_FAILED, POLYTILE_SIMULATE="build-failure")
            self.assertRegex(err, rf"kernel '\w+'.*can't be built for {device}")


if __name__ == "__main__":
    test_cli.main()
