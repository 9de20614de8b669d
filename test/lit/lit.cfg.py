# lit's configuration: tests are .mlir and .test files, run with our tools and LLVM's FileCheck on the path.
import os

import lit.formats

config.name = "polytile"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".tile", ".test"]
config.excludes = ["Inputs", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.polytile_build, "test", "lit")

tools = os.path.join(config.polytile_build, "bin")
config.environment["PATH"] = os.pathsep.join(
    [tools, config.llvm_tools, config.environment["PATH"]])
# A user's settings must not reach the tests.
config.environment.pop("POLYTILE_DEVICE", None)
config.substitutions.append(("%polytile-source", config.polytile_source))
# Reads an OpenCL C program as every vendor's compiler would, and accepts no warning.
config.substitutions.append(
    ("%check-opencl", "clang -x cl -cl-std=CL1.2 -Xclang -finclude-default-header -fsyntax-only -Wall -Werror "
     "-target spir64"))
