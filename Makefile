# One way in: `make help` lists what there is. Every target sets up what it needs first.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)
# Nothing here asks, reports home or colours a log.
export SLS_TELEMETRY_DISABLED := 1
export SLS_NOTIFICATIONS_MODE := off

.PHONY: help setup demo demo-azure demo-sagemaker up test test-browser test-clients test-container test-converters \
  test-converters-tensorflow test-converters-torch test-converters-trees test-faults test-manifests test-sagemaker-sdk \
  fuzz check check-iac format bench lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 34

setup: $(VENV)/.ready node_modules/.ready ## make .venv and node_modules (quick when nothing changed)

$(VENV)/.ready: requirements/bootstrap.txt requirements/dev.txt requirements/lambda-runtime.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"onehandler needs Python 3.11 or later, this is {v[0]}.{v[1]}; set PYTHON=")'
	@echo "Setting up $(VENV) ($$($(PYTHON) --version))"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

# Node comes from a Python wheel where the machine has none of version 20 or later.
node_modules/.ready: package.json package-lock.json requirements/node.txt $(VENV)/.ready
	@node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' 2>/dev/null \
	  || $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/node.txt
	@echo "Installing osls and Azurite with node $$(node --version)"
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

demo: ## train, build, deploy to the emulator, predict over HTTP, score a file: the main job, then tear down
	@echo "1. Set up"; $(MAKE) --no-print-directory setup; echo "   $$SECONDS s"
	@$(BIN)/python -m examples.demo

demo-sagemaker: ## the demo's model behind a SageMaker endpoint, a transform job and an asynchronous endpoint
	@echo "1. Set up"; $(MAKE) --no-print-directory setup; echo "   $$SECONDS s"
	@$(BIN)/python -m examples.demo_sagemaker

demo-azure: ## the same job on Azure Functions' own runtime: build, package, predict over HTTP, score a dropped file
	@echo "1. Set up"; $(MAKE) --no-print-directory setup; echo "   $$SECONDS s"
	@$(BIN)/python -m examples.demo_azure

up: ## the demo's deployment, staying up, with every URL
	@echo "1. Set up"; $(MAKE) --no-print-directory setup; echo "   $$SECONDS s"
	@$(BIN)/python -m examples.demo --stay

test: setup ## all tests
	@$(BIN)/python -m pytest -n 2

# What only some tests need lies in environments of its own, made when they are first run. With bytecode: without,
# each import of TensorFlow compiles it anew.
ENVIRONMENTS := build/environments
$(ENVIRONMENTS)/%/.ready: requirements/%.txt $(VENV)/.ready
	@echo "Making $(@D)"
	@rm -rf $(@D) && $(BIN)/uv venv --quiet --no-project --python $(BIN)/python $(@D)
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(@D)/bin/python --require-hashes $<
	@touch $@
.PRECIOUS: $(ENVIRONMENTS)/%/.ready
in = PYTHONPATH=$(CURDIR) $(ENVIRONMENTS)/$(1)/bin/python -m pytest --confcutdir=tests/$(2) tests/$(2)

test-converters: test-converters-trees test-converters-torch test-converters-tensorflow ## every converter, in an environment for each family of frameworks

test-converters-trees: $(ENVIRONMENTS)/convert-trees/.ready ## XGBoost, LightGBM, CatBoost, skops (0.8 GB)
	@$(call in,convert-trees,converters) -n 2

# PyTorch itself is installed by pip and without hashes: several builds go by one version, and which one there is depends
# on the index. Where that is the plain one of Linux, it brings CUDA along: 5 GB, which nothing here uses.
TORCH := $(ENVIRONMENTS)/convert-torch
TORCH_VERSION := 2.13.0
TORCH_PYTHON ?= $(shell command -v python3.11)
$(TORCH)/.ready: requirements/convert-torch.txt $(VENV)/.ready
	@echo "Making $(TORCH) ($$($(TORCH_PYTHON) --version))"
	@rm -rf $(TORCH) && $(TORCH_PYTHON) -m venv $(TORCH)
	@$(BIN)/uv pip install --quiet --python $(TORCH)/bin/python --require-hashes -r requirements/convert-torch.txt
	@$(TORCH)/bin/python -m pip install --quiet --disable-pip-version-check torch==$(TORCH_VERSION)
	@touch $@

test-converters-torch: $(VENV)/.ready ## PyTorch, Hugging Face and the examples (1.3 GB); skipped by name where it cannot be had
	@if ! $(MAKE) --no-print-directory $(TORCH)/.ready TORCH_PYTHON="$(or $(TORCH_PYTHON),none)"; then \
	  echo "SKIPPED tests/converters/torch: PyTorch $(TORCH_VERSION) cannot be installed for $(or $(TORCH_PYTHON),python3.11, which is not there) (TORCH_PYTHON= names another)"; \
	else \
	  OMP_NUM_THREADS=1 PYTHONPATH=$(CURDIR) $(TORCH)/bin/python -m pytest -n 2 --show-capture=no --confcutdir=tests/converters tests/converters/torch; \
	fi

