// NumPy's .npz: a ZIP archive of .npy members.
//
// Reading goes by the central directory at the end of the file, with the 64-bit
// extensions, for members that are stored or deflated; encrypted and split
// archives are refused. Writing stores members as they are: tensors of numbers
// hardly deflate, and NumPy's own savez doesn't either.
#include "runtime/core/TensorFile.h"

#include <cstring>
#include <limits>
#include <zlib.h>

namespace polytile::runtime {
namespace {

constexpr uint32_t kLocalSignature = 0x04034b50, kCentralSignature = 0x02014b50,
                   kEndSignature = 0x06054b50, kEnd64Signature = 0x06064b50,
                   kLocator64Signature = 0x07064b50;
constexpr uint32_t kMark32 = 0xFFFFFFFF;
constexpr uint16_t kMark16 = 0xFFFF, kExtra64 = 1;

/// A little-endian integer at `offset`. \pre it lies inside
template <typename Integer> Integer get(Bytes file, uint64_t offset) {
  Integer value;
  std::memcpy(&value, file.data() + offset, sizeof(value));
  return value;
}

bool inside(Bytes file, uint64_t offset, uint64_t bytes) {
  return offset <= file.size() && bytes <= file.size() - offset;
}

struct Member {
  std::string name;
  uint16_t flags = 0, method = 0;
  uint32_t crc = 0;
  uint64_t packed = 0, size = 0, localOffset = 0;
};

struct Directory {
  uint64_t offset = 0, bytes = 0, count = 0;
};

Status findDirectory(Bytes file, Directory &directory) {
  constexpr uint64_t endBytes = 22, longestComment = 65535;
  if (file.size() < endBytes)
    return fail(PTL_STATUS_CORRUPT, "truncated archive of ", file.size(),
                " bytes");
  uint64_t first = file.size() - endBytes > longestComment
                       ? file.size() - endBytes - longestComment
                       : 0;
  uint64_t end = file.size() - endBytes;
  while (get<uint32_t>(file, end) != kEndSignature) {
    if (end == first)
      return fail(PTL_STATUS_CORRUPT,
                  "truncated archive: its directory is missing");
    --end;
  }
  directory = {get<uint32_t>(file, end + 16), get<uint32_t>(file, end + 12),
               get<uint16_t>(file, end + 10)};
  bool is64 = directory.offset == kMark32 || directory.bytes == kMark32 ||
              directory.count == kMark16;
  if (is64 && end >= 20 &&
      get<uint32_t>(file, end - 20) == kLocator64Signature) {
    uint64_t end64 = get<uint64_t>(file, end - 12);
    if (!inside(file, end64, 56) ||
        get<uint32_t>(file, end64) != kEnd64Signature)
      return fail(PTL_STATUS_CORRUPT,
                  "the archive's 64-bit directory is missing");
    directory = {get<uint64_t>(file, end64 + 48),
                 get<uint64_t>(file, end64 + 40),
                 get<uint64_t>(file, end64 + 32)};
  }
  if (!inside(file, directory.offset, directory.bytes))
    return fail(PTL_STATUS_CORRUPT, "the archive's directory leaves the file");
  return {};
}

/// Sizes and offsets that don't fit 32 bits stand in an extra field, in this
/// order, only those that are marked.
Status readExtra64(Bytes extra, Member &member) {
  uint64_t *wide[3] = {member.size == kMark32 ? &member.size : nullptr,
                       member.packed == kMark32 ? &member.packed : nullptr,
                       member.localOffset == kMark32 ? &member.localOffset
                                                     : nullptr};
  for (uint64_t at = 0; at + 4 <= extra.size();) {
    uint16_t kind = get<uint16_t>(extra, at),
             bytes = get<uint16_t>(extra, at + 2);
    at += 4;
    if (!inside(extra, at, bytes))
      break;
    uint64_t field = at;
    for (uint64_t *value : wide)
      if (kind == kExtra64 && value && field + 8 <= at + bytes) {
        *value = get<uint64_t>(extra, field);
        field += 8;
      }
    at += bytes;
  }
  return {};
}

Status readDirectory(Bytes file, std::vector<Member> &members) {
  Directory directory;
  PTL_TRY(findDirectory(file, directory));
  Bytes table = file.subspan(directory.offset, directory.bytes);
  uint64_t at = 0;
  for (uint64_t i = 0; i < directory.count; ++i) {
    constexpr uint64_t fixed = 46;
    if (!inside(table, at, fixed) ||
        get<uint32_t>(table, at) != kCentralSignature)
      return fail(PTL_STATUS_CORRUPT, "the archive's directory ends after ", i,
                  " of ", directory.count, " members");
    uint64_t nameBytes = get<uint16_t>(table, at + 28),
             extraBytes = get<uint16_t>(table, at + 30),
             commentBytes = get<uint16_t>(table, at + 32);
    if (!inside(table, at + fixed, nameBytes + extraBytes + commentBytes))
      return fail(PTL_STATUS_CORRUPT, "member ", i,
                  " of the archive leaves its directory");
    Member member;
    member.flags = get<uint16_t>(table, at + 8);
    member.method = get<uint16_t>(table, at + 10);
    member.crc = get<uint32_t>(table, at + 16);
    member.packed = get<uint32_t>(table, at + 20);
    member.size = get<uint32_t>(table, at + 24);
    member.localOffset = get<uint32_t>(table, at + 42);
    member.name.assign(
        reinterpret_cast<const char *>(table.data()) + at + fixed, nameBytes);
    PTL_TRY(
        readExtra64(table.subspan(at + fixed + nameBytes, extraBytes), member));
    members.push_back(std::move(member));
    at += fixed + nameBytes + extraBytes + commentBytes;
  }
  return {};
}

Status inflateMember(Bytes packed, Memory &unpacked) {
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return fail(PTL_STATUS_OUT_OF_MEMORY, "no memory to inflate");
  constexpr uint64_t step = std::numeric_limits<uInt>::max();
  uint64_t taken = 0, given = 0;
  int result = Z_OK;
  while (result == Z_OK) {
    uint64_t in = std::min(step, packed.size() - taken),
             out = std::min(step, unpacked.size() - given);
    stream.next_in = const_cast<unsigned char *>(packed.data() + taken);
    stream.avail_in = static_cast<uInt>(in);
    stream.next_out = unpacked.data() + given;
    stream.avail_out = static_cast<uInt>(out);
    result = inflate(&stream, Z_NO_FLUSH);
    taken += in - stream.avail_in;
    given += out - stream.avail_out;
  }
  inflateEnd(&stream);
  if (result != Z_STREAM_END || given != unpacked.size())
    return fail(PTL_STATUS_CORRUPT, "its deflated data is damaged");
  return {};
}

uint32_t zipCrc(const unsigned char *data, uint64_t bytes, uint32_t crc = 0) {
  return static_cast<uint32_t>(crc32_z(crc, data, bytes));
}

Status readMember(Bytes file, const Member &member, HostTensor &tensor) {
  constexpr uint64_t fixed = 30;
  constexpr uint16_t encrypted = 1;
  if (member.flags & encrypted)
    return fail(PTL_STATUS_UNSUPPORTED, "it is encrypted");
  if (!inside(file, member.localOffset, fixed) ||
      get<uint32_t>(file, member.localOffset) != kLocalSignature)
    return fail(PTL_STATUS_CORRUPT, "its local header is missing");
  uint64_t begin = member.localOffset + fixed +
                   get<uint16_t>(file, member.localOffset + 26) +
                   get<uint16_t>(file, member.localOffset + 28);
  if (!inside(file, begin, member.packed))
    return fail(PTL_STATUS_CORRUPT, "its ", member.packed,
                " bytes leave the file");
  Bytes bytes = file.subspan(begin, member.packed);
  Memory unpacked;
  if (member.method == 8) {
    constexpr uint64_t mostRatio = 1032; // of deflate
    if (member.size / mostRatio > member.packed + 1)
      return fail(PTL_STATUS_CORRUPT, member.packed,
                  " deflated bytes can't make ", member.size);
    PTL_TRY(Memory::allocate(nullptr, member.size, false, unpacked));
    PTL_TRY(inflateMember(bytes, unpacked));
    bytes = Bytes(unpacked.data(), unpacked.size());
  } else if (member.method != 0) {
    return fail(PTL_STATUS_UNSUPPORTED, "it is compressed by method ",
                member.method, "; readable are stored (0) and deflated (8)");
  }
  if (bytes.size() != member.size ||
      zipCrc(bytes.data(), bytes.size()) != member.crc)
    return fail(PTL_STATUS_CORRUPT, "its checksum or size is wrong");
  return readNpy(bytes, tensor);
}

/// "weights.npy" is the array "weights".
std::string arrayName(const std::string &member) {
  return member.ends_with(".npy") ? member.substr(0, member.size() - 4)
                                  : member;
}

template <typename Integer> void put(std::string &text, Integer value) {
  text.append(reinterpret_cast<const char *>(&value), sizeof(value));
}

/// What local header and central directory say alike: version, flags, method,
/// time, CRC, sizes (marked as 64-bit when they are large), the name's length.
void putCommon(std::string &text, bool wide, uint32_t crc, uint64_t size,
               const std::string &name) {
  constexpr uint16_t
      utf8 = 1 << 11,
      firstDay = 0x21; // 1 January 1980: files are the same from run to run
  put<uint16_t>(text, wide ? 45 : 20);
  put<uint16_t>(text, utf8);
  put<uint16_t>(text, 0);
  put<uint16_t>(text, 0);
  put<uint16_t>(text, firstDay);
  put<uint32_t>(text, crc);
  put<uint32_t>(text, wide ? kMark32 : static_cast<uint32_t>(size));
  put<uint32_t>(text, wide ? kMark32 : static_cast<uint32_t>(size));
  put<uint16_t>(text, static_cast<uint16_t>(name.size()));
}

} // namespace

Status readNpz(Bytes file, const char *only, HostTensors &tensors) {
  std::vector<Member> members;
  PTL_TRY(readDirectory(file, members));
  std::string names;
  for (const Member &member : members) {
    std::string name = arrayName(member.name);
    names += (names.empty() ? "" : ", ") + name;
    if (only ? name != only : !member.name.ends_with(".npy"))
      continue;
    HostTensor tensor;
    tensor.name = name;
    PTL_TRY(readMember(file, member, tensor).within("array " + inQuotes(name)));
    tensors.push_back(std::move(tensor));
  }
  if (only && tensors.empty())
    return fail(PTL_STATUS_NOT_FOUND, "no array ", inQuotes(only),
                "; there are: ", names.empty() ? "none" : names);
  return {};
}

void makeNpz(const HostTensors &tensors, std::deque<std::string> &texts,
             std::vector<Bytes> &pieces) {
  auto append = [&](const std::string &text) {
    pieces.emplace_back(reinterpret_cast<const unsigned char *>(text.data()),
                        text.size());
    return text.size();
  };
  std::string &central = texts.emplace_back();
  uint64_t offset = 0;
  for (const HostTensor &tensor : tensors) {
    std::string name = tensor.name + ".npy", npy = npyHeader(tensor);
    uint64_t size = npy.size() + tensor.memory.size();
    uint32_t crc =
        zipCrc(reinterpret_cast<const unsigned char *>(npy.data()), npy.size());
    crc = zipCrc(tensor.memory.data(), tensor.memory.size(), crc);
    bool wide = size >= kMark32 || offset >= kMark32;

    std::string &local = texts.emplace_back();
    put(local, kLocalSignature);
    putCommon(local, wide, crc, size, name);
    put<uint16_t>(local, wide ? 20 : 0);
    local += name;
    put(central, kCentralSignature);
    put<uint16_t>(central, wide ? 45 : 20);
    putCommon(central, wide, crc, size, name);
    put<uint16_t>(central, wide ? 28 : 0);
    central.append(10, '\0'); // comment, disk, attributes
    put<uint32_t>(central, wide ? kMark32 : static_cast<uint32_t>(offset));
    central += name;
    for (std::string *header : {&local, &central}) {
      if (!wide)
        break;
      put(*header, kExtra64);
      put<uint16_t>(*header, header == &local ? 16 : 24);
      put<uint64_t>(*header, size);
      put<uint64_t>(*header, size);
    }
    if (wide)
      put<uint64_t>(central, offset);
    local += npy;
    offset += append(local);
    pieces.emplace_back(tensor.memory.data(), tensor.memory.size());
    offset += tensor.memory.size();
  }
  append(central);
  std::string &end = texts.emplace_back();
  uint64_t end64 = offset + central.size(), count = tensors.size();
  if (end64 >= kMark32 || count >= kMark16) {
    put(end, kEnd64Signature);
    put<uint64_t>(end, 44);
    put<uint16_t>(end, 45);
    put<uint16_t>(end, 45);
    put<uint64_t>(end, 0); // disks
    put<uint64_t>(end, count);
    put<uint64_t>(end, count);
    put<uint64_t>(end, central.size());
    put<uint64_t>(end, offset);
    put(end, kLocator64Signature);
    put<uint32_t>(end, 0);
    put<uint64_t>(end, end64);
    put<uint32_t>(end, 1);
  }
  put(end, kEndSignature);
  put<uint32_t>(end, 0); // disks
  put<uint16_t>(end, static_cast<uint16_t>(std::min<uint64_t>(count, kMark16)));
  put<uint16_t>(end, static_cast<uint16_t>(std::min<uint64_t>(count, kMark16)));
  put<uint32_t>(
      end, static_cast<uint32_t>(std::min<uint64_t>(central.size(), kMark32)));
  put<uint32_t>(end,
                static_cast<uint32_t>(std::min<uint64_t>(offset, kMark32)));
  put<uint16_t>(end, 0);
  append(end);
}

} // namespace polytile::runtime
