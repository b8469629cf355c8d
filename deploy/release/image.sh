#!/usr/bin/env bash
# Builds the image gatehouse:VERSION of the current commit with Docker, and writes the SBOM of
# the binary in it (CycloneDX) beside the release:
#
#   deploy/release/image.sh [DIRECTORY]      # default: dist
#
# The SBOM describes the Go modules. Nothing else in the image is a program: the base image
# has certificates and time zones. If a registry gets the image, attach the file to it, for
# example with: cosign attest --type cyclonedx --predicate FILE IMAGE
set -euo pipefail
cd "$(dirname "$0")/../.."

sbom_tool=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

mkdir -p "${1:-dist}"
out=$(cd "${1:-dist}" && pwd)
version=${VERSION:-$(git describe --tags --always)}
image=${IMAGE:-gatehouse:$version}
work=$(mktemp -d)
container=
trap '[ -z "$container" ] || docker rm "$container" >/dev/null; rm -rf "$work"' EXIT

arguments=()
for name in GOPROXY GOSUMDB GONOSUMDB; do # the image downloads modules in the same way as this machine
	arguments+=(--build-arg "$name=$(go env "$name")")
done
# An export of the commit: no other file of the working tree gets into the image.
git archive HEAD | docker build --build-arg VERSION="$version" --build-arg BUILD="$(git rev-parse --short=12 HEAD)" \
	"${arguments[@]}" -t "$image" -

container=$(docker create "$image")
docker cp "$container":/usr/local/bin/gatehouse "$work/gatehouse"
GOBIN=$work go install "$sbom_tool"
"$work/cyclonedx-gomod" bin -json -noserial -notimestamp -version "$version" -output "$out/gatehouse-$version-image.cdx.json" "$work/gatehouse"
echo "Built $image, and $out/gatehouse-$version-image.cdx.json."
