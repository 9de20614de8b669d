"""The devices that the tests know, and workers: processes that keep devices open and run one program after another.

A name is either the runtime's (`vulkan:0`) or that of an implementation which the project's scripts install (`pocl`,
`rusticl`, `lavapipe`), wherever it stands in the list. `pocl/generic` runs what was compiled for any OpenCL device
there, instead of for this one; `pocl/small` what was compiled as if it had little workgroup memory. A worker that crashes or hangs fails its program alone.

Run as a program, this file lists the devices, and fails when one of those it is given is missing:

    devices.py --polytile build/release/bin/polytile pocl rusticl lavapipe
"""

import argparse
import os
import pickle
import queue
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import library

TIME_LIMIT_S = 120
# An implementation: the kind of device, and what its description says of hardware, driver or platform.
IMPLEMENTATIONS = {
    "pocl": ("opencl", r"portable computing language|pocl"),
    "rusticl": ("opencl", r"rusticl|llvmpipe"),
    "lavapipe": ("vulkan", r"llvmpipe|lavapipe"),
    "oclgrind": ("opencl", r"oclgrind"),
}
# What the layers and simulators between us and a device print about a wrong call or a wrong kernel.
MISUSE = re.compile(
    r".*(VUID-|validation error|-write data race|Invalid (read|write) of|Work-group divergence).*",
    re.IGNORECASE,
)
# Oclgrind also says this of a few programs that are right, depending on what ran before them.
DOUBT = re.compile(r".*uninitialized (value|address).*", re.IGNORECASE)


def environment_of_devices(environment, devices=(), caches=None):
    """Turns on what is off by default: rusticl on the CPU, and checks of our calls to Vulkan. Drivers' own caches of
    compiled kernels go into the folder `caches`, if one is given. Oclgrind takes the place of the OpenCL loader, so it
    is the only OpenCL device where it is one; programs that a cache compiled would not be checked."""
    environment = {"RUSTICL_ENABLE": "llvmpipe", "POLYTILE_VULKAN_VALIDATION": "1", **environment}
    if any(name.startswith("oclgrind") for name in devices):
        program = shutil.which("oclgrind")
        if not program:
            raise SystemExit("there is no oclgrind: `make dependencies` installs it on Debian")
        folder = Path(program).resolve().parent.parent / "lib"
        environment["POLYTILE_OPENCL_LIBRARY"] = str(folder / "oclgrind" / "liboclgrind-rt.so")
        environment |= {"OCLGRIND_DATA_RACES": "1", "OCLGRIND_UNINITIALIZED": "1", "OCLGRIND_MAX_ERRORS": "10"}
        # It misreads what clang's optimiser makes: a switch over an i3, llvm.abs.
        environment |= {"OCLGRIND_BUILD_OPTIONS": "-cl-opt-disable", "OCLGRIND_NUM_THREADS": "1", "POLYTILE_CACHE": "off"}
    if caches:
        environment["POCL_CACHE_DIR"] = str(Path(caches) / "pocl")
        os.makedirs(environment["POCL_CACHE_DIR"], exist_ok=True)
    if "XDG_RUNTIME_DIR" not in environment:
        environment["XDG_RUNTIME_DIR"] = tempfile.gettempdir()
    return environment


def is_accelerator(name):
    """Whether programs for this device run in workers, and not by a process for each."""
    name = name.partition("/")[0]
    return name in IMPLEMENTATIONS or name.split(":")[0] in ("opencl", "vulkan")


def resolve(name, found):
    """The runtime's name of a device, in `found`: name to description."""
    if name not in IMPLEMENTATIONS:
        return name
    kind, pattern = IMPLEMENTATIONS[name]
    for candidate, description in found.items():
        said = " ".join(str(description.get(key, "")) for key in ("hardware", "driver", "api", "platform"))
        if candidate.startswith(kind + ":") and re.search(pattern, said, re.IGNORECASE):
            return candidate
    raise library.Refused(1, f"error: there is no {name} among the devices: {', '.join(found)}")


def small(description):
    """The description of a device, with so little workgroup memory that no block of a matrix product fits in."""
    changed = library.json.loads(description)
    changed["limits"]["workgroup_memory_bytes"] = min(2048, changed["limits"]["workgroup_memory_bytes"])
    return library.json.dumps(changed)


