# Plexus. `make help` lists the targets.
SWIFT := swift
FLAGS := --explicit-target-dependency-import-check error
PLEXUS := .build/debug/plexus
ACCEPTANCE := .build/acceptance
CONFORMANCE := $(or $(PLEXUS_CONFORMANCE),../shared/conformance)
BENCH_GRAPH := $(or $(PLEXUS_BENCH_GRAPH),../shared/bench/graph)
BENCH_JOBS := $(or $(PLEXUS_BENCH_JOBS),../shared/bench/jobs)
BENCH_AUTHORIZATION := $(or $(PLEXUS_BENCH_AUTHORIZATION),../shared/bench/authorization)

.DEFAULT_GOAL := help
.PHONY: help deps build demo test torture lint format conformance docs release bench-first-light bench-store bench-cypher bench-bolt bench-authorization bench-jobs bench-pictures tsan clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-18s %s\n", $$1, $$2 }'

deps: ## Install the missing Debian packages
	@scripts/install-dependencies.sh

build: deps ## Build everything
	$(SWIFT) build $(FLAGS)

demo: build ## Do the main job from end to end, in a temporary folder
	examples/demo.sh $(PLEXUS)

test: deps $(ACCEPTANCE)/requirements/ready $(ACCEPTANCE)/requirements-neomodel/ready ## Build and pass all tests
	$(SWIFT) build --build-tests $(FLAGS)
	$(SWIFT) test --skip-build --disable-xctest --parallel
	$(ACCEPTANCE)/requirements/bin/python -m unittest discover -s Tests/Acceptance -p '*_tests.py' -v
	$(ACCEPTANCE)/requirements-neomodel/bin/python -W ignore -m unittest discover -s Tests/Acceptance -p '*_check.py' -v

# What acceptance tests need from PyPI: a virtual environment for each file of requirements.
$(ACCEPTANCE)/%/ready: Tests/Acceptance/%.txt
	python3 -m venv --clear $(@D)
	$(@D)/bin/pip -q install -r $<
	touch $@

torture: deps ## Kill the server 200 times, damage files in thousands of ways
	$(SWIFT) build --build-tests $(FLAGS)
	PLEXUS_TORTURE=1 $(SWIFT) test --skip-build --disable-xctest --filter 'DamageTests|DiskTests|ReaderTests'
	cd Tests/Acceptance && PLEXUS_TORTURE_ROUNDS=200 python3 -m unittest -v server_tests.Durability

lint: ## Check the format of the sources
	$(SWIFT) format lint --strict --parallel -r Sources Tests Plugins Package.swift

format: ## Format the sources
	$(SWIFT) format -i --parallel -r Sources Tests Plugins Package.swift

conformance: build ## Run the public suites of $(CONFORMANCE), where they are
	@scripts/conformance.sh $(CONFORMANCE) $(PLEXUS)

docs: build ## Write the documentation of all rooms and of the HTTP API into .build/docs
	@scripts/docs.sh $(PLEXUS)

release: deps ## Build the optimised program
	$(SWIFT) build -c release --product plexus $(FLAGS)

bench-first-light: release ## Measure the thin path end to end, beside the floors of the same run
	python3 Benchmarks/first_light.py .build/release/plexus

bench-store: release ## Measure the store beside C and plain SQLite; BENCH="--size M scan commits" for less
	$(SWIFT) build -c release --product bench-store $(FLAGS)
	.build/release/bench-store --plexus .build/release/plexus $(BENCH)

bench-cypher: deps ## Measure queries beside embedded engines of $(BENCH_GRAPH), where it is; BENCH="--size S" for less
	$(SWIFT) build -c release --product bench-cypher $(FLAGS)
	python3 Benchmarks/cypher.py .build/release/bench-cypher $(BENCH_GRAPH) $(BENCH)

bench-bolt: release $(ACCEPTANCE)/requirements/ready ## Measure Bolt beside a server that does nothing, by the same clients
	$(SWIFT) build -c release --product bench-bolt-floor $(FLAGS)
	$(ACCEPTANCE)/requirements/bin/python Benchmarks/bolt.py .build/release/plexus .build/release/bench-bolt-floor $(BENCH)

bench-authorization: release ## Measure authorization beside peers of $(BENCH_AUTHORIZATION), where it is; BENCH="--scale 0.1" for less
	$(SWIFT) build -c release --product bench-authorization $(FLAGS)
	python3 Benchmarks/authorization.py .build/release/plexus .build/release/bench-authorization $(BENCH_AUTHORIZATION) $(BENCH)

bench-jobs: release ## Measure jobs beside Celery of $(BENCH_JOBS), where it is; BENCH="--jobs 1000 --queued 100000" for less
	$(SWIFT) build -c release --product bench-jobs $(FLAGS)
	python3 Benchmarks/jobs.py .build/release/plexus .build/release/bench-jobs $(BENCH_JOBS) $(BENCH)

bench-pictures: release ## Measure pipelines and pictures, drawing beside the dot program
	$(SWIFT) build -c release --product bench-pictures $(FLAGS)
	python3 Benchmarks/pictures.py .build/release/plexus .build/release/bench-pictures

tsan: deps ## Pass the tests of store and graph under the thread sanitizer
	$(SWIFT) build --build-tests --sanitize=thread --scratch-path .build-tsan
	TSAN_OPTIONS=halt_on_error=1 $(SWIFT) test --skip-build --disable-xctest --sanitize=thread --scratch-path .build-tsan \
		--filter 'PropertyGraphTests|GraphStorageTests|GraphDatabaseTests'

clean: ## Remove what was built
	rm -rf .build .build-*
