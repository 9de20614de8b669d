// CPUID, read by one table: name, leaf, register, bit, what the system must
// save, and the level that includes it.
//
// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume
// 2A, CPUID, and volume 1, chapter 13 (XGETBV: XCR0 bits 1-2 for the 16- and
// 32-byte registers, 5-7 for AVX-512, 17-18 for AMX tiles); the levels are
// those of the System V psABI for x86-64.
#include "runtime/device/cpu/CpuFeatures.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace polytile::runtime {
namespace {

enum Register { EAX, EBX, ECX, EDX };
enum Saved : uint32_t { None = 0, Avx = 0x6, Avx512 = 0xE6, Amx = 0x60000 };

struct Row {
  std::string_view name;
  uint32_t leaf, subleaf;
  Register place;
  int bit;
  Saved saved;
  int level;    ///< the level that requires it, 0: none
  int minLevel; ///< dropped when limited below this level
};

constexpr Row kRows[] = {
    {"sse3", 1, 0, ECX, 0, None, 2, 2},
    {"ssse3", 1, 0, ECX, 9, None, 2, 2},
    {"cx16", 1, 0, ECX, 13, None, 2, 2},
    {"sse4.1", 1, 0, ECX, 19, None, 2, 2},
    {"sse4.2", 1, 0, ECX, 20, None, 2, 2},
    {"popcnt", 1, 0, ECX, 23, None, 2, 2},
    {"sahf", 0x80000001, 0, ECX, 0, None, 2, 2},
    {"fma", 1, 0, ECX, 12, Avx, 3, 3},
    {"movbe", 1, 0, ECX, 22, None, 3, 3},
    {"avx", 1, 0, ECX, 28, Avx, 3, 3},
    {"f16c", 1, 0, ECX, 29, Avx, 3, 3},
    {"bmi", 7, 0, EBX, 3, None, 3, 3},
    {"avx2", 7, 0, EBX, 5, Avx, 3, 3},
    {"bmi2", 7, 0, EBX, 8, None, 3, 3},
    {"lzcnt", 0x80000001, 0, ECX, 5, None, 3, 3},
    {"avx512f", 7, 0, EBX, 16, Avx512, 4, 4},
    {"avx512dq", 7, 0, EBX, 17, Avx512, 4, 4},
    {"avx512cd", 7, 0, EBX, 28, Avx512, 4, 4},
    {"avx512bw", 7, 0, EBX, 30, Avx512, 4, 4},
    {"avx512vl", 7, 0, EBX, 31, Avx512, 4, 4},
    {"avx512ifma", 7, 0, EBX, 21, Avx512, 0, 4},
    {"avx512vbmi", 7, 0, ECX, 1, Avx512, 0, 4},
    {"avx512vbmi2", 7, 0, ECX, 6, Avx512, 0, 4},
    {"avx512vnni", 7, 0, ECX, 11, Avx512, 0, 4},
    {"avx512bitalg", 7, 0, ECX, 12, Avx512, 0, 4},
    {"avx512vpopcntdq", 7, 0, ECX, 14, Avx512, 0, 4},
    {"avx512fp16", 7, 0, EDX, 23, Avx512, 0, 4},
    {"avx512bf16", 7, 1, EAX, 5, Avx512, 0, 4},
    {"gfni", 7, 0, ECX, 8, None, 0, 3},
    {"vaes", 7, 0, ECX, 9, Avx, 0, 3},
    {"vpclmulqdq", 7, 0, ECX, 10, Avx, 0, 3},
    {"avxvnni", 7, 1, EAX, 4, Avx, 0, 3},
    {"avxifma", 7, 1, EAX, 23, Avx, 0, 3},
    {"avxvnniint8", 7, 1, EDX, 4, Avx, 0, 3},
    {"avxneconvert", 7, 1, EDX, 5, Avx, 0, 3},
    {"amx-bf16", 7, 0, EDX, 22, Amx, 0, 4},
    {"amx-tile", 7, 0, EDX, 24, Amx, 0, 4},
    {"amx-int8", 7, 0, EDX, 25, Amx, 0, 4},
};

constexpr std::string_view kLevels[] = {"x86-64", "x86-64-v2", "x86-64-v3",
                                        "x86-64-v4"};

#if defined(__x86_64__)

/// XCR0: which register states the operating system saves. 0 without XSAVE.
uint64_t savedStates() {
  unsigned a, b, c, d;
  constexpr unsigned osxsave = 1u << 27;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & osxsave))
    return 0;
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t(high) << 32) | low;
}

CpuFeatures detect() {
  CpuFeatures result;
  uint64_t saved = savedStates();
  bool complete[5] = {true, true, true, true, true};
  for (const Row &row : kRows) {
    unsigned registers[4] = {};
    bool known =
        __get_cpuid_count(row.leaf, row.subleaf, &registers[EAX],
                          &registers[EBX], &registers[ECX], &registers[EDX]);
    bool has = known && ((registers[row.place] >> row.bit) & 1) &&
               (saved & row.saved) == row.saved;
    if (has)
      result.features.push_back(row.name);
    else
      complete[row.level] &= row.level == 0;
  }
  result.level = 1;
  while (result.level < 4 && complete[result.level + 1])
    ++result.level;
  std::sort(result.features.begin(), result.features.end());
  return result;
}

#else

CpuFeatures detect() { return {}; }

#endif

} // namespace

int cpuLevelFromName(std::string_view name) {
  for (int level = 1; level <= 4; ++level)
    if (kLevels[level - 1] == name)
      return level;
  return 0;
}

std::string_view cpuLevelName(int level) {
  return level >= 1 && level <= 4 ? kLevels[level - 1] : std::string_view();
}

std::string_view cpuLevelNames() {
  return "x86-64, x86-64-v2, x86-64-v3, x86-64-v4";
}

bool CpuFeatures::has(std::string_view feature) const {
  return std::binary_search(features.begin(), features.end(), feature);
}

CpuFeatures CpuFeatures::limitedTo(int most) const {
  CpuFeatures result;
  result.level = std::min(level, most);
  for (const Row &row : kRows)
    if (row.minLevel <= most && has(row.name))
      result.features.push_back(row.name);
  std::sort(result.features.begin(), result.features.end());
  return result;
}

const CpuFeatures &hostCpuFeatures() {
  static const CpuFeatures features = detect();
  return features;
}

std::string hostCpuName() {
#if defined(__x86_64__)
  unsigned words[12] = {};
  for (unsigned i = 0; i < 3; ++i)
    if (!__get_cpuid(0x80000002 + i, &words[4 * i], &words[4 * i + 1],
                     &words[4 * i + 2], &words[4 * i + 3]))
      return "x86-64";
  char text[sizeof(words) + 1] = {};
  std::memcpy(text, words, sizeof(words));
  std::string name = text;
  size_t first = name.find_first_not_of(' '), last = name.find_last_not_of(' ');
  return first == std::string::npos ? "x86-64"
                                    : name.substr(first, last - first + 1);
#else
  return "unknown";
#endif
}

} // namespace polytile::runtime
