// NumPy's .npy: a magic, a version, a Python dictionary as text, the data.
//
//   \x93NUMPY \1 \0 <length of the header, 2 bytes>
//   {'descr': '<f4', 'fortran_order': False, 'shape': (64, 32), }   \n
//   <data>
//
// The dictionary is parsed by hand: three known keys, a string, a truth value
// and a tuple of integers.
#include "runtime/core/TensorFile.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace polytile::runtime {
namespace {

struct NpyHeader {
  std::string descr;
  bool fortranOrder = false;
  std::vector<int64_t> shape;
  bool hasDescr = false, hasOrder = false, hasShape = false;
};

/// A cursor over the header's text. Each `take` skips blanks first, and leaves
/// the cursor when it fails.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : text(text) {}

  Status parse(NpyHeader &header) {
    if (!take('{'))
      return unexpected("'{'");
    while (!take('}')) {
      std::string key;
      if (!takeString(key) || !take(':'))
        return unexpected("a key");
      PTL_TRY(parseValue(key, header));
      if (!take(',') && !sees('}'))
        return unexpected("',' or '}'");
    }
    if (!header.hasDescr || !header.hasOrder || !header.hasShape)
      return fail(PTL_STATUS_CORRUPT,
                  "the .npy header lacks 'descr', 'fortran_order' or 'shape'");
    return {};
  }

private:
  Status parseValue(const std::string &key, NpyHeader &header) {
    if (key == "descr") {
      header.hasDescr = true;
      if (sees('['))
        return fail(PTL_STATUS_UNSUPPORTED, "structured arrays can't be read");
      return takeString(header.descr) ? Status() : unexpected("a type");
    }
    if (key == "fortran_order") {
      header.hasOrder = true;
      header.fortranOrder = takeWord("True");
      return header.fortranOrder || takeWord("False")
                 ? Status()
                 : unexpected("True or False");
    }
    if (key == "shape") {
      header.hasShape = true;
      return parseShape(header.shape);
    }
    return fail(PTL_STATUS_CORRUPT, "the .npy header has the unknown key ",
                inQuotes(key));
  }

  Status parseShape(std::vector<int64_t> &shape) {
    shape.clear();
    if (!take('('))
      return unexpected("a tuple");
    while (!take(')')) {
      int64_t dim;
      if (!takeInteger(dim))
        return unexpected("a size of 0 to 2^63 - 1");
      shape.push_back(dim);
      if (!take(',') && !sees(')'))
        return unexpected("',' or ')'");
      if (shape.size() > 64)
        return fail(PTL_STATUS_UNSUPPORTED,
                    "the array has more than 64 dimensions");
    }
    return {};
  }

  Status unexpected(const char *wanted) const {
    return fail(PTL_STATUS_CORRUPT, "the .npy header has ",
                inQuotes(text.substr(at, 20)), " at ", at, " instead of ",
                wanted);
  }
  void skipBlanks() {
    while (at < text.size() && std::strchr(" \t\r\n", text[at]) && text[at])
      ++at;
  }
  bool sees(char c) {
    skipBlanks();
    return at < text.size() && text[at] == c;
  }
  bool take(char c) {
    bool seen = sees(c);
    at += seen;
    return seen;
  }
  bool takeWord(std::string_view word) {
    skipBlanks();
    bool seen = text.substr(at).starts_with(word);
    at += seen ? word.size() : 0;
    return seen;
  }
  bool takeString(std::string &result) {
    if (!sees('\'') && !sees('"'))
      return false;
    size_t end = text.find(text[at], at + 1);
    if (end == std::string_view::npos)
      return false;
    result = text.substr(at + 1, end - at - 1);
    at = end + 1;
    return true;
  }
  /// Python 2 wrote long integers with an L.
  bool takeInteger(int64_t &result) {
    skipBlanks();
    size_t begin = at;
    result = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
      if (__builtin_mul_overflow(result, 10, &result) ||
          __builtin_add_overflow(result, text[at] - '0', &result))
        return false;
    bool any = at > begin;
    if (any && at < text.size() && text[at] == 'L')
      ++at;
    return any;
  }

  std::string_view text;
  size_t at = 0;
};

struct NumpyType {
  ptl_element_type type;
  const char *code; ///< kind and size, as after the byte order in 'descr'
};

constexpr NumpyType kTypes[] = {
    {PTL_ELEMENT_BOOL, "b1"}, {PTL_ELEMENT_I8, "i1"},  {PTL_ELEMENT_I16, "i2"},
    {PTL_ELEMENT_I32, "i4"},  {PTL_ELEMENT_I64, "i8"}, {PTL_ELEMENT_U8, "u1"},
    {PTL_ELEMENT_U16, "u2"},  {PTL_ELEMENT_U32, "u4"}, {PTL_ELEMENT_U64, "u8"},
    {PTL_ELEMENT_F16, "f2"},  {PTL_ELEMENT_F32, "f4"}, {PTL_ELEMENT_F64, "f8"},
    {PTL_ELEMENT_BF16, "V2"},
};

