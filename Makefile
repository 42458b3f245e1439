# Two commands do everything on a fresh Debian 12, as root: `make demo` and `make test`.

export CARGO_TERM_COLOR ?= auto
STACK := $(abspath target/stack)
BINARY := target/x86_64-unknown-linux-gnu/release/stackprobe
TESTED := target/x86_64-unknown-linux-gnu/debug/stackprobe
CORE := $(STACK)/share/spack/lmod/linux-debian12-x86_64/Core

.PHONY: demo test kills release packages tree cluster bench mutants mutants-all minimal stack tools build cargo clean

# Builds the real stack and the binary, runs the whole matrix, shows the summary.
demo: cargo stack build
	rm -rf target/demo
	MODULEPATH=$(CORE) $(BINARY) run --all --site fixtures/stack/site.toml --results target/demo

# Everything that must hold: form, then behaviour, against the real stack.
test: cargo stack tools
	@[ "$$(id -u)" = 0 ] || { echo "error: the tests mount file systems and become other users" >&2; \
	  echo "  hint: run them as root" >&2; exit 1; }
	cargo fmt --all --check
	cargo clippy --all-targets --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --locked
	STACKPROBE_TESTS_MUST_RUN=1 fixtures/opened cargo test --locked
	fixtures/minimal $(TESTED)

# The chart on a Kubernetes of this machine, with a real node and Argo's controller (docs/kubernetes.md). Needs Go.
cluster: cargo stack tools build
	fixtures/host cluster
	tests/cluster/build
	images/build binary tester
	tests/cluster/test

# 200 shots at runs and 200 at promotions, at random instants: what each left is looked at.
kills: stack
	STACKPROBE_KILLS=200 cargo test --locked --test it kill_loop -- --nocapture

# What is handed out, in target/dist: tarball, .deb, .rpm, list of contents, checksums. Its tools are compiled once.
release: build
	packaging/tools target/package-tools
	packaging/release target/dist $(BINARY)

# All of that is made, installed into empty roots, run there and taken away; and `cargo install` from a clean clone.
packages: cargo
	packaging/tools target/package-tools
	cargo test --locked --test it packages:: -- --ignored

# The same prefixes in another layout, whole: make tree TREE=easybuild (docs/layouts.md). benches/trees prints what they left.
TREE ?= easybuild
HERE = $(abspath target/trees)/$(TREE)$(if $(MODULES_CMD),-environment-modules)
tree: stack build
	rm -rf $(HERE)
	MODULEPATH=$$(fixtures/trees $(TREE) $(STACK) $(HERE)) $(BINARY) run compiler mpi modules --all \
	  --site $(HERE)/site.toml --results $(HERE)/results

# The tables of docs/numbers.md.
bench: stack tools build
	benches/run
	benches/stack
	benches/runtimes
	benches/whole

# Which seeded faults the suites catch: a sample in a quarter of an hour, or all of them.
mutants: stack build
	fixtures/mutants/run $(BINARY) $(STACK)

mutants-all: stack build
	fixtures/mutants/run $(BINARY) $(STACK) --all

stack:
	fixtures/host stack
	fixtures/stack/build --into $(STACK)
	fixtures/stack-libraries/build $(STACK)
	fixtures/stack-runtimes/build $(STACK)
	fixtures/stack/verify --host stack

# The set-up and the first cases in a Debian 12 that holds nothing else: what this machine has installed cannot help. A
# part of `make test`.
minimal: build tools
	fixtures/minimal $(BINARY)

# What only tests and benchmarks need.
tools:
	fixtures/tools target/tools

build: cargo
	fixtures/host build
	cargo build --release --locked

cargo:
	@command -v cargo >/dev/null || { echo "error: no cargo on PATH" >&2; \
	  echo "  hint: install Rust 1.91 or newer, see https://www.rust-lang.org/tools/install" >&2; exit 1; }

clean:
	cargo clean
