// .npy and .npz: what NumPy writes is read, what we write is read back, what is
// damaged is a status.
#include "runtime/core/TensorFile.h"
#include "runtime/core/File.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>
#include <unistd.h>
#include <zlib.h>

using namespace polytile::runtime;
namespace fs = std::filesystem;

namespace {

/// A folder of its own that goes away with the test.
struct Folder {
  fs::path path = fs::temp_directory_path() /
                  ("polytile-test-" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  std::string operator/(const char *name) const {
    return (path / name).string();
  }
};

Bytes bytesOf(const std::string &text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

/// An .npy image as NumPy would write it around this dictionary and data.
std::string npy(const std::string &dictionary, const std::string &data,
                char version = 1) {
  std::string file = "\x93NUMPY";
  file += version;
  file += '\0';
  size_t prefix = version == 1 ? 2 : 4;
  for (size_t i = 0; i < prefix; ++i)
    file += static_cast<char>(dictionary.size() >> (8 * i) & 255);
  return file + dictionary + data;
}

template <typename T> std::string raw(std::initializer_list<T> values) {
  std::string text;
  for (T value : values)
    text.append(reinterpret_cast<const char *>(&value), sizeof(value));
  return text;
}

template <typename T> std::vector<T> values(const HostTensor &tensor) {
  std::vector<T> result(tensor.memory.size() / sizeof(T));
  if (!result.empty())
    std::memcpy(result.data(), tensor.memory.data(), tensor.memory.size());
  return result;
}

HostTensor tensorOf(std::string name, ptl_element_type type,
                    std::vector<int64_t> dims) {
  HostTensor tensor;
  tensor.name = std::move(name);
  tensor.type = type;
  tensor.dims = std::move(dims);
  REQUIRE(Memory::allocate(nullptr, *denseByteSize(type, tensor.dims), true,
                           tensor.memory)
              .ok());
  for (uint64_t i = 0; i < tensor.memory.size(); ++i)
    tensor.memory.data()[i] = static_cast<unsigned char>(
        type == PTL_ELEMENT_BOOL ? i & 1 : i * 7 + 1);
  return tensor;
}

bool same(const HostTensor &a, const HostTensor &b) {
  return a.name == b.name && a.type == b.type && a.dims == b.dims &&
         values<char>(a) == values<char>(b);
}

HostTensor need(const std::string &file) {
  HostTensor tensor;
  Status status = readNpy(bytesOf(file), tensor);
  INFO(status.message());
  REQUIRE(status.ok());
  return tensor;
}

std::string failure(const std::string &file, ptl_status_code code) {
  HostTensor tensor;
  Status status = readNpy(bytesOf(file), tensor);
  CHECK(status.code() == code);
  return status.message();
}

std::string concatenated(const HostTensors &tensors) {
  std::deque<std::string> texts;
  std::vector<Bytes> pieces;
  makeNpz(tensors, texts, pieces);
  std::string file;
  for (Bytes piece : pieces)
    file.append(reinterpret_cast<const char *>(piece.data()), piece.size());
  return file;
}

} // namespace

TEST_CASE("every element type and rank is written and read back") {
  Folder folder;
  for (int type = PTL_ELEMENT_BOOL; type <= PTL_ELEMENT_F64; ++type)
    for (const std::vector<int64_t> &dims : std::vector<std::vector<int64_t>>{
             {}, {0}, {1}, {7}, {3, 0, 2}, {4, 5, 6}}) {
      HostTensors tensors;
      tensors.push_back(tensorOf("", ptl_element_type(type), dims));
      std::string path = folder / "x.npy";
      REQUIRE(writeTensorFile(path.c_str(), tensors).ok());
      CHECK(fs::file_size(path) == 128 + tensors[0].memory.size());
      HostTensors back;
      REQUIRE(readTensorFile(path.c_str(), nullptr, back).ok());
      REQUIRE(back.size() == 1);
      CHECK(same(back[0], tensors[0]));
      CHECK(reinterpret_cast<uintptr_t>(back[0].memory.data()) % 64 == 0);
    }
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) ==
        1); // no temporary files left
}

