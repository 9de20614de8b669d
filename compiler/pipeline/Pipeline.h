//===- Pipeline.h - From source text to a package, phase by phase -*- C++
//-*-===//
//
// The named phases and the only place where their order stands (Pipeline.cpp
// says why each stands where it does):
//
//   parse and check -> import -> specialize -> infer bounds
//     -> the interpreter, or, for each target on a copy of its own,
//     -> simplify -> partition -> plan memory -> kernels
//     -> one package of all targets
//
// Each call has its own MLIR context, so calls may run at the same time.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_PIPELINE_PIPELINE_H
#define POLYTILE_COMPILER_PIPELINE_PIPELINE_H

#include "lang/tile/AST.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace polytile::pipeline {

/// An input as the caller gives it; matched to a parameter by its name.
struct Argument {
  std::string name;
  lang::ElementType elementType = lang::ElementType::F32;
  std::vector<int64_t> dims;
  /// The text of a bare number; then it is a scalar that takes the parameter's
  /// type, and `elementType` and `dims` are not read.
  std::string number;
  /// Elements in row-major order, `byteSize` bytes; for the interpreter alone.
  const void *data = nullptr;
};

/// An output of the interpreter.
struct Tensor {
  std::string name;
  lang::ElementType elementType = lang::ElementType::F32;
  std::vector<int64_t> dims;
  std::vector<char> data;
};

/// Where the pipeline stops, and what it gives there.
enum class Stop {
  Package,
  Ast,
  Signature, ///< parameters and outputs as JSON
  Tile,
  Program,
  Linalg,
  Llvm,
  Assembly,
  Kernel,    ///< the kernel dialect, for GPU targets
  OpenCL,    ///< OpenCL C
  Spirv,     ///< SPIR-V modules, one for each kernel, back to back
  SpirvText, ///< the same as text
};

/// What to compile for.
struct TargetName {
  std::string kind; ///< "cpu", "opencl" or "vulkan"
  /// cpu: a level, empty for the request's. Else a device description as JSON,
  /// or "generic", which empty stands for.
  std::string description;
};

/// Reads a list such as "cpu,opencl=generic,vulkan={...}". None, and what is
/// wrong in `problem`, for a text that is no list of known targets; whether the
/// descriptions are good is known when they are compiled for.
std::optional<std::vector<TargetName>> parseTargets(std::string_view text,
                                                    std::string &problem);

struct Request {
  std::shared_ptr<const lang::SourceFile> source;
  std::string function; ///< empty: the last one of the file
  std::vector<Argument> arguments;
  std::vector<std::string> outputs; ///< names that must be outputs
  Stop stop = Stop::Package;
  /// One variant of the package for each. Empty: the target that `stop` is
  /// about, else the CPU. A stop for one target takes the first that fits.
  std::vector<TargetName> targets;
  std::string cpuLevel = "native"; ///< of CPU targets that name none
  std::string dumpDirectory;       ///< empty: no dumps
};

/// Values equal those of ptlc_code.
enum class Outcome {
  Success = 0,
  UserError = 1,      ///< the diagnostics tell what is wrong with the source or
                      ///< the arguments
  InvalidRequest = 2, ///< no such CPU level, no good device description, no
                      ///< target for the stop
  InternalError = 70, ///< a phase failed on IR that was good: a bug of ours
};

struct Response {
  Outcome outcome = Outcome::Success;
  std::string diagnostics; ///< rendered, warnings included
  std::string data;        ///< what `stop` gives
  std::vector<Tensor> outputs;
};

/// Parses and checks without shapes.
Response check(std::shared_ptr<const lang::SourceFile> source);

/// Compiles up to `request.stop`.
Response compile(const Request &request);

/// Evaluates with the reference interpreter.
Response interpret(const Request &request);

} // namespace polytile::pipeline

#endif // POLYTILE_COMPILER_PIPELINE_PIPELINE_H
