//===- Pipeline.cpp - From source text to a package, phase by phase -------===//
//
// The order of all phases, and why each stands where it does. Everything that
// a user can get wrong is reported by the phases up to tile-infer-bounds; what
// a target lacks is refused before its first phase; a phase behind it that
// fails has found a bug of ours.
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Pipeline.h"

#include "compiler/conversion/TileToProgram/TileToProgram.h"
#include "compiler/interpreter/Interpreter.h"
#include "compiler/pipeline/FrontEnd.h"
#include "compiler/pipeline/PackageBuilder.h"
#include "compiler/pipeline/PhaseDumps.h"
#include "compiler/pipeline/SourceDiagnostics.h"
#include "compiler/pipeline/TargetCode.h"
#include "compiler/target/gpu/GpuTarget.h"
#include "dialects/program/Transforms/Passes.h"
#include "dialects/tile/IR/TileOps.h"
#include "dialects/tile/Transforms/Passes.h"
#include "lang/tile/Parser.h"
#include "lang/tile/Printer.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::pipeline;

namespace {

//===----------------------------------------------------------------------===//
// The phases
//===----------------------------------------------------------------------===//

/// What gives the program its meaning; the interpreter and every target start
/// behind it.
void addAnalysisPhases(PassManager &manager) {
  OpPassManager &function = manager.nest<func::FuncOp>();
  // First: all later phases want numbers for sizes, and the Presburger library
  // takes linear terms only, so a product of a size and an index variable must
  // have become a number before bounds are inferred.
  function.addPass(tile::createTileSpecialize());
  // The last phase that reports errors of the user. It comes before any
  // simplification, so that each contraction is checked as it was written, and
  // a dead one too.
  function.addPass(tile::createTileInferBounds());
}

/// From analysed tile IR to kernels and a planned schedule, for one target.
/// What a target wants otherwise than the CPU is said here and nowhere else.
void addProgramPhases(PassManager &manager, const Target &target) {
  // Before the partitioning: an operation that nothing uses must not get a
  // kernel, and equal operations only one, so that what is compared is what
  // was computed. Canonicalisation first: it makes operations equal.
  manager.addNestedPass<func::FuncOp>(createCanonicalizerPass());
  manager.addNestedPass<func::FuncOp>(createCSEPass());
  if (!target.isCpu()) {
    // On what is left, and so that it looks for uses that count; what it
    // replaces has to go again.
    tile::TileSplitReductionsOptions split;
    split.computeUnits =
        std::max<int64_t>(target.device.limits.computeUnits, 1);
    split.maxRowElements = gpu::maxHeldRow(target.device);
    manager.addNestedPass<func::FuncOp>(tile::createTileSplitReductions(split));
    manager.addNestedPass<func::FuncOp>(createCanonicalizerPass());
    manager.addNestedPass<func::FuncOp>(createCSEPass());
  }
  // Behind it no operation moves between kernels: targets compile each alone.
  program::TileToProgramOptions partition;
  if (!target.isCpu()) {
    // GPUs hold rows in registers, so that softmax is one kernel.
    partition.maxRowElements = gpu::maxHeldRow(target.device);
    partition.maxTensors = target.device.limits.bindings;
  }
  manager.addPass(program::createTileToProgram(partition));
  // Behind the partitioning, which decides what is a buffer at all, and on the
  // final order of the dispatches, which decides how long each one lives.
  // Devices bind temporaries at offsets that suit most of them.
  program::ProgramPlanMemoryOptions memory;
  memory.alignment = target.isCpu() ? program::bufferAlignment : 512;
  manager.addNestedPass<program::EntryOp>(
      program::createProgramPlanMemory(memory));
}

//===----------------------------------------------------------------------===//
// One compilation
//===----------------------------------------------------------------------===//

/// The state of one request: its context, engine and module.
class Compilation {
public:
  Compilation(const Request &request, std::vector<Target> targets)
      : request(request), targets(std::move(targets)), engine(request.source),
        context(makeRegistry(this->targets), MLIRContext::Threading::DISABLED),
        dumps(request.dumpDirectory) {
    context.printOpOnDiagnostic(false);
  }

