//===- FunctionEmitter.cpp - Values, constants and the walk ---------------===//
//
// What all kinds of operations share; each kind has its own Emit*.cpp.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/spirv/FunctionEmitter.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::spirv_target;

FunctionEmitter::FunctionEmitter(ModuleEmitter &module, spirv::FuncOp function)
    : module(module), needs(module.getNeeds()), types(module.getTypes()),
      function(function), builder(function.getContext()),
      loc(function.getLoc()) {
  // An entry block that only branches on, so that it can be added to at its end
  // while the body is written.
  preamble = function.addEntryBlock();
  Block *body = builder.createBlock(&function.getBody(), {}, {}, {});
  builder.setInsertionPointToEnd(preamble);
  builder.create<spirv::BranchOp>(loc, body);
  builder.setInsertionPointToEnd(body);
}

Type FunctionEmitter::getType(Value source) const {
  return types.getRegister(source.getType());
}

/// The value of a narrow constant as the wanted extension has it.
static int64_t extendConstant(int64_t value, unsigned width,
                              Extension extension) {
  APInt bits(64, value, /*isSigned=*/true);
  bits = bits.trunc(width);
  return extension == Extension::Signed ? bits.getSExtValue()
                                        : bits.getZExtValue();
}

Value FunctionEmitter::get(Value source, Extension extension) {
  Value value = values.lookup(source);
  assert(value && "used before it is emitted");
  if (extension == Extension::None || !isNarrow(source.getType()))
    return value;
  auto known = extended.find(value);
  if (known != extended.end() && known->second == extension)
    return value;
  unsigned width =
      getElementTypeOrSelf(source.getType()).getIntOrFloatBitWidth();
  if (auto constant = value.getDefiningOp<spirv::ConstantOp>())
    if (auto number = dyn_cast<IntegerAttr>(constant.getValue()))
      return getInteger(extendConstant(number.getInt(), width, extension),
                        value.getType());
  if (extension == Extension::Signed)
    return create<spirv::BitFieldSExtractOp>(value.getType(), value, getI32(0),
                                             getI32(width));
  return create<spirv::BitwiseAndOp>(
      value, getInteger((int64_t(1) << width) - 1, value.getType()));
}

Value FunctionEmitter::inPreamble(llvm::function_ref<Value()> build) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(preamble->getTerminator());
  return build();
}

Value FunctionEmitter::getConstant(Attribute value, Type type) {
  Value &constant = constants[{value, type}];
  if (!constant)
    constant = inPreamble(
        [&]() -> Value { return create<spirv::ConstantOp>(type, value); });
  return constant;
}

Value FunctionEmitter::getInteger(int64_t value, Type type) {
  Type element = getElementTypeOrSelf(type);
  APInt bits(64, value, /*isSigned=*/true);
  auto number = IntegerAttr::get(
      element, bits.sextOrTrunc(element.getIntOrFloatBitWidth()));
  if (auto vector = dyn_cast<VectorType>(type))
    return getConstant(DenseElementsAttr::get(vector, Attribute(number)), type);
  return getConstant(number, type);
}

Value FunctionEmitter::getFloat(double value, Type type) {
  auto number = FloatAttr::get(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    return getConstant(DenseElementsAttr::get(vector, Attribute(number)), type);
  return getConstant(number, type);
}

Value FunctionEmitter::getI32(int64_t value) {
  return getInteger(value, builder.getI32Type());
}

Value FunctionEmitter::splat(Value scalar, Type type) {
  return construct(type, SmallVector<Value>(getLanes(type), scalar));
}

Value FunctionEmitter::construct(Type type, ArrayRef<Value> elements) {
  if (elements.size() == 1)
    return elements.front();
  return create<spirv::CompositeConstructOp>(type, elements);
}

Value FunctionEmitter::getElement(Value vector, unsigned lane) {
  if (!isa<VectorType>(vector.getType()))
    return vector;
  return create<spirv::CompositeExtractOp>(
      vector, ArrayRef<int32_t>{static_cast<int32_t>(lane)});
}

Value FunctionEmitter::getVariable(Type type) {
  return inPreamble([&]() -> Value {
    return create<spirv::VariableOp>(
        spirv::PointerType::get(type, spirv::StorageClass::Function),
        spirv::StorageClass::Function, /*initializer=*/Value());
  });
}

Value FunctionEmitter::load(Value variable) {
  return create<spirv::LoadOp>(variable);
}

void FunctionEmitter::store(Value variable, Value value) {
  create<spirv::StoreOp>(variable, value);
}

LogicalResult FunctionEmitter::refuse(Operation *op, const llvm::Twine &why) {
  return op->emitError("can't be written as SPIR-V: ") << why;
}

LogicalResult FunctionEmitter::emitHelper(Block &source) {
  for (auto [parameter, argument] :
       llvm::zip_equal(source.getArguments(), function.getArguments()))
    set(parameter, argument);
  if (failed(emitBody(source)))
    return failure();
  Operation *end = source.getTerminator();
  loc = end->getLoc();
  if (end->getNumOperands() == 0)
    create<spirv::ReturnOp>();
  else
    create<spirv::ReturnValueOp>(get(end->getOperand(0)));
  return success();
}

LogicalResult FunctionEmitter::emitKernel(Block &source) {
  for (BlockArgument binding : source.getArguments())
    if (failed(planBinding(binding)))
      return failure();
  if (failed(emitBody(source)))
    return failure();
  create<spirv::ReturnOp>();
  return success();
}

LogicalResult FunctionEmitter::emitBody(Block &source) {
  for (Operation &op : source.without_terminator()) {
    loc = op.getLoc();
    if (failed(emit(op)))
      return failure();
  }
  return success();
}

LogicalResult FunctionEmitter::emit(Operation &op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(&op)
      .Case<scf::ForOp>([&](auto loop) { return emitFor(loop); })
      .Case<scf::IfOp>([&](auto branch) { return emitIf(branch); })
      .Case<scf::WhileOp>([&](auto loop) { return emitWhile(loop); })
      .Case<func::CallOp>([&](auto call) { return emitCall(call); })
      .Case<kernel::HalfToFloatOp>(
          [&](auto convert) { return emitHalfToFloat(convert); })
      .Case<kernel::FloatToHalfOp>(
          [&](auto convert) { return emitFloatToHalf(convert); })
      .Case<kernel::WorkgroupMemoryOp, kernel::VectorViewOp, memref::AllocaOp,
            memref::LoadOp, memref::StoreOp>(
          [&](Operation *memory) { return emitMemory(memory); })
      .Default([&](Operation *other) -> LogicalResult {
        if (isa<arith::ArithDialect>(other->getDialect()))
          return emitArith(other);
        if (isa<math::MathDialect>(other->getDialect()))
          return emitMath(other);
        if (isa<vector::VectorDialect>(other->getDialect()))
          return emitVector(other);
        if (isa<gpu::GPUDialect>(other->getDialect()))
          return emitGpu(other);
        return refuse(other, "the operation isn't one of a kernel's");
      });
}
