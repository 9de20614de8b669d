//===- FunctionPrinter.cpp - Heads, blocks and variables ------------------===//
//
// The frame of a function, and which values become variables.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/opencl/FunctionPrinter.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace llvm;
using namespace mlir;

namespace polytile::opencl {

namespace {

constexpr size_t lineLength = 100;
/// Longer expressions get a name of their own.
constexpr size_t inlineLength = 56;

std::string pointerTo(StringRef qualifiers, StringRef element) {
  return (qualifiers + " " + element + " *").str();
}

/// The binding or array that a memref shows.
Value rootOf(Value memory) {
  while (auto view = memory.getDefiningOp<kernel::VectorViewOp>())
    memory = view.getSource();
  return memory;
}

/// The qualifiers of a pointer to the memory of `root`.
StringRef qualifiersOf(Value root) {
  auto type = cast<MemRefType>(root.getType());
  if (kernel::isWorkgroupMemory(type))
    return "local";
  if (kernel::isPrivateMemory(type))
    return "private";
  auto argument = cast<BlockArgument>(root);
  auto owner = cast<kernel::FuncOp>(argument.getOwner()->getParentOp());
  return owner.isWritten(argument.getArgNumber()) ? "global" : "const global";
}

/// Bytes that an array must be aligned to for the vectors it is seen as.
int64_t alignmentOf(Value array, Type element) {
  int64_t bytes = kernel::getMemoryBytes(element);
  for (Operation *user : array.getUsers())
    if (auto view = dyn_cast<kernel::VectorViewOp>(user))
      bytes = std::max(bytes,
                       kernel::getMemoryBytes(view.getType().getElementType()));
  return bytes;
}

bool isId(Operation *op) {
  return isa<gpu::ThreadIdOp, gpu::BlockIdOp, gpu::LaneIdOp, gpu::SubgroupIdOp,
             gpu::SubgroupSizeOp>(op);
}

/// The name and the OpenCL C function of an id.
std::pair<std::string, std::string> describeId(Operation *op) {
  auto along = [](StringRef name, gpu::Dimension dimension) {
    constexpr StringLiteral suffix[] = {"", "_y", "_z"};
    return (name + suffix[static_cast<unsigned>(dimension)]).str();
  };
  auto of = [](StringRef function, gpu::Dimension dimension) {
    return (function + "(" + Twine(static_cast<unsigned>(dimension)) + ")")
        .str();
  };
  if (auto id = dyn_cast<gpu::ThreadIdOp>(op))
    return {along("tid", id.getDimension()),
            of("get_local_id", id.getDimension())};
  if (auto id = dyn_cast<gpu::BlockIdOp>(op))
    return {along("group", id.getDimension()),
            of("get_group_id", id.getDimension())};
  if (isa<gpu::LaneIdOp>(op))
    return {"lane", "get_sub_group_local_id()"};
  if (isa<gpu::SubgroupIdOp>(op))
    return {"subgroup", "get_sub_group_id()"};
  return {"subgroup_size", "get_sub_group_size()"};
}

} // namespace

FunctionPrinter::FunctionPrinter(ArrayRef<std::string> symbols,
                                 unsigned indexBits)
    : types(indexBits) {
  for (const std::string &symbol : symbols)
    names.make(symbol);
}

LogicalResult FunctionPrinter::refuse(Operation *op, const Twine &what) const {
  return op->emitError("internal: OpenCL C has no form for ") << what;
}

//===----------------------------------------------------------------------===//
// Variables
//===----------------------------------------------------------------------===//

void FunctionPrinter::line(const Twine &text) {
  std::string whole = text.str();
  StringRef rest = whole;
  size_t indent = 2 * depth;
  while (true) {
    out.append(indent, ' ');
    if (indent + rest.size() <= lineLength)
      break;
    size_t end = rest.rfind(' ', lineLength - indent);
    if (end == StringRef::npos || end == 0)
      end = rest.find(' ');
    if (end == StringRef::npos)
      break;
    out += rest.take_front(end);
    out += '\n';
    rest = rest.drop_front(end + 1);
    indent = 2 * depth + 4;
  }
  out += rest;
  out += '\n';
}

StringRef FunctionPrinter::hintOf(Location location) {
  auto named = dyn_cast<NameLoc>(location);
  return named && isa<UnknownLoc>(named.getChildLoc())
             ? named.getName().strref()
             : StringRef();
}

std::string FunctionPrinter::wishFor(Value value) const {
  if (StringRef hint = hintOf(value.getLoc()); !hint.empty())
    return hint.str();
  Type type = getElementTypeOrSelf(value.getType());
  if (auto load = value.getDefiningOp<memref::LoadOp>()) {
    auto found = values.find(rootOf(load.getMemRef()));
    if (found != values.end())
      return StringRef(found->second.text).lower();
  }
  if (type.isInteger(1))
    return "is";
  return isa<FloatType>(type) ? "x" : "n";
}

void FunctionPrinter::setName(Value value, StringRef name) {
  Expression expression;
  expression.text = name.str();
  values[value] = expression;
}

Expression FunctionPrinter::makeVariable(StringRef name) {
  Expression expression;
  expression.text = name.str();
  expression.variables.push_back(variables++);
  return expression;
}

void FunctionPrinter::declare(Value value, const Expression &expression) {
  std::string name = names.make(wishFor(value));
  line("const " + types.name(value.getType()) + " " + name + " = " +
       expression.text + ";");
  setName(value, name);
}

bool FunctionPrinter::isWaiting(Value value) const {
  return llvm::is_contained(waiting, value);
}

/// A read that stands far before its use stands there to overlap with what is
/// in between: it stays in its place.
static bool isPrefetch(Value value, Operation *user) {
  constexpr int nearby = 24;
  Operation *op = value.getDefiningOp();
  if (!isa<memref::LoadOp>(op))
    return false;
  for (int i = 0; i < nearby && op && op != user; ++i)
    op = op->getNextNode();
  return op != user;
}

void FunctionPrinter::define(Value value, Expression expression) {
  if (value.use_empty())
    return;
  // A lane of a variable is as good as a variable.
  auto lane = value.getDefiningOp<vector::ExtractOp>();
  if (lane && isa<FloatType>(value.getType()) && !expression.readsMemory &&
      isIdentifier(StringRef(expression.text).split('.').first)) {
    values[value] = std::move(expression);
    return;
  }
  Operation *user = *value.getUsers().begin();
  // Where the use ends the line there is no need for another name.
  size_t limit =
      isa<memref::StoreOp, scf::YieldOp>(user) ? lineLength - 20 : inlineLength;
  if (!value.hasOneUse() ||
      user->getBlock() != value.getDefiningOp()->getBlock() ||
      isPrefetch(value, user) || expression.text.size() > limit)
    return declare(value, expression);
  values[value] = std::move(expression);
  waiting.push_back(value);
}

void FunctionPrinter::flush(llvm::function_ref<bool(Value)> test) {
  SmallVector<Value> all = std::move(waiting);
  waiting.clear();
  for (Value value : all) {
    if (test(value))
      declare(value, Expression(values[value]));
    else
      waiting.push_back(value);
  }
}

void FunctionPrinter::flushReads() {
  flush([&](Value value) { return values[value].readsMemory; });
}

void FunctionPrinter::flushArithmetic() {
  flush([](Value value) {
    return isa<FloatType>(getElementTypeOrSelf(value.getType())) &&
           isa<arith::ArithDialect, math::MathDialect, func::FuncDialect>(
               value.getDefiningOp()->getDialect());
  });
}

Expression FunctionPrinter::use(Value value) {
  llvm::erase(waiting, value);
  return values.lookup(value);
}

Expression FunctionPrinter::useName(Value value) {
  if (isWaiting(value)) {
    llvm::erase(waiting, value);
    declare(value, values.lookup(value));
  }
  return values.lookup(value);
}

//===----------------------------------------------------------------------===//
// Heads
//===----------------------------------------------------------------------===//

void FunctionPrinter::printBindings(kernel::FuncOp kernel) {
  for (BlockArgument binding : kernel.getBody().getArguments()) {
    const unsigned number = binding.getArgNumber();
    std::string wish = kernel.getBindingName(number).str();
    if (wish.empty())
      wish = "buffer" + std::to_string(number);
    setName(binding, names.make(wish));
  }
  // A binding that may be another one's memory must not claim its own.
  llvm::DenseSet<int64_t> aliased;
  for (unsigned number = 0; number != kernel.getNumArguments(); ++number)
    if (auto other = kernel.getArgAttrOfType<IntegerAttr>(
            number, kernel::mayAliasAttrName)) {
      aliased.insert(number);
      aliased.insert(other.getInt());
    }
  SmallVector<std::string> bindings;
  for (BlockArgument binding : kernel.getBody().getArguments()) {
    const unsigned number = binding.getArgNumber();
    sharesGlobalMemory |= kernel.isRead(number) && kernel.isWritten(number);
    Type element = cast<MemRefType>(binding.getType()).getElementType();
    bindings.push_back(pointerTo(qualifiersOf(binding), types.name(element)) +
                       (aliased.contains(number) ? "" : "restrict ") +
                       values[binding].text);
  }
  std::string head = ("void " + kernel.getName() + "(").str();
  std::string list = llvm::join(bindings, ", ");
  if (head.size() + list.size() >= lineLength)
    list = "\n    " + llvm::join(bindings, ",\n    ");
  out += head + list + ")\n";
}

void FunctionPrinter::declareId(Operation *op) {
  auto [name, function] = describeId(op);
  std::string unique = names.make(name);
  line("const " + types.name(op->getResult(0).getType()) + " " + unique +
       " = " + function + ";");
  setName(op->getResult(0), unique);
}

/// What OpenCL C wants at the top of a kernel: shared arrays. And the ids, each
/// once.
void FunctionPrinter::printSharedDeclarations(kernel::FuncOp kernel) {
  llvm::StringMap<Value> ids;
  kernel.walk([&](Operation *op) {
    if (auto shared = dyn_cast<kernel::WorkgroupMemoryOp>(op)) {
      if (shared.getResult().use_empty())
        return;
      MemRefType type = shared.getType();
      std::string name = names.make(shared.getName().value_or("tile"));
      int64_t alignment = alignmentOf(shared, type.getElementType());
      line("local " + types.name(type.getElementType()) + " " + name + "[" +
           Twine(type.getNumElements()) + "]" +
           (alignment > kernel::getMemoryBytes(type.getElementType())
                ? " __attribute__((aligned(" + std::to_string(alignment) + ")))"
                : std::string()) +
           ";");
      setName(shared, name);
    }
    if (!isId(op) || op->use_empty())
      return;
    Value &first = ids[describeId(op).second];
    if (!first) {
      declareId(op);
      first = op->getResult(0);
    } else {
      values[op->getResult(0)] = Expression(values[first]);
    }
  });
}

FailureOr<std::string> FunctionPrinter::printKernel(kernel::FuncOp kernel) {
  ArrayRef<int64_t> size = kernel.getWorkgroupSize();
  line("kernel __attribute__((reqd_work_group_size(" + Twine(size[0]) + ", " +
       Twine(size[1]) + ", " + Twine(size[2]) + ")))");
  if (kernel.getSubgroupSize()) {
    out += "#ifdef cl_intel_required_subgroup_size\n";
    line("__attribute__((intel_reqd_sub_group_size(" +
         Twine(*kernel.getSubgroupSize()) + ")))");
    out += "#endif\n";
  }
  printBindings(kernel);
  line("{");
  ++depth;
  printSharedDeclarations(kernel);
  if (failed(printBody(kernel.getBody().front())))
    return failure();
  --depth;
  line("}");
  return std::move(out);
}

FailureOr<std::string> FunctionPrinter::printHelper(func::FuncOp helper) {
  FunctionType type = helper.getFunctionType();
  auto isRegister = [&](Type t) { return types.isRegister(t); };
  if (type.getNumResults() != 1 ||
      !llvm::all_of(type.getInputs(), isRegister) ||
      !isRegister(type.getResult(0)))
    return refuse(helper, "a function that isn't from numbers to one number");
  SmallVector<std::string> parameters;
  for (BlockArgument argument : helper.getArguments()) {
    setName(argument, names.make(wishFor(argument)));
    parameters.push_back("const " + types.name(argument.getType()) + " " +
                         values[argument].text);
  }
  line("static " + types.name(type.getResult(0)) + " " + helper.getName() +
       "(" + llvm::join(parameters, ", ") + ")");
  line("{");
  ++depth;
  Block &body = helper.getBody().front();
  if (failed(printBody(body)))
    return failure();
  line("return " + use(body.getTerminator()->getOperand(0)).text + ";");
  --depth;
  line("}");
  return std::move(out);
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

LogicalResult FunctionPrinter::printBody(Block &block) {
  for (Operation &op : block.without_terminator())
    if (failed(printOperation(&op)))
      return failure();
  return success();
}

LogicalResult FunctionPrinter::printOperation(Operation *op) {
  for (Type type : op->getResultTypes())
    if (!isa<MemRefType>(type) && !types.isRegister(type))
      return refuse(op, "this type, or '" + op->getName().getStringRef() + "'");
  if (isId(op) || isa<kernel::WorkgroupMemoryOp>(op))
    return success();
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    values[constant] = literalOf(constant.getValue());
    return success();
  }
  auto ownStatement =
      llvm::TypeSwitch<Operation *, std::optional<LogicalResult>>(op)
          .Case([&](scf::ForOp loop) { return printFor(loop); })
          .Case([&](scf::IfOp branch) { return printIf(branch); })
          .Case([&](scf::WhileOp loop) { return printWhile(loop); })
          .Case([&](memref::StoreOp store) { return printStore(store); })
          .Case([&](memref::AllocaOp array) { return printArray(array); })
          .Case([&](vector::InsertOp insert) { return printInsertion(insert); })
          .Case([&](kernel::VectorViewOp view) {
            printView(view);
            return success();
          })
          .Case([&](gpu::BarrierOp barrier) {
            printBarrier(barrier);
            return success();
          })
          .Case<arith::AddUIExtendedOp, arith::MulSIExtendedOp,
                arith::MulUIExtendedOp>(
              [&](Operation *extended) { return printExtended(extended); })
          .Default([](Operation *) { return std::nullopt; });
  if (ownStatement)
    return *ownStatement;
  if (auto product = dyn_cast<arith::MulFOp>(op); product && isFused(product))
    return success();
  if (op->use_empty())
    return success();
  if (isa<memref::LoadOp>(op))
    flushArithmetic();
  FailureOr<Expression> expression = expressionOf(op);
  if (failed(expression))
    return failure();
  define(op->getResult(0), std::move(*expression));
  return success();
}

LogicalResult FunctionPrinter::printStore(memref::StoreOp store) {
  Expression index = use(store.getIndices().front());
  Expression value = use(store.getValueToStore());
  flushReads();
  line(makeElement(use(store.getMemRef()), index).text + " = " + value.text +
       ";");
  return success();
}

LogicalResult FunctionPrinter::printArray(memref::AllocaOp array) {
  MemRefType type = array.getType();
  if (!types.isMemory(type.getElementType()) || !type.hasStaticShape())
    return refuse(array, "an array of this type");
  if (array.getResult().use_empty())
    return success();
  StringRef hint = hintOf(array.getLoc());
  std::string name = names.make(hint.empty() ? "array" : hint);
  line(types.name(type.getElementType()) + " " + name + "[" +
       Twine(type.getNumElements()) + "];");
  setName(array, name);
  return success();
}

LogicalResult FunctionPrinter::printInsertion(vector::InsertOp insertion) {
  if (insertion.getResult().use_empty())
    return success();
  if (insertion.getStaticPosition().size() != 1 ||
      insertion.hasDynamicPosition())
    return refuse(insertion, "an insertion at a position that isn't a number");
  Expression target = use(insertion.getDest());
  Expression source = use(insertion.getSource());
  Type type = insertion.getResult().getType();
  if (source.text.empty())
    return refuse(insertion, "an insertion of a vector");
  std::string name = names.make(wishFor(insertion));
  line(types.name(type) + " " + name + " = " + target.text + ";");
  bool isMask = getElementTypeOrSelf(type).isInteger(1);
  line(name + "." + "xyzw"[insertion.getStaticPosition().front()] + " = " +
       (isMask ? "(" + source.text + ") ? -1 : 0" : source.text) + ";");
  setName(insertion, name);
  return success();
}

void FunctionPrinter::printView(kernel::VectorViewOp view) {
  if (view.getResult().use_empty())
    return;
  auto vector = cast<VectorType>(view.getType().getElementType());
  std::string base = values[view.getSource()].text;
  std::string name = names.make(base + std::to_string(vector.getNumElements()));
  std::string pointer =
      pointerTo(qualifiersOf(rootOf(view.getSource())), types.name(vector));
  line(pointer + "const " + name + " = (" + pointer + ")" + base + ";");
  setName(view, name);
}

void FunctionPrinter::printBarrier(gpu::BarrierOp) {
  flushReads();
  line(sharesGlobalMemory
           ? "barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);"
           : "barrier(CLK_LOCAL_MEM_FENCE);");
}

} // namespace polytile::opencl
