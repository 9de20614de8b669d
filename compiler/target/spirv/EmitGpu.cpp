//===- EmitGpu.cpp - Ids, barriers, shuffles, cooperative matrices --------===//
//
// What a work item knows of its place, and what it does with others.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/spirv/FunctionEmitter.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::spirv_target;

/// The value of a builtin, loaded once.
Value FunctionEmitter::getBuiltin(spirv::BuiltIn builtin) {
  Value &value = builtins[builtin];
  if (!value)
    value = inPreamble([&]() -> Value {
      Value address = create<spirv::AddressOfOp>(module.getBuiltin(builtin));
      return create<spirv::LoadOp>(address);
    });
  return value;
}

/// A component of a builtin vector as an index.
Value FunctionEmitter::getId(spirv::BuiltIn builtin, int dimension) {
  return resize(getElement(getBuiltin(builtin), dimension), types.getIndex(),
                /*isSigned=*/false);
}

LogicalResult FunctionEmitter::emitGpu(Operation *op) {
  auto number = [&](spirv::BuiltIn builtin) {
    set(op->getResult(0), resize(getBuiltin(builtin), types.getIndex(),
                                 /*isSigned=*/false));
    return success();
  };
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<gpu::ThreadIdOp>([&](auto id) {
        set(id.getResult(), getId(spirv::BuiltIn::LocalInvocationId,
                                  static_cast<int>(id.getDimension())));
        return success();
      })
      .Case<gpu::BlockIdOp>([&](auto id) {
        set(id.getResult(), getId(spirv::BuiltIn::WorkgroupId,
                                  static_cast<int>(id.getDimension())));
        return success();
      })
      .Case<gpu::LaneIdOp>([&](Operation *) {
        return number(spirv::BuiltIn::SubgroupLocalInvocationId);
      })
      .Case<gpu::SubgroupIdOp>(
          [&](Operation *) { return number(spirv::BuiltIn::SubgroupId); })
      .Case<gpu::SubgroupSizeOp>(
          [&](Operation *) { return number(spirv::BuiltIn::SubgroupSize); })
      .Case<gpu::BarrierOp>([&](Operation *) { return emitBarrier(); })
      .Case<gpu::ShuffleOp>([&](auto shuffle) { return emitShuffle(shuffle); })
      .Default([&](Operation *) { return emitMatrix(op); });
}

/// Orders what the workgroup shares: its own memory, and the buffers where the
/// kernel reads what it has written.
LogicalResult FunctionEmitter::emitBarrier() {
  using spirv::MemorySemantics;
  MemorySemantics semantics =
      MemorySemantics::AcquireRelease | MemorySemantics::WorkgroupMemory;
  kernel::FuncOp kernel = module.getKernel();
  for (unsigned number = 0; number < kernel.getNumArguments(); ++number)
    if (kernel.isRead(number) && kernel.isWritten(number))
      semantics = semantics | MemorySemantics::UniformMemory;
  if (needs.usesVulkanMemoryModel())
    semantics = semantics | MemorySemantics::MakeAvailable |
                MemorySemantics::MakeVisible;
  create<spirv::ControlBarrierOp>(spirv::Scope::Workgroup,
                                  spirv::Scope::Workgroup, semantics);
  return success();
}

/// All modes but xor name the lane to read: one capability for all of them.
LogicalResult FunctionEmitter::emitShuffle(gpu::ShuffleOp op) {
  if (!needs.use(schedule::feature::SubgroupShuffle))
    return refuse(op, llvm::Twine(needs.getDevice().describe()) +
                          " has no shuffles (feature 'subgroup_shuffle')");
  Value value = get(op.getValue()), offset = get(op.getOffset());
  Type type = value.getType(), i32 = builder.getI32Type();
  auto getLane = [&] {
    return getBuiltin(spirv::BuiltIn::SubgroupLocalInvocationId);
  };
  Value result;
  if (op.getMode() == gpu::ShuffleMode::XOR) {
    result = create<spirv::GroupNonUniformShuffleXorOp>(
        type, spirv::Scope::Subgroup, value, offset);
  } else {
    Value lane = offset;
    if (op.getMode() == gpu::ShuffleMode::UP)
      lane = create<spirv::ISubOp>(i32, getLane(), offset);
    if (op.getMode() == gpu::ShuffleMode::DOWN)
      lane = create<spirv::IAddOp>(i32, getLane(), offset);
    result = create<spirv::GroupNonUniformShuffleOp>(
        type, spirv::Scope::Subgroup, value, lane);
  }
  set(op.getShuffleResult(), result);
  if (!op.getValid().use_empty())
    set(op.getValid(), create<spirv::ULessThanOp>(
                           builder.getI1Type(), getLane(), get(op.getWidth())));
  return success();
}

