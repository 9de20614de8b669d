//===- OpenCLTarget.cpp - Kernels as OpenCL C text ------------------------===//
//
// Puts the program together: pragmas for what is used, the functions that
// kernels call, and the kernels, each below the statement that it computes and
// the schedule that was chosen for it.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/opencl/OpenCLTarget.h"

#include "compiler/target/opencl/FunctionPrinter.h"
#include "compiler/target/opencl/Requirements.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace mlir;

namespace polytile::opencl {

namespace {

// An f16 is kept as its bits, and only these functions see its value. `@` is
// the length of a vector.
constexpr StringLiteral fromHalf = R"(
static float@ float_from_half@(const ushort@ bits)
{
  return vload_half@(0, (const private half *)&bits);
}
)";

constexpr StringLiteral toHalf = R"(
static ushort@ half_from_float@(const float@ value)
{
  ushort@ bits;
  vstore_half@_rte(value, 0, (private half *)&bits);
  return bits;
}
)";

constexpr StringLiteral subgroupExtension = R"(#ifdef cl_khr_subgroups
#pragma OPENCL EXTENSION cl_khr_subgroups : enable
#endif
)";

constexpr StringLiteral shuffleFunctions =
    R"(#if defined(cl_khr_subgroup_shuffle)
#pragma OPENCL EXTENSION cl_khr_subgroup_shuffle : enable
#elif defined(cl_intel_subgroups)
#define sub_group_shuffle intel_sub_group_shuffle
#define sub_group_shuffle_xor intel_sub_group_shuffle_xor
#endif
)";

/// A printable form of an attribute of a schedule: words and numbers.
std::string describe(Attribute attribute) {
  if (auto text = dyn_cast<StringAttr>(attribute))
    return text.str();
  if (auto number = dyn_cast<IntegerAttr>(attribute)) {
    if (number.getType().isInteger(1))
      return number.getValue().isZero() ? "no" : "yes";
    return llvm::toString(number.getValue(), 10, /*Signed=*/true);
  }
  auto join = [](auto range) {
    return llvm::join(
        llvm::map_range(range,
                        [](auto item) {
                          if constexpr (std::is_integral_v<decltype(item)>)
                            return std::to_string(item);
                          else
                            return describe(item);
                        }),
        " x ");
  };
  if (auto numbers = dyn_cast<DenseI64ArrayAttr>(attribute))
    return join(numbers.asArrayRef());
  if (auto items = dyn_cast<ArrayAttr>(attribute))
    return join(items.getValue());
  if (auto entries = dyn_cast<DictionaryAttr>(attribute)) {
    SmallVector<std::string> parts;
    for (NamedAttribute entry : entries)
      parts.push_back(entry.getName().str() + " " + describe(entry.getValue()));
    return llvm::join(parts, ", ");
  }
  std::string text;
  llvm::raw_string_ostream(text) << attribute;
  return text;
}

/// Writes `text` as lines of a comment; what could end the comment, or isn't
/// ASCII, is replaced.
void printComment(StringRef text, raw_ostream &out) {
  SmallVector<StringRef> lines;
  text.trim().split(lines, '\n');
  for (StringRef each : lines) {
    std::string safe;
    for (char c : each.rtrim())
      safe += isPrint(c) ? c : c == '\t' ? ' ' : '?';
    while (!safe.empty() && safe.back() == '\\')
      safe.pop_back();
    out << "// " << safe << "\n";
  }
}

void printHead(kernel::FuncOp kernel, raw_ostream &out) {
  out << "\n";
  if (auto source = kernel.getSource())
    printComment(*source, out);
  std::string plan;
  if (DictionaryAttr schedule = kernel.getScheduleAttr())
    plan = describe(schedule) + "; ";
  ArrayRef<int64_t> grid = kernel.getGrid();
  printComment("schedule: " + plan + "grid " + std::to_string(grid[0]) + " x " +
                   std::to_string(grid[1]) + " x " + std::to_string(grid[2]),
               out);
}

