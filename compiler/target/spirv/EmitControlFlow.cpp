//===- EmitControlFlow.cpp - Loops, selections and calls ------------------===//
//
// scf's regions become spirv.mlir.loop and spirv.mlir.selection, whose merge
// blocks MLIR 19 gives no operands: results travel through variables.
//
//   %r = scf.for %i = %a to %b step %s iter_args(%x = %x0) { ... yield %y }
// ==>
//   store I, a; store X, x0
//   loop {
//     header:   i = load I; branch (i < b) body, merge
//     body:     x = load X; ...; store X, y; branch continue
//     continue: store I, i + s; branch header
//     merge: }
//   r = load X
//
//===----------------------------------------------------------------------===//

#include "compiler/target/spirv/FunctionEmitter.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::spirv_target;

void FunctionEmitter::getVariables(TypeRange sources,
                                   SmallVectorImpl<Value> &variables) {
  for (Type source : sources)
    variables.push_back(getVariable(types.getRegister(source)));
}

void FunctionEmitter::storeAll(ArrayRef<Value> variables, ValueRange sources) {
  // All values first: a store must not change what another one reads.
  SmallVector<Value> stored;
  for (Value source : sources)
    stored.push_back(get(source));
  for (auto [variable, value] : llvm::zip_equal(variables, stored))
    store(variable, value);
}

void FunctionEmitter::loadAll(ArrayRef<Value> variables, ValueRange targets) {
  for (auto [variable, target] : llvm::zip_equal(variables, targets))
    set(target, load(variable));
}

/// A block of the structure before its merge block.
static Block *addBlock(OpBuilder &builder, Region &region) {
  OpBuilder::InsertionGuard guard(builder);
  return builder.createBlock(&region.back());
}

LogicalResult FunctionEmitter::emitFor(scf::ForOp op) {
  Location place = op.getLoc();
  Value lower = get(op.getLowerBound()), upper = get(op.getUpperBound()),
        step = get(op.getStep());
  Value counter = getVariable(lower.getType());
  SmallVector<Value> variables;
  getVariables(op.getResultTypes(), variables);
  store(counter, lower);
  storeAll(variables, op.getInitArgs());

  auto loop = create<spirv::LoopOp>(spirv::LoopControl::None);
  OpBuilder::InsertPoint after = builder.saveInsertionPoint();
  loop.addEntryAndMergeBlock(builder);
  Block *header = addBlock(builder, loop.getBody());
  Block *body = addBlock(builder, loop.getBody());
  Block *next = addBlock(builder, loop.getBody());
  builder.setInsertionPointToEnd(&loop.getBody().front());
  create<spirv::BranchOp>(header);

  builder.setInsertionPointToEnd(header);
  Value number = load(counter);
  Value goesOn = create<spirv::SLessThanOp>(number, upper);
  create<spirv::BranchConditionalOp>(goesOn, body, ValueRange(),
                                     loop.getMergeBlock(), ValueRange());

  builder.setInsertionPointToEnd(body);
  set(op.getInductionVar(), number);
  loadAll(variables, op.getRegionIterArgs());
  if (failed(emitBody(*op.getBody())))
    return failure();
  loc = place;
  storeAll(variables, op.getYieldedValues());
  create<spirv::BranchOp>(next);

  builder.setInsertionPointToEnd(next);
  store(counter, create<spirv::IAddOp>(number, step));
  create<spirv::BranchOp>(header);

  builder.restoreInsertionPoint(after);
  loadAll(variables, op.getResults());
  return success();
}

LogicalResult FunctionEmitter::emitIf(scf::IfOp op) {
  Location place = op.getLoc();
  Value condition = get(op.getCondition());
  SmallVector<Value> variables;
  getVariables(op.getResultTypes(), variables);

  auto selection = create<spirv::SelectionOp>(spirv::SelectionControl::None);
  OpBuilder::InsertPoint after = builder.saveInsertionPoint();
  selection.addMergeBlock(builder);
  Block *merge = selection.getMergeBlock();
  Block *header = addBlock(builder, selection.getBody());
  Block *first = addBlock(builder, selection.getBody());
  Block *second =
      op.elseBlock() ? addBlock(builder, selection.getBody()) : merge;
  builder.setInsertionPointToEnd(header);
  create<spirv::BranchConditionalOp>(condition, first, ValueRange(), second,
                                     ValueRange());
  auto emitBranch = [&](Block *source, Block *target) -> LogicalResult {
    builder.setInsertionPointToEnd(target);
    if (failed(emitBody(*source)))
      return failure();
    loc = place;
    if (!variables.empty())
      storeAll(variables, source->getTerminator()->getOperands());
    create<spirv::BranchOp>(merge);
    return success();
  };
  if (failed(emitBranch(op.thenBlock(), first)) ||
      (op.elseBlock() && failed(emitBranch(op.elseBlock(), second))))
    return failure();

  builder.restoreInsertionPoint(after);
  loadAll(variables, op.getResults());
  return success();
}

/// As a loop, whose condition stands in a block of its own after the header: it
/// may hold structures, which a header can't.
LogicalResult FunctionEmitter::emitWhile(scf::WhileOp op) {
  Location place = op.getLoc();
  SmallVector<Value> carried, results;
  getVariables(op.getInits().getTypes(), carried);
  getVariables(op.getResultTypes(), results);
  storeAll(carried, op.getInits());

  auto loop = create<spirv::LoopOp>(spirv::LoopControl::None);
  OpBuilder::InsertPoint after = builder.saveInsertionPoint();
  loop.addEntryAndMergeBlock(builder);
  Block *header = addBlock(builder, loop.getBody());
  Block *before = addBlock(builder, loop.getBody());
  Block *body = addBlock(builder, loop.getBody());
  Block *next = addBlock(builder, loop.getBody());
  builder.setInsertionPointToEnd(&loop.getBody().front());
  create<spirv::BranchOp>(header);
  builder.setInsertionPointToEnd(header);
  create<spirv::BranchOp>(before);

  builder.setInsertionPointToEnd(before);
  loadAll(carried, op.getBeforeArguments());
  if (failed(emitBody(*op.getBeforeBody())))
    return failure();
  loc = place;
  storeAll(results, op.getConditionOp().getArgs());
  create<spirv::BranchConditionalOp>(get(op.getConditionOp().getCondition()),
                                     body, ValueRange(), loop.getMergeBlock(),
                                     ValueRange());

  builder.setInsertionPointToEnd(body);
  loadAll(results, op.getAfterArguments());
  if (failed(emitBody(*op.getAfterBody())))
    return failure();
  loc = place;
  storeAll(carried, op.getYieldOp().getOperands());
  create<spirv::BranchOp>(next);
  builder.setInsertionPointToEnd(next);
  create<spirv::BranchOp>(header);

  builder.restoreInsertionPoint(after);
  loadAll(results, op.getResults());
  return success();
}

LogicalResult FunctionEmitter::emitCall(func::CallOp op) {
  SmallVector<Value> arguments;
  for (Value argument : op.getOperands())
    arguments.push_back(get(argument));
  SmallVector<Type> results;
  for (Value result : op.getResults())
    results.push_back(getType(result));
  auto call = create<spirv::FunctionCallOp>(
      TypeRange(results), module.getHelperName(op.getCallee()), arguments);
  if (!results.empty())
    set(op.getResult(0), call.getResult(0));
  return success();
}
