// Compiles and runs kernels in a test; see KernelRunner.h.
#include "test/unit/cpu-kernels/KernelRunner.h"

#include "compiler/interpreter/Interpreter.h"
#include "compiler/target/cpu/CpuTarget.h"
#include "dialects/tile/IR/TileOps.h"
#include "dialects/tile/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "runtime/abi/polytile_kernel_abi.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir;
using polytile::interpreter::Tensor;

namespace polytile::cpu::test {

std::vector<std::string> levels() {
  std::vector<std::string> all = {"x86-64", "x86-64-v2", "x86-64-v3",
                                  "x86-64-v4"};
  while (all.back() != *resolveLevel("native"))
    all.pop_back();
  return all;
}

namespace {

/// Memory aligned as the kernel ABI promises, with a guard of known bytes
/// behind it.
class Buffer {
public:
  explicit Buffer(size_t size) : size(size) {
    memory =
        static_cast<char *>(std::aligned_alloc(64, (size + 127) / 64 * 64));
    std::memset(memory, 0xa5, (size + 127) / 64 * 64);
  }
  ~Buffer() { std::free(memory); }
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  bool isGuardIntact() const {
    for (size_t i = size; i < (size + 127) / 64 * 64; ++i)
      if (static_cast<unsigned char>(memory[i]) != 0xa5)
        return false;
    return true;
  }
  char *memory;
  size_t size;
};

uint64_t randomElement(Type element, Fill fill, std::mt19937_64 &random,
                       bool isFirst) {
  unsigned width = element.getIntOrFloatBitWidth();
  auto floating = dyn_cast<FloatType>(element);
  if (element.isInteger(1))
    return random() & 1;
  if (!floating) {
    if (fill == Fill::Edges)
      switch (random() % 6) {
      case 0:
        return uint64_t(1) << (width - 1);
      case 1:
        return (uint64_t(1) << (width - 1)) - 1;
      case 2:
        return random();
      case 3:
        return ~uint64_t(0);
      }
    uint64_t small = random() % 9;
    return element.isUnsignedInteger() ? small : small - 4;
  }
  double value = static_cast<double>(static_cast<int64_t>(random() % 9) - 4);
  if (fill == Fill::Fractions)
    value = static_cast<double>(random() % 4001) / 1000 - 2;
  if (fill == Fill::Edges)
    switch (random() % 8) {
    case 0: {
      const double edges[] = {INFINITY, -INFINITY, NAN,   -0.0,   1e-42, 65504,
                              65520,    3.4e38,    1e300, 1e-310, 0.5,   2.5};
      value = edges[random() % 12];
      break;
    }
    case 1:
      value = std::ldexp(static_cast<double>(random()) / 1e19 - 0.9,
                         static_cast<int>(random() % 200) - 100);
      break;
    default:
      value = static_cast<double>(random() % 100001) / 1000 - 50;
    }
  (void)isFirst;
  APFloat number(value);
  bool inexact;
  number.convert(floating.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                 &inexact);
  return number.bitcastToAPInt().getZExtValue();
}

Tensor randomTensor(RankedTensorType type, Fill fill, std::mt19937_64 &random) {
  Tensor tensor{type, {}};
  int64_t bytes = interpreter::getElementSize(type.getElementType());
  tensor.data.resize(type.getNumElements() * bytes);
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    uint64_t bits = randomElement(type.getElementType(), fill, random, i == 0);
    std::memcpy(tensor.data.data() + i * bytes, &bits, bytes);
  }
  return tensor;
}

double asDouble(FloatType type, uint64_t bits) {
  APFloat number(type.getFloatSemantics(), APInt(type.getWidth(), bits));
  bool inexact;
  number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &inexact);
  return number.convertToDouble();
}

bool agree(Type element, uint64_t actual, uint64_t expected,
           const Expectation &expectation) {
  auto type = dyn_cast<FloatType>(element);
  if (actual == expected || !type)
    return actual == expected;
  double a = asDouble(type, actual), b = asDouble(type, expected);
  if (std::isnan(a) || std::isnan(b))
    return std::isnan(a) && std::isnan(b);
  if (a == b) // Zeros of two signs.
    return true;
  int digits = static_cast<int>(type.getFPMantissaWidth());
  double larger = std::max({std::abs(a), std::abs(b), expectation.scale,
                            std::ldexp(1.0, type.isF16() ? -14 : -126)});
  return std::abs(a - b) <= expectation.ulps * std::ldexp(larger, 1 - digits);
}

