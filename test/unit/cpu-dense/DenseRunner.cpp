// Compiles one dense contraction in memory; see DenseRunner.h.
#include "test/unit/cpu-dense/DenseRunner.h"

#include "compiler/target/cpu/Passes.h"
#include "dialects/tile/Transforms/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>

using namespace mlir;

namespace polytile::cpu::test {

unsigned widestVectors() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
    return 512;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 256
                                                                         : 128;
}

namespace {

[[noreturn]] void fail(const char *what) {
  std::fprintf(stderr, "dense contraction: %s failed\n", what);
  std::abort();
}

std::string tensorType(const std::vector<int64_t> &shape,
                       const std::string &element) {
  std::string type = "tensor<";
  for (int64_t size : shape)
    type += std::to_string(size) + "x";
  return type + element + ">";
}

std::string moduleText(const Contraction &op) {
  std::string a = tensorType(op.aShape, op.element),
              b = tensorType(op.bShape, op.element),
              c = tensorType(op.cShape, op.element), names = "\"";
  for (char letter : op.indices)
    if (letter != ' ')
      names += letter == ',' ? "\", \"" : std::string(1, letter);
  auto map = [&](const std::string &results) {
    return "affine_map<(" + op.indices + ") -> (" + results + ")>";
  };
  return "func.func @source(%A: " + a + ", %B: " + b + ") -> " + c +
         " {\n %0 = tile.contract sum ins(%A, %B) maps [" + map(op.a) + ", " +
         map(op.b) + "] into " + map(op.c) + " domain affine_set<(" +
         op.indices + ") : (" + op.domain + ")> names [" + names +
         "\"] {\n ^bb0(%a: " + op.element + ", %b: " + op.element +
         "):\n %1 = tile.mul %a, %b : (" + op.element + ", " + op.element +
         ") -> " + op.element + "\n tile.yield %1 : " + op.element +
         "\n } : (" + a + ", " + b + ") -> " + c + "\n return %0 : " + c +
         "\n}\n";
}

tile::ContractOp findContraction(ModuleOp module) {
  tile::ContractOp found;
  module.walk([&](tile::ContractOp op) { found = op; });
  return found;
}

void buildFunction(ModuleOp module, tile::ContractOp op,
                   const DensePlan &plan) {
  auto builder = OpBuilder::atBlockEnd(module.getBody());
  Location loc = op.getLoc();
  auto buffer = [](Value value) -> Type {
    auto tensor = cast<RankedTensorType>(value.getType());
    return MemRefType::get(tensor.getShape(), tensor.getElementType());
  };
  Type index = builder.getIndexType();
  Type bytes = MemRefType::get({ShapedType::kDynamic}, builder.getI8Type());
  SmallVector<Type> types = {buffer(op.getInputs()[0]),
                             buffer(op.getInputs()[1]),
                             buffer(op.getResult()),
                             index,
                             index,
                             bytes};
  auto function = builder.create<func::FuncOp>(
      loc, "run", builder.getFunctionType(types, {}));
  function->setAttr("llvm.emit_c_interface", builder.getUnitAttr());
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  auto args = entry->getArguments();
  if (failed(emitDenseContraction(builder, loc, plan, {args[0], args[1]},
                                  args[2], args[3], args[4], args[5])))
    fail("emission");
  builder.create<func::ReturnOp>(loc);
}

std::unique_ptr<llvm::TargetMachine> targetMachine(unsigned vectorBits) {
  auto builder = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!builder)
    fail("detection of the host");
  builder->setCPU(vectorBits == 512   ? "x86-64-v4"
                  : vectorBits == 256 ? "x86-64-v3"
                                      : "x86-64");
  builder->getFeatures() =
      llvm::SubtargetFeatures(vectorBits == 512 ? "-prefer-256-bit" : "");
  builder->setCodeGenOptLevel(llvm::CodeGenOptLevel::Default);
  auto machine = builder->createTargetMachine();
  if (!machine)
    fail("the target machine");
  return std::move(*machine);
}

/// Loops stay as they are: their bodies are wide enough, and unrolled ones
/// spill, or take seconds where the sizes of packing loops are known.
llvm::Error optimize(llvm::Module *module, llvm::TargetMachine *machine) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopUnrolling = false;
  tuning.SLPVectorization = false;
  llvm::PassBuilder builder(machine, tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3)
      .run(*module, modules);
  return llvm::Error::success();
}

/// A memref descriptor of identity layout: pointers, offset, sizes, strides.
std::vector<int64_t> descriptor(const void *data,
                                const std::vector<int64_t> &shape) {
  auto address = reinterpret_cast<int64_t>(data);
  std::vector<int64_t> words = {address, address, 0};
  words.insert(words.end(), shape.begin(), shape.end());
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;)
    strides[d - 1] = strides[d] * shape[d];
  words.insert(words.end(), strides.begin(), strides.end());
  return words;
}

int64_t evaluate(AffineExpr expr, const std::vector<int64_t> &point) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return point[dim.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  int64_t x = evaluate(binary.getLHS(), point),
          y = evaluate(binary.getRHS(), point);
  if (expr.getKind() == AffineExprKind::Add)
    return x + y;
  if (expr.getKind() == AffineExprKind::Mul)
    return x * y;
  fail("evaluation of an index");
}

