//===- Compiler.cpp - The C API of the compiler ---------------------------===//
//
// Translates between C structures and the pipeline, checks what a caller can
// get wrong, and keeps what was compiled for the next equal call.
//
//===----------------------------------------------------------------------===//

#include "polytile/compiler.h"

#include "compiler/api/ResultCache.h"
#include "compiler/pipeline/Pipeline.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <optional>

using namespace polytile;

struct ptlc_result {
  ptlc_code code = PTLC_OK;
  std::shared_ptr<const pipeline::Response> response;
  std::vector<ptlc_tensor> outputs;
};

namespace {

/// The order of ptlc_element_type, from 1.
constexpr lang::ElementType elementTypes[] = {
    lang::ElementType::Bool, lang::ElementType::I8,   lang::ElementType::I16,
    lang::ElementType::I32,  lang::ElementType::I64,  lang::ElementType::U8,
    lang::ElementType::U16,  lang::ElementType::U32,  lang::ElementType::U64,
    lang::ElementType::F16,  lang::ElementType::BF16, lang::ElementType::F32,
    lang::ElementType::F64};

std::optional<lang::ElementType> fromC(ptlc_element_type type) {
  if (type < PTLC_ELEMENT_BOOL || type > PTLC_ELEMENT_F64)
    return std::nullopt;
  return elementTypes[type - 1];
}

ptlc_element_type toC(lang::ElementType type) {
  for (size_t i = 0; i < std::size(elementTypes); ++i)
    if (elementTypes[i] == type)
      return static_cast<ptlc_element_type>(i + 1);
  return PTLC_ELEMENT_INVALID;
}

/// The first `size` bytes of a caller's structure, of this version or an older
/// one; the rest zero.
template <typename T> T readStruct(const void *given, uint32_t size) {
  T copy{};
  std::memcpy(&copy, given, std::min<size_t>(size, sizeof(T)));
  return copy;
}

pipeline::Response invalid(std::string message) {
  pipeline::Response response;
  response.outcome = pipeline::Outcome::InvalidRequest;
  response.diagnostics = message + "\n";
  return response;
}

std::optional<pipeline::Stop> toStop(ptlc_emit emit) {
  switch (emit) {
  case PTLC_EMIT_PACKAGE:
    return pipeline::Stop::Package;
  case PTLC_EMIT_AST:
    return pipeline::Stop::Ast;
  case PTLC_EMIT_TILE:
    return pipeline::Stop::Tile;
  case PTLC_EMIT_PROGRAM:
    return pipeline::Stop::Program;
  case PTLC_EMIT_LINALG:
    return pipeline::Stop::Linalg;
  case PTLC_EMIT_LLVM:
    return pipeline::Stop::Llvm;
  case PTLC_EMIT_ASSEMBLY:
    return pipeline::Stop::Assembly;
  case PTLC_EMIT_SIGNATURE:
    return pipeline::Stop::Signature;
  case PTLC_EMIT_KERNEL:
    return pipeline::Stop::Kernel;
  case PTLC_EMIT_OPENCL:
    return pipeline::Stop::OpenCL;
  case PTLC_EMIT_SPIRV:
    return pipeline::Stop::Spirv;
  case PTLC_EMIT_SPIRV_TEXT:
    return pipeline::Stop::SpirvText;
  }
  return std::nullopt;
}

/// An empty string, or what is wrong with the tensor.
std::string readTensor(const ptlc_tensor &given, bool wantsData,
                       pipeline::Argument &argument) {
  if (given.struct_size < offsetof(ptlc_tensor, data))
    return "struct_size of an input isn't set";
  ptlc_tensor tensor = readStruct<ptlc_tensor>(&given, given.struct_size);
  if (!tensor.name)
    return "an input has no name";
  argument.name = tensor.name;
  std::string input = "input '" + argument.name + "'";
  if (tensor.number) {
    argument.number = tensor.number;
    return "";
  }
  std::optional<lang::ElementType> type = fromC(tensor.element_type);
  if (!type)
    return input + " has no element type";
  if (tensor.rank > 0 && !tensor.dims)
    return input + " has no dims";
  argument.elementType = *type;
  argument.dims.assign(tensor.dims, tensor.dims + tensor.rank);
  bool isEmpty = false;
  for (int64_t dim : argument.dims) {
    if (dim < 0)
      return input + " has the size " + std::to_string(dim);
    isEmpty |= dim == 0;
  }
  argument.data = tensor.data;
  if (wantsData && !isEmpty && !tensor.data)
    return input + " has no data";
  return "";
}

/// Fills `request`; an empty string, or what is wrong with the call.
std::string readRequest(const char *source, size_t bytes, const char *file,
                        const ptlc_tensor *inputs, size_t inputCount,
                        const ptlc_options *given, bool wantsData,
                        pipeline::Request &request) {
  if (!source || !file || (inputCount > 0 && !inputs))
    return "source, file_name or inputs is NULL";
  ptlc_options options{};
  if (given) {
    if (given->struct_size < sizeof(uint32_t))
      return "struct_size of the options isn't set";
    options = readStruct<ptlc_options>(given, given->struct_size);
  }
  std::optional<pipeline::Stop> stop = toStop(options.emit);
  if (!stop)
    return "options.emit isn't one of ptlc_emit";
  if (options.target) {
    std::string problem;
    auto targets = pipeline::parseTargets(options.target, problem);
    if (!targets)
      return problem;
    request.targets = std::move(*targets);
  }
  request.source = lang::SourceFile::create(file, std::string(source, bytes));
  request.stop = *stop;
  if (options.function)
    request.function = options.function;
  if (options.cpu_level)
    request.cpuLevel = options.cpu_level;
  if (options.dump_directory)
    request.dumpDirectory = options.dump_directory;
  for (size_t i = 0; i < options.output_count; ++i)
    request.outputs.push_back(options.outputs[i]);
  for (size_t i = 0; i < inputCount; ++i) {
    pipeline::Argument argument;
    // The caller's structure may be smaller or larger than ours.
    const char *at = reinterpret_cast<const char *>(inputs) +
                     i * size_t(inputs->struct_size);
    std::string wrong = readTensor(*reinterpret_cast<const ptlc_tensor *>(at),
                                   wantsData, argument);
    if (!wrong.empty())
      return wrong;
    request.arguments.push_back(std::move(argument));
  }
  return "";
}

ptlc_result *makeResult(std::shared_ptr<const pipeline::Response> response) {
  auto *result = new ptlc_result;
  result->code = static_cast<ptlc_code>(response->outcome);
  for (const pipeline::Tensor &tensor : response->outputs)
    result->outputs.push_back(
        {sizeof(ptlc_tensor), tensor.name.c_str(), toC(tensor.elementType),
         static_cast<uint32_t>(tensor.dims.size()), tensor.dims.data(),
         tensor.data.data(), nullptr});
  result->response = std::move(response);
  return result;
}

/// Runs `body`, which gives a response, and turns it into a result.
template <typename Body> ptlc_result *guard(Body body) {
  try {
    return makeResult(body());
  } catch (const std::bad_alloc &) {
    return nullptr;
  } catch (...) {
    return nullptr;
  }
}

std::shared_ptr<const pipeline::Response> share(pipeline::Response response) {
  return std::make_shared<const pipeline::Response>(std::move(response));
}

} // namespace

