//===- EmitVector.cpp - Vectors: building them and taking them apart ------===//
//
// A vector of one lane is its element.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/spirv/FunctionEmitter.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::spirv_target;

LogicalResult FunctionEmitter::emitVector(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<vector::ExtractOp>([&](auto extract) -> LogicalResult {
        ArrayRef<int64_t> position = extract.getStaticPosition();
        if (extract.hasDynamicPosition() || position.size() != 1)
          return refuse(op, "the position isn't one number");
        set(extract.getResult(),
            getElement(get(extract.getVector()), position.front()));
        return success();
      })
      .Case<vector::InsertOp>([&](auto insert) -> LogicalResult {
        ArrayRef<int64_t> position = insert.getStaticPosition();
        if (insert.hasDynamicPosition() || position.size() != 1)
          return refuse(op, "the position isn't one number");
        Value element = get(insert.getSource()), vector = get(insert.getDest());
        set(insert.getResult(),
            isa<VectorType>(vector.getType())
                ? Value(create<spirv::CompositeInsertOp>(
                      element, vector,
                      ArrayRef<int32_t>{int32_t(position.front())}))
                : element);
        return success();
      })
      .Case<vector::SplatOp, vector::BroadcastOp>(
          [&](auto repeat) -> LogicalResult {
            Value source = get(repeat->getOperand(0));
            Type type = getType(repeat->getResult(0));
            set(repeat->getResult(0),
                source.getType() == type ? source : splat(source, type));
            return success();
          })
      .Case<vector::FromElementsOp>([&](auto elements) -> LogicalResult {
        SmallVector<Value> lanes;
        for (Value element : elements.getElements())
          lanes.push_back(get(element));
        set(elements.getResult(),
            construct(getType(elements.getResult()), lanes));
        return success();
      })
      .Case<vector::BitCastOp>([&](Operation *) { return emitBitcast(op); })
      .Default([&](Operation *) {
        return refuse(op, "the operation on vectors isn't one of a kernel's");
      });
}