LogicalResult FunctionEmitter::emitMatrix(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<gpu::SubgroupMmaLoadMatrixOp>(
          [&](auto load) { return emitMatrixLoad(load); })
      .Case<gpu::SubgroupMmaStoreMatrixOp>(
          [&](auto store) { return emitMatrixStore(store); })
      .Case<gpu::SubgroupMmaElementwiseOp>(
          [&](auto op) { return emitMatrixElementwise(op); })
      .Case<gpu::SubgroupMmaConstantMatrixOp>([&](auto fill) {
        set(fill.getResult(),
            create<spirv::CompositeConstructOp>(
                getType(fill.getResult()), ValueRange{get(fill.getValue())}));
        return success();
      })
      .Case<gpu::SubgroupMmaComputeOp>([&](auto product) -> LogicalResult {
        if (product.getATranspose() || product.getBTranspose())
          return refuse(op, "matrices are transposed when they are loaded");
        set(product.getResult(),
            create<spirv::KHRCooperativeMatrixMulAddOp>(get(product.getOpA()),
                                                        get(product.getOpB()),
                                                        get(product.getOpC())));
        return success();
      })
      .Default([&](Operation *) {
        return refuse(op, "the operation isn't one of a kernel's");
      });
}

/// A matrix's first element, and its stride in elements of the array there.
FailureOr<std::pair<Value, Value>>
FunctionEmitter::getMatrixPlace(Operation *op, Value memory, Value index,
                                int64_t stride) {
  const MemoryView &view = views[memory];
  unsigned lanes =
      view.kind == MemoryView::Kind::Lanes ? getLanes(view.element) : 1;
  bool isWidened = isNarrow(view.element) && !isNarrow(view.stored);
  if (view.kind == MemoryView::Kind::Packed || isWidened)
    return refuse(op, "the device has no arrays of the matrix's memory");
  Value pointer = getPointer(view, scaleIndex(get(index), lanes, 0));
  return std::make_pair(pointer, getI32(stride * lanes));
}

static spirv::CooperativeMatrixLayoutKHR getLayout(bool isTransposed) {
  return isTransposed ? spirv::CooperativeMatrixLayoutKHR::ColumnMajor
                      : spirv::CooperativeMatrixLayoutKHR::RowMajor;
}

LogicalResult FunctionEmitter::emitMatrixLoad(gpu::SubgroupMmaLoadMatrixOp op) {
  auto place = getMatrixPlace(op, op.getSrcMemref(), op.getIndices().front(),
                              op.getLeadDimension().getSExtValue());
  if (failed(place))
    return failure();
  set(op.getResult(), create<spirv::KHRCooperativeMatrixLoadOp>(
                          getType(op.getResult()), place->first,
                          getLayout(op.getTranspose().value_or(false)),
                          place->second, getAccess(views[op.getSrcMemref()])));
  return success();
}

LogicalResult
FunctionEmitter::emitMatrixStore(gpu::SubgroupMmaStoreMatrixOp op) {
  auto place = getMatrixPlace(op, op.getDstMemref(), op.getIndices().front(),
                              op.getLeadDimension().getSExtValue());
  if (failed(place))
    return failure();
  create<spirv::KHRCooperativeMatrixStoreOp>(
      place->first, get(op.getSrc()),
      getLayout(op.getTranspose().value_or(false)), place->second,
      getAccess(views[op.getDstMemref()]));
  return success();
}

LogicalResult
FunctionEmitter::emitMatrixElementwise(gpu::SubgroupMmaElementwiseOp op) {
  Type type = getType(op.getResult());
  SmallVector<Value> arguments;
  for (Value argument : op.getArgs())
    arguments.push_back(get(argument));
  auto choose = [&]() -> Value {
    using K = gpu::MMAElementwiseOp;
    switch (op.getOpType()) {
    case K::ADDF:
      return create<spirv::FAddOp>(type, arguments[0], arguments[1]);
    case K::SUBF:
      return create<spirv::FSubOp>(type, arguments[0], arguments[1]);
    case K::MULF:
      return create<spirv::FMulOp>(type, arguments[0], arguments[1]);
    case K::DIVF:
      return create<spirv::FDivOp>(type, arguments[0], arguments[1]);
    case K::NEGATEF:
      return create<spirv::FNegateOp>(type, arguments[0]);
    case K::EXTF:
      return create<spirv::FConvertOp>(type, arguments[0]);
    case K::ADDI:
      return create<spirv::IAddOp>(type, arguments[0], arguments[1]);
    case K::SUBI:
      return create<spirv::ISubOp>(type, arguments[0], arguments[1]);
    default:
      return Value();
    }
  };
  Value result = choose();
  if (!result)
    return refuse(op, "cooperative matrices have no such operation");
  set(op.getResult(), result);
  return success();
}
