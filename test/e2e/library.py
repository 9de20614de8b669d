"""Compiles and runs programs through the two C libraries, in this process: what a process start costs is paid once.

The tests on OpenCL and Vulkan devices go this way, since those devices take longer to open than most programs take to
run. `Compiler` wraps libpolytile-compiler, `Device` an open device of libpolytile-runtime. Problems of a program come
as `Refused`, with the exit status and the messages that the command line tool would give.
"""

import ctypes as c
import json
from pathlib import Path

import numpy as np

from data import BFLOAT16

# The values of ptl_element_type, by NumPy's spelling of the type.
ELEMENT_CODES = {
    "?": 1, "i1": 2, "i2": 3, "i4": 4, "i8": 5, "u1": 6, "u2": 7, "u4": 8, "u8": 9, "f2": 10, "V2": 11, "f4": 12, "f8": 13,
}  # fmt: skip
DTYPES = {code: np.dtype(name) for name, code in ELEMENT_CODES.items()}
USER_ERROR = 1


class Refused(Exception):
    """The program or the device said no: an exit status as the command line tool's, and the messages."""

    def __init__(self, status, messages):
        super().__init__(messages)
        self.status, self.messages = status, messages


class CompilerTensor(c.Structure):
    _fields_ = [
        ("struct_size", c.c_uint32),
        ("name", c.c_char_p),
        ("element_type", c.c_int),
        ("rank", c.c_uint32),
        ("dims", c.POINTER(c.c_int64)),
        ("data", c.c_void_p),
        ("number", c.c_char_p),
    ]


class CompilerOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_uint32),
        ("emit", c.c_int),
        ("function", c.c_char_p),
        ("target", c.c_char_p),
        ("cpu_level", c.c_char_p),
        ("dump_directory", c.c_char_p),
        ("outputs", c.POINTER(c.c_char_p)),
        ("output_count", c.c_size_t),
    ]


class TensorInfo(c.Structure):
    _fields_ = [
        ("name", c.c_char_p),
        ("element_type", c.c_int),
        ("rank", c.c_int32),
        ("dims", c.POINTER(c.c_int64)),
        ("byte_size", c.c_uint64),
        ("data", c.c_void_p),
    ]

    def shape(self):
        return tuple(self.dims[axis] for axis in range(self.rank))


class KernelProfile(c.Structure):
    _fields_ = [
        ("symbol", c.c_char_p),
        ("source", c.c_char_p),
        ("file", c.c_char_p),
        ("line", c.c_uint32),
        ("calls", c.c_uint64),
        ("seconds", c.c_double),
        ("flops", c.c_uint64),
        ("bytes", c.c_uint64),
    ]


def element_code(dtype):
    return ELEMENT_CODES["V2" if dtype == BFLOAT16 else "?" if dtype.kind == "b" else f"{dtype.kind}{dtype.itemsize}"]


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def declare(library, functions):
    """Sets the result and argument types: name to (result, argument...)."""
    for name, (result, *arguments) in functions.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments


