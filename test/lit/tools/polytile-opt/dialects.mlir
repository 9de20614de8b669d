// The driver knows our dialects and the upstream ones that they lower to, and reads what it prints.
// RUN: polytile-opt --verify-roundtrip %s | FileCheck %s
// RUN: polytile-opt --show-dialects | FileCheck %s --check-prefix=DIALECTS

// DIALECTS-DAG: linalg
// DIALECTS-DAG: llvm
// DIALECTS-DAG: tile
// DIALECTS-DAG: vector

// CHECK-LABEL: func.func @identity
// CHECK-SAME: tensor<?x3xf32>
func.func @identity(%tensor: tensor<?x3xf32>) -> tensor<?x3xf32> {
  return %tensor : tensor<?x3xf32>
}