/// The functions that kernels call, each after those that it calls.
SmallVector<func::FuncOp> findHelpers(ModuleOp module) {
  llvm::SetVector<Operation *> ordered;
  SymbolTable symbols(module);
  std::function<void(Operation *)> visit = [&](Operation *caller) {
    caller->walk([&](func::CallOp call) {
      auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
      if (!callee || ordered.contains(callee))
        return;
      visit(callee);
      ordered.insert(callee);
    });
  };
  for (auto kernel : module.getOps<kernel::FuncOp>())
    visit(kernel);
  SmallVector<func::FuncOp> helpers;
  for (Operation *helper : ordered)
    helpers.push_back(cast<func::FuncOp>(helper));
  return helpers;
}

/// The conversions of halves that occur, each for its lengths of vectors.
void printHalfFunctions(ModuleOp module, raw_ostream &out) {
  llvm::SetVector<std::pair<const char *, int64_t>> used;
  module.walk([&](Operation *op) {
    if (!isa<kernel::HalfToFloatOp, kernel::FloatToHalfOp>(op))
      return;
    auto vector = dyn_cast<VectorType>(op->getResult(0).getType());
    used.insert(
        {isa<kernel::HalfToFloatOp>(op) ? fromHalf.data() : toHalf.data(),
         vector ? vector.getNumElements() : 1});
  });
  for (auto [text, length] : used) {
    SmallVector<StringRef> pieces;
    StringRef(text).split(pieces, '@');
    out << llvm::join(pieces, length == 1 ? "" : std::to_string(length));
  }
}

void printPragmas(ModuleOp module, const Usage &usage, raw_ostream &out) {
  out << "#pragma OPENCL FP_CONTRACT OFF\n";
  if (usage.doubles)
    out << "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n";
  if (usage.subgroups)
    out << subgroupExtension;
  if (usage.shuffles)
    out << shuffleFunctions;
  if (usage.halves)
    printHalfFunctions(module, out);
}

LogicalResult checkNames(ModuleOp module) {
  for (Operation &op : *module.getBody()) {
    auto symbol = dyn_cast<SymbolOpInterface>(op);
    if (symbol && !isIdentifier(symbol.getName()))
      return op.emitError("internal: '")
             << symbol.getName() << "' can't be the name of a function";
  }
  return success();
}

} // namespace

FailureOr<std::string> printOpenCL(ModuleOp module,
                                   const schedule::DeviceDescription &device) {
  if (failed(checkNames(module)))
    return failure();
  SmallVector<std::string> symbols;
  unsigned indexBits = 32;
  for (auto kernel : module.getOps<kernel::FuncOp>()) {
    if (failed(checkRequirements(kernel, device)))
      return failure();
    symbols.push_back(kernel.getName().str());
    indexBits = std::max(indexBits, kernel.getIndexBitWidth());
  }
  SmallVector<func::FuncOp> helpers = findHelpers(module);
  for (func::FuncOp helper : helpers)
    symbols.push_back(helper.getName().str());

  std::string text;
  llvm::raw_string_ostream out(text);
  printPragmas(module, findUsage(module), out);
  for (func::FuncOp helper : helpers) {
    FailureOr<std::string> printed =
        FunctionPrinter(symbols, indexBits).printHelper(helper);
    if (failed(printed))
      return failure();
    out << "\n" << *printed;
  }
  for (auto kernel : module.getOps<kernel::FuncOp>()) {
    FailureOr<std::string> printed =
        FunctionPrinter(symbols, kernel.getIndexBitWidth()).printKernel(kernel);
    if (failed(printed))
      return failure();
    printHead(kernel, out);
    out << *printed;
  }
  return text;
}

std::string buildOptions(const schedule::DeviceDescription &device) {
  std::string options = "-cl-std=CL1.2";
  if (device.has(schedule::feature::ExactDivision))
    options += " -cl-fp32-correctly-rounded-divide-sqrt";
  return options;
}

} // namespace polytile::opencl
