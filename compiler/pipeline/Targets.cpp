//===- Targets.cpp - What a request compiles for --------------------------===//
//
// The list is text, since it crosses the C API:
//
//   cpu,opencl=generic,vulkan={"version": 1, "name": "vulkan:0", ...}
//
// A description that begins with a brace runs to the brace that closes it;
// commas inside separate nothing.
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Targets.h"

#include "compiler/target/cpu/CpuTarget.h"
#include "dialects/tile/IR/TileOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::pipeline;

namespace {

/// The length of the JSON object that `text` begins with; all of it when the
/// object doesn't end.
size_t lengthOfObject(std::string_view text) {
  unsigned depth = 0;
  bool isString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (isString && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      isString = !isString;
    else if (!isString && text[i] == '{')
      ++depth;
    else if (!isString && text[i] == '}' && --depth == 0)
      return i + 1;
  }
  return text.size();
}

bool isKind(StringRef name) {
  return name == schedule::kind::Cpu || name == schedule::kind::OpenCL ||
         name == schedule::kind::Vulkan;
}

/// The kinds of targets that a stop is for, the default one first; none when
/// it takes any.
ArrayRef<StringLiteral> kindsOf(Stop stop) {
  static constexpr StringLiteral cpu[] = {schedule::kind::Cpu};
  static constexpr StringLiteral opencl[] = {schedule::kind::OpenCL};
  static constexpr StringLiteral vulkan[] = {schedule::kind::Vulkan};
  static constexpr StringLiteral gpus[] = {schedule::kind::OpenCL,
                                           schedule::kind::Vulkan};
  switch (stop) {
  case Stop::Linalg:
  case Stop::Llvm:
  case Stop::Assembly:
    return cpu;
  case Stop::Kernel:
    return gpus;
  case Stop::OpenCL:
    return opencl;
  case Stop::Spirv:
  case Stop::SpirvText:
    return vulkan;
  default:
    return {};
  }
}

std::optional<Target> resolve(const TargetName &name, const Request &request,
                              std::string &problem) {
  Target target;
  target.kind = name.kind;
  if (target.isCpu()) {
    target.cpuLevel =
        name.description.empty() ? request.cpuLevel : name.description;
    if (succeeded(cpu::resolveLevel(target.cpuLevel)))
      return target;
    problem = "there is no CPU level '" + target.cpuLevel +
              "': take x86-64, x86-64-v2, x86-64-v3, x86-64-v4 or native";
    return std::nullopt;
  }
  std::string given = name.description.empty() ? "generic" : name.description;
  if (given == "generic") {
    target.device = *schedule::DeviceDescription::generic(name.kind);
    target.isGeneric = true;
    return target;
  }
  std::string wrong;
  auto device = schedule::DeviceDescription::parse(given, wrong);
  if (device && device->kind != name.kind)
    wrong = "it describes a device of the kind '" + device->kind + "'";
  if (!wrong.empty()) {
    problem = "the device description for target '" + name.kind +
              "' can't be used: " + wrong;
    return std::nullopt;
  }
  target.device = std::move(*device);
  return target;
}

//===----------------------------------------------------------------------===//
// What a device can't do
//===----------------------------------------------------------------------===//

/// The feature that elements of the type take, or an empty name.
StringRef featureOf(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (element.isF64())
    return schedule::feature::F64;
  if (element.isInteger(64))
    return schedule::feature::I64;
  return "";
}

std::string spell(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (element.isF64())
    return "f64";
  return element.isUnsignedInteger() ? "u64" : "i64";
}

/// Reports the first use of each element type that the device lacks.
class TypeCheck {
public:
  explicit TypeCheck(Target &target) : target(target) {}

  bool hasRefused = false;