  /// Parses, checks, imports, specialises and infers bounds. False after an
  /// error, or when the request stops before.
  bool analyse();
  /// Compiles for every target, or gives what the request stops at.
  void compile();
  void interpret();

  Response take() {
    response.diagnostics = engine.render();
    return std::move(response);
  }

private:
  static DialectRegistry makeRegistry(const std::vector<Target> &targets);
  bool stopAtSource();
  bool run(ModuleOp on, llvm::function_ref<void(PassManager &)> addPhases);
  bool lowerToProgram(ModuleOp program, Target &target);
  bool compileFor(Target &target, PackageBuilder &package);
  bool fail(Outcome outcome) {
    response.outcome = outcome;
    return false;
  }

  const Request &request;
  std::vector<Target> targets;
  lang::DiagnosticEngine engine;
  MLIRContext context;
  PhaseDumps dumps;
  CheckedProgram checked;
  std::vector<Argument> arguments;
  std::vector<std::string> numbers;
  OwningOpRef<ModuleOp> module;
  Response response;
};

DialectRegistry Compilation::makeRegistry(const std::vector<Target> &targets) {
  DialectRegistry registry;
  registry.insert<tile::TileDialect, program::ProgramDialect, func::FuncDialect,
                  arith::ArithDialect, tensor::TensorDialect>();
  for (const Target &target : targets)
    registerTargetDialects(target, registry);
  return registry;
}

bool Compilation::run(ModuleOp on,
                      llvm::function_ref<void(PassManager &)> addPhases) {
  PassManager manager(&context);
  addPhases(manager);
  dumps.attach(manager);
  return succeeded(manager.run(on));
}

/// Gives the stops that need no shapes.
bool Compilation::stopAtSource() {
  if (request.stop == Stop::Ast)
    response.data = lang::printTree(*checked.program);
  else if (request.stop == Stop::Signature)
    response.data = describeSignature(*checked.function);
  else
    return false;
  return true;
}

bool Compilation::analyse() {
  checked = parseAndFind(engine, request.function);
  if (!checked.function)
    return fail(Outcome::UserError);
  if (stopAtSource())
    return false;
  auto matched = matchArguments(*checked.function, request, numbers, engine);
  if (!matched)
    return fail(Outcome::UserError);
  arguments = std::move(*matched);
  context.loadAllAvailableDialects();
  FailureOr<OwningOpRef<ModuleOp>> imported =
      importForShapes(context, checked, arguments, engine);
  if (failed(imported))
    return fail(engine.hasErrors() ? Outcome::UserError
                                   : Outcome::InternalError);
  module = std::move(*imported);
  dumps.dump("import", *module);
  SourceDiagnosticHandler handler(context, engine);
  if (!run(*module, addAnalysisPhases))
    return fail(engine.hasErrors() ? Outcome::UserError
                                   : Outcome::InternalError);
  // What is wrong with the program comes before what is wrong with the call.
  return checkOutputs(*checked.function, request.outputs, engine) ||
         fail(Outcome::UserError);
}

void print(Operation *op, std::string &text) {
  llvm::raw_string_ostream stream(text);
  op->print(stream, OpPrintingFlags().useLocalScope());
}

/// False after an error, and when the request stops here.
bool Compilation::lowerToProgram(ModuleOp program, Target &target) {
  if (refuse(program, target))
    return fail(Outcome::UserError);
  // The user's errors have all been reported, so names are of no use any more;
  // without them equal statements are equal operations.
  program->walk(program::dropNames);
  if (!run(program,
           [&](PassManager &manager) { addProgramPhases(manager, target); }))
    return fail(Outcome::InternalError);
  if (request.stop == Stop::Program) {
    print(program, response.data);
    return false;
  }
  return true;
}

/// Moves the kernels to a module of their own: the code generator consumes it.
OwningOpRef<ModuleOp> takeKernels(ModuleOp module) {
  OwningOpRef<ModuleOp> kernels = ModuleOp::create(module.getLoc());
  for (auto function :
       llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
    function->moveBefore(kernels->getBody(), kernels->getBody()->end());
  return kernels;
}

/// False after an error, and when the request stops before the package.
bool Compilation::compileFor(Target &target, PackageBuilder &package) {
  SourceDiagnosticHandler handler(context, engine);
  if (!target.isCpu() || targets.size() > 1)
    handler.setDevice(target.isCpu() ? target.describe() : target.device.name);
  auto failPhase = [&] {
    return fail(handler.hasRefused() ? Outcome::UserError
                                     : Outcome::InternalError);
  };
  dumps.setTarget(targets.size() > 1 ? target.kind : "");
  OwningOpRef<ModuleOp> program = module->clone();
  if (!lowerToProgram(*program, target))
    return false;
  OwningOpRef<ModuleOp> kernels = takeKernels(*program);
  if (request.stop != Stop::Package) {
    FailureOr<std::string> emitted =
        emitTarget(*kernels, target, request.stop, *request.source, dumps);
    if (failed(emitted))
      return failPhase();
    response.data = std::move(*emitted);
    return false;
  }
  FailureOr<TargetCode> code =
      compileTarget(*kernels, target, *request.source, dumps);
  if (failed(code))
    return failPhase();
  package.addTarget(*program, std::move(*code));
  return true;
}

void Compilation::compile() {
  if (request.stop == Stop::Tile) {
    print(*module, response.data);
    return;
  }
  PackageBuilder package;
  for (Target &target : targets)
    if (!compileFor(target, package))
      return;
  response.data = package.write();
}

void Compilation::interpret() {
  SourceDiagnosticHandler handler(context, engine);
  func::FuncOp function = *module->getOps<func::FuncOp>().begin();
  SmallVector<interpreter::Tensor> inputs;
  for (auto [argument, type] :
       llvm::zip_equal(arguments, function.getArgumentTypes())) {
    interpreter::Tensor tensor;
    tensor.type = cast<RankedTensorType>(type);
    const char *data = static_cast<const char *>(argument.data);
    int64_t bytes = tensor.type.getNumElements() *
                    interpreter::getElementSize(tensor.type.getElementType());
    if (bytes > 0)
      tensor.data.assign(data, data + bytes);
    inputs.push_back(std::move(tensor));
  }
  auto results = interpreter::evaluate(function, inputs);
  if (failed(results)) {
    fail(engine.hasErrors() ? Outcome::UserError : Outcome::InternalError);
    return;
  }
  for (auto [result, name] :
       llvm::zip_equal(*results, checked.function->outputs))
    response.outputs.push_back(
        {std::string(name.text), toElementType(result.type.getElementType()),
         std::vector<int64_t>(result.type.getShape()), std::move(result.data)});
}

} // namespace

Response pipeline::check(std::shared_ptr<const lang::SourceFile> source) {
  lang::DiagnosticEngine engine(std::move(source));
  (void)lang::parseAndCheck(engine);
  Response response;
  response.outcome = engine.hasErrors() ? Outcome::UserError : Outcome::Success;
  response.diagnostics = engine.render();
  return response;
}

Response pipeline::compile(const Request &request) {
  std::string problem;
  std::optional<std::vector<Target>> targets = resolveTargets(request, problem);
  if (!targets) {
    Response response;
    response.outcome = Outcome::InvalidRequest;
    response.diagnostics = problem + "\n";
    return response;
  }
  Compilation compilation(request, std::move(*targets));
  if (compilation.analyse())
    compilation.compile();
  return compilation.take();
}

Response pipeline::interpret(const Request &request) {
  Request whole = request;
  whole.stop = Stop::Package;
  Compilation compilation(whole, {});
  if (compilation.analyse())
    compilation.interpret();
  return compilation.take();
}
