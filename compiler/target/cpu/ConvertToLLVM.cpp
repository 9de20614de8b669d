//===- ConvertToLLVM.cpp - The pass cpu-convert-to-llvm -------------------===//
//
// Loops to branches first, since the types of a function's blocks are converted
// once; then one conversion with the patterns of all dialects that kernels use,
// which is much faster than a pass for each; then the entries of the kernel
// ABI:
//
//   llvm.func @k(%args: !llvm.ptr, %begin: i64, %end: i64) -> i32 {
//     %bindings = load (%args + 8), %workspace = load (%args + 16)
//     llvm.call @k.body(load %bindings[0], ..., %begin, %end, %workspace)
//
//===----------------------------------------------------------------------===//

#include "compiler/target/cpu/Passes.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace polytile::cpu {

#define GEN_PASS_DEF_CPUCONVERTTOLLVM
#include "compiler/target/cpu/Passes.h.inc"

/// Offsets in ptl_kernel_args (runtime/abi/polytile_kernel_abi.h).
static constexpr int32_t bindingsOffset = 8, workspaceOffset = 16;

static LogicalResult convertLoops(ModuleOp module) {
  RewritePatternSet patterns(module.getContext());
  populateSCFToControlFlowConversionPatterns(patterns);
  ConversionTarget target(*module.getContext());
  target.addIllegalDialect<scf::SCFDialect>();
  target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
  return applyPartialConversion(module, target, std::move(patterns));
}

static LogicalResult convertDialects(ModuleOp module) {
  MLIRContext *context = module.getContext();
  LowerToLLVMOptions options(context);
  options.useBarePtrCallConv = true;
  options.overrideIndexBitwidth(64);
  LLVMTypeConverter converter(context, options);
  RewritePatternSet patterns(context);
  cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
  arith::populateArithToLLVMConversionPatterns(converter, patterns);
  populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
  vector::populateVectorMaskOpLoweringPatterns(patterns);
  populateVectorToLLVMConversionPatterns(converter, patterns);
  populateFuncToLLVMConversionPatterns(converter, patterns);
  LLVMConversionTarget target(*context);
  target.addLegalOp<ModuleOp>();
  return applyFullConversion(module, target, std::move(patterns));
}

/// Bindings and workspace never overlap, unless the kernel says that they may;
/// all are 64-byte aligned.
static void describeArguments(LLVM::LLVMFuncOp body, bool mayAlias) {
  OpBuilder b(body.getContext());
  for (auto [i, type] : llvm::enumerate(body.getArgumentTypes())) {
    if (!isa<LLVM::LLVMPointerType>(type))
      continue;
    body.setArgAttr(i, "llvm.align", b.getI64IntegerAttr(64));
    if (!mayAlias)
      body.setArgAttr(i, "llvm.noalias", b.getUnitAttr());
  }
}

static void addEntry(LLVM::LLVMFuncOp body) {
  OpBuilder b(body);
  Location loc = body.getLoc();
  std::string symbol = body.getName().str();
  body.setName(symbol + ".body");
  body.setLinkage(LLVM::Linkage::Internal);
  describeArguments(body, body->hasAttr("program.may_alias"));
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto type = LLVM::LLVMFunctionType::get(
      b.getI32Type(), {pointer, b.getI64Type(), b.getI64Type()});
  auto entry = b.create<LLVM::LLVMFuncOp>(loc, symbol, type);
  entry->setAttr(kernelAttrName, body->removeAttr(kernelAttrName));
  b.setInsertionPointToStart(entry.addEntryBlock(b));
  auto loadAt = [&](Value base, int32_t offset) -> Value {
    Value address = b.create<LLVM::GEPOp>(loc, pointer, b.getI8Type(), base,
                                          ArrayRef<LLVM::GEPArg>{offset});
    return b.create<LLVM::LoadOp>(loc, pointer, address);
  };
  Value bindings = loadAt(entry.getArgument(0), bindingsOffset);
  SmallVector<Value> operands;
  int32_t numBindings = body.getNumArguments() - 3;
  for (int32_t i = 0; i < numBindings; ++i)
    operands.push_back(loadAt(bindings, 8 * i));
  operands.append({entry.getArgument(1), entry.getArgument(2),
                   loadAt(entry.getArgument(0), workspaceOffset)});
  b.create<LLVM::CallOp>(loc, body, operands);
  Value none =
      b.create<LLVM::ConstantOp>(loc, b.getI32Type(), b.getI32IntegerAttr(0));
  b.create<LLVM::ReturnOp>(loc, none);
}

namespace {
struct ConvertToLLVM : impl::CpuConvertToLLVMBase<ConvertToLLVM> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(convertLoops(module)) || failed(convertDialects(module)))
      return signalPassFailure();
    for (auto function :
         llvm::make_early_inc_range(module.getOps<LLVM::LLVMFuncOp>())) {
      if (function->hasAttr(kernelAttrName))
        addEntry(function);
      else if (!function.isExternal())
        describeArguments(function, false);
    }
  }
};
} // namespace

} // namespace polytile::cpu
