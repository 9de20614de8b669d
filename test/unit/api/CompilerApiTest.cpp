// Tests of the compiler's C API: packages that run, diagnostics, wrong calls,
// the cache, threads.
#include <polytile/compiler.h>
#include <polytile/runtime.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

extern "C" int ptlc_header_is_c11(void);

namespace {

struct Destroy {
  void operator()(ptlc_result *result) const { ptlc_result_destroy(result); }
};
using Result = std::unique_ptr<ptlc_result, Destroy>;

constexpr const char *sumSource =
    "function rows(A[M, N]) -> (S) {\n  S[m : M] = +(A[m, n]);\n}\n";

ptlc_tensor tensor(const char *name, const std::vector<int64_t> &dims,
                   const void *data = nullptr) {
  ptlc_tensor made{};
  made.struct_size = sizeof(made);
  made.name = name;
  made.element_type = PTLC_ELEMENT_F32;
  made.rank = static_cast<uint32_t>(dims.size());
  made.dims = dims.data();
  made.data = data;
  return made;
}

Result compile(const char *source, const std::vector<ptlc_tensor> &inputs,
               ptlc_emit emit = PTLC_EMIT_PACKAGE,
               const char *function = nullptr) {
  ptlc_options options{};
  options.struct_size = sizeof(options);
  options.emit = emit;
  options.function = function;
  return Result(ptlc_compile(source, std::strlen(source), "t.tile",
                             inputs.data(), inputs.size(), &options));
}

std::string text(const Result &result) {
  return std::string(static_cast<const char *>(ptlc_result_data(result.get())),
                     ptlc_result_size(result.get()));
}

bool contains(const std::string &text, const char *part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("the header is C11 and of the library's version") {
  REQUIRE(ptlc_header_is_c11());
  REQUIRE(ptlc_version() == PTLC_VERSION);
}

TEST_CASE("a compiled package runs") {
  std::vector<int64_t> dims{2, 3};
  Result result = compile(sumSource, {tensor("A", dims)});
  INFO(ptlc_result_diagnostics(result.get()));
  REQUIRE(ptlc_result_code(result.get()) == PTLC_OK);

  ptl_package *package = nullptr;
  REQUIRE_FALSE(ptl_package_load_memory(ptlc_result_data(result.get()),
                                        ptlc_result_size(result.get()),
                                        &package));
  ptl_device *device = nullptr;
  REQUIRE_FALSE(ptl_device_open("cpu:0", nullptr, &device));
  ptl_executable *executable = nullptr;
  REQUIRE_FALSE(ptl_executable_create(device, package, 0, &executable));
  alignas(64) float in[6] = {1, 2, 3, 4, 5, 6}, out[2] = {};
  ptl_buffer *a = nullptr, *s = nullptr;
  REQUIRE_FALSE(ptl_buffer_wrap(device, in, sizeof(in), nullptr, nullptr, &a));
  REQUIRE_FALSE(
      ptl_buffer_wrap(device, out, sizeof(out), nullptr, nullptr, &s));
  REQUIRE_FALSE(ptl_executable_run(executable, &a, 1, &s, 1));
  REQUIRE(out[0] == 6);
  REQUIRE(out[1] == 15);
  ptl_buffer_destroy(a);
  ptl_buffer_destroy(s);
  ptl_executable_destroy(executable);
  ptl_package_destroy(package);
  ptl_device_destroy(device);
}

TEST_CASE("the interpreter gives the outputs") {
  std::vector<int64_t> dims{2, 3};
  float in[6] = {1, 2, 3, 4, 5, 6};
  ptlc_tensor input = tensor("A", dims, in);
  Result result(ptlc_interpret(sumSource, std::strlen(sumSource), "t.tile",
                               &input, 1, nullptr));
  INFO(ptlc_result_diagnostics(result.get()));
  REQUIRE(ptlc_result_code(result.get()) == PTLC_OK);
  REQUIRE(ptlc_result_output_count(result.get()) == 1);
  const ptlc_tensor *output = ptlc_result_output(result.get(), 0);
  REQUIRE(std::string(output->name) == "S");
  REQUIRE(output->rank == 1);
  REQUIRE(output->dims[0] == 2);
  REQUIRE(static_cast<const float *>(output->data)[1] == 15);
  REQUIRE_FALSE(ptlc_result_output(result.get(), 1));
}

TEST_CASE("a bare number takes the declared type") {
  const char *source = "function f(s: f16, t) -> (O, P) { O = s; P = t; }";
  ptlc_tensor inputs[2] = {};
  inputs[0].struct_size = inputs[1].struct_size = sizeof(ptlc_tensor);
  inputs[0].name = "s";
  inputs[0].number = "2";
  inputs[1].name = "t";
  inputs[1].number = "2.5";
  Result result(ptlc_interpret(source, std::strlen(source), "t.tile", inputs, 2,
                               nullptr));
  INFO(ptlc_result_diagnostics(result.get()));
  REQUIRE(ptlc_result_code(result.get()) == PTLC_OK);
  REQUIRE(ptlc_result_output(result.get(), 0)->element_type ==
          PTLC_ELEMENT_F16);
  REQUIRE(ptlc_result_output(result.get(), 1)->element_type ==
          PTLC_ELEMENT_F32);
  inputs[0].number = "2049";
  Result bad(ptlc_interpret(source, std::strlen(source), "t.tile", inputs, 2,
                            nullptr));
  REQUIRE(ptlc_result_code(bad.get()) == PTLC_USER_ERROR);
  REQUIRE(contains(ptlc_result_diagnostics(bad.get()),
                   "'s' is declared f16, which can't hold 2049"));
}

TEST_CASE("errors of the user are located") {
  Result result = compile(sumSource, {});
  REQUIRE(ptlc_result_code(result.get()) == PTLC_USER_ERROR);
  REQUIRE(contains(ptlc_result_diagnostics(result.get()),
                   "t.tile:1:15: error: no input is given for 'A'"));
  REQUIRE_FALSE(ptlc_result_data(result.get()));

  std::vector<int64_t> dims{2, 3};
  result = compile(sumSource, {tensor("A", dims), tensor("Aa", dims)});
  REQUIRE(contains(ptlc_result_diagnostics(result.get()),
                   "the function has no input 'Aa'"));

  std::vector<int64_t> one{2};
  result = compile(sumSource, {tensor("A", one)});
  REQUIRE(ptlc_result_code(result.get()) == PTLC_USER_ERROR);
  REQUIRE(contains(ptlc_result_diagnostics(result.get()), "rank 1"));

  result = compile(sumSource, {tensor("A", dims)}, PTLC_EMIT_PACKAGE, "row");
  REQUIRE(
      contains(ptlc_result_diagnostics(result.get()), "did you mean 'rows'?"));
}

TEST_CASE("an inlined call says where it was called from") {
  const char *source = "function add(X, Y) -> (Z) {\n  Z = X + Y;\n}\n"
                       "function f(A, B) -> (O) {\n  O = add(A, B);\n}\n";
  std::vector<int64_t> two{2}, three{3};
  Result result = compile(source, {tensor("A", two), tensor("B", three)});
  std::string said = ptlc_result_diagnostics(result.get());
  INFO(said);
  REQUIRE(contains(said, "t.tile:2:"));
  REQUIRE(contains(said, "broadcast"));
  REQUIRE(contains(said, "t.tile:5:7: note: called from here"));
}

TEST_CASE("wrong calls are refused") {
  ptlc_options options{};
  Result result(ptlc_compile(sumSource, 4, "t.tile", nullptr, 0, &options));
  REQUIRE(ptlc_result_code(result.get()) == PTLC_INVALID_ARGUMENT);
  options.struct_size = sizeof(options);
  options.target = "toaster";
  result.reset(ptlc_compile(sumSource, std::strlen(sumSource), "t.tile",
                            nullptr, 0, &options));
  REQUIRE(ptlc_result_code(result.get()) == PTLC_INVALID_ARGUMENT);
  options.target = nullptr;
  options.cpu_level = "pentium";
  result.reset(ptlc_compile(sumSource, std::strlen(sumSource), "t.tile",
                            nullptr, 0, &options));
  REQUIRE(ptlc_result_code(result.get()) == PTLC_INVALID_ARGUMENT);
  result.reset(ptlc_compile(nullptr, 0, "t.tile", nullptr, 0, nullptr));
  REQUIRE(ptlc_result_code(result.get()) == PTLC_INVALID_ARGUMENT);
  std::vector<int64_t> negative{-1, 2};
  result = compile(sumSource, {tensor("A", negative)});
  REQUIRE(ptlc_result_code(result.get()) == PTLC_INVALID_ARGUMENT);
  REQUIRE(ptlc_result_code(nullptr) == PTLC_INTERNAL_ERROR);
  ptlc_result_destroy(nullptr);
}

TEST_CASE("stops give text") {
  std::vector<int64_t> dims{2, 3};
  ptlc_tensor input = tensor("A", dims);
  REQUIRE(contains(text(compile(sumSource, {}, PTLC_EMIT_AST)), "contract"));
  REQUIRE(text(compile(sumSource, {}, PTLC_EMIT_SIGNATURE)) ==
          "{\"name\":\"rows\",\"parameters\":[{\"name\":\"A\",\"type\":null,"
          "\"dims\":[\"M\",\"N\"]}],\"outputs\":[\"S\"]}");
  REQUIRE(contains(text(compile(sumSource, {input}, PTLC_EMIT_TILE)),
                   "tile.contract"));
  REQUIRE(contains(text(compile(sumSource, {input}, PTLC_EMIT_PROGRAM)),
                   "program.dispatch"));
  REQUIRE(
      contains(text(compile(sumSource, {input}, PTLC_EMIT_LLVM)), "define"));
  REQUIRE(
      contains(text(compile(sumSource, {input}, PTLC_EMIT_ASSEMBLY)), "ret"));
}

TEST_CASE("equal calls give equal packages, from several threads") {
  std::vector<int64_t> dims{5, 7};
  std::vector<std::string> packages(8);
  std::vector<std::thread> threads;
  for (std::string &package : packages)
    threads.emplace_back(
        [&] { package = text(compile(sumSource, {tensor("A", dims)})); });
  for (std::thread &thread : threads)
    thread.join();
  REQUIRE_FALSE(packages[0].empty());
  for (const std::string &package : packages)
    REQUIRE(package == packages[0]);
}

TEST_CASE("check reports warnings and errors") {
  Result good(ptlc_check(sumSource, std::strlen(sumSource), "t.tile"));
  REQUIRE(ptlc_result_code(good.get()) == PTLC_OK);
  REQUIRE(std::string(ptlc_result_diagnostics(good.get())).empty());
  const char *source = "function f(A) -> (O) { O = B; }";
  Result bad(ptlc_check(source, std::strlen(source), "t.tile"));
  REQUIRE(ptlc_result_code(bad.get()) == PTLC_USER_ERROR);
  REQUIRE(contains(ptlc_result_diagnostics(bad.get()), "'B'"));
}

namespace {

Result compileFor(const char *target, ptlc_emit emit = PTLC_EMIT_PACKAGE) {
  static const std::vector<int64_t> dims{2, 3};
  ptlc_tensor input = tensor("A", dims);
  ptlc_options options{};
  options.struct_size = sizeof(options);
  options.emit = emit;
  options.target = target;
  return Result(ptlc_compile(sumSource, std::strlen(sumSource), "t.tile",
                             &input, 1, &options));
}

/// A whole device description, with what a test changes.
std::string describe(const std::string &kind, int workgroup) {
  return "{\"version\": 1, \"name\": \"a {b}, \\\"c\\\"\", \"kind\": \"" +
         kind + "\", \"features\": [], \"limits\": {\"workgroup_size\": " +
         std::to_string(workgroup) +
         ", \"workgroup_sizes\": [64, 64, 64], \"grid\": [65535, 65535, 65535],"
         " \"workgroup_memory_bytes\": 16384, \"binding_bytes\": 134217728}}";
}

} // namespace

TEST_CASE("a package holds one variant for each target") {
  std::string list = "cpu=x86-64,cpu=x86-64-v3,opencl,vulkan=generic,opencl=" +
                     describe("opencl", 64);
  Result result = compileFor(list.c_str());
  INFO(ptlc_result_diagnostics(result.get()));
  REQUIRE(ptlc_result_code(result.get()) == PTLC_OK);
  ptl_package *package = nullptr;
  REQUIRE_FALSE(ptl_package_load_memory(ptlc_result_data(result.get()),
                                        ptlc_result_size(result.get()),
                                        &package));
  CHECK(ptl_package_entry_count(package) == 1);
  std::string description = ptl_package_description(package);
  for (const char *part : {"\"x86-64\"", "\"x86-64-v3\"", "\"vulkan\"",
                           "\"opencl-c\"", "\"spirv\"", "workgroup_size>="})
    CHECK(contains(description, part));
  ptl_package_destroy(package);
}

TEST_CASE("what is wrong with a target is said, and what is allowed") {
  auto refuse = [](const char *target, const char *message,
                   ptlc_emit emit = PTLC_EMIT_PACKAGE) {
    Result result = compileFor(target, emit);
    INFO(target);
    INFO(ptlc_result_diagnostics(result.get()));
    CHECK(ptlc_result_code(result.get()) == PTLC_INVALID_ARGUMENT);
    CHECK(contains(ptlc_result_diagnostics(result.get()), message));
  };
  refuse("cuda", "there is no target 'cuda': this compiler has cpu, opencl and "
                 "vulkan");
  refuse("", "there is no target ''");
  refuse("cpu,", "there is no target ''");
  refuse("cpu,cpu", "target 'cpu' is given twice");
  refuse("cpu=pentium", "there is no CPU level 'pentium': take x86-64,");
  refuse("opencl={}", "'version' is missing");
  refuse("opencl={\"version\": 1}x", "a comma must follow");
  refuse("vulkan=someday", "it is no JSON");
  refuse(("vulkan=" + describe("opencl", 64)).c_str(),
         "it describes a device of the kind 'opencl'");
  refuse("cpu", "made for target 'opencl'", PTLC_EMIT_OPENCL);
  refuse("cpu", "made for target 'opencl' or 'vulkan'", PTLC_EMIT_KERNEL);
}

TEST_CASE("the cache tells descriptions apart") {
  std::string wide = "opencl=" + describe("opencl", 64),
              narrow = "opencl=" + describe("opencl", 2);
  Result a = compileFor(wide.c_str(), PTLC_EMIT_OPENCL);
  Result b = compileFor(narrow.c_str(), PTLC_EMIT_OPENCL);
  INFO(ptlc_result_diagnostics(a.get()));
  REQUIRE(ptlc_result_code(a.get()) == PTLC_OK);
  INFO(ptlc_result_diagnostics(b.get()));
  REQUIRE(ptlc_result_code(b.get()) == PTLC_OK);
  CHECK(text(a) != text(b));
  CHECK(contains(text(a), "kernel"));
}
