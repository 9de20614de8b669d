//===- Types.cpp - Types and literals of OpenCL C -------------------------===//
//
// Floats are decimal where that is short and exact, else hexadecimal; infinite
// ones have a name, and a NaN keeps its bits.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/opencl/Types.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Error.h"

using namespace llvm;
using namespace mlir;

namespace polytile::opencl {

namespace {

std::string hexadecimal(const APInt &bits) {
  return "0x" + llvm::toString(bits, 16, /*Signed=*/false,
                               /*formatAsCLiteral=*/false,
                               /*UpperCase=*/false);
}

/// A short decimal that reads back as `value`, or nothing.
std::string shortDecimal(const APFloat &value) {
  SmallString<32> text;
  value.toString(text, /*FormatPrecision=*/9, /*FormatMaxPadding=*/6);
  APFloat back(value.getSemantics());
  auto status = back.convertFromString(text, APFloat::rmNearestTiesToEven);
  if (!status) {
    consumeError(status.takeError());
    return "";
  }
  if (*status != APFloat::opOK || !back.bitwiseIsEqual(value))
    return "";
  std::string decimal = text.str().str();
  if (decimal.find_first_of(".E") == std::string::npos)
    decimal += ".0";
  return decimal;
}

std::string floatLiteral(const APFloat &value) {
  const bool isDouble = &value.getSemantics() == &APFloat::IEEEdouble();
  if (value.isNaN()) {
    std::string bits = hexadecimal(value.bitcastToAPInt());
    return isDouble ? "as_double(" + bits + "ul)" : "as_float(" + bits + "u)";
  }
  if (value.isInfinity()) {
    std::string sign = value.isNegative() ? "-" : "";
    return isDouble ? "(double)" + sign + "INFINITY" : sign + "INFINITY";
  }
  std::string text = shortDecimal(value);
  if (text.empty()) {
    char buffer[64];
    unsigned length =
        value.convertToHexString(buffer, /*hexDigits=*/0, /*upperCase=*/false,
                                 APFloat::rmNearestTiesToEven);
    text.assign(buffer, length);
  }
  return isDouble ? text : text + "f";
}

} // namespace

bool Types::isRegister(Type type) const {
  if (auto vector = dyn_cast<VectorType>(type)) {
    if (vector.getRank() != 1 || vector.isScalable() ||
        (vector.getNumElements() != 2 && vector.getNumElements() != 4))
      return false;
    type = vector.getElementType();
    return !type.isIndex() && isRegister(type);
  }
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.isSignless() &&
           llvm::is_contained({1u, 8u, 16u, 32u, 64u}, integer.getWidth());
  return type.isIndex() || type.isF32() || type.isF64();
}

bool Types::isMemory(Type type) const {
  Type element = getElementTypeOrSelf(type);
  return isRegister(type) && !element.isInteger(1) && !element.isIndex();
}

unsigned Types::bits(Type type) const {
  if (auto vector = dyn_cast<VectorType>(type)) {
    unsigned width = bits(vector.getElementType());
    return width == 1 ? 32 : width;
  }
  return type.isIndex() ? indexBits : type.getIntOrFloatBitWidth();
}

std::string Types::name(Type type, Sign sign) const {
  if (auto vector = dyn_cast<VectorType>(type)) {
    Type element = vector.getElementType();
    std::string base =
        element.isInteger(1) ? std::string("int") : name(element, sign);
    return base + std::to_string(vector.getNumElements());
  }
  if (type.isF32())
    return "float";
  if (type.isF64())
    return "double";
  if (type.isInteger(1))
    return "bool";
  std::string prefix = sign == Sign::Unsigned ? "u" : "";
  switch (bits(type)) {
  case 8:
    return prefix + "char";
  case 16:
    return prefix + "short";
  case 32:
    return prefix + "int";
  default:
    return prefix + "long";
  }
}

std::string Types::scalarLiteral(Attribute value, Type type, bool lane) const {
  if (auto real = dyn_cast<FloatAttr>(value))
    return floatLiteral(real.getValue());
  APInt integer = cast<IntegerAttr>(value).getValue();
  if (type.isInteger(1)) {
    if (lane)
      return integer.isZero() ? "0" : "-1";
    return integer.isZero() ? "false" : "true";
  }
  const unsigned width = bits(type);
  integer = integer.sextOrTrunc(width);
  // Large numbers are patterns of bits, except where they are places.
  const bool isPattern = integer.isNegative()
                             ? width >= 32
                             : !type.isIndex() && integer.getActiveBits() > 20;
  std::string digits = isPattern
                           ? hexadecimal(integer)
                           : llvm::toString(integer, 10, /*Signed=*/false);
  if (width < 32)
    return lane ? digits : "(" + name(type) + ")" + digits;
  return digits + (width == 64 ? "ul" : "u");
}

std::string Types::literal(TypedAttr value) const {
  auto elements = dyn_cast<DenseElementsAttr>(value);
  if (!elements)
    return scalarLiteral(value, value.getType(), /*lane=*/false);
  Type element = elements.getElementType();
  std::string text = "(" + name(value.getType()) + ")(";
  if (elements.isSplat())
    return text +
           scalarLiteral(elements.getSplatValue<Attribute>(), element, true) +
           ")";
  bool first = true;
  for (Attribute item : elements.getValues<Attribute>()) {
    text += (first ? "" : ", ") + scalarLiteral(item, element, true);
    first = false;
  }
  return text + ")";
}

} // namespace polytile::opencl
