//===- ControlFlow.cpp - Loops and branches as C statements ---------------===//
//
// What a loop carries becomes variables in front of it; a branch that computes
// one value by expressions alone becomes `?:`, whose sides are evaluated only
// when they are chosen, as the branch's were.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/opencl/FunctionPrinter.h"

#include "mlir/IR/Matchers.h"

using namespace llvm;
using namespace mlir;

namespace polytile::opencl {

namespace {

/// Whether a loop's bounds order alike as signed and as unsigned numbers:
/// true for what is built of ids, sizes and positive constants, which stay
/// below 2^31 (buffers with more elements take 64-bit indices).
bool isNatural(Value value) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return !constant.isNegative();
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    return loop && argument == loop.getInductionVar() &&
           isNatural(loop.getLowerBound());
  }
  Operation *op = value.getDefiningOp();
  if (isa<gpu::ThreadIdOp, gpu::BlockIdOp, gpu::LaneIdOp, gpu::SubgroupIdOp,
          gpu::SubgroupSizeOp>(op))
    return true;
  if (isa<arith::AndIOp>(op))
    return llvm::any_of(op->getOperands(), isNatural);
  if (isa<arith::AddIOp, arith::MulIOp, arith::DivUIOp, arith::RemUIOp,
          arith::ShRUIOp, arith::MinUIOp, arith::MinSIOp, arith::MaxUIOp>(op))
    return llvm::all_of(op->getOperands(), isNatural);
  return false;
}

