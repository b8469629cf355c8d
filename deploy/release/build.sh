#!/usr/bin/env bash
# Builds the release of the current commit:
#
#   deploy/release/build.sh [DIRECTORY]      # default: dist
#
#   gatehouse-VERSION-linux-{amd64,arm64}.tar.gz   the binary, the documentation, the service
#                                                  for systemd, and completion scripts
#   gatehouse-VERSION-linux-{amd64,arm64}.cdx.json the SBOM of the binary (CycloneDX)
#   SHA256SUMS
#
# The same commit, built with the same version of Go, gives the same bytes on every machine
# (deploy/release/check.sh). So the script builds a clone and not the working tree, and takes
# no time, path, user or setting from the machine. VERSION sets the name of the version
# (default: git describe).
set -euo pipefail
cd "$(dirname "$0")/../.."

# The tool for the SBOM is maintained by the OWASP CycloneDX project.
sbom_tool=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
max_size=$((40 << 20)) # bytes of a binary

mkdir -p "${1:-dist}"
out=$(cd "${1:-dist}" && pwd)
commit=$(git rev-parse HEAD)
version=${VERSION:-$(git describe --tags --always)}
epoch=$(git log -1 --format=%ct)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export LC_ALL=C TZ=UTC GOFLAGS='' GOWORK=off GOEXPERIMENT='' CGO_ENABLED=0
umask 022
src=$work/src
git clone -q --no-local . "$src" # a clone, because the SBOM takes the version of the module from git
git -C "$src" checkout -q --detach "$commit"

# build OS ARCH FILE
build() {
	(cd "$src" && GOOS=$1 GOARCH=$2 GOAMD64=v1 GOARM64=v8.0 go build -trimpath -buildvcs=false \
		-ldflags "-s -w -buildid= -X main.version=$version -X main.build=${commit:0:12}" -o "$3" ./cmd/gatehouse)
}

# The completion scripts come from the binary itself, built for this machine.
build "$(go env GOHOSTOS)" "$(go env GOHOSTARCH)" "$work/gatehouse"
mkdir "$work/completions"
"$work/gatehouse" completion bash >"$work/completions/gatehouse.bash"
"$work/gatehouse" completion zsh >"$work/completions/_gatehouse"
"$work/gatehouse" completion fish >"$work/completions/gatehouse.fish"
"$work/gatehouse" completion powershell >"$work/completions/gatehouse.ps1"

GOBIN=$work/bin go install -trimpath "$sbom_tool"

files=()
for arch in amd64 arm64; do
	name=gatehouse-$version-linux-$arch
	dir=$work/$name
	mkdir "$dir"
	build linux "$arch" "$dir/gatehouse"
	size=$(wc -c <"$dir/gatehouse")
	if [ "$size" -gt "$max_size" ]; then
		echo "The binary for $arch has $size bytes; at most $max_size are allowed." >&2
		exit 1
	fi
	if grep -qaF -e "$src" -e "$PWD" -e "$HOME/" "$dir/gatehouse"; then
		echo "The binary for $arch contains a path of this machine." >&2
		exit 1
	fi
	# Without serial number and time, which would differ in each run.
	(cd "$src" && GOOS=linux GOARCH=$arch "$work/bin/cyclonedx-gomod" app -json -licenses -std -noserial -notimestamp -short-purls \
		-main cmd/gatehouse -output "$work/sbom.json" .) 2>"$work/sbom.log" || { cat "$work/sbom.log" >&2; exit 1; }
	# The first hashes are those of the tool's own binary, which depend on this machine.
	awk '/"hashes": \[/ && !seen { seen = skip = 1 } !skip { print } /\],?$/ { skip = 0 }' "$work/sbom.json" >"$work/$name.cdx.json"
	cp "$work/$name.cdx.json" "$dir/gatehouse.cdx.json"
	cp -R "$src/LICENSE" "$src/README.md" "$src/CHANGELOG.md" "$src/SECURITY.md" "$src/docs" "$src/deploy/systemd" "$work/completions" "$dir/"
	tar -C "$work" --sort=name --format=ustar --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' -cf - "$name" |
		gzip -n -9 >"$work/$name.tar.gz"
	cp "$work/$name.tar.gz" "$work/$name.cdx.json" "$out/"
	files+=("$name.tar.gz" "$name.cdx.json")
done
(cd "$out" && sha256sum "${files[@]}" >SHA256SUMS)
echo "Built in $out with $(go env GOVERSION) from commit ${commit:0:12}:"
cat "$out/SHA256SUMS"
