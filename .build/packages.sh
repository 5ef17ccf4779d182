#!/bin/sh
# Finds what the build needs of the system and installs it (as root, or through sudo), or names it and stops.
# Usage: packages.sh [test] [image]   "test" adds what only the tests use: a sound server with a null sink, a TPM in
# software, a display in memory; "image" what builds a device's image and starts it in a virtual machine.
set -eu

missing=""
need() { # need COMMAND-OR-FILE PACKAGE
	case "$1" in
	*/*) [ -e "$1" ] || missing="$missing $2" ;;
	*) command -v "$1" >/dev/null 2>&1 || missing="$missing $2" ;;
	esac
}
library() { # library PKG-CONFIG-NAME PACKAGE
	pkg-config --exists "$1" 2>/dev/null || missing="$missing $2"
}

need gcc gcc
need g++ g++
need cmake cmake
need ninja ninja-build
need pkg-config pkg-config
need npm npm
need python3 python3
python3 -m pip --version >/dev/null 2>&1 || missing="$missing python3-pip"
library portaudio-2.0 portaudio19-dev
# The window: X and GL to build with, what it opens at run time, and the screens' fonts.
library gl libgl-dev
library x11 libx11-dev
library xcursor libxcursor-dev
library xrandr libxrandr-dev
library xinerama libxinerama-dev
library xi libxi-dev
library xxf86vm libxxf86vm-dev
find /usr/lib -name 'libGLX_mesa.so.0' 2>/dev/null | grep -q . || missing="$missing libglx-mesa0"
find /usr/lib \( -name 'swrast_dri.so' -o -name 'libgallium*.so' \) 2>/dev/null | grep -q . || missing="$missing libgl1-mesa-dri"
need /usr/share/fonts/truetype/bizud-gothic/BIZUDPGothic-Regular.ttf fonts-morisawa-bizud-gothic
need /usr/share/fonts-droid-fallback/truetype/DroidSansFallback.ttf fonts-droid-fallback
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
case " $* " in *" test "*)
	need pulseaudio pulseaudio
	need pactl pulseaudio-utils
	need swtpm swtpm
	need Xvfb xvfb
	need xauth xauth
	find /usr/lib -name 'libasound_module_pcm_pulse.so' 2>/dev/null | grep -q . || missing="$missing libasound2-plugins"
	;;
esac
case " $* " in *" image "*)
	need mmdebstrap mmdebstrap
	need mksquashfs squashfs-tools
	need /usr/sbin/veritysetup cryptsetup-bin
	need /usr/sbin/sfdisk fdisk
	need /usr/sbin/mkfs.vfat dosfstools
	need mcopy mtools
	need qemu-system-x86_64 qemu-system-x86
	need qemu-img qemu-utils
	need socat socat
	need /usr/share/OVMF/OVMF_CODE_4M.secboot.fd ovmf
	need swtpm swtpm
	;;
esac
if ! command -v go >/dev/null 2>&1; then
	echo "go is missing: install Go 1.26 or newer first (the one thing that is not installed here)" >&2
	exit 1
fi
[ -n "$missing" ] || exit 0

install="apt-get install -y --no-install-recommends$missing"
if ! command -v apt-get >/dev/null 2>&1; then
	echo "these packages are missing (named as in Debian):$missing" >&2
	exit 1
fi
as_root=""
if [ "$(id -u)" != 0 ]; then
	as_root="sudo"
	if ! command -v sudo >/dev/null 2>&1; then
		echo "packages are missing and there is no sudo; run as root: apt-get update && $install" >&2
		exit 1
	fi
fi
echo "installing system packages:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { $as_root apt-get update -qq && $as_root $install -qq; } >"$log" 2>&1; then
	tail -5 "$log" >&2
	echo "could not install the packages; run as root: apt-get update && $install" >&2
	exit 1
fi
