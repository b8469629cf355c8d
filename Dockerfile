# The gateway as an image: one static binary, no shell, no package manager, not
# root. Nothing is written but the database, and with PostgreSQL not even that:
# it runs with a read-only root file system.
#
#   docker build --build-arg VERSION=1.2.3 -t gatehouse .
#   docker run --read-only -p 127.0.0.1:8065:8065 -v gatehouse:/var/lib/gatehouse gatehouse
#
# It needs nothing of BuildKit, so any builder will do.

FROM golang:1.26-bookworm AS build

# For machines that reach Go modules in a way of their own; unset, the image's
# settings hold.
ARG GOPROXY
ARG GOSUMDB
ARG GONOSUMDB

WORKDIR /src
# The modules are a layer of their own, which stays while go.mod and go.sum do.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=0.0.0-dev
RUN CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/gatehouse ./cmd/gatehouse \
	&& mkdir /out/state

FROM gcr.io/distroless/static-debian12:nonroot

COPY --from=build /out/gatehouse /usr/local/bin/gatehouse
# Where the SQLite database is kept unless GATEHOUSE_DATABASE_URL says otherwise:
# a volume that is mounted here belongs to the user below from the start.
COPY --from=build --chown=65532:65532 /out/state /var/lib/gatehouse
WORKDIR /var/lib/gatehouse
USER 65532:65532
# Only what is published or on the container's network reaches it.
ENV GATEHOUSE_LISTEN=:8065
EXPOSE 8065
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/bin/gatehouse", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/gatehouse"]
CMD ["serve"]
