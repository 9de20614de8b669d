//===- Names.cpp - Identifiers of a printed function ----------------------===//
//
// The words that OpenCL C keeps for itself, so that a Tile variable called
// `half` or `mix` does no harm.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/opencl/Names.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace polytile::opencl {

namespace {

// Keywords of C99 and of OpenCL C, its types without the lengths of vectors,
// and its built-in functions and macros without those that begin with a prefix
// in `reservedPrefixes`.
constexpr StringLiteral reservedWords =
    "auto break case char const continue default do double else enum extern "
    "float for goto if inline int long register restrict return short signed "
    "sizeof static struct switch typedef union unsigned void volatile while "
    "bool true false asm typeof "
    "uchar ushort uint ulong half quad complex imaginary size_t ptrdiff_t "
    "intptr_t uintptr_t event_t sampler_t queue_t ndrange_t clk_event_t "
    "reserve_id_t cl_mem_fence_flags memory_order memory_scope "
    "global local constant private generic kernel read_only write_only "
    "read_write pipe "
    "acos acosh acospi asin asinh asinpi atan atan2 atanh atanpi atan2pi cbrt "
    "ceil copysign cos cosh cospi erf erfc exp exp2 exp10 expm1 fabs fdim "
    "floor fma fmax fmin fmod fract frexp hypot ilogb ldexp lgamma lgamma_r "
    "log log2 log10 log1p logb mad maxmag minmag modf nan nextafter pow pown "
    "powr remainder remquo rint rootn round rsqrt sin sincos sinh sinpi sqrt "
    "tan tanh tanpi tgamma trunc "
    "abs abs_diff add_sat hadd rhadd clamp clz ctz mad_hi mad_sat max min "
    "mul_hi rotate sub_sat upsample popcount mad24 mul24 "
    "degrees mix radians step smoothstep sign cross dot distance length "
    "normalize fast_distance fast_length fast_normalize "
    "isequal isnotequal isgreater isgreaterequal isless islessequal "
    "islessgreater isfinite isinf isnan isnormal isordered isunordered signbit "
    "any all bitselect select shuffle shuffle2 printf barrier mem_fence "
    "read_mem_fence write_mem_fence prefetch work_group_barrier "
    "vec_step main NAN INFINITY NULL MAXFLOAT HUGE_VAL HUGE_VALF unix linux "
    "float_from_half float_from_half2 float_from_half4 half_from_float "
    "half_from_float2 half_from_float4";

constexpr StringLiteral reservedPrefixes[] = {
    "__",         "get_",        "as_",        "convert_", "vload",   "vstore",
    "async_",     "wait_group",  "atomic_",    "atom_",    "native_", "half_",
    "sub_group_", "work_group_", "read_image", "write_im", "image1",  "image2",
    "image3",     "intel_",      "CL_",        "CLK_",     "FLT_",    "DBL_",
    "HALF_",      "M_",          "FP_",        "cl_",      "clk_",    "to_",
    "CHAR_",      "SCHAR_",      "UCHAR_",     "SHRT_",    "USHRT_",  "INT_",
    "UINT_",      "LONG_",       "ULONG_",     "amd_",     "nv_",     "arm_",
    "OPENCL_"};

/// Whether the word is a type's name followed by the length of a vector.
bool isVectorType(StringRef word) {
  for (StringRef length : {"16", "2", "3", "4", "8"})
    if (word.ends_with(length)) {
      StringRef type = word.drop_back(length.size());
      return llvm::is_contained(
          {StringRef("char"), StringRef("uchar"), StringRef("short"),
           StringRef("ushort"), StringRef("int"), StringRef("uint"),
           StringRef("long"), StringRef("ulong"), StringRef("half"),
           StringRef("float"), StringRef("double"), StringRef("bool")},
          type);
    }
  return false;
}

StringSet<> makeReserved() {
  StringSet<> words;
  SmallVector<StringRef> list;
  reservedWords.split(list, ' ', -1, /*KeepEmpty=*/false);
  for (StringRef word : list)
    words.insert(word);
  return words;
}

} // namespace

bool isReserved(StringRef word) {
  static const StringSet<> words = makeReserved();
  if (words.contains(word) || isVectorType(word))
    return true;
  return llvm::any_of(reservedPrefixes, [&](StringRef prefix) {
    return word.starts_with(prefix);
  });
}

bool isIdentifier(StringRef word) {
  return !word.empty() && !isDigit(word.front()) &&
         llvm::all_of(word, [](char c) { return isAlnum(c) || c == '_'; }) &&
         !isReserved(word);
}

void Names::leave() {
  for (const std::string &name : scopes.pop_back_val())
    taken.erase(name);
}

void Names::forget(StringRef name) {
  taken.erase(name);
  llvm::erase(scopes.back(), name.str());
}

std::string Names::make(StringRef wish) {
  std::string name;
  for (char c : wish)
    name += isAlnum(c) || c == '_' ? c : '_';
  if (name.empty() || isDigit(name.front()))
    name.insert(0, "v");
  // Of a word with a reserved prefix every extension is reserved.
  if (isReserved(name))
    name = isReserved(name + "_") ? "v_" + name : name + "_";
  std::string unique = name;
  for (unsigned number = 1; isReserved(unique) || !taken.insert(unique).second;
       ++number)
    unique = name + (isDigit(name.back()) ? "_" : "") + std::to_string(number);
  scopes.back().push_back(unique);
  return unique;
}

} // namespace polytile::opencl
