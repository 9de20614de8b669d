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
        """A package as bytes; a target is a kind of device, or `opencl={...}` with a description."""
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

    def buffer(self, array):
        handle = self.runtime.make(self.library.ptl_buffer_create, self.handle, array.nbytes)
        if array.nbytes:
            data = np.ascontiguousarray(array)
            self.runtime.check(self.library.ptl_buffer_write(handle, 0, data.ctypes.data, data.nbytes))
        return handle

    def run(self, package_bytes, inputs):
        """The outputs of the package's only entry, by name."""
        library, check = self.library, self.runtime.check
        package = self.runtime.make(library.ptl_package_load_memory, package_bytes, len(package_bytes))
        executable, buffers = None, []
        try:
            executable = self.runtime.make(library.ptl_executable_create, self.handle, package, 0)
            info = TensorInfo()
            for index in range(library.ptl_package_input_count(package, 0)):
                check(library.ptl_package_input(package, 0, index, c.byref(info)))
                value = np.asarray(inputs[info.name.decode()])
                if value.dtype != BFLOAT16:
                    value = value.astype(DTYPES[info.element_type])
                buffers.append(self.buffer(value))
            outputs, input_count = {}, len(buffers)
            for index in range(library.ptl_package_output_count(package, 0)):
                check(library.ptl_package_output(package, 0, index, c.byref(info)))
                outputs[info.name.decode()] = np.empty(info.shape(), DTYPES[info.element_type])
                buffers.append(self.runtime.make(library.ptl_buffer_create, self.handle, info.byte_size))
            ins = (c.c_void_p * max(1, input_count))(*(b.value for b in buffers[:input_count]))
            outs = (c.c_void_p * max(1, len(outputs)))(*(b.value for b in buffers[input_count:]))
            check(library.ptl_executable_run(executable, ins, input_count, outs, len(outputs)))
            for array, buffer in zip(outputs.values(), buffers[input_count:]):
                if array.nbytes:
                    check(library.ptl_buffer_read(buffer, 0, array.ctypes.data, array.nbytes))
            return outputs
        finally:
            library.ptl_executable_destroy(executable)
            for buffer in buffers:
                library.ptl_buffer_destroy(buffer)
            library.ptl_package_destroy(package)


def libraries_of(polytile):
    """The compiler's and the runtime's library that belong to a `polytile` command."""
    folder = Path(polytile).resolve().parent.parent / "lib"
    return folder / "libpolytile-compiler.so", folder / "libpolytile-runtime.so"