bool writesMemory(Operation *op) {
  return op
      ->walk([](Operation *inner) {
        return isa<memref::StoreOp, gpu::BarrierOp>(inner)
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

} // namespace

FailureOr<FunctionPrinter::Branch> FunctionPrinter::printApart(Block &block) {
  Branch result;
  SmallVector<Value> outerWaiting = std::move(waiting);
  std::string outerText = std::move(out);
  waiting.clear();
  out.clear();
  ++depth;
  LogicalResult printed = printBody(block);
  if (succeeded(printed))
    for (Value operand : block.getTerminator()->getOperands())
      result.results.push_back(use(operand));
  --depth;
  result.text = std::move(out);
  out = std::move(outerText);
  waiting = std::move(outerWaiting);
  if (failed(printed))
    return failure();
  return result;
}

void FunctionPrinter::printAssignments(
    MutableArrayRef<Assignment> assignments) {
  // What an earlier assignment overwrites is saved first.
  SmallVector<unsigned> overwritten;
  auto isUnchanged = [](const Assignment &assignment) {
    return assignment.variable.text == assignment.value.text;
  };
  for (Assignment &assignment : assignments) {
    if (isUnchanged(assignment))
      continue;
    if (llvm::any_of(assignment.value.variables, [&](unsigned variable) {
          return llvm::is_contained(overwritten, variable);
        })) {
      std::string name = names.make("next");
      line("const " + types.name(assignment.type) + " " + name + " = " +
           assignment.value.text + ";");
      assignment.value = Expression();
      assignment.value.text = name;
    }
    overwritten.append(assignment.variable.variables.begin(),
                       assignment.variable.variables.end());
  }
  for (const Assignment &assignment : assignments)
    if (!isUnchanged(assignment))
      line(assignment.variable.text + " = " + assignment.value.text + ";");
}

SmallVector<Expression> FunctionPrinter::declareCarried(ValueRange inits,
                                                        ValueRange arguments) {
  SmallVector<Expression> carried;
  for (auto [init, argument] : llvm::zip_equal(inits, arguments)) {
    auto location = dyn_cast<NameLoc>(argument.getLoc());
    std::string name =
        names.make(location ? location.getName().strref()
                   : isa<FloatType>(getElementTypeOrSelf(argument.getType()))
                       ? StringRef("acc")
                       : StringRef("state"));
    line(types.name(argument.getType()) + " " + name + " = " + use(init).text +
         ";");
    carried.push_back(makeVariable(name));
    values[argument] = carried.back();
  }
  return carried;
}

std::string FunctionPrinter::loopCondition(scf::ForOp loop, StringRef counter) {
  APInt constant;
  Expression bound = useName(loop.getUpperBound());
  if (isNatural(loop.getLowerBound()) && isNatural(loop.getUpperBound()))
    return (counter + " < " + bound.text).str();
  Expression position;
  position.text = counter.str();
  return makeBinary("<", Level::Relation,
                    asSigned(position, loop.getInductionVar().getType()),
                    useSigned(loop.getUpperBound()))
      .text;
}

LogicalResult FunctionPrinter::printFor(scf::ForOp loop) {
  SmallVector<Expression> carried =
      declareCarried(loop.getInitArgs(), loop.getRegionIterArgs());
  // The header is evaluated in every turn: names and numbers only.
  Expression step = useName(loop.getStep());
  useName(loop.getUpperBound());
  Expression first = use(loop.getLowerBound());
  flushReads();
  names.enter();
  StringRef hint = hintOf(loop.getInductionVar().getLoc());
  constexpr StringRef counters[] = {"i", "j", "k", "l", "m"};
  std::string counter =
      names.make(!hint.empty() ? hint : counters[std::min(loops, 4u)]);
  setName(loop.getInductionVar(), counter);
  APInt number;
  bool byOne =
      matchPattern(loop.getStep(), m_ConstantInt(&number)) && number.isOne();
  line("for (" + types.name(loop.getInductionVar().getType()) + " " + counter +
       " = " + first.text + "; " + loopCondition(loop, counter) + "; " +
       (byOne ? "++" + counter : counter + " += " + step.text) + ") {");
  ++loops;
  FailureOr<Branch> body = printApart(*loop.getBody());
  --loops;
  if (failed(body))
    return failure();
  out += body->text;
  SmallVector<Assignment, 0> assignments;
  for (auto [variable, value, type] :
       llvm::zip_equal(carried, body->results, loop.getResultTypes()))
    assignments.push_back({variable, value, type});
  ++depth;
  printAssignments(assignments);
  --depth;
  line("}");
  names.leave();
  for (auto [result, variable] : llvm::zip_equal(loop.getResults(), carried))
    setName(result, variable.text);
  return success();
}

LogicalResult FunctionPrinter::printIf(scf::IfOp branch) {
  Expression condition = use(branch.getCondition());
  if (writesMemory(branch))
    flushReads();
  // Before the blocks, which would else declare the same names inside.
  SmallVector<std::string> results;
  for (OpResult result : branch.getResults())
    results.push_back(result.use_empty() ? "" : names.make(wishFor(result)));
  names.enter();
  FailureOr<Branch> yes = printApart(*branch.thenBlock());
  names.leave();
  if (failed(yes))
    return failure();
  Branch no;
  if (Block *block = branch.elseBlock()) {
    names.enter();
    FailureOr<Branch> printed = printApart(*block);
    names.leave();
    if (failed(printed))
      return failure();
    no = std::move(*printed);
  }
  if (branch.getNumResults() == 1 && yes->text.empty() && no.text.empty()) {
    Type type = branch.getResultTypes().front();
    names.forget(results.front());
    define(branch.getResult(0),
           narrowed(makeConditional(condition, yes->results.front(),
                                    no.results.front()),
                    type));
    return success();
  }
  if (yes->text.empty() && no.text.empty() && branch.getNumResults() == 0)
    return success();
  for (auto [result, name] : llvm::zip_equal(branch.getResults(), results)) {
    if (name.empty())
      continue;
    line(types.name(result.getType()) + " " + name + ";");
    setName(result, name);
  }
  auto printSide = [&](const Branch &side) {
    out += side.text;
    ++depth;
    for (auto [name, value] : llvm::zip(results, side.results))
      if (!name.empty())
        line(name + " = " + value.text + ";");
    --depth;
  };
  line("if (" + condition.text + ") {");
  printSide(*yes);
  if (!no.text.empty() || branch.getNumResults() != 0) {
    line("} else {");
    printSide(no);
  }
  line("}");
  return success();
}

void FunctionPrinter::printWhileHead(scf::WhileOp loop, const Branch &before,
                                     ArrayRef<Expression> carried) {
  Expression condition = before.results.front();
  ArrayRef<Expression> handedOn = ArrayRef(before.results).drop_front();
  auto isSame = [](const auto &pair) {
    return std::get<0>(pair).text == std::get<1>(pair).text;
  };
  if (before.text.empty() && handedOn.size() == carried.size() &&
      llvm::all_of(llvm::zip(handedOn, carried), isSame)) {
    for (auto [result, argument, variable] : llvm::zip_equal(
             loop.getResults(), loop.getAfterArguments(), carried)) {
      setName(result, variable.text);
      values[argument] = variable;
    }
    return line("while (" + condition.text + ") {");
  }
  // The condition hands on other values: results after the loop, arguments
  // inside it.
  SmallVector<std::string> results;
  for (auto [result, argument] :
       llvm::zip_equal(loop.getResults(), loop.getAfterArguments())) {
    results.emplace_back();
    if (result.use_empty() && argument.use_empty())
      continue;
    results.back() = names.make(wishFor(result));
    line(types.name(result.getType()) + " " + results.back() + ";");
    setName(argument, results.back());
    setName(result, results.back());
  }
  line("while (true) {");
  out += before.text;
  ++depth;
  for (auto [name, value] : llvm::zip_equal(results, handedOn))
    if (!name.empty())
      line(name + " = " + value.text + ";");
  line("if (" +
       notOf(condition, loop.getConditionOp().getCondition().getType()).text +
       ")");
  line("  break;");
  --depth;
}

LogicalResult FunctionPrinter::printWhile(scf::WhileOp loop) {
  SmallVector<Expression> carried =
      declareCarried(loop.getInits(), loop.getBeforeArguments());
  flushReads();
  // The names of this block stay taken: it shares its braces with the other
  // one, and the results' names, made in between, outlive them.
  FailureOr<Branch> before = printApart(*loop.getBeforeBody());
  if (failed(before))
    return failure();
  printWhileHead(loop, *before, carried);
  names.enter();
  FailureOr<Branch> after = printApart(*loop.getAfterBody());
  if (failed(after))
    return failure();
  out += after->text;
  SmallVector<Assignment, 0> assignments;
  for (auto [variable, value, argument] :
       llvm::zip_equal(carried, after->results, loop.getBeforeArguments()))
    assignments.push_back({variable, value, argument.getType()});
  ++depth;
  printAssignments(assignments);
  --depth;
  names.leave();
  line("}");
  return success();
}

} // namespace polytile::opencl