uint32_t ptlc_version(void) { return PTLC_VERSION; }

ptlc_result *ptlc_compile(const char *source, size_t source_bytes,
                          const char *file_name, const ptlc_tensor *inputs,
                          size_t input_count, const ptlc_options *options) {
  return guard([&] {
    pipeline::Request request;
    std::string wrong =
        readRequest(source, source_bytes, file_name, inputs, input_count,
                    options, /*wantsData=*/false, request);
    if (!wrong.empty())
      return share(invalid(wrong));
    if (!request.dumpDirectory.empty())
      return share(pipeline::compile(request));
    static ResultCache cache;
    return cache.get(request, pipeline::compile);
  });
}

ptlc_result *ptlc_interpret(const char *source, size_t source_bytes,
                            const char *file_name, const ptlc_tensor *inputs,
                            size_t input_count, const ptlc_options *options) {
  return guard([&] {
    pipeline::Request request;
    std::string wrong =
        readRequest(source, source_bytes, file_name, inputs, input_count,
                    options, /*wantsData=*/true, request);
    return share(wrong.empty() ? pipeline::interpret(request) : invalid(wrong));
  });
}

ptlc_result *ptlc_check(const char *source, size_t source_bytes,
                        const char *file_name) {
  return guard([&] {
    if (!source || !file_name)
      return share(invalid("source or file_name is NULL"));
    return share(pipeline::check(lang::SourceFile::create(
        file_name, std::string(source, source_bytes))));
  });
}

ptlc_code ptlc_result_code(const ptlc_result *result) {
  return result ? result->code : PTLC_INTERNAL_ERROR;
}

const char *ptlc_result_diagnostics(const ptlc_result *result) {
  return result ? result->response->diagnostics.c_str() : "out of memory\n";
}

const void *ptlc_result_data(const ptlc_result *result) {
  return result && result->code == PTLC_OK ? result->response->data.c_str()
                                           : nullptr;
}

size_t ptlc_result_size(const ptlc_result *result) {
  return result && result->code == PTLC_OK ? result->response->data.size() : 0;
}

size_t ptlc_result_output_count(const ptlc_result *result) {
  return result ? result->outputs.size() : 0;
}

const ptlc_tensor *ptlc_result_output(const ptlc_result *result, size_t index) {
  return result && index < result->outputs.size() ? &result->outputs[index]
                                                  : nullptr;
}

void ptlc_result_destroy(ptlc_result *result) { delete result; }
