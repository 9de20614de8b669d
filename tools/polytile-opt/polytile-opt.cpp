// polytile-opt: reads IR, runs the passes named on the command line and prints
// the result.
//
// It exists for tests of single passes and for debugging; the product's
// pipeline stands in compiler/pipeline. Only the upstream dialects that our IR
// uses are registered: all of them together take 40 s to compile.
#include "compiler/conversion/TileToProgram/TileToProgram.h"
#include "compiler/target/cpu/CpuTarget.h"
#include "compiler/target/gpu/GpuTarget.h"
#include "compiler/target/opencl/OpenCLTarget.h"
#include "compiler/target/spirv/SpirvTarget.h"
#include "dialects/kernel/Transforms/Passes.h"
#include "dialects/program/IR/ProgramOps.h"
#include "dialects/program/Transforms/Passes.h"
#include "dialects/tile/IR/TileOps.h"
#include "dialects/tile/Transforms/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

namespace {

void registerDialects(mlir::DialectRegistry &registry) {
  registry
      .insert<polytile::kernel::KernelDialect,
              polytile::program::ProgramDialect, polytile::tile::TileDialect>();
  registry.insert<mlir::affine::AffineDialect, mlir::arith::ArithDialect,
                  mlir::bufferization::BufferizationDialect,
                  mlir::cf::ControlFlowDialect, mlir::func::FuncDialect,
                  mlir::gpu::GPUDialect, mlir::index::IndexDialect,
                  mlir::linalg::LinalgDialect, mlir::LLVM::LLVMDialect,
                  mlir::math::MathDialect, mlir::memref::MemRefDialect,
                  mlir::scf::SCFDialect, mlir::tensor::TensorDialect,
                  mlir::ub::UBDialect, mlir::vector::VectorDialect>();
}

} // namespace

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::registerTransformsPasses();
  polytile::cpu::registerCpuPasses();
  polytile::gpu::registerGpuPasses();
  polytile::opencl::registerOpenCLPasses();
  polytile::spirv_target::registerSpirvPasses();
  polytile::kernel::registerKernelPasses();
  polytile::program::registerTileToProgramPasses();
  polytile::program::registerProgramPasses();
  polytile::tile::registerTilePasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Polytile pass driver\n", registry));
}
