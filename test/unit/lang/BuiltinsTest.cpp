//===- BuiltinsTest.cpp - The table of built-in functions -----------------===//
//
// Every function that PlaidML had is there, and look-ups agree.
//
//===----------------------------------------------------------------------===//

#include "lang/tile/Builtins.h"

#include <catch2/catch.hpp>

#include <sstream>
#include <string>

using namespace polytile::lang;

TEST_CASE("the functions of PlaidML are built in") {
  std::istringstream names(
      "abs acos asin atan ceil cos cosh exp floor log max min pow recip relu "
      "round sigmoid sin sinh sqrt tan tanh mod as_float as_int as_uint "
      "as_bool gather scatter shape reshape index tuple element ident "
      "simple_reduce broadcast prng_step prng_state prng_value add sub mul div "
      "neg cmp_eq cmp_ne cmp_lt cmp_gt cmp_le cmp_ge cond bit_and bit_or "
      "bit_xor bit_not bit_left bit_right builtin_softmax builtin_logsoftmax "
      "builtin_binary_crossentropy floordiv");
  std::string name;
  while (names >> name) {
    INFO(name);
    CHECK(builtinByName(name) != Builtin::None);
  }
}

TEST_CASE("rows and identifiers agree") {
  for (const BuiltinInfo *info = builtinsBegin(); info != builtinsEnd();
       ++info) {
    CHECK(&builtinInfo(info->id) == info);
    CHECK(builtinByName(info->name) == info->id);
    CHECK(info->minArguments >= 1);
    CHECK(info->minArguments <= info->maxArguments);
    CHECK_FALSE(info->documentation.empty());
  }
  CHECK(builtinByName("nothing") == Builtin::None);
}