TEST_CASE("headers as NumPy writes them") {
  CHECK(values<float>(need(npy(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }   \n",
            raw({1.0f, 2.0f, 3.0f})))) == std::vector<float>{1, 2, 3});
  CHECK(need(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n",
                 raw({2.5})))
            .dims.empty());
  CHECK(need(npy("{\"shape\": (1L, 2L), \"descr\": \"|u1\", \"fortran_order\": "
                 "False}",
                 "ab", 2))
            .dims == std::vector<int64_t>{1, 2});
  CHECK(need(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}",
                 "\1\1", 3))
            .type == PTL_ELEMENT_BOOL);
  for (const char *descr : {"<V2", "|V2"})
    CHECK(need(npy("{'descr': '" + std::string(descr) +
                       "', 'fortran_order': False, 'shape': (1,)}",
                   "ab"))
              .type == PTL_ELEMENT_BF16);
}

TEST_CASE("big-endian and Fortran-ordered arrays are converted") {
  CHECK(values<int32_t>(
            need(npy("{'descr': '>i4', 'fortran_order': False, 'shape': (2,)}",
                     std::string("\0\0\0\1\0\0\1\0", 8)))) ==
        std::vector<int32_t>{1, 256});
  // A[i, j] = 10 * i + j, 2 by 3, by columns.
  CHECK(values<int32_t>(
            need(npy("{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3)}",
                     raw({0, 10, 1, 11, 2, 12})))) ==
        std::vector<int32_t>{0, 1, 2, 10, 11, 12});
  CHECK(values<int8_t>(need(
            npy("{'descr': '|i1', 'fortran_order': True, 'shape': (2, 2, 2)}",
                raw<int8_t>({0, 4, 2, 6, 1, 5, 3, 7})))) ==
        std::vector<int8_t>{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(
      need(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (0, 3)}", ""))
          .memory.size() == 0);
}

TEST_CASE("what can't be read says why") {
  using Catch::Contains;
  auto with = [](const char *descr, const char *shape, const char *rest = "") {
    return npy("{'descr': " + std::string(descr) +
                   ", 'fortran_order': False, 'shape': " + shape + rest + "}",
               "abcd");
  };
  CHECK_THAT(failure(with("'<c8'", "(1,)"), PTL_STATUS_UNSUPPORTED),
             Contains("'<c8'"));
  CHECK_THAT(failure(with("'|O'", "(1,)"), PTL_STATUS_UNSUPPORTED),
             Contains("'|O'"));
  CHECK_THAT(failure(with("[('a', '<f4')]", "(1,)"), PTL_STATUS_UNSUPPORTED),
             Contains("structured"));
  CHECK_THAT(failure(with("'<f4'", "(2,)"), PTL_STATUS_CORRUPT),
             Contains("takes 8 bytes, 4 are there"));
  CHECK_THAT(failure(with("'<f4'", "(-1,)"), PTL_STATUS_CORRUPT),
             Contains("instead of a size"));
  CHECK_THAT(
      failure(with("'<f4'", "(9223372036854775808,)"), PTL_STATUS_CORRUPT),
      Contains("size"));
  CHECK_THAT(
      failure(with("'<f4'", "(4294967296, 4294967296)"), PTL_STATUS_CORRUPT),
      Contains("overflows"));
  CHECK_THAT(failure(with("'<f4'", "(1,)", ", 'more': 1"), PTL_STATUS_CORRUPT),
             Contains("'more'"));
  CHECK_THAT(failure(npy("{'descr': '<f4'}", ""), PTL_STATUS_CORRUPT),
             Contains("lacks"));
  CHECK_THAT(failure(npy("{'descr': '<f4'", "abcd"), PTL_STATUS_CORRUPT),
             Contains("instead of"));
  CHECK_THAT(failure(npy("{}", "", 9), PTL_STATUS_UNSUPPORTED),
             Contains("version 9"));
  failure("", PTL_STATUS_CORRUPT);
  HostTensors none;
  CHECK(readTensorFile("/no/such/file.npy", nullptr, none).code() ==
        PTL_STATUS_NOT_FOUND);
}

TEST_CASE(
    "every truncation of an .npy is a status, and random bytes never crash") {
  std::string file =
      npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n",
          raw({0.f, 1.f, 2.f, 3.f, 4.f, 5.f}));
  for (size_t size = 0; size < file.size(); ++size)
    failure(file.substr(0, size), PTL_STATUS_CORRUPT);
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::string changed = file;
    for (unsigned i = 0, count = 1 + random() % 3; i < count; ++i)
      changed[random() % changed.size()] = static_cast<char>(random());
    HostTensor tensor;
    (void)readNpy(bytesOf(changed), tensor).ok();
  }
}

