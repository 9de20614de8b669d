# A thin face over the CMake presets; `make help` lists what it can do.
PRESET ?= release
CTEST_ARGS ?=
DEVICE ?= cpu:0
BUILD := build/$(PRESET)

.PHONY: help dependencies build demo test bench vendors fuzz docs format format-check clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

dependencies: ## Install missing Debian packages (asks nothing when all are there)
	@tools/scripts/install-dependencies.sh

build: dependencies ## Build the release into build/release
	@mkdir -p build
	@cmake --preset $(PRESET) >build/$(PRESET)-configure.log 2>&1 || { cat build/$(PRESET)-configure.log; exit 1; }
	@cmake --build --preset $(PRESET)

demo: build ## Classify Fashion-MNIST with docs/examples/knn.tile; DEVICE=vulkan:0 names the device
	@$(BUILD)/bin/polytile compile docs/examples/knn.tile --target $(DEVICE) --shape Queries=500x784:u8 \
	  --shape Images=60000x784:u8 -o $(BUILD)/share/polytile/knn-demo.ptl
	@$(BUILD)/bin/polytile-knn-demo --package $(BUILD)/share/polytile/knn-demo.ptl --device $(DEVICE)

test: build ## Run every test, those without LLVM also under sanitizers
	@tools/scripts/make-test-venv.sh
	@cmake --preset asan-ubsan >build/asan-ubsan-configure.log 2>&1 || { cat build/asan-ubsan-configure.log; exit 1; }
	@cmake --build --preset asan-ubsan
	@tools/scripts/run-tests.sh $(BUILD) build/asan-ubsan -- $(CTEST_ARGS)

bench: build ## Measure compile times, launch overhead and speed
	@tools/scripts/make-test-venv.sh
	@cmake --build --preset $(PRESET) --target gemm-bench
	@test/bench/run.sh $(BUILD)

vendors: build ## Report what other vendors' compilers make of the kernels
	@tools/scripts/make-test-venv.sh
	@build/venv/bin/python tools/scripts/vendor-report.py --polytile $(BUILD)/bin/polytile --all --output build/vendors/report.txt

fuzz: build ## Compare random contractions with the oracle until stopped; DEVICE names the device
	@tools/scripts/make-test-venv.sh
	@build/venv/bin/python test/fuzz/random_contractions.py --polytile $(BUILD)/bin/polytile --device interpreter \
	  --device $(DEVICE) --count 0

docs: ## Regenerate the dialect and pass reference pages
	@tools/scripts/generate-reference.sh

format: ## Format the C++ sources
	@git ls-files '*.cpp' '*.h' '*.c' '*.hpp' | xargs clang-format-19 -i

format-check: ## Say which C++ sources are not formatted
	@git ls-files '*.cpp' '*.h' '*.c' '*.hpp' | xargs clang-format-19 --dry-run --Werror

clean: ## Remove everything that was built
	@rm -rf build
