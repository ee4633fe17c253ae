#!/bin/sh
# Breaks the promise on purpose and expects the tests to notice.
#
# Each patch in tests/mutations/ takes away one thing that "at most once" rests on. It is
# applied to a copy of the tree; the tests named in its first line must then fail. A patch
# that no longer applies or no longer compiles is an error: mend it with the code.
#
#     tests/mutations.sh                 all of them
#     tests/mutations.sh no-fsync        one
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM

cd "$root"
git ls-files -z --cached --others --exclude-standard | tar -cf - --null -T - | tar -xf - -C "$scratch"
# Dependencies that are built already need not be built again. What is built of this package
# is left out: the copies share their files with the originals, which must stay as they are.
if [ -d target/debug ]; then
    mkdir "$scratch/target"
    cp -al target/debug "$scratch/target/" 2>/dev/null || cp -a target/debug "$scratch/target/"
    built="$scratch/target/debug"
    rm -rf "$built"/incremental "$built"/.fingerprint/offercast-* "$built"/build/offercast-*
    rm -f "$built"/offercast* "$built"/liboffercast* "$built"/deps/it-* \
        "$built"/deps/offercast-* "$built"/deps/liboffercast-*
fi
cd "$scratch"
unset CARGO_TARGET_DIR

survived=0
for patch in tests/mutations/*.patch; do
    name=$(basename "$patch" .patch)
    [ $# -eq 0 ] || [ "$1" = "$name" ] || continue
    tests=$(sed -n '1s/^tests: //p' "$patch")
    patch -p1 --quiet --forward <"$patch" || { echo "$name: does not apply any more"; exit 2; }
    cargo test --quiet --test it --no-run || { echo "$name: does not compile any more"; exit 2; }
    # shellcheck disable=SC2086 # several filters
    if cargo test --quiet --test it -- $tests >"$name.log" 2>&1; then
        echo "$name: NOT noticed by: $tests"
        survived=1
    else
        echo "$name: noticed by $(grep -c '^test .* FAILED$\|^    kills::' "$name.log") lines:"
        sed -n 's/^    \(kills::.*\)$/  \1/p' "$name.log" | sort -u
    fi
    patch -p1 --quiet --reverse <"$patch"
done
exit $survived
