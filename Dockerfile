# The image of hookplane, for those who build images with a container engine; `make image` needs none.
#
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg VERSION=v0.1.0 .
#
# It has no shell and no package manager, runs as nobody, and writes nothing to its root file system.

FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=devel
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false \
    -ldflags "-s -w -X github.com/hookplane/hookplane/pkg/server.version=$VERSION" -o /hookplane ./cmd/hookplane

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /hookplane /hookplane
USER 65532:65532
ENTRYPOINT ["/hookplane"]
