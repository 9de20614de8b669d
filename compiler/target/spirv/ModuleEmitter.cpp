//===- ModuleEmitter.cpp - One kernel as a spirv.module -------------------===//
//
// The order of a module: global variables, functions (callees first), the entry
// point and its modes; its version, capabilities and extensions are known when
// all that is written.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/spirv/ModuleEmitter.h"

#include "compiler/target/spirv/FunctionEmitter.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::spirv_target;

ModuleEmitter::ModuleEmitter(kernel::FuncOp kernel,
                             const schedule::DeviceDescription &device)
    : kernel(kernel), needs(device),
      types(kernel.getContext(), kernel.getIndexBitWidth()) {}

static bool usesMatrices(kernel::FuncOp kernel) {
  return kernel
      .walk([](Operation *op) {
        bool isMatrix = isa<gpu::SubgroupMmaComputeOp>(op);
        return isMatrix ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

FailureOr<OwningOpRef<spirv::ModuleOp>> ModuleEmitter::emit() {
  SmallVector<func::FuncOp> helpers;
  if (failed(collectHelpers(kernel, helpers)))
    return failure();
  if (usesMatrices(kernel) && !needs.use(schedule::feature::VulkanMemoryModel))
    return kernel.emitError("kernel '")
           << kernel.getSymName() << "' needs the Vulkan memory model, which "
           << needs.getDevice().describe() << " doesn't have";
  if (failed(checkTypes(kernel, kernel.getSymName(), types, needs)))
    return failure();
  for (func::FuncOp helper : helpers)
    if (failed(checkTypes(helper, kernel.getSymName(), types, needs)))
      return failure();

  OpBuilder builder(kernel.getContext());
  module = builder.create<spirv::ModuleOp>(
      kernel.getLoc(), spirv::AddressingModel::Logical,
      needs.usesVulkanMemoryModel() ? spirv::MemoryModel::Vulkan
                                    : spirv::MemoryModel::GLSL450);
  names.insert(kernel.getSymName());
  for (func::FuncOp helper : helpers)
    if (failed(emitHelper(helper)))
      return failure();
  if (failed(emitKernel()) || failed(checkWorkgroupMemory()))
    return failure();
  (*module)->setAttr(spirv::ModuleOp::getVCETripleAttrName(),
                     needs.getTriple(kernel.getContext()));
  if (failed(verify(*module)))
    return failure();
  return std::move(module);
}

/// Puts the helpers that `caller` reaches before it, each once. SPIR-V has no
/// recursion, and neither have they.
LogicalResult
ModuleEmitter::collectHelpers(Operation *caller,
                              SmallVectorImpl<func::FuncOp> &helpers) {
  WalkResult result = caller->walk([&](func::CallOp call) {
    auto helper = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
        kernel->getParentOp(), call.getCalleeAttr());
    if (!helper || helper.isExternal()) {
      call.emitError("calls '") << call.getCallee() << "', which has no body";
      return WalkResult::interrupt();
    }
    if (helper.getNumResults() > 1) {
      helper.emitError("a function of a kernel has at most one result");
      return WalkResult::interrupt();
    }
    if (llvm::is_contained(helpers, helper))
      return WalkResult::advance();
    if (failed(collectHelpers(helper, helpers)))
      return WalkResult::interrupt();
    helpers.push_back(helper);
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

LogicalResult ModuleEmitter::emitHelper(func::FuncOp helper) {
  SmallVector<Type> parameters, results;
  for (Type type : helper.getArgumentTypes())
    parameters.push_back(types.getRegister(type));
  for (Type type : helper.getResultTypes())
    results.push_back(types.getRegister(type));
  std::string name = getFreshName(helper.getSymName());
  helperNames[helper.getSymName()] = name;
  spirv::FuncOp function = addFunction(
      name, FunctionType::get(kernel.getContext(), parameters, results));
  return FunctionEmitter(*this, function).emitHelper(helper.getBody().front());
}

LogicalResult ModuleEmitter::emitKernel() {
  spirv::FuncOp function = addFunction(
      kernel.getSymName(), FunctionType::get(kernel.getContext(), {}, {}));
  FunctionEmitter emitter(*this, function);
  if (failed(emitter.emitKernel(kernel.getBody().front())))
    return failure();
  declareEntryPoint(function);
  return success();
}

bool ModuleEmitter::fitsWidened() const {
  uint64_t bytes = 0;
  kernel::FuncOp function = kernel;
  for (auto memory : function.getBody().getOps<kernel::WorkgroupMemoryOp>()) {
    MemRefType type = memory.getType();
    Type element = type.getElementType();
    bytes += type.getNumElements() * (isNarrow(element)
                                          ? 4 * getLanes(element)
                                          : kernel::getMemoryBytes(element));
  }
  return bytes <= needs.getDevice().limits.workgroupMemoryBytes;
}

/// Drivers take too much and lose the device, so the limit is ours to keep.
/// Elements that a device can't hold narrow have become wider by now.
LogicalResult ModuleEmitter::checkWorkgroupMemory() {
  uint64_t bytes = 0;
  for (auto variable : module->getOps<spirv::GlobalVariableOp>()) {
    if (variable.storageClass() != spirv::StorageClass::Workgroup)
      continue;
    auto pointer = cast<spirv::PointerType>(variable.getType());
    auto array = cast<spirv::ArrayType>(pointer.getPointeeType());
    bytes +=
        array.getNumElements() * kernel::getMemoryBytes(array.getElementType());
  }
  uint64_t limit = needs.getDevice().limits.workgroupMemoryBytes;
  if (bytes <= limit)
    return success();
  return kernel.emitError("kernel '")
         << kernel.getSymName() << "' needs " << bytes
         << " bytes of workgroup memory; " << needs.getDevice().describe()
         << " has " << limit;
}

void ModuleEmitter::declareEntryPoint(spirv::FuncOp function) {
  // SPIR-V 1.4 on lists every variable; before, only inputs may be listed.
  SmallVector<Attribute> interface;
  for (auto variable : module->getOps<spirv::GlobalVariableOp>())
    if (variable.storageClass() == spirv::StorageClass::Input ||
        needs.getTriple(kernel.getContext()).getVersion() >=
            spirv::Version::V_1_4)
      interface.push_back(SymbolRefAttr::get(variable));
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  builder.create<spirv::EntryPointOp>(
      function.getLoc(), spirv::ExecutionModel::GLCompute, function, interface);
  SmallVector<int32_t> sizes;
  for (int64_t size : kernel.getWorkgroupSize())
    sizes.push_back(static_cast<int32_t>(size));
  addMode(function, spirv::ExecutionMode::LocalSize, sizes);
  declareFloatControls(function);
}

void ModuleEmitter::addMode(spirv::FuncOp function, spirv::ExecutionMode mode,
                            ArrayRef<int32_t> values) {
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  builder.create<spirv::ExecutionModeOp>(function.getLoc(), function, mode,
                                         values);
}

static bool computesFloats(spirv::ModuleOp module) {
  auto isFloat = [](Type type) {
    return isa<FloatType>(getElementTypeOrSelf(type)) ||
           isa<spirv::CooperativeMatrixType>(type);
  };
  return module
      .walk([&](Operation *op) {
        return llvm::any_of(op->getResultTypes(), isFloat)
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

/// True when a float becomes a narrower one.
static bool narrowsFloats(spirv::ModuleOp module) {
  return module
      .walk([](spirv::FConvertOp op) {
        Type from = getElementTypeOrSelf(op.getOperand().getType()),
             to = getElementTypeOrSelf(op.getType());
        return to.getIntOrFloatBitWidth() < from.getIntOrFloatBitWidth()
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Asks for all of the float controls that the device has: some devices take
/// the widths only together. Rounding is asked for only where it is not what
/// every device does anyway, in conversions: it makes divisions and what is
/// around them a fifth slower on NVIDIA.
void ModuleEmitter::declareFloatControls(spirv::FuncOp function) {
  if (!computesFloats(*module))
    return;
  bool narrows = narrowsFloats(*module);
  const std::pair<llvm::StringRef, spirv::ExecutionMode> controls[] = {
      {schedule::feature::NanPreserve,
       spirv::ExecutionMode::SignedZeroInfNanPreserve},
      {schedule::feature::DenormPreserve, spirv::ExecutionMode::DenormPreserve},
      {schedule::feature::RoundingRte, spirv::ExecutionMode::RoundingModeRTE},
  };
  for (auto [name, mode] : controls)
    for (int32_t width : {16, 32, 64})
      if ((narrows || mode != spirv::ExecutionMode::RoundingModeRTE) &&
          needs.use((name + llvm::Twine(width)).str()))
        addMode(function, mode, {width});
}

/// A name that no other symbol of the module has.
std::string ModuleEmitter::getFreshName(llvm::StringRef wish) {
  std::string name = wish.str();
  for (unsigned number = 1; !names.insert(name).second; ++number)
    name = (wish + "_" + llvm::Twine(number)).str();
  return name;
}

llvm::StringRef ModuleEmitter::getHelperName(llvm::StringRef symbol) const {
  auto found = helperNames.find(symbol);
  assert(found != helperNames.end() && "helpers are emitted before callers");
  return found->second;
}

/// Variables stand before the functions.
OpBuilder ModuleEmitter::atGlobals() {
  Block *body = module->getBody();
  OpBuilder builder = OpBuilder::atBlockEnd(body);
  for (Operation &op : *body) {
    if (isa<spirv::GlobalVariableOp>(op))
      continue;
    builder.setInsertionPoint(&op);
    break;
  }
  return builder;
}

spirv::FuncOp ModuleEmitter::addFunction(llvm::StringRef name,
                                         FunctionType type) {
  // After the variables and the functions that are complete; a conversion that
  // is asked for from within a body comes before the function of that body.
  OpBuilder builder = atGlobals();
  if (name == kernel.getSymName() || helperNames.contains(name))
    builder.setInsertionPointToEnd(module->getBody());
  names.insert(name);
  return builder.create<spirv::FuncOp>(kernel.getLoc(), name, type);
}

spirv::GlobalVariableOp ModuleEmitter::getBuiltin(spirv::BuiltIn builtin) {
  spirv::GlobalVariableOp &variable = builtins[builtin];
  if (variable)
    return variable;
  Type i32 = types.getInteger(32), type = i32;
  switch (builtin) {
  case spirv::BuiltIn::LocalInvocationId:
  case spirv::BuiltIn::WorkgroupId:
    type = getVector(i32, 3);
    break;
  default: // the ones of subgroups
    needs.use(spirv::Capability::GroupNonUniform);
    break;
  }
  std::string name = getFreshName(spirv::stringifyBuiltIn(builtin));
  variable = atGlobals().create<spirv::GlobalVariableOp>(
      kernel.getLoc(),
      spirv::PointerType::get(type, spirv::StorageClass::Input), name, builtin);
  return variable;
}

spirv::GlobalVariableOp ModuleEmitter::getBuffer(unsigned binding, Type stored,
                                                 bool aliased) {
  spirv::GlobalVariableOp &variable = buffers[{binding, stored}];
  if (variable)
    return variable;
  llvm::StringRef known = kernel.getBindingName(binding);
  std::string name =
      known.empty() ? "binding" + std::to_string(binding) : known.str();
  if (getLanes(stored) > 1)
    name += "_x" + std::to_string(getLanes(stored));
  OpBuilder builder = atGlobals();
  variable = builder.create<spirv::GlobalVariableOp>(
      kernel.getLoc(), TypeMapping::getBuffer(stored), getFreshName(name),
      /*descriptorSet=*/0, binding);
  if (aliased)
    variable->setAttr("aliased", builder.getUnitAttr());
  // Memory that a second binding may write isn't constant to the kernel.
  bool isShared = false;
  for (unsigned other = 0; other < kernel.getNumArguments(); ++other)
    if (auto shared = kernel.getArgAttrOfType<IntegerAttr>(
            other, kernel::mayAliasAttrName))
      isShared |= shared.getInt() == binding;
  if (!kernel.isWritten(binding) && !isShared)
    variable->setAttr("non_writable", builder.getUnitAttr());
  return variable;
}

spirv::GlobalVariableOp
ModuleEmitter::addWorkgroupMemory(llvm::StringRef name,
                                  spirv::PointerType type) {
  return atGlobals().create<spirv::GlobalVariableOp>(kernel.getLoc(), type,
                                                     getFreshName(name));
}
