# The image of the gateway: one static binary that does not run as root, without a shell
# and a package manager. The gateway writes only the SQLite database, and nothing with
# PostgreSQL, so the root file system can be read-only.
#
#   docker build --build-arg VERSION=1.2.3 -t gatehouse .
#   docker run --read-only -p 127.0.0.1:8065:8065 -v gatehouse:/var/lib/gatehouse gatehouse
#
# The file does not need BuildKit, so every builder can build it.

FROM golang:1.26-bookworm AS build

# For machines that use their own module proxy. If they are unset, the image's settings
# apply.
ARG GOPROXY
ARG GOSUMDB
ARG GONOSUMDB

WORKDIR /src
# The modules are a separate layer, which is reused until go.mod or go.sum changes.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=0.0.0-dev
# The first 12 characters of the commit.
ARG BUILD=unknown
RUN CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags "-s -w -buildid= -X main.version=${VERSION} -X main.build=${BUILD}" -o /out/gatehouse ./cmd/gatehouse \
	&& mkdir /out/state

FROM gcr.io/distroless/static-debian12:nonroot

COPY --from=build /out/gatehouse /usr/local/bin/gatehouse
# The SQLite database is here by default. A new volume that is mounted here gets the owner
# of this directory, the user below.
COPY --from=build --chown=65532:65532 /out/state /var/lib/gatehouse
WORKDIR /var/lib/gatehouse
USER 65532:65532
# It listens on all addresses of the container. Docker decides which hosts can reach it.
ENV GATEHOUSE_LISTEN=:8065
EXPOSE 8065
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/bin/gatehouse", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/gatehouse"]
CMD ["serve"]