TEST_CASE(".npz holds several arrays, in order, and gives one alone") {
  Folder folder;
  HostTensors tensors;
  tensors.push_back(tensorOf("weights", PTL_ELEMENT_F32, {10, 3}));
  tensors.push_back(tensorOf("layer/bias", PTL_ELEMENT_BF16, {3}));
  tensors.push_back(tensorOf("empty", PTL_ELEMENT_I64, {0}));
  std::string path = folder / "w.npz";
  REQUIRE(writeTensorFile(path.c_str(), tensors).ok());
  HostTensors back;
  REQUIRE(readTensorFile(path.c_str(), nullptr, back).ok());
  REQUIRE(back.size() == 3);
  for (size_t i = 0; i < 3; ++i)
    CHECK(same(back[i], tensors[i]));
  HostTensors one, none;
  REQUIRE(readTensorFile(path.c_str(), "layer/bias", one).ok());
  CHECK(same(one.at(0), tensors[1]));
  Status missing = readTensorFile(path.c_str(), "bias", none);
  CHECK(missing.code() == PTL_STATUS_NOT_FOUND);
  CHECK_THAT(missing.message(), Catch::Contains("weights, layer/bias, empty"));
  HostTensors empty;
  REQUIRE(writeTensorFile(path.c_str(), empty).ok());
  CHECK(readTensorFile(path.c_str(), nullptr, empty).ok());
  CHECK(writeTensorFile((folder / "w.npy").c_str(), tensors).code() ==
        PTL_STATUS_INVALID_ARGUMENT);
}

TEST_CASE("deflated members are read") {
  HostTensors tensors;
  tensors.push_back(tensorOf("a", PTL_ELEMENT_I32, {1000}));
  std::string stored = concatenated(tensors);
  // Rewrites the one member as deflated: method 8 and the packed size in both
  // headers, the data in between.
  size_t data = 30 + 5, size = 128 + 4000, central = data + size;
  std::string packed(size + 100, '\0');
  z_stream stream = {};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8,
                       Z_DEFAULT_STRATEGY) == Z_OK);
  stream.next_in = reinterpret_cast<unsigned char *>(stored.data() + data);
  stream.avail_in = static_cast<uInt>(size);
  stream.next_out = reinterpret_cast<unsigned char *>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  uint32_t packedSize = static_cast<uint32_t>(packed.size()),
           offset = static_cast<uint32_t>(data + packed.size());
  std::string local = stored.substr(0, data), tail = stored.substr(central);
  local[8] = tail[10] = 8;
  std::memcpy(local.data() + 18, &packedSize, 4);
  std::memcpy(tail.data() + 20, &packedSize, 4);
  std::memcpy(tail.data() + tail.size() - 6, &offset, 4);
  HostTensors back;
  Status status = readNpz(bytesOf(local + packed + tail), nullptr, back);
  INFO(status.message());
  REQUIRE(status.ok());
  CHECK(same(back[0], tensors[0]));
  packed[packed.size() / 2] ^= 0x55;
  HostTensors damaged;
  CHECK(readNpz(bytesOf(local + packed + tail), nullptr, damaged).code() ==
        PTL_STATUS_CORRUPT);
}

TEST_CASE(
    "every truncation and flipped byte of an .npz is a status or harmless") {
  HostTensors tensors;
  tensors.push_back(tensorOf("a", PTL_ELEMENT_I32, {4}));
  tensors.push_back(tensorOf("b", PTL_ELEMENT_I32, {4}));
  std::string file = concatenated(tensors);
  for (size_t size = 0; size < file.size(); ++size) {
    HostTensors back;
    CHECK(!readNpz(bytesOf(file.substr(0, size)), nullptr, back).ok());
  }
  for (size_t byte = 0; byte < file.size(); ++byte)
    for (int mask : {1, 128, 255}) {
      std::string changed = file;
      changed[byte] = static_cast<char>(changed[byte] ^ mask);
      HostTensors back;
      (void)readNpz(bytesOf(changed), nullptr, back).ok();
    }
}

TEST_CASE("a file that can't be written leaves nothing behind") {
  Folder folder;
  HostTensors tensors;
  tensors.push_back(tensorOf("", PTL_ELEMENT_F32, {4}));
  fs::create_directories(folder.path / "taken.npy");
  Status status = writeTensorFile((folder / "taken.npy").c_str(), tensors);
  CHECK(status.code() == PTL_STATUS_IO);
  CHECK_THAT(status.message(), Catch::Contains("taken.npy"));
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
  CHECK(writeTensorFile((folder / "no/such/folder.npy").c_str(), tensors)
            .code() == PTL_STATUS_NOT_FOUND);
}