std::string compare(const std::string &where, const Tensor &expected,
                    const Buffer &actual, const Expectation &expectation) {
  Type element = expected.type.getElementType();
  int64_t bytes = interpreter::getElementSize(element), differences = 0;
  std::string text;
  llvm::raw_string_ostream stream(text);
  for (int64_t i = 0; i < expected.type.getNumElements(); ++i) {
    uint64_t a = 0, b = 0;
    std::memcpy(&a, actual.memory + i * bytes, bytes);
    std::memcpy(&b, expected.data.data() + i * bytes, bytes);
    if (agree(element, a, b, expectation) || ++differences > 4)
      continue;
    stream << where << " element " << i << ": ";
    if (auto type = dyn_cast<FloatType>(element))
      stream << asDouble(type, a) << ", expected " << asDouble(type, b) << "\n";
    else
      stream << static_cast<int64_t>(a) << ", expected "
             << static_cast<int64_t>(b) << "\n";
  }
  if (differences > 4)
    stream << differences << " differences\n";
  if (!actual.isGuardIntact())
    stream << where << ": the kernel wrote behind its result\n";
  return stream.str();
}

ptl_kernel_fn load(const CompiledModule &module) {
  int file = memfd_create("kernels", 0);
  if (write(file, module.sharedObject.data(), module.sharedObject.size()) !=
      static_cast<ssize_t>(module.sharedObject.size()))
    return nullptr;
  std::string path = "/proc/self/fd/" + std::to_string(file);
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    llvm::errs() << dlerror() << "\n";
    return nullptr;
  }
  return reinterpret_cast<ptl_kernel_fn>(
      dlsym(library, module.kernels.front().symbol.c_str()));
}

/// Runs all items in parts of uneven lengths.
void run(const CompiledKernel &kernel, ptl_kernel_fn entry,
         std::vector<void *> bindings) {
  Buffer workspace(kernel.workspaceBytes);
  ptl_kernel_args arguments{
      PTL_KERNEL_ABI_VERSION, static_cast<uint32_t>(bindings.size()),
      bindings.data(),        workspace.memory,
      kernel.workspaceBytes,  kernel.items};
  int64_t part = 1;
  for (int64_t begin = 0; begin < kernel.items;
       begin += part, part = part * 2 + 1) {
    std::memset(workspace.memory, 0xff, workspace.size);
    entry(&arguments, begin, std::min(begin + part, kernel.items));
  }
}

OwningOpRef<ModuleOp> parse(MLIRContext &context, const std::string &text) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    return nullptr;
  PassManager passes(&context);
  passes.addNestedPass<func::FuncOp>(tile::createTileInferBounds());
  for (auto function : module->getOps<func::FuncOp>())
    function->setAttr("program.kernel", UnitAttr::get(&context));
  return succeeded(passes.run(*module)) ? std::move(module) : nullptr;
}

} // namespace

std::string compareWithInterpreter(const std::string &text,
                                   const Expectation &expectation) {
  DialectRegistry registry;
  registry.insert<tile::TileDialect>();
  registerCpuDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  OwningOpRef<ModuleOp> module = parse(context, text);
  if (!module)
    return "the kernel can't be parsed:\n" + text;
  auto function = *module->getOps<func::FuncOp>().begin();
  std::mt19937_64 random(20261124);
  std::vector<Tensor> inputs;
  for (Type type : function.getArgumentTypes())
    inputs.push_back(
        randomTensor(cast<RankedTensorType>(type), expectation.fill, random));
  auto expected = interpreter::evaluate(function, inputs);
  if (failed(expected))
    return "the interpreter refuses:\n" + text;
  std::string differences;
  for (const std::string &level : levels()) {
    OwningOpRef<ModuleOp> copy = module->clone();
    CpuOptions options;
    options.level = level;
    options.verifyEach = true;
    auto compiled = compileKernels(*copy, options);
    if (failed(compiled))
      return level + " can't be compiled:\n" + text;
    ptl_kernel_fn entry = load(*compiled);
    if (!entry)
      return level + " can't be loaded:\n" + text;
    std::vector<std::unique_ptr<Buffer>> buffers;
    std::vector<void *> bindings;
    auto bind = [&](const Tensor &tensor) {
      buffers.push_back(std::make_unique<Buffer>(tensor.data.size()));
      bindings.push_back(buffers.back()->memory);
    };
    for (const Tensor &input : inputs) {
      bind(input);
      std::copy(input.data.begin(), input.data.end(), buffers.back()->memory);
    }
    for (const Tensor &result : *expected)
      bind(result);
    run(compiled->kernels.front(), entry, bindings);
    for (size_t i = 0; i < expected->size(); ++i)
      differences +=
          compare(level + " result " + std::to_string(i), (*expected)[i],
                  *buffers[inputs.size() + i], expectation);
  }
  return differences.empty() ? differences : differences + text;
}

} // namespace polytile::cpu::test
