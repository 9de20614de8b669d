// Speed of dense contractions alone, beside OpenBLAS where it is installed.
//
//   gemm-bench [--bits 512] [--threads 2] [--seconds 0.5] [case...]
//
// A case is MxNxK (C = A * B), MxNxKt (B transposed, as in nearest neighbours)
// or conv:HxWxCxF (3x3, same padding, channels last). GFLOP/s are medians;
// both sides run in turns, so that a change of the clock meets both.
#include "test/unit/cpu-dense/DenseRunner.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <functional>
#include <pthread.h>
#include <thread>

using namespace polytile::cpu::test;

namespace {

double now() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Seconds that the calling thread has computed: what neighbours on a busy
/// machine take away doesn't count.
double computed() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

float *allocate(int64_t elements, bool random) {
  size_t bytes = (elements * sizeof(float) + 4095) / 4096 * 4096;
  auto *data = static_cast<float *>(std::aligned_alloc(4096, bytes));
  unsigned seed = 1;
  for (int64_t i = 0; i != elements; ++i) {
    seed = seed * 1664525u + 1013904223u;
    data[i] = random ? float(seed >> 8) / float(1 << 24) - 0.5f : 0.0f;
  }
  return data;
}

/// Threads that spin for work while they are awake, so that short products are
/// measured fairly, and sleep while the other side is measured.
class Pool {
public:
  explicit Pool(unsigned threads) {
    for (unsigned i = 1; i < threads; ++i)
      workers.emplace_back([this, i] {
        pin(i);
        for (int seen = 0;; ++seen) {
          while (epoch.load() == seen)
            if (asleep.load())
              std::this_thread::sleep_for(std::chrono::microseconds(50));
            else
              __builtin_ia32_pause();
          if (stopping)
            return;
          job(i);
          ++done;
        }
      });
  }
  /// The caller has a core of its own too while the pool is awake: else the
  /// system may put two spinning threads on one core for a time slice.
  void sleep(bool on) {
    asleep = on;
    pin(on ? -1 : 0);
  }
  ~Pool() {
    stopping = true;
    ++epoch;
    for (std::thread &worker : workers)
      worker.join();
  }
  void run(std::function<void(unsigned)> work) {
    job = std::move(work);
    done = 0;
    ++epoch;
    job(0);
    while (done.load() != int(workers.size()))
      __builtin_ia32_pause();
  }

private:
  /// Binds the calling thread to a core, or to all with -1.
  static void pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int i = 0; i != CPU_SETSIZE; ++i)
      if (core < 0 || core == i)
        CPU_SET(i, &set);
    pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
  }

  std::function<void(unsigned)> job;
  std::atomic<int> epoch{0}, done{0};
  std::atomic<bool> stopping{false}, asleep{false};
  std::vector<std::thread> workers;
};

using Sgemm = void (*)(int, int, int, int, int, int, float, const float *, int,
                       const float *, int, float, float *, int);

struct Blas {
  Sgemm sgemm = nullptr;
  void (*setThreads)(int) = nullptr;
  Blas() {
    void *library = dlopen("libopenblas.so.0", RTLD_NOW);
    if (!library)
      return;
    sgemm = reinterpret_cast<Sgemm>(dlsym(library, "cblas_sgemm"));
    setThreads = reinterpret_cast<void (*)(int)>(
        dlsym(library, "openblas_set_num_threads"));
  }
};

struct Case {
  Contraction op;
  int64_t m = 0, n = 0, k = 0;
  bool transposed = false, isProduct = false;
  double flops = 0;
};

Case parse(const std::string &text) {
  Case result;
  long h, w, c, f;
  if (std::sscanf(text.c_str(), "conv:%ldx%ldx%ldx%ld", &h, &w, &c, &f) == 4) {
    result.op.indices = "y, x, f, r, s, c";
    result.op.aShape = {h, w, c};
    result.op.a = "y + r - 1, x + s - 1, c";
    result.op.bShape = {3, 3, c, f};
    result.op.b = "r, s, c, f";
    result.op.cShape = {h, w, f};
    result.op.c = "y, x, f";
    result.flops = 2.0 * 9 * h * w * c * f;
    return result;
  }
  long m, n, k;
  if (std::sscanf(text.c_str(), "%ldx%ldx%ld", &m, &n, &k) != 3) {
    std::fprintf(stderr, "gemm-bench: '%s' is no case\n", text.c_str());
    std::exit(2);
  }
  result.isProduct = true;
  result.transposed = text.back() == 't';
  result.m = m, result.n = n, result.k = k;
  result.op.indices = "m, n, k";
  result.op.aShape = {m, k};
  result.op.a = "m, k";
  result.op.bShape = result.transposed ? std::vector<int64_t>{n, k}
                                       : std::vector<int64_t>{k, n};
  result.op.b = result.transposed ? "n, k" : "k, n";
  result.op.cShape = {m, n};
  result.op.c = "m, n";
  result.flops = 2.0 * m * n * k;
  return result;
}

