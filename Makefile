# A thin face over the CMake presets; `make help` lists what it can do.
PRESET ?= release
CTEST_ARGS ?=
BUILD := build/$(PRESET)

.PHONY: help dependencies build demo test bench fuzz docs format format-check clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

dependencies: ## Install missing Debian packages (asks nothing when all are there)
	@tools/scripts/install-dependencies.sh

build: dependencies ## Build the release into build/release
	@mkdir -p build
	@cmake --preset $(PRESET) >build/$(PRESET)-configure.log 2>&1 || { cat build/$(PRESET)-configure.log; exit 1; }
	@cmake --build --preset $(PRESET)

demo: build ## Classify Fashion-MNIST with docs/examples/knn.tile
	@$(BUILD)/bin/polytile-knn-demo

test: build ## Run every test, those without LLVM also under sanitizers
	@tools/scripts/make-test-venv.sh
	@cmake --preset asan-ubsan >build/asan-ubsan-configure.log 2>&1 || { cat build/asan-ubsan-configure.log; exit 1; }
	@cmake --build --preset asan-ubsan
	@tools/scripts/run-tests.sh $(BUILD) build/asan-ubsan -- $(CTEST_ARGS)

bench: build ## Measure compile times, launch overhead and speed
	@tools/scripts/make-test-venv.sh
	@cmake --build --preset $(PRESET) --target gemm-bench
	@test/bench/run.sh $(BUILD)

fuzz: build ## Compare random contractions with the oracle until stopped
	@tools/scripts/make-test-venv.sh
	@build/venv/bin/python test/fuzz/random_contractions.py --polytile $(BUILD)/bin/polytile --count 0

docs: ## Regenerate the dialect and pass reference pages
	@tools/scripts/generate-reference.sh

format: ## Format the C++ sources
	@git ls-files '*.cpp' '*.h' '*.c' '*.hpp' | xargs clang-format-19 -i

format-check: ## Say which C++ sources are not formatted
	@git ls-files '*.cpp' '*.h' '*.c' '*.hpp' | xargs clang-format-19 --dry-run --Werror

clean: ## Remove everything that was built
	@rm -rf build
