//===- RecordedNetwork.h - Large programs for tests -------------*- C++ -*-===//
//
// Writes programs like those that PlaidML recorded from whole networks: one
// function, thousands of statements, each using results of earlier ones.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TEST_UNIT_LANG_RECORDEDNETWORK_H
#define POLYTILE_TEST_UNIT_LANG_RECORDEDNETWORK_H

#include <cstddef>
#include <string>

namespace polytile::lang::test {

/// A program of `layers` layers, each a product, a convolution, a batch
/// normalisation and an activation: 22 statements and two inputs.
std::string writeRecordedNetwork(size_t layers);

} // namespace polytile::lang::test

#endif // POLYTILE_TEST_UNIT_LANG_RECORDEDNETWORK_H
