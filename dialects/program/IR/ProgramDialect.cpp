//===- ProgramDialect.cpp - Registration and verifiers of the program dialect
//-===//
//
// The verifiers check what an operation knows by itself; that temporaries which
// live at the same time don't overlap is the memory plan's promise, and tested
// there.
//
//===----------------------------------------------------------------------===//

#include "dialects/program/IR/ProgramOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace polytile::program;

#include "dialects/program/IR/ProgramDialect.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/program/IR/ProgramOps.cpp.inc"

void ProgramDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/program/IR/ProgramOps.cpp.inc"
      >();
}

int64_t polytile::program::getElementBytes(Type elementType) {
  return static_cast<int64_t>(
      llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8));
}

int64_t polytile::program::getBufferBytes(ShapedType type) {
  return type.getNumElements() * getElementBytes(type.getElementType());
}

Value polytile::program::getRootBuffer(Value buffer) {
  while (auto view = buffer.getDefiningOp<ViewOp>())
    buffer = view.getSource();
  return buffer;
}

bool polytile::program::isStep(Operation *op) {
  return isa<DispatchOp, CopyOp, FillOp>(op);
}

/// Invariants: only operations of this dialect; each input and output is
/// declared at most once; offsets are multiples of the alignment and lie inside
/// the arena; inputs and constants are not written.
LogicalResult EntryOp::verify() {
  llvm::SmallDenseSet<int64_t> inputs, outputs;
  for (Operation &op : getBody().front()) {
    if (!isa<ProgramDialect>(op.getDialect()))
      return op.emitOpError("doesn't belong into a 'program.entry'");
    if (auto input = dyn_cast<InputOp>(op);
        input && !inputs.insert(input.getIndex()).second)
      return op.emitOpError("declares input ") << input.getIndex() << " again";
    if (auto output = dyn_cast<OutputOp>(op);
        output && !outputs.insert(output.getIndex()).second)
      return op.emitOpError("declares output ")
             << output.getIndex() << " again";
    if (auto temporary = dyn_cast<TemporaryOp>(op);
        temporary && temporary.getOffset()) {
      int64_t offset = *temporary.getOffset();
      int64_t end = offset + getBufferBytes(temporary.getResult().getType());
      if (offset % bufferAlignment != 0)
        return op.emitOpError("lies at ")
               << offset << ", which isn't a multiple of " << bufferAlignment;
      if (offset < 0 || !getArenaBytes() ||
          end > static_cast<int64_t>(*getArenaBytes()))
        return op.emitOpError("leaves the arena");
    }
    auto isReadOnly = [](Value buffer) {
      return isa_and_nonnull<InputOp, ConstantOp>(
          getRootBuffer(buffer).getDefiningOp());
    };
    if (auto dispatch = dyn_cast<DispatchOp>(op);
        dispatch && llvm::any_of(dispatch.getWrites(), isReadOnly))
      return op.emitOpError("writes a buffer that is read only");
    if (auto copy = dyn_cast<CopyOp>(op); copy && isReadOnly(copy.getTarget()))
      return op.emitOpError("writes a buffer that is read only");
    if (auto fill = dyn_cast<FillOp>(op); fill && isReadOnly(fill.getTarget()))
      return op.emitOpError("writes a buffer that is read only");
  }
  return success();
}

LogicalResult ConstantOp::verify() {
  ShapedType type = getValue().getShapedType();
  MemRefType buffer = getResult().getType();
  if (type.getShape() != buffer.getShape() ||
      type.getElementType() != buffer.getElementType())
    return emitOpError("has a value of type ")
           << type << ", but a buffer of type " << buffer;
  return success();
}

LogicalResult ViewOp::verify() {
  MemRefType source = getSource().getType(), result = getResult().getType();
  if (source.getElementType() != result.getElementType() ||
      source.getNumElements() != result.getNumElements())
    return emitOpError("shows ") << source << " as " << result;
  return success();
}

LogicalResult FillOp::verify() {
  if (getValue().getType() != getTarget().getType().getElementType())
    return emitOpError("fills ")
           << getTarget().getType() << " with a value of type "
           << getValue().getType();
  return success();
}

/// Invariant: the kernel is a function whose arguments and results are tensors
/// of the shapes and types of the buffers.
LogicalResult DispatchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto kernel = symbols.lookupNearestSymbolFrom<FunctionOpInterface>(
      *this, getKernelAttr());
  if (!kernel)
    return emitOpError("names '") << getKernel() << "', which is no function";
  auto check = [&](ArrayRef<Type> tensors, OperandRange buffers,
                   StringRef what) -> LogicalResult {
    if (tensors.size() != buffers.size())
      return emitOpError() << what << " " << buffers.size() << " buffers, but '"
                           << getKernel() << "' has " << tensors.size();
    for (auto [i, tensor, buffer] : llvm::enumerate(tensors, buffers)) {
      auto tensorType = dyn_cast<RankedTensorType>(tensor);
      auto bufferType = cast<MemRefType>(buffer.getType());
      if (!tensorType || tensorType.getShape() != bufferType.getShape() ||
          tensorType.getElementType() != bufferType.getElementType())
        return emitOpError()
               << what << " " << bufferType << " as number " << i << ", where '"
               << getKernel() << "' has " << tensor;
    }
    return success();
  };
  if (failed(check(kernel.getArgumentTypes(), getReads(), "reads")))
    return failure();
  return check(kernel.getResultTypes(), getWrites(), "writes");
}