class Compiler:
    """The functions of libpolytile-compiler that tests need."""

    def __init__(self, path):
        self.library = c.CDLL(str(path))
        pointer, text, size = c.c_void_p, c.c_char_p, c.c_size_t
        tensors, options = c.POINTER(CompilerTensor), c.POINTER(CompilerOptions)
        declare(self.library, {
            "ptlc_compile": (pointer, text, size, text, tensors, size, options),
            "ptlc_interpret": (pointer, text, size, text, tensors, size, options),
            "ptlc_result_code": (c.c_int, pointer),
            "ptlc_result_diagnostics": (text, pointer),
            "ptlc_result_data": (pointer, pointer),
            "ptlc_result_size": (size, pointer),
            "ptlc_result_output_count": (size, pointer),
            "ptlc_result_output": (tensors, pointer, size),
            "ptlc_result_destroy": (None, pointer),
        })  # fmt: skip

    def call(self, function, source, inputs, outputs, options):
        """Calls with the inputs as tensors and gives the result, checked; the caller destroys it."""
        keep, tensors = [], (CompilerTensor * max(1, len(inputs)))()
        for tensor, (name, value) in zip(tensors, inputs.items()):
            tensor.struct_size, tensor.name = c.sizeof(CompilerTensor), name.encode()
            if is_number(value):
                tensor.number = repr(value).encode()
                continue
            array = np.asarray(value)
            array = np.ascontiguousarray(array).reshape(array.shape)
            dims = (c.c_int64 * max(1, array.ndim))(*array.shape)
            keep += [array, dims]
            tensor.element_type, tensor.rank = element_code(array.dtype), array.ndim
            tensor.dims, tensor.data = dims, array.ctypes.data
        names = (c.c_char_p * max(1, len(outputs)))(*(name.encode() for name in outputs))
        options.struct_size = c.sizeof(CompilerOptions)
        options.outputs, options.output_count = names, len(outputs)
        text = source.encode()
        result = function(text, len(text), b"program.tile", tensors, len(inputs), c.byref(options))
        status = self.library.ptlc_result_code(result)
        if status:
            messages = self.library.ptlc_result_diagnostics(result).decode(errors="replace")
            self.library.ptlc_result_destroy(result)
            raise Refused(status, messages)
        return result

    def interpret(self, source, inputs, outputs=(), function=None):
        options = CompilerOptions(function=function and function.encode())
        result = self.call(self.library.ptlc_interpret, source, inputs, outputs, options)
        values = {}
        for index in range(self.library.ptlc_result_output_count(result)):
            tensor = self.library.ptlc_result_output(result, index).contents
            shape = tuple(tensor.dims[axis] for axis in range(tensor.rank))
            dtype = DTYPES[tensor.element_type]
            count = int(np.prod(shape, dtype=np.int64))
            data = c.string_at(tensor.data, count * dtype.itemsize) if count else b""
            values[tensor.name.decode()] = np.frombuffer(data, dtype).reshape(shape).copy()
        self.library.ptlc_result_destroy(result)
        return values

    def compile(self, source, inputs, target, outputs=(), function=None):
        """A package as bytes; a target is a kind of device, `cpu=LEVEL`, or `opencl={...}` with a description."""
        options = CompilerOptions(function=function and function.encode(), target=target.encode())
        result = self.call(self.library.ptlc_compile, source, inputs, outputs, options)
        package = c.string_at(self.library.ptlc_result_data(result), self.library.ptlc_result_size(result))
        self.library.ptlc_result_destroy(result)
        return package


class Runtime:
    """The functions of libpolytile-runtime that tests need."""

    def __init__(self, path):
        self.library = c.CDLL(str(path))
        pointer, text, size, u64 = c.c_void_p, c.c_char_p, c.c_size_t, c.c_uint64
        out, info = c.POINTER(c.c_void_p), c.POINTER(TensorInfo)
        declare(self.library, {
            "ptl_status_message": (text, pointer),
            "ptl_status_code_name": (text, c.c_int),
            "ptl_status_get_code": (c.c_int, pointer),
            "ptl_status_destroy": (None, pointer),
            "ptl_device_list_create": (pointer, out),
            "ptl_device_list_count": (size, pointer),
            "ptl_device_list_name": (text, pointer, size),
            "ptl_device_list_description": (text, pointer, size),
            "ptl_device_list_destroy": (None, pointer),
            "ptl_device_open": (pointer, text, pointer, out),
            "ptl_device_description": (text, pointer),
            "ptl_device_destroy": (None, pointer),
            "ptl_buffer_create": (pointer, pointer, u64, out),
            "ptl_buffer_read": (pointer, pointer, u64, pointer, u64),
            "ptl_buffer_write": (pointer, pointer, u64, pointer, u64),
            "ptl_buffer_destroy": (None, pointer),
            "ptl_package_load_memory": (pointer, text, size, out),
            "ptl_package_input_count": (size, pointer, size),
            "ptl_package_output_count": (size, pointer, size),
            "ptl_package_input": (pointer, pointer, size, size, info),
            "ptl_package_output": (pointer, pointer, size, size, info),
            "ptl_package_destroy": (None, pointer),
            "ptl_executable_create": (pointer, pointer, pointer, size, out),
            "ptl_executable_run": (pointer, pointer, out, size, out, size),
            "ptl_executable_destroy": (None, pointer),
            "ptl_executable_set_profiling": (pointer, pointer, c.c_bool),
            "ptl_executable_variant": (text, pointer),
            "ptl_profile_create": (pointer, pointer, c.c_bool, out),
            "ptl_profile_count": (size, pointer),
            "ptl_profile_get": (pointer, pointer, size, c.POINTER(KernelProfile)),
            "ptl_profile_destroy": (None, pointer),
        })  # fmt: skip

    def check(self, status):
        if status:
            code = self.library.ptl_status_code_name(self.library.ptl_status_get_code(status)).decode()
            message = self.library.ptl_status_message(status).decode(errors="replace")
            self.library.ptl_status_destroy(status)
            raise Refused(USER_ERROR, f"error: {message} ({code})")

    def make(self, function, *arguments):
        """Calls a function whose last parameter is the handle that it makes."""
        handle = c.c_void_p()
        self.check(function(*arguments, c.byref(handle)))
        return handle

    def devices(self):
        """Name to description, parsed, of what can be opened."""
        listed = self.make(self.library.ptl_device_list_create)
        found = {}
        for index in range(self.library.ptl_device_list_count(listed)):
            name = self.library.ptl_device_list_name(listed, index).decode()
            found[name] = json.loads(self.library.ptl_device_list_description(listed, index))
        self.library.ptl_device_list_destroy(listed)
        return found


