# Gatehouse. `make help` lists the targets.

GOLANGCI_LINT_VERSION := v2.15.0
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.0.0-dev)
FUZZTIME ?= 20s

# The code is pure Go: it needs no C compiler, and the binary is static. Only the
# race detector needs cgo.
export CGO_ENABLED ?= 0

LINT := bin/golangci-lint-$(GOLANGCI_LINT_VERSION)
# All test packages use one private PostgreSQL server.
WITH_POSTGRES := go run ./test/testdb/cmd/testpostgres --
# These packages need more than Go (.ci/needs): PostgreSQL, a browser, Node.js or Python.
NEED_MORE := gatehouse/e2e gatehouse/e2e/browser% gatehouse/e2e/clients% gatehouse/e2e/nodes
GO_ONLY = $(filter-out $(NEED_MORE),$(shell go list ./...))

PREFIX ?= /usr/local

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  %-12s %s\n", $$1, $$2}'

# For other ports: make run DEMO="--listen 127.0.0.1:9065 --client-listen 127.0.0.1:9066"
.PHONY: run
run: ## Start a gateway on :8065 and a sample client on :8066, with demo users and apps
	@go run ./cmd/gatehouse demo $(DEMO)

.PHONY: check
check: fmt-vet ## Run gofmt, vet and the tests that need only Go, on SQLite
	GATEHOUSE_TEST_ENGINES=sqlite go test -vet=off -timeout 10m $(GO_ONLY)
	@echo "Passed on SQLite. Left out: PostgreSQL, and the packages $(subst %,,$(NEED_MORE)). make test runs every test."

.PHONY: fmt-vet
fmt-vet: # Check the formatting, and run go vet
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt would change these files:"; echo "$$unformatted"; exit 1; fi
	go vet ./...

.PHONY: test
test: needs ## Run every test, on both databases and in a browser
	$(WITH_POSTGRES) go test -timeout 20m ./...

.PHONY: race
race: export CGO_ENABLED = 1
race: needs ## Run every test with the race detector (needs a C compiler)
	$(WITH_POSTGRES) go test -race -timeout 40m ./...

.PHONY: e2e
e2e: needs ## Run the tests that start the real binary
	$(WITH_POSTGRES) go test -count=1 -timeout 20m -v ./e2e/...

.PHONY: needs
needs: # Find or install the programs that the tests need beside Go
	@.ci/needs

.PHONY: lint
lint: $(LINT) fmt-vet ## Run gofmt, vet and golangci-lint
	$(LINT) run

$(LINT):
	GOBIN=$(CURDIR)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv bin/golangci-lint $@

.PHONY: bench
bench: build needs ## Measure the speed of the gateway on both databases (BENCH="-d 10s -c 8,32")
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

.PHONY: up
up: ## Start the stack: three nodes, PostgreSQL and nginx, on https://localhost:8443
	@. deploy/compose.sh; export GATEHOUSE_VERSION=$(VERSION); compose up -d --build && await_healthy proxy && compose run --rm --no-deps -T init show url

.PHONY: down
down: ## Stop the stack and keep its data
	@. deploy/compose.sh && compose down

.PHONY: compose-test
compose-test: ## Build the stack, test it, remove it (installs Docker if you are root on Debian)
	@GATEHOUSE_VERSION=$(VERSION) e2e/compose/run.sh

.PHONY: pages
pages: ## Serve every page in every state, with sample data
	@go run ./templates/storybook

.PHONY: build
build: ## Build the static binary bin/gatehouse
	go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/gatehouse ./cmd/gatehouse

.PHONY: install
install: build ## Install bin/gatehouse into PREFIX/bin (PREFIX=/usr/local)
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 bin/gatehouse "$(DESTDIR)$(PREFIX)/bin/gatehouse"

.PHONY: release
release: ## Build the release of the current commit in dist/: archives for Linux, SBOMs, checksums
	deploy/release/build.sh dist

.PHONY: release-check
release-check: ## Build the release twice in different places, and compare the bytes (takes minutes)
	deploy/release/check.sh

.PHONY: image
image: ## Build the image gatehouse:VERSION of the current commit, and its SBOM in dist/ (needs Docker)
	deploy/release/image.sh dist

.PHONY: clean
clean: ## Remove the built files
	rm -rf bin dist coverage.out
