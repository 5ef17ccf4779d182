#!/bin/sh
# Installs what `make build` made, or takes it away again; data and settings stay. Usage: install.sh install|uninstall
#   DESTDIR=DIR   a folder to install into, as for a package; nothing of the running system is told then
#   PREFIX=/usr   where bin, lib and share are
#   WEIGHTS=no    leave the weights out, as for a package of their own
#   PROGRAM=FILE  another program than bin/tenin
set -eu
umask 022
here=$(cd "$(dirname "$0")/.." && pwd)
DESTDIR=${DESTDIR:-} PREFIX=${PREFIX:-/usr} WEIGHTS=${WEIGHTS:-yes} PROGRAM=${PROGRAM:-$here/bin/tenin}
root=$DESTDIR$PREFIX
units=$root/lib/systemd/system
models=$root/share/tenin/models

fail() {
	echo "install: $*" >&2
	exit 1
}
running_systemd() { [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; }

case $PREFIX in
/*) ;;
*) fail "PREFIX is $PREFIX: name a folder from the root, such as /usr/local" ;;
esac
# A prefix that needs quotes in a unit or a pattern is not worth the quotes.
case $PREFIX in
*[!A-Za-z0-9/._+-]*) fail "PREFIX is $PREFIX: use letters, digits and / . _ + - only" ;;
esac

install_weights() {
	# Under sudo the weights are in the cache of whoever built them.
	if [ -n "${SUDO_USER:-}" ] && [ -z "${TENIN_MODELS:-}${TENIN_CACHE:-}${XDG_CACHE_HOME:-}" ]; then
		HOME=$(getent passwd "$SUDO_USER" | cut -d: -f6)
		export HOME
	fi
	first=$("$PROGRAM" models path whisper-base.bin) || fail "the weights are missing: run make weights, or set TENIN_MODELS to their folder"
	from=$(dirname "$first")
	mkdir -p "$models/licences"
	if ! [ "$from" -ef "$models" ]; then
		for name in $("$PROGRAM" models list --json | sed -n 's/^{"name":"\([^"]*\)".*/\1/p'); do
			# The library is a part of the program; the build alone needs the file.
			[ "$name" != libonnxruntime.so ] || continue
			copy "$from/$name" "$models/$name"
		done
		for licence in "$from"/licences/*; do
			copy "$licence" "$models/licences/${licence##*/}"
		done
	fi
	TENIN_MODELS=$models "$PROGRAM" models verify --quiet || fail "what arrived in $models is not what it should be"
}

# copy FROM TO, so that TO is either as before or whole.
copy() {
	cmp -s "$1" "$2" && return
	rm -f "$2.part"
	install -m 644 "$1" "$2.part" && mv -f "$2.part" "$2"
}

do_install() {
	[ -x "$PROGRAM" ] || fail "$PROGRAM is missing: run make build first"
	[ "$PROGRAM" -ef "$root/bin/tenin" ] || install -D -m 755 "$PROGRAM" "$root/bin/tenin"
	[ "$WEIGHTS" = no ] || install_weights

	mkdir -p "$units"
	for unit in "$here"/firmware/systemd/*.service; do
		sed "s|/usr/bin/tenin|$PREFIX/bin/tenin|" "$unit" >"$units/${unit##*/}"
	done
	# Not every kiosk has a screen: whoever has copies this beside the unit.
	mkdir -p "$root/share/tenin"
	sed "s|/usr/bin/tenin|$PREFIX/bin/tenin|" "$here/firmware/systemd/tenin.service.d/display.conf" >"$root/share/tenin/display.conf"
	install -D -m 644 "$here/firmware/systemd/sysusers.conf" "$root/lib/sysusers.d/tenin.conf"
	install -D -m 644 "$here/firmware/systemd/tmpfiles.conf" "$root/lib/tmpfiles.d/tenin.conf"

	rm -f "$root"/share/man/man1/tenin.1 "$root"/share/man/man1/tenin-*.1 "$root/share/man/man5/tenin.toml.5"
	"$PROGRAM" man --quiet "$root/share/man"
	completion bash "$root/share/bash-completion/completions/tenin"
	completion zsh "$root/share/zsh/site-functions/_tenin"
	completion fish "$root/share/fish/vendor_completions.d/tenin.fish"

	# Each key stands there with its default, but as a remark: so a later version's better default holds.
	if ! [ -e "$DESTDIR/etc/tenin/tenin.toml" ]; then
		mkdir -p "$DESTDIR/etc/tenin"
		"$PROGRAM" help config | sed 's/^\([a-z]\)/# \1/' >"$DESTDIR/etc/tenin/tenin.toml"
	fi

	if running_systemd && [ "$(id -u)" = 0 ]; then
		systemd-sysusers "$PREFIX/lib/sysusers.d/tenin.conf"
		systemd-tmpfiles --create "$PREFIX/lib/tmpfiles.d/tenin.conf"
		systemctl daemon-reload
		echo "installed; the clerk starts with: systemctl enable --now tenin" >&2
	fi
}

completion() {
	mkdir -p "$(dirname "$2")"
	"$PROGRAM" completion "$1" >"$2"
}

do_uninstall() {
	if running_systemd && [ "$(id -u)" = 0 ]; then
		systemctl disable --now tenin tenin-display tenin-hub 2>/dev/null || true
	fi
	rm -f "$root/bin/tenin" "$units/tenin.service" "$units/tenin-hub.service" "$units/tenin-display.service"
	rm -f "$root/lib/sysusers.d/tenin.conf" "$root/lib/tmpfiles.d/tenin.conf"
	rm -f "$root"/share/man/man1/tenin.1 "$root"/share/man/man1/tenin-*.1 "$root/share/man/man5/tenin.toml.5"
	rm -f "$root/share/bash-completion/completions/tenin" "$root/share/zsh/site-functions/_tenin"
	rm -f "$root/share/fish/vendor_completions.d/tenin.fish"
	rm -rf "$root/share/tenin"
	if running_systemd && [ "$(id -u)" = 0 ]; then
		systemctl daemon-reload
	fi
	echo "removed; $DESTDIR/etc/tenin, $DESTDIR/var/lib/tenin and $DESTDIR/var/lib/tenin-hub stay" >&2
}

case ${1:-} in
install) do_install ;;
uninstall) do_uninstall ;;
*) fail "say install or uninstall" ;;
esac
