# Gatehouse. `make help` lists what there is.

GOLANGCI_LINT_VERSION := v2.15.0
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.0.0-dev)
FUZZTIME ?= 20s

# Everything is pure Go: no C compiler is needed, and the binary is static.
# Only the race detector wants cgo.
export CGO_ENABLED ?= 0

LINT := bin/golangci-lint-$(GOLANGCI_LINT_VERSION)
# All test packages share one private PostgreSQL server.
WITH_POSTGRES := go run ./test/testdb/cmd/testpostgres --

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  %-12s %s\n", $$1, $$2}'

.PHONY: run
run: ## Try everything: gateway on :8065, sample client on :8066
	@go run ./cmd/gatehouse demo

.PHONY: test
test: needs ## Run every test, on both databases and in a browser
	$(WITH_POSTGRES) go test -timeout 20m ./...

.PHONY: race
race: export CGO_ENABLED = 1
race: needs ## Run every test with the race detector (needs a C compiler)
	$(WITH_POSTGRES) go test -race -timeout 40m ./...

.PHONY: e2e
e2e: needs ## Run the tests that drive the real binary
	$(WITH_POSTGRES) go test -count=1 -timeout 20m -v ./e2e/...

.PHONY: needs
needs: # What the tests need beside Go
	@.ci/needs

.PHONY: lint
lint: $(LINT) ## Check formatting, vet and lint
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	$(LINT) run

$(LINT):
	GOBIN=$(CURDIR)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv bin/golangci-lint $@

.PHONY: bench
bench: build needs ## Measure the gateway from outside, on both databases (BENCH="-d 10s -c 8,32")
	@echo "SQLite"; go run ./bench $(BENCH)
	@echo "PostgreSQL"; go run ./test/testdb/cmd/testpostgres -durable -- \
		sh -c 'go run ./bench -database "$$GATEHOUSE_TEST_POSTGRES_URL" $(BENCH)'
	$(WITH_POSTGRES) go test -run '^$$' -bench . -benchmem ./storage/

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (20s)
	@grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r file; do \
		sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$file" | while read -r target; do \
			echo "$$target in $$(dirname "$$file")"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")" </dev/null || exit 1; \
		done || exit 1; \
	done

# Where no container registry can be reached, GATEHOUSE_BASE_IMAGES names a script
# that makes the base images that it is given as arguments. It is only asked when
# an image cannot be pulled.
export GATEHOUSE_BASE_IMAGES ?=

.PHONY: up
up: ## Start the stack: three nodes, PostgreSQL and nginx, on https://localhost:8443
	@. deploy/compose.sh; export GATEHOUSE_VERSION=$(VERSION); compose up -d --build && await_healthy proxy && compose run --rm --no-deps -T init show url

.PHONY: down
down: ## Stop the stack; what it keeps stays
	@. deploy/compose.sh && compose down

.PHONY: compose-test
compose-test: ## Build the stack, test it from outside, take it down (installs Docker when root on Debian)
	@GATEHOUSE_VERSION=$(VERSION) e2e/compose/run.sh

.PHONY: pages
pages: ## Show every page in every state, with canned data
	@go run ./templates/storybook

.PHONY: build
build: ## Build the static binary bin/gatehouse
	go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/gatehouse ./cmd/gatehouse

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin coverage.out