  void check(Type type, Location loc) {
    StringRef feature = featureOf(type);
    if (feature.empty() || target.device.has(feature) ||
        llvm::is_contained(reported, feature))
      return;
    if (target.isGeneric)
      return grant(feature);
    reported.push_back(feature);
    hasRefused = true;
    InFlightDiagnostic error = emitError(loc);
    error << target.describe() << " can't compute in " << spell(type)
          << ": it lacks the feature '" << feature << "'";
    error.attachNote(UnknownLoc::get(loc.getContext()))
        << "--device cpu:0 can, and so can devices that list '" << feature
        << "' in 'polytile devices'";
  }

private:
  void grant(StringRef feature) {
    target.device.features.push_back(feature.str());
    target.granted.push_back(feature.str());
    // Functions of f64 take doubles apart as integers of their size.
    if (feature == schedule::feature::F64 &&
        !target.device.has(schedule::feature::I64))
      grant(schedule::feature::I64);
  }

  Target &target;
  SmallVector<StringRef> reported;
};

} // namespace

std::optional<std::vector<TargetName>>
pipeline::parseTargets(std::string_view text, std::string &problem) {
  std::vector<TargetName> names;
  while (true) {
    size_t end = std::min(text.find_first_of(",="), text.size());
    TargetName name;
    name.kind = std::string(text.substr(0, end));
    if (!isKind(name.kind)) {
      problem = "there is no target '" + name.kind +
                "': this compiler has cpu, opencl and vulkan, alone or as "
                "opencl=generic, opencl={a device description}";
      return std::nullopt;
    }
    text.remove_prefix(end);
    if (!text.empty() && text.front() == '=') {
      text.remove_prefix(1);
      size_t length = !text.empty() && text.front() == '{'
                          ? lengthOfObject(text)
                          : std::min(text.find(','), text.size());
      name.description = std::string(text.substr(0, length));
      text.remove_prefix(length);
    }
    for (const TargetName &other : names)
      if (other.kind == name.kind && other.description == name.description) {
        problem = "target '" + name.kind + "' is given twice";
        return std::nullopt;
      }
    names.push_back(std::move(name));
    if (text.empty())
      return names;
    if (text.front() != ',') {
      problem = "a comma must follow the description of target '" +
                names.back().kind + "'";
      return std::nullopt;
    }
    text.remove_prefix(1);
  }
}

std::optional<std::vector<Target>>
pipeline::resolveTargets(const Request &request, std::string &problem) {
  ArrayRef<StringLiteral> kinds = kindsOf(request.stop);
  std::vector<TargetName> names = request.targets;
  if (names.empty())
    names.push_back(
        {kinds.empty() ? schedule::kind::Cpu.str() : kinds.front().str(), ""});
  std::vector<Target> targets;
  for (const TargetName &name : names) {
    if (!kinds.empty() && !llvm::is_contained(kinds, name.kind))
      continue;
    std::optional<Target> target = resolve(name, request, problem);
    if (!target)
      return std::nullopt;
    targets.push_back(std::move(*target));
    if (request.stop != Stop::Package)
      return targets;
  }
  if (targets.empty()) {
    problem = "what is asked for is made for target ";
    for (StringRef kind : kinds)
      problem += (kind == kinds.front() ? "'" : " or '") + kind.str() + "'";
    problem += ", which isn't among the targets";
    return std::nullopt;
  }
  // Of variants that require equally much, the runtime takes the first.
  llvm::stable_sort(targets, [](const Target &a, const Target &b) {
    return !a.isGeneric && b.isGeneric;
  });
  return targets;
}

bool pipeline::refuse(ModuleOp module, Target &target) {
  bool hasRefused = false;
  TypeCheck types(target);
  module->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<tile::ScatterOp, tile::PrngStepOp>(op)) {
      hasRefused = true;
      op->emitError() << target.describe() << " can't compute '"
                      << op->getName().stripDialect()
                      << "' yet; --device interpreter can";
    }
    if (target.isCpu())
      return;
    if (auto function = dyn_cast<func::FuncOp>(op)) {
      for (Value argument : function.getArguments())
        types.check(argument.getType(), argument.getLoc());
      return;
    }
    for (Type type : op->getResultTypes())
      types.check(type, op->getLoc());
  });
  return hasRefused || types.hasRefused;
}
