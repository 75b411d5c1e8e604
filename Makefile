# Everything a newcomer or CI needs; each target sets up what it lacks.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test proofs coverage fuzz machines images toolchain-image board-image lint check docs recording format lock clean help

help:
	@echo "make demo      set up and run the whole loop on bundled data and this machine"
	@echo "make test      set up and run every test but the proofs"
	@echo "make coverage  the same, and how much of the package the tests ran, with a floor"
	@echo "make proofs    run the few tests too long for every change, and keep what became of them"
	@echo "make fuzz      feed damaged files to every reader for FUZZ_MINUTES=10"
	@echo "make machines  install the Debian packages that tests against real devices need (as root)"
	@echo "make images    build the container images: the toolchain, and an ARM board to bench against"
	@echo "make lint      ruff, mypy, import contracts, the documentation's links"
	@echo "make check     lint and the quick tests"
	@echo "make docs      build the documentation into docs/_build/html"
	@echo "make recording  record the terminal for README.md anew"
	@echo "make format    lay the code out"
	@echo "make lock      resolve the dependencies anew into requirements.lock"

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "edgehone needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
	  || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 2; }
	@echo "Setting up $(VENV) (once; a few minutes, about 2.5 GB) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip check
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY)
	$(BIN)/edgehone demo

# One more than two cores can feed: tests of devices spend much of their time waiting.
WORKERS ?= 3
test: $(READY) machines
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST)

# Rows of tests/proofs/RESULTS.md; one alone: make proofs PYTEST="-k reboot"
proofs: $(READY) machines
	$(BIN)/python -m pytest -m proof -p tests.proofs.recording $(PYTEST)

# Lines of the package that ran in the tests' own processes; children are not counted. The floor
# is in pyproject.toml. Before Python 3.12 tests take up to twice as long with it, so CI here runs
# without; the hosted CI has a newer one, and COVERAGE_CORE=sysmon.
coverage:
	$(MAKE) test PYTEST="--cov --cov-report=term:skip-covered --cov-report=xml"

# Goes on where the last run ended; inputs that end badly are kept, each with what repeats it.
FUZZ_MINUTES ?= 10
FUZZ_FOLDER ?= fuzz-findings
fuzz: $(READY)
	$(BIN)/python -m tests.fuzz --minutes $(FUZZ_MINUTES) --findings $(FUZZ_FOLDER)

# Emulated computers, sshd, adb: without root, or on another system, tests that lack them are skipped.
machines:
	@$(PYTHON) tests/machines/packages.py

# With another engine: make images ENGINE=podman, or BUILD="buildah bud".
ENGINE ?= docker
BUILD ?= $(ENGINE) build
images: toolchain-image board-image
toolchain-image:
	$(BUILD) -f docker/toolchain.Dockerfile -t edgehone .
# Older podman and buildah do not tell a Dockerfile what they build on.
board-image:
	$(BUILD) --build-arg BUILDPLATFORM=linux/$(subst x86_64,amd64,$(subst aarch64,arm64,$(shell uname -m))) \
	  --platform linux/arm64 -f docker/board.Dockerfile -t edgehone-board .

# Programs outside of the package, each a folder of modules that import one another by name.
SCRIPTS := $(sort $(dir $(wildcard examples/*/*.py benchmarks/*/*.py docs/*.py)))
lint: $(READY)
	$(BIN)/hadolint docker/*.Dockerfile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@set -e; for folder in $(SCRIPTS); do echo "mypy $$folder"; \
	  MYPYPATH=$$folder:benchmarks/fashion_mnist:toolchain $(BIN)/mypy $$folder; done
	$(BIN)/lint-imports
	$(MAKE) docs

check: lint
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow and not peer"

# Warnings are errors: a link that leads nowhere, a name that is not there.
docs: $(READY)
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going -b html docs docs/_build/html

# A minute: trains the tutorials' model, types docs/recording/session.sh, draws what was printed.
recording: $(READY)
	docs/recording/record.sh

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The one way the lock is made. Universal: one file for Linux, macOS and Windows, Python 3.11 and up.
lock:
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==0.13.*"
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	  --custom-compile-command "make lock" --quiet --output-file requirements.lock

clean:
	rm -rf $(VENV) docs/_build .coverage coverage.xml .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