class Server:
    """What runs in a worker: answers requests with the libraries."""

    def __init__(self, polytile):
        compiler, runtime = library.libraries_of(polytile)
        self.runtime = library.Runtime(runtime)
        self.compiler = library.Compiler(compiler)
        self.devices, self.listed = {}, None

    def device(self, name):
        if name not in self.devices:
            if self.listed is None:
                self.listed = self.runtime.devices()
            self.devices[name] = library.Device(self.runtime, resolve(name, self.listed))
        return self.devices[name]

    def answer(self, request):
        """{"outputs"} or {"status", "messages"}, with the features that the device has."""
        features = None
        source, inputs, outputs, function = request["program"]
        try:
            if request["device"] == "interpreter":
                return dict(outputs=self.compiler.interpret(source, inputs, outputs, function))
            name, _, variant = request["device"].partition("/")
            device = self.device(name)
            generic = variant == "generic" or device.kind == "cpu"
            features = [] if generic else device.features
            description = small(device.description) if variant == "small" else device.description
            target = device.kind if generic else f"{device.kind}={description}"
            if device.kind == "cpu" and request["instructions"]:
                target = f"cpu={request['instructions']}"
            package = self.compiler.compile(source, inputs, target, outputs, function)
            return dict(outputs=device.run(package, inputs), features=features)
        except library.Refused as refused:
            return dict(status=refused.status, messages=refused.messages, features=features)
        except Exception:  # a bug of the tests: shown as a failure of the program
            return dict(status=70, messages=traceback.format_exc())


def serve(polytile):
    """Reads requests from standard input until it ends. What drivers print goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    server = Server(polytile)
    while request := read_message(sys.stdin.buffer):
        write_message(answers, server.answer(request))


def write_message(stream, message):
    data = pickle.dumps(message)
    stream.write(struct.pack("<Q", len(data)) + data)
    stream.flush()


def read_message(stream):
    head = stream.read(8)
    return pickle.loads(stream.read(struct.unpack("<Q", head)[0])) if len(head) == 8 else None


class Worker:
    """A process that serves, started again after a crash."""

    def __init__(self, polytile, environment):
        self.command = [sys.executable, str(Path(__file__).resolve()), "--polytile", str(polytile), "--serve"]
        self.environment = environment
        self.errors = tempfile.TemporaryFile()
        self.process = None

    def said(self):
        """What the process has printed since the last call."""
        data = self.errors.read()
        return data.decode(errors="replace")

    def ask(self, request):
        """The answer; a crash, no end in time or a misuse of a driver's API is one as well, with status 70."""
        if self.process is None or self.process.poll() is not None:
            with open(f"/proc/self/fd/{self.errors.fileno()}", "ab") as errors:
                self.process = subprocess.Popen(
                    self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=self.environment
                )
        try:
            write_message(self.process.stdin, request)
            if not select.select([self.process.stdout], [], [], TIME_LIMIT_S)[0]:
                self.stop()
                return dict(status=70, messages=f"no end within {TIME_LIMIT_S} s\n{self.said()}")
            answer = read_message(self.process.stdout)
        except BrokenPipeError:
            answer = None
        said = self.said()
        if answer is None:
            status = self.process.wait()
            return dict(status=70, messages=f"the process ended with {status}\n{said}")
        if misuse := MISUSE.search(said):
            return dict(status=70, messages=f"the driver complains: {misuse.group()}")
        if doubt := DOUBT.search(said):
            answer["doubt"] = doubt.group()
        return answer

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


class Workers:
    """Some workers that threads share: each request takes an idle one."""

    def __init__(self, polytile, environment, count):
        self.all = [Worker(polytile, environment) for _ in range(count)]
        self.idle = queue.SimpleQueue()
        for worker in self.all:
            self.idle.put(worker)

    def ask(self, device, source, inputs, outputs, function, instructions=None):
        worker = self.idle.get()
        try:
            return worker.ask(dict(device=device, program=(source, inputs, outputs, function), instructions=instructions))
        finally:
            self.idle.put(worker)

    def stop(self):
        for worker in self.all:
            worker.stop()


def check_listed(polytile, wanted):
    """Lists the devices; 1 when one is missing that should be there."""
    found = library.Runtime(library.libraries_of(polytile)[1]).devices()
    for name, description in found.items():
        print(f"{name}: {description.get('hardware', '')} ({description.get('driver', '')})")
    missing = 0
    for name in wanted:
        try:
            name = name.partition("/")[0]
            print(f"{name} is {resolve(name, found)}")
            if resolve(name, found) not in found:
                raise library.Refused(1, f"error: there is no {name}")
        except library.Refused as refused:
            missing += 1
            print(refused.messages)
    return 1 if missing else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--polytile", required=True)
    parser.add_argument("--serve", action="store_true", help="answer requests on standard input")
    parser.add_argument("devices", nargs="*", help="devices that must be there")
    options = parser.parse_args()
    if options.serve:
        return serve(options.polytile)
    os.environ.update(environment_of_devices(dict(os.environ)))
    return check_listed(options.polytile, options.devices)


if __name__ == "__main__":
    sys.exit(main())