/// The row-major position of a point, or -1 outside.
int64_t position(AffineMap map, const std::vector<int64_t> &shape,
                 const std::vector<int64_t> &point) {
  int64_t result = 0;
  for (auto [expr, size] : llvm::zip_equal(map.getResults(), shape)) {
    int64_t index = evaluate(expr, point);
    if (index < 0 || index >= size)
      return -1;
    result = result * size + index;
  }
  return result;
}

} // namespace

DenseRunner::DenseRunner() : context(std::make_unique<MLIRContext>()) {}
DenseRunner::~DenseRunner() = default;

std::unique_ptr<DenseRunner>
DenseRunner::compile(const Contraction &op, unsigned vectorBits, bool print) {
  static bool initialized = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)initialized;
  std::unique_ptr<DenseRunner> runner(new DenseRunner);
  runner->contraction = op;
  MLIRContext *context = runner->context.get();
  DialectRegistry registry;
  registry.insert<tile::TileDialect, func::FuncDialect, arith::ArithDialect,
                  linalg::LinalgDialect, memref::MemRefDialect, scf::SCFDialect,
                  vector::VectorDialect, LLVM::LLVMDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  context->appendDialectRegistry(registry);
  context->loadAllAvailableDialects();
  context->disableMultithreading();

  runner->source = parseSourceString<ModuleOp>(moduleText(op), context);
  if (!runner->source)
    fail("parsing");
  PassManager bounds(context);
  bounds.addNestedPass<func::FuncOp>(tile::createTileInferBounds());
  if (failed(bounds.run(*runner->source)))
    fail("tile-infer-bounds");
  tile::ContractOp contract = findContraction(*runner->source);
  FailureOr<DensePlan> plan = planDenseContraction(contract, vectorBits);
  if (failed(plan))
    return nullptr;
  runner->thePlan = *plan;

  auto start = std::chrono::steady_clock::now();
  runner->module = ModuleOp::create(UnknownLoc::get(context));
  buildFunction(*runner->module, contract, *plan);
  if (print)
    runner->module->print(llvm::outs());
  PassManager lower(context);
  lower.addPass(createCpuLowerMicroKernels());
  lower.addPass(createConvertSCFToCFPass());
  lower.addPass(createConvertVectorToLLVMPass());
  lower.addPass(createArithToLLVMConversionPass());
  lower.addPass(createFinalizeMemRefToLLVMConversionPass());
  lower.addPass(createConvertFuncToLLVMPass());
  lower.addPass(createConvertControlFlowToLLVMPass());
  lower.addPass(createReconcileUnrealizedCastsPass());
  if (failed(lower.run(*runner->module)))
    fail("lowering");
  auto machine = targetMachine(vectorBits);
  ExecutionEngineOptions options;
  auto transformer = [machine = machine.get()](llvm::Module *llvmModule) {
    return optimize(llvmModule, machine);
  };
  options.transformer = transformer;
  auto engine =
      ExecutionEngine::create(*runner->module, options, std::move(machine));
  if (!engine)
    fail("compilation");
  runner->engine = std::move(*engine);
  auto function = runner->engine->lookup("_mlir_ciface_run");
  if (!function)
    fail("look-up");
  runner->function = *function;
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  runner->seconds = took.count();
  return runner;
}

void DenseRunner::run(const void *a, const void *b, void *c, int64_t begin,
                      int64_t end, void *workspace) const {
  auto aWords = descriptor(a, contraction.aShape);
  auto bWords = descriptor(b, contraction.bShape);
  auto cWords = descriptor(c, contraction.cShape);
  auto scratch = descriptor(workspace, {thePlan.workspaceBytes});
  using Function =
      void (*)(int64_t *, int64_t *, int64_t *, int64_t, int64_t, int64_t *);
  reinterpret_cast<Function>(function)(
      aWords.data(), bWords.data(), cWords.data(), begin, end, scratch.data());
}

std::vector<double>
DenseRunner::reference(const std::vector<double> &a,
                       const std::vector<double> &b,
                       const std::vector<int64_t> &extents) const {
  tile::ContractOp op = findContraction(*source);
  int64_t size = 1;
  for (int64_t dimension : contraction.cShape)
    size *= dimension;
  std::vector<double> c(size, 0.0);
  std::vector<int64_t> point(extents.size(), 0);
  IntegerSet domain = op.getDomainSet();
  auto inDomain = [&] {
    for (unsigned i = 0, e = domain.getNumConstraints(); i != e; ++i) {
      int64_t value = evaluate(domain.getConstraint(i), point);
      if (domain.isEq(i) ? value != 0 : value < 0)
        return false;
    }
    return true;
  };
  for (;;) {
    int64_t from = position(op.getInputMap(0), contraction.aShape, point);
    int64_t with = position(op.getInputMap(1), contraction.bShape, point);
    int64_t to = position(op.getOutputMap(), contraction.cShape, point);
    if (from >= 0 && with >= 0 && to >= 0 && inDomain())
      c[to] += a[from] * b[with];
    size_t d = point.size();
    while (d > 0 && ++point[d - 1] == extents[d - 1])
      point[--d] = 0;
    if (d == 0)
      return c;
  }
}

} // namespace polytile::cpu::test