class Device:
    """An open device, which runs packages."""

    def __init__(self, runtime, name):
        self.runtime, self.library = runtime, runtime.library
        self.handle = runtime.make(self.library.ptl_device_open, name.encode(), None)
        self.kind = name.split(":")[0]
        self.description = self.library.ptl_device_description(self.handle).decode()
        self.features = json.loads(self.description).get("features", [])

    def run(self, package_bytes, inputs):
        """The outputs of the package's only entry, by name."""
        with Program(self, package_bytes) as program:
            program.bind(inputs)
            program.run()
            return program.outputs()

    def close(self):
        self.library.ptl_device_destroy(self.handle)
        self.handle = None


class Program:
    """The only entry of a package on a device, with buffers of its own for inputs and outputs."""

    def __init__(self, device, package_bytes):
        self.runtime, self.library = device.runtime, device.library
        library, make, check = self.library, self.runtime.make, self.runtime.check
        self.executable, self.buffers, self.input_types, self.output_types = None, [], {}, {}
        package = make(library.ptl_package_load_memory, package_bytes, len(package_bytes))
        try:
            self.executable = make(library.ptl_executable_create, device.handle, package, 0)
            info = TensorInfo()
            for count, get, types in (
                (library.ptl_package_input_count, library.ptl_package_input, self.input_types),
                (library.ptl_package_output_count, library.ptl_package_output, self.output_types),
            ):
                for index in range(count(package, 0)):
                    check(get(package, 0, index, c.byref(info)))
                    types[info.name.decode()] = info.shape(), DTYPES[info.element_type]
                    self.buffers.append(make(library.ptl_buffer_create, device.handle, info.byte_size))
        except Refused:
            self.close()
            raise
        finally:
            library.ptl_package_destroy(package)
        inputs = len(self.input_types)
        self.ins = (c.c_void_p * max(1, inputs))(*(b.value for b in self.buffers[:inputs]))
        self.outs = (c.c_void_p * max(1, len(self.output_types)))(*(b.value for b in self.buffers[inputs:]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def bind(self, inputs):
        """Fills the buffers of the inputs; a scalar is converted to its type."""
        for buffer, (name, (_, dtype)) in zip(self.buffers, self.input_types.items()):
            value = np.asarray(inputs[name])
            if value.nbytes:
                value = np.ascontiguousarray(value if value.dtype == BFLOAT16 else value.astype(dtype, copy=False))
                self.runtime.check(self.library.ptl_buffer_write(buffer, 0, value.ctypes.data, value.nbytes))

    def run(self):
        status = self.library.ptl_executable_run(
            self.executable, self.ins, len(self.input_types), self.outs, len(self.output_types)
        )
        self.runtime.check(status)

    def outputs(self):
        values = {}
        for buffer, (name, (shape, dtype)) in zip(self.buffers[len(self.input_types) :], self.output_types.items()):
            values[name] = np.empty(shape, dtype)
            if values[name].nbytes:
                data = values[name].ctypes.data
                self.runtime.check(self.library.ptl_buffer_read(buffer, 0, data, values[name].nbytes))
        return values

    def set_profiling(self, enabled):
        self.runtime.check(self.library.ptl_executable_set_profiling(self.executable, enabled))

    def profile(self, reset=False):
        """(symbol, calls, seconds) of each kernel since the last reset."""
        handle = self.runtime.make(self.library.ptl_profile_create, self.executable, reset)
        kernel, found = KernelProfile(), []
        for index in range(self.library.ptl_profile_count(handle)):
            self.runtime.check(self.library.ptl_profile_get(handle, index, c.byref(kernel)))
            found.append((kernel.symbol.decode(), kernel.calls, kernel.seconds))
        self.library.ptl_profile_destroy(handle)
        return found

    def variant(self):
        return self.library.ptl_executable_variant(self.executable).decode()

    def close(self):
        self.library.ptl_executable_destroy(self.executable)
        self.executable = None
        for buffer in self.buffers:
            self.library.ptl_buffer_destroy(buffer)
        self.buffers = []


def libraries_of(polytile):
    """The compiler's and the runtime's library that belong to a `polytile` command."""
    folder = Path(polytile).resolve().parent.parent / "lib"
    return folder / "libpolytile-compiler.so", folder / "libpolytile-runtime.so"
