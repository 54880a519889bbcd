# Every usual job is one word; `make help` lists them. Variables: OUT=, CONFIG=, ROWS=, MAX_HOURS=, JOBS=, PREFIX=, DESTDIR=, CMAKE_ARGS=, LINT_SECONDS=, FUZZ_SECONDS=.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CONFIG ?= configs/quickstart.toml
OUT ?= runs/quickstart
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
CMAKE_ARGS ?=
export LINT_SECONDS FUZZ_SECONDS JOBS MAX_HOURS

# ctest's lines of tests that pass are left out, its closing lines and all of a failure stay.
quiet := grep --line-buffered -vE '^ *(Start +[0-9]+:|[0-9]+/[0-9]+ Test +\#[0-9]+:.* Passed )'
run_tests = ctest --test-dir $(1) --output-on-failure -j2 $(2) | $(quiet) || { echo "make $@: TESTS FAILED" >&2; exit 1; }

.PHONY: help setup build install tests test test-slow search results sanitize fuzz lint format clean

help: ## list the jobs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## install what is missing (Debian packages of scripts/packages.txt)
	@scripts/setup

build: setup ## build nachos, nachos-train and nachos-run into build/
	@cmake --preset release --log-level=WARNING $(CMAKE_ARGS)
	@cmake --build --preset release -j $(JOBS) --target programs

install: build ## install programs, headers and libraries (PREFIX=/usr/local, DESTDIR=)
	@DESTDIR=$(DESTDIR) cmake --install build --prefix $(abspath $(PREFIX))

tests: build
	@cmake --build --preset release -j $(JOBS)

test: tests ## run all tests but the slow ones
	@$(call run_tests,build,-LE slow --no-tests=error)

test-slow: tests ## run the slow tests
	@$(call run_tests,build,-L slow)

search: build ## design early-exit networks for Fashion-MNIST (CONFIG=, OUT= for others)
	build/nachos search $(CONFIG) --out $(OUT)

results: build ## run what docs/results.md shows and is not recorded yet: hours (ROWS=, MAX_HOURS=), then write it
	@bench/results/run $(ROWS)

sanitize: setup ## run the tests of what reads files and moves memory under the address and undefined-behaviour sanitizers
	@cmake --preset asan-ubsan --log-level=WARNING $(CMAKE_ARGS)
	@cmake --build --preset asan-ubsan -j $(JOBS) --target tests
	@$(call run_tests,build-asan,-LE slow --no-tests=error)

fuzz: setup ## give the readers of files damaged ones, FUZZ_SECONDS= (10) each
	@cmake --preset fuzz --log-level=WARNING $(CMAKE_ARGS)
	@cmake --build --preset fuzz -j $(JOBS) --target fuzzers
	@scripts/fuzz build-fuzz

lint: setup ## check the format and run clang-tidy
	@cmake --preset asan-ubsan --log-level=WARNING $(CMAKE_ARGS)
	@scripts/lint build-asan

format: setup ## format all sources
	@git ls-files -co --exclude-standard -- '*.h' '*.cpp' | xargs clang-format -i

clean: ## remove what was built
	rm -rf build build-debug build-asan build-fuzz
