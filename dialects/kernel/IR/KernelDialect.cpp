//===- KernelDialect.cpp - Registration and syntax of the kernel dialect --===//
//
// The functions' own syntax, and what they know about themselves. What makes a
// kernel legal stands in KernelVerifier.cpp.
//
//===----------------------------------------------------------------------===//

#include "dialects/kernel/IR/KernelOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionImplementation.h"

using namespace mlir;
using namespace polytile::kernel;

#include "dialects/kernel/IR/KernelDialect.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/kernel/IR/KernelOps.cpp.inc"

void KernelDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/kernel/IR/KernelOps.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

int64_t polytile::kernel::getMemoryBytes(Type element) {
  if (auto vector = dyn_cast<VectorType>(element))
    return vector.getNumElements() * getMemoryBytes(vector.getElementType());
  return llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

bool polytile::kernel::isMemoryType(Type type) {
  return type.isF32() || type.isF64() || type.isSignlessInteger(8) ||
         type.isSignlessInteger(16) || type.isSignlessInteger(32) ||
         type.isSignlessInteger(64);
}

static bool hasAddressSpace(MemRefType type, gpu::AddressSpace space) {
  auto attribute =
      dyn_cast_or_null<gpu::AddressSpaceAttr>(type.getMemorySpace());
  return attribute && attribute.getValue() == space;
}

bool polytile::kernel::isWorkgroupMemory(MemRefType type) {
  return hasAddressSpace(type, gpu::AddressSpace::Workgroup);
}

bool polytile::kernel::isPrivateMemory(MemRefType type) {
  return hasAddressSpace(type, gpu::AddressSpace::Private);
}

static MemRefType typeIn(gpu::AddressSpace space, int64_t count, Type element) {
  return MemRefType::get(
      {count}, element, MemRefLayoutAttrInterface(),
      gpu::AddressSpaceAttr::get(element.getContext(), space));
}

MemRefType polytile::kernel::getWorkgroupType(int64_t count, Type element) {
  return typeIn(gpu::AddressSpace::Workgroup, count, element);
}

MemRefType polytile::kernel::getPrivateType(int64_t count, Type element) {
  return typeIn(gpu::AddressSpace::Private, count, element);
}

//===----------------------------------------------------------------------===//
// kernel.func
//===----------------------------------------------------------------------===//

void FuncOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                   TypeRange bindings, ArrayRef<int64_t> workgroupSize,
                   ArrayRef<int64_t> grid) {
  state.addAttribute(getSymNameAttrName(state.name),
                     builder.getStringAttr(name));
  state.addAttribute(getFunctionTypeAttrName(state.name),
                     TypeAttr::get(builder.getFunctionType(bindings, {})));
  state.addAttribute(getWorkgroupSizeAttrName(state.name),
                     builder.getDenseI64ArrayAttr(workgroupSize));
  state.addAttribute(getGridAttrName(state.name),
                     builder.getDenseI64ArrayAttr(grid));
  Block &entry = state.addRegion()->emplaceBlock();
  entry.addArguments(bindings,
                     SmallVector<Location>(bindings.size(), state.location));
}

/// @name(%a: type {attributes}, ...) workgroup [x, y, z] grid [x, y, z]
/// attributes {...} { ... }
ParseResult FuncOp::parse(OpAsmParser &parser, OperationState &result) {
  StringAttr name;
  SmallVector<OpAsmParser::Argument> arguments;
  if (parser.parseSymbolName(name, getSymNameAttrName(result.name),
                             result.attributes) ||
      parser.parseArgumentList(arguments, OpAsmParser::Delimiter::Paren,
                               /*allowType=*/true, /*allowAttrs=*/true))
    return failure();
  auto parseCounts = [&](StringRef keyword, StringAttr attribute) {
    if (parser.parseKeyword(keyword))
      return failure();
    Attribute counts = DenseI64ArrayAttr::parse(parser, Type());
    if (!counts)
      return failure();
    result.addAttribute(attribute, counts);
    return success();
  };
  if (failed(parseCounts("workgroup", getWorkgroupSizeAttrName(result.name))) ||
      failed(parseCounts("grid", getGridAttrName(result.name))) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  SmallVector<Type> types;
  for (OpAsmParser::Argument &argument : arguments)
    types.push_back(argument.type);
  Builder &builder = parser.getBuilder();
  result.addAttribute(getFunctionTypeAttrName(result.name),
                      TypeAttr::get(builder.getFunctionType(types, {})));
  function_interface_impl::addArgAndResultAttrs(
      builder, result, arguments, /*resultAttrs=*/{},
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
  return parser.parseRegion(*result.addRegion(), arguments);
}

void FuncOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printer.printSymbolName(getSymName());
  printer << '(';
  Block &entry = getBody().front();
  llvm::interleaveComma(
      llvm::enumerate(entry.getArguments()), printer, [&](auto pair) {
        printer.printRegionArgument(
            pair.value(),
            function_interface_impl::getArgAttrs(*this, pair.index()));
      });
  printer << ") workgroup ";
  getWorkgroupSizeAttr().print(printer);
  printer << " grid ";
  getGridAttr().print(printer);
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(), {getSymNameAttrName(), getFunctionTypeAttrName(),
                            getWorkgroupSizeAttrName(), getGridAttrName(),
                            getArgAttrsAttrName(), getResAttrsAttrName()});
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false,
                      /*printBlockTerminators=*/true);
}

static int64_t product(ArrayRef<int64_t> factors) {
  int64_t result = 1;
  for (int64_t factor : factors)
    result *= factor;
  return result;
}

int64_t FuncOp::getWorkgroupItems() { return product(getWorkgroupSize()); }

int64_t FuncOp::getGridItems() { return product(getGrid()); }

int64_t FuncOp::getWorkgroupMemoryBytes() {
  int64_t bytes = 0;
  for (auto memory : getBody().getOps<WorkgroupMemoryOp>()) {
    MemRefType type = memory.getType();
    bytes += llvm::alignTo(
        type.getNumElements() * getMemoryBytes(type.getElementType()), 16);
  }
  return bytes;
}

StringRef FuncOp::getBindingName(unsigned number) {
  auto name = getArgAttrOfType<StringAttr>(number, nameAttrName);
  return name ? name.getValue() : StringRef();
}

bool FuncOp::isRead(unsigned number) {
  return getArgAttrOfType<StringAttr>(number, accessAttrName) != "write";
}

bool FuncOp::isWritten(unsigned number) {
  return getArgAttrOfType<StringAttr>(number, accessAttrName) != "read";
}
