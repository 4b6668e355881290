#!/bin/sh
# Builds TinyForum and runs it: ./run.sh [test|bench|screenshots|publish] or any command of the program, serve by default.
set -eu
root=$(CDPATH= cd "$(dirname "$0")" && pwd)
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

# Has find do something with each file in these folders, and with those at the root that every build reads. A database may lie among them.
each_source() (
    cd "$root"
    folders=$1
    shift
    find $folders \( -name bin -o -name obj -o -name '*.db*' \) -prune -o -type f "$@"
    find . ! -name . -prune -type f \( -name 'Directory.*' -o -name '*.sql' -o -name global.json -o -name '.*config' -o -name '*.[Cc]onfig' \) "$@"
)

# What a build is made of; --version tells the commit.
sums() {
    printf '%s\n' "$root"
    git -C "$root" rev-parse HEAD 2>/dev/null || true
    each_source "$1" -exec cksum {} + | LC_ALL=C sort
}

outputs() { find "$root/$1/bin/Release" -type f | LC_ALL=C sort; }

# Whether the last build was of the same sources, and nothing it made is gone or was made anew by another build.
is_built() {
    [ -f "$stamp" ] && [ -d "$root/$1/bin/Release" ] && [ "$(sums "$*"; outputs "$1")" = "$(cat "$stamp")" ] \
        && [ -z "$(find "$root/$1/bin/Release" -name '*.dll' -newer "$stamp")" ]
}

# Builds the first of these projects, which is made of the files of all of them, if anything has changed. Says nothing unless it fails, or takes
# long: the first time.
build() (
    stamp=$root/$1/obj/run.stamp
    ! is_built "$@" || exit 0
    if command -v flock >/dev/null && mkdir -p "$root/TinyForum/obj" 2>/dev/null && [ -w "$root/TinyForum/obj" ]; then
        exec 9>"$root/TinyForum/obj/run.lock" # builds share that folder
        flock 9
        ! is_built "$@" || exit 0
    fi
    [ -d "$root/$1/bin/Release" ] || echo "building $1, which takes a while the first time" >&2
    anew= # where a file was replaced by one that is older than the last build, which dotnet does not notice
    [ ! -f "$stamp" ] || [ -n "$(each_source "$*" -newer "$stamp" -print)" ] || anew=--no-incremental
    sums=$(sums "$*")
    if ! output=$(dotnet build "$root/$1" -c Release -v quiet $anew 2>&1 9>&-); then
        printf '%s\n' "$output" >&2
        exit 1
    fi
    { printf '%s\n' "$sums" && outputs "$1"; } 2>/dev/null >"$stamp" || true
)

case ${1-} in
test)
    shift
    build TinyForum.Tests TinyForum
    exec dotnet "$root/TinyForum.Tests/bin/Release/net10.0/TinyForum.Tests.dll" "$@"
    ;;
bench)
    shift
    [ $# -gt 0 ] || set -- all --output "$root/docs/performance.md"
    build TinyForum.Bench TinyForum TinyForum.Tests
    exec dotnet "$root/TinyForum.Bench/bin/Release/net10.0/TinyForum.Bench.dll" "$@"
    ;;
screenshots)
    build TinyForum.Tests TinyForum
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