int64_t count(const std::vector<int64_t> &shape) {
  int64_t result = 1;
  for (int64_t size : shape)
    result *= size;
  return result;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void measure(const std::string &text, unsigned bits, unsigned threads,
             double seconds, const Blas &blas) {
  Case one = parse(text);
  auto runner = DenseRunner::compile(one.op, bits);
  if (!runner) {
    std::printf("%-20s no dense plan\n", text.c_str());
    return;
  }
  const auto &plan = runner->plan();
  float *a = allocate(count(one.op.aShape), true),
        *b = allocate(count(one.op.bShape), true),
        *c = allocate(count(one.op.cShape), false),
        *d = allocate(count(one.op.cShape), false);
  Pool pool(threads);
  std::vector<float *> workspaces;
  for (unsigned i = 0; i != threads; ++i)
    workspaces.push_back(allocate(plan.workspaceBytes / 4 + 16, false));
  std::vector<double> spent(threads, 0.0);
  int64_t runs = 0;
  auto ours = [&] {
    std::atomic<int64_t> next{0};
    pool.run([&](unsigned worker) {
      double start = computed();
      for (int64_t begin; (begin = next.fetch_add(plan.grain)) < plan.items;)
        runner->run(a, b, c, begin, std::min(begin + plan.grain, plan.items),
                    workspaces[worker]);
      spent[worker] += computed() - start;
    });
    ++runs;
  };
  auto theirs = [&] {
    blas.sgemm(101, 111, one.transposed ? 112 : 111, one.m, one.n, one.k, 1.0f,
               a, one.k, b, one.transposed ? one.k : one.n, 0.0f, d, one.n);
  };
  bool compare = blas.sgemm && one.isProduct;
  if (compare)
    blas.setThreads(threads);
  std::vector<double> oursTimes, theirTimes;
  auto sample = [&](auto &&work, std::vector<double> &times) {
    work();
    for (double begin = now();
         now() - begin < seconds / 4 || times.size() < 3;) {
      double start = now();
      work();
      times.push_back(now() - start);
    }
  };
  for (int turn = 0; turn != 4; ++turn) {
    pool.sleep(false);
    sample(ours, oursTimes);
    pool.sleep(true);
    if (compare)
      sample(theirs, theirTimes);
  }
  double difference = 0;
  for (int64_t i = 0; compare && i != count(one.op.cShape); ++i)
    difference = std::max<double>(difference, std::abs(c[i] - d[i]));
  const auto &box = *std::max_element(
      plan.boxes.begin(), plan.boxes.end(),
      [](const auto &x, const auto &y) { return x.items < y.items; });
  const auto &s = box.schedule;
  double total = 0;
  for (double seconds : spent)
    total += seconds;
  std::printf("%-20s %7.1f  a core %6.1f", text.c_str(),
              one.flops / median(oursTimes) / 1e9,
              one.flops * double(runs) / total / 1e9);
  if (compare)
    std::printf("  openblas %7.1f  difference %.1e",
                one.flops / median(theirTimes) / 1e9, difference);
  std::printf("  compiled in %3.0f ms; %zu boxes, %ld items of grain %ld, tile "
              "%ldx%ld, block %ldx%ldx%ld, %ld an item%s%s\n",
              1e3 * runner->compileSeconds(), plan.boxes.size(),
              long(plan.items), long(plan.grain), long(s.tileRows),
              long(s.panel), long(s.blockTiles * s.tileRows),
              long(s.blockColumns), long(box.blockPoints()),
              long(s.blocksPerItem), s.packA ? ", A packed" : "",
              s.packB ? ", B packed" : "");
  std::fflush(stdout);
  for (float *buffer : {a, b, c, d})
    std::free(buffer);
  for (float *buffer : workspaces)
    std::free(buffer);
}

} // namespace

int main(int argc, char **argv) {
  unsigned bits = widestVectors(),
           threads = std::thread::hardware_concurrency();
  double seconds = 0.5;
  std::vector<std::string> cases;
  for (int i = 1; i < argc; ++i) {
    auto value = [&] { return i + 1 < argc ? argv[++i] : "0"; };
    if (!std::strcmp(argv[i], "--bits"))
      bits = std::atoi(value());
    else if (!std::strcmp(argv[i], "--threads"))
      threads = std::atoi(value());
    else if (!std::strcmp(argv[i], "--seconds"))
      seconds = std::atof(value());
    else if (!std::strcmp(argv[i], "--print")) {
      DenseRunner::compile(parse(value()).op, bits, /*print=*/true);
      return 0;
    } else
      cases.push_back(argv[i]);
  }
  if (cases.empty())
    cases = {"256x256x256",    "512x512x512",      "1000x1000x1000",
             "1024x1024x1024", "2048x2048x2048",   "17x1024x2048",
             "500x60000x784t", "conv:56x56x64x64", "conv:28x28x128x128"};
  Blas blas;
  std::printf("vectors of %u bits, %u threads, GFLOP/s\n", bits, threads);
  for (const std::string &text : cases)
    measure(text, bits, threads, seconds, blas);
}
