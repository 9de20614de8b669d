//===- Names.h - Identifiers of a printed function --------------*- C++ -*-===//
//
// Gives every variable a name that is no word of OpenCL C and that no other
// variable in sight has: a block's names are free again after its brace.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_OPENCL_NAMES_H
#define POLYTILE_COMPILER_TARGET_OPENCL_NAMES_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <string>

namespace polytile::opencl {

/// Whether OpenCL C (1.2 to 3.0) or a macro of its headers gives `word` a
/// meaning, types, qualifiers and built-in functions included.
bool isReserved(llvm::StringRef word);

/// Whether `word` can be the name of a kernel as it stands.
bool isIdentifier(llvm::StringRef word);

/// The names in sight.
class Names {
public:
  Names() : scopes(1) {}

  /// Opens and closes the names of a block.
  void enter() { scopes.emplace_back(); }
  void leave();

  /// A name made from `wish`: what isn't allowed in identifiers is replaced,
  /// and a number added when the name is reserved or taken.
  std::string make(llvm::StringRef wish);

  /// Gives back a name that the innermost block made and didn't use.
  void forget(llvm::StringRef name);

private:
  llvm::StringSet<> taken;
  llvm::SmallVector<llvm::SmallVector<std::string>> scopes;
};

} // namespace polytile::opencl

#endif // POLYTILE_COMPILER_TARGET_OPENCL_NAMES_H
