#!/bin/sh
# Builds TinyForum and runs it: ./run.sh [test|bench|screenshots|publish] or any command of the program, serve by default.
set -eu
root=$(cd "$(dirname "$0")" && pwd)
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

# Says nothing unless it fails, or takes long: the first time.
build() {
    [ -d "$root/$1/bin/Release" ] || echo "building $1, which takes a while the first time" >&2
    if ! output=$(dotnet build "$root/$1" -c Release -v quiet 2>&1); then
        printf '%s\n' "$output" >&2
        exit 1
    fi
}

case ${1-} in
test)
    shift
    build TinyForum.Tests
    exec dotnet "$root/TinyForum.Tests/bin/Release/net10.0/TinyForum.Tests.dll" "$@"
    ;;
bench)
    shift
    [ $# -gt 0 ] || set -- all --output "$root/docs/performance.md"
    build TinyForum.Bench
    exec dotnet "$root/TinyForum.Bench/bin/Release/net10.0/TinyForum.Bench.dll" "$@"
    ;;
screenshots)
    build TinyForum.Tests
    TINYFORUM_SCREENSHOTS="$root/docs/screenshots" exec dotnet "$root/TinyForum.Tests/bin/Release/net10.0/TinyForum.Tests.dll" --filter FullyQualifiedName~ScreenshotTests
    ;;
publish)
    shift
    compiler=$(command -v clang || command -v gcc || true)
    if [ -z "$compiler" ] || ! echo 'int main(void) { return 0; }' | "$compiler" -x c - -lm -o /dev/null 2>/dev/null; then
        echo "publish needs a C compiler: apt-get install gcc libc6-dev (Debian), dnf install gcc (Fedora), apk add build-base (Alpine)" >&2
        exit 1
    fi
    rm -rf "$root/artifacts/native"
    exec dotnet publish "$root/TinyForum" -p:PublishProfile=native -o "$root/artifacts/native" "$@"
    ;;
*)
    build TinyForum
    exec dotnet "$root/TinyForum/bin/Release/net10.0/TinyForum.dll" "$@"
    ;;
esac