test-converters-tensorflow: $(ENVIRONMENTS)/convert-tensorflow/.ready ## TensorFlow, Keras, TFLite and TensorFlow.js (1.8 GB)
	@PYTHONPATH=$(CURDIR) $(<D)/bin/python -m pytest -n 2 --show-capture=no --confcutdir=tests/converters tests/converters/tensorflow

# MLServer and MLflow come along to be asked the same; benchmarks.serve compares with them, too.
test-clients: $(ENVIRONMENTS)/clients/.ready ## the protocols' real clients against onehandler serve, and against the servers they are made for
	@$(BIN)/python -c 'from benchmarks.serving.environments import environment as made; made("peer-mlserver"); made("peer-mlflow")'
	@$(call in,clients,clients) -n 2

test-container: setup ## the serving container's image, built and run without an engine (needs buildah, bubblewrap, debootstrap)
	@ONEHANDLER_TEST_CONTAINER=1 $(BIN)/python -m pytest -n 0 tests/container

test-manifests: $(ENVIRONMENTS)/manifests/.ready ## iac/'s manifests against the schemas of Kubernetes, Vertex AI, Cloud Run and Azure ML, and checkov's policies
	@$(call in,manifests,manifests) -n 0

test-browser: $(ENVIRONMENTS)/browser/.ready ## the playground in this machine's Chromium
	@$(call in,browser,browser) -n 0

# The SDK is a gigabyte: it is in no artifact, only in onehandler deploy sagemaker. Its own warnings are its business.
test-sagemaker-sdk: $(ENVIRONMENTS)/sagemaker-sdk/.ready ## onehandler deploy sagemaker through the SageMaker SDK 3, against the emulator
	@EMULATOR_PYTHON=$(CURDIR)/$(BIN)/python $(call in,sagemaker-sdk,sagemaker_sdk) -n 0 -W default

# Told not to ask anybody, checkov has no guidelines to link to, and needs none.
check-iac: $(ENVIRONMENTS)/manifests/.ready ## iac/azure against checkov's policies
	@LOG_LEVEL=ERROR $(<D)/bin/checkov --config-file iac/azure/.checkov.yaml --directory iac/azure

test-faults: setup ## batch scoring under every fault, 100,000 rows (part of make test, too)
	@$(BIN)/python -m pytest -n 0 tests/faults

# Fuzzing with coverage: seconds for each target, and which; none: all.
SECONDS_EACH ?= 60
TARGETS ?=
fuzz: $(ENVIRONMENTS)/fuzz/.ready ## fuzz every parser, SECONDS_EACH=60 seconds each (TARGETS="native json_codec": these)
	@$(<D)/bin/python -m tests.fuzz.run $(TARGETS) --seconds $(SECONDS_EACH)

check: setup ## formatting, lint and types
	@$(BIN)/ruff format --check --quiet . || { echo "run 'make format'"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy

format: setup ## format and mend what ruff can mend
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

BENCHMARKS := cold_start azure session_options serve micro_batching container_load rolling_update large_models large_json batch batch_end_to_end faults scale emulator
bench: setup ## every benchmark (half an hour, on a quiet machine), then docs/performance.md
	@for name in $(BENCHMARKS); do $(BIN)/python -m benchmarks.$$name --save; done
	@$(BIN)/python -m benchmarks.performance

LOCKED := azure azure-image azure-runtime azure-text bench-joblib bench-ort bootstrap browser clients container \
  convert-tensorflow convert-torch convert-trees dev fuzz lambda-runtime layer-batch layer-image layer-onnx \
  layer-parquet layer-text layer-web manifests node peer-azure peer-bentoml peer-fastapi peer-litserve \
  peer-ministack peer-mlflow peer-mlserver peer-sagemaker-inference sagemaker-sdk serve
# Of onnxruntime's wheel we use the library alone, which needs none of these.
WITHOUT_serve := $(addprefix --no-emit-package ,numpy flatbuffers protobuf packaging)
# Azure's runtime is made for its newest Python alone.
LOWEST_azure-runtime := 3.13
lock: ## pin and hash the requirements anew
	@$(foreach name,$(LOCKED),$(BIN)/uv pip compile --quiet --universal --python-version $(or $(LOWEST_$(name)),3.11) --generate-hashes \
	  --no-emit-index-url --no-header --upgrade $(WITHOUT_$(name)) requirements/$(name).in -o requirements/$(name).txt;)

clean: ## remove everything that setup, builds and the emulator made
	@rm -rf $(VENV) node_modules build .serverless .emulator
