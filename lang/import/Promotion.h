//===- Promotion.h - The promotion table of the language --------*- C++ -*-===//
//
// bool < integers < floats; within a kind the wider. docs/language.md has the
// table; weak operands (literals and sizes) are the caller's business.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_IMPORT_PROMOTION_H
#define POLYTILE_LANG_IMPORT_PROMOTION_H

#include "mlir/IR/Types.h"

namespace polytile::lang {

/// The common element type of two operands.
mlir::Type promote(mlir::Type a, mlir::Type b);

/// The type in which a sum or a product of elements of `type` accumulates: f32
/// for f16 and bf16, i32 for bool and narrow signed integers, u32 for narrow
/// unsigned ones, else the type itself.
mlir::Type widenForSum(mlir::Type type);

} // namespace polytile::lang

#endif // POLYTILE_LANG_IMPORT_PROMOTION_H