Status parseDescr(const std::string &descr, ptl_element_type &type,
                  bool &swapped) {
  std::string_view code = descr;
  char order = '|';
  if (!code.empty() && std::strchr("<>=|", code[0])) {
    order = code[0];
    code.remove_prefix(1);
  }
  for (const NumpyType &known : kTypes)
    if (code == known.code) {
      type = known.type;
      swapped = order == '>' && elementTypeSize(type) > 1;
      return {};
    }
  return fail(PTL_STATUS_UNSUPPORTED, "the array's type is ", inQuotes(descr),
              "; readable are bool, integers of 1 to 8 bytes, floats of 2 to 8 "
              "bytes, and bf16 as '<V2'");
}

/// Splits the image into the header's text and the data.
Status splitFile(Bytes file, std::string_view &text, Bytes &data) {
  constexpr std::string_view magic = "\x93NUMPY";
  if (file.size() < 10 || std::memcmp(file.data(), magic.data(), magic.size()))
    return fail(PTL_STATUS_CORRUPT, "not an .npy file: ", file.size(),
                " bytes without its signature");
  unsigned major = file[6];
  if (major < 1 || major > 3)
    return fail(PTL_STATUS_UNSUPPORTED, ".npy version ", major,
                "; readable are 1 to 3");
  size_t begin = major == 1 ? 10 : 12, length = 0;
  if (file.size() < begin)
    return fail(PTL_STATUS_CORRUPT, "truncated .npy header");
  for (size_t i = begin; i-- > 8;)
    length = length << 8 | file[i];
  if (length > file.size() - begin)
    return fail(PTL_STATUS_CORRUPT, "truncated: the .npy header has ", length,
                " bytes, ", file.size() - begin, " are left");
  text = {reinterpret_cast<const char *>(file.data()) + begin, length};
  data = file.subspan(begin + length);
  return {};
}

void swapBytes(unsigned char *data, size_t bytes, size_t elementSize) {
  for (size_t i = 0; i + elementSize <= bytes; i += elementSize)
    std::reverse(data + i, data + i + elementSize);
}

/// Copies a column-major array to row-major order. Walks the target in order
/// and keeps the source's offset by counting.
void transpose(const unsigned char *source, unsigned char *target,
               const std::vector<int64_t> &dims, size_t size) {
  std::vector<size_t> strides(dims.size());
  size_t count = 1;
  for (size_t i = 0; i < dims.size(); ++i) {
    strides[i] = count * size;
    count *= static_cast<size_t>(dims[i]);
  }
  std::vector<int64_t> index(dims.size());
  size_t offset = 0;
  for (size_t element = 0; element < count; ++element) {
    std::memcpy(target + element * size, source + offset, size);
    for (size_t i = dims.size(); i-- > 0;) {
      offset += strides[i];
      if (++index[i] < dims[i])
        break;
      offset -= strides[i] * static_cast<size_t>(dims[i]);
      index[i] = 0;
    }
  }
}

} // namespace

Status readNpy(Bytes file, HostTensor &tensor) {
  std::string_view text;
  Bytes data;
  PTL_TRY(splitFile(file, text, data));
  NpyHeader header;
  PTL_TRY(HeaderParser(text).parse(header));
  bool swapped = false;
  PTL_TRY(parseDescr(header.descr, tensor.type, swapped));
  tensor.dims = header.shape;
  auto bytes = denseByteSize(tensor.type, tensor.dims);
  if (!bytes)
    return fail(PTL_STATUS_CORRUPT, "the array's size ",
                typeText(tensor.type, tensor.dims), " overflows");
  if (*bytes > data.size())
    return fail(PTL_STATUS_CORRUPT,
                "truncated: ", typeText(tensor.type, tensor.dims), " takes ",
                *bytes, " bytes, ", data.size(), " are there");
  PTL_TRY(Memory::allocate(nullptr, *bytes, false, tensor.memory));
  if (*bytes == 0)
    return {};
  if (header.fortranOrder && tensor.dims.size() > 1)
    transpose(data.data(), tensor.memory.data(), tensor.dims,
              elementTypeSize(tensor.type));
  else
    std::memcpy(tensor.memory.data(), data.data(), *bytes);
  if (swapped)
    swapBytes(tensor.memory.data(), *bytes, elementTypeSize(tensor.type));
  return {};
}

std::string npyHeader(const HostTensor &tensor) {
  static_assert(std::endian::native == std::endian::little);
  std::string text = "{'descr': '";
  text += elementTypeSize(tensor.type) == 1 ? '|' : '<';
  for (const NumpyType &known : kTypes)
    if (known.type == tensor.type)
      text += known.code;
  text += "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < tensor.dims.size(); ++i)
    text += (i ? ", " : "") + std::to_string(tensor.dims[i]);
  text += tensor.dims.size() == 1 ? ",), }" : "), }";
  bool isLong = text.size() + 11 + 64 > 65535;
  size_t prefix = isLong ? 12 : 10;
  text.append(63 - (prefix + text.size()) % 64, ' ');
  text += '\n';
  std::string header = "\x93NUMPY";
  header += isLong ? '\2' : '\1';
  header += '\0';
  for (size_t i = 0; i < prefix - 8; ++i)
    header += static_cast<char>(text.size() >> (8 * i) & 255);
  return header + text;
}

} // namespace polytile::runtime
