# The root that a real systemd is booted in, made by debootstrap and kept
# outside the tree, and the packages that are tried there. Sourced by bash with
# -euo pipefail; needs tests/lib.sh.

system_suite=bookworm
system_mirror=http://deb.debian.org/debian
# What kenmen depends on is here already: inside there is no network, and
# apt-get then finds nothing to fetch.
system_packages="systemd systemd-sysv dbus dbus-user-session libpam-systemd
	login pcscd vsmartcard-vpcd polkitd init-system-helpers
	curl python3 python3-pytest procps iproute2
	pinentry-gtk2 xvfb openbox xdotool x11-utils imagemagick
	fonts-vlgothic
	libcjson1 libgnutls30 libmicrohttpd12 libopenjp2-7 libpng16-16
	libssl3 libnss3-tools libseccomp2"

# system_root: the root's directory on stdout; built when it is not there.
system_root()
{
	local cache=${XDG_CACHE_HOME:-$HOME/.cache}/kenmen-tests key root
	key=$(printf '%s\n' "$system_suite" $system_packages | sort |
	    sha256sum | cut -c 1-12)
	root=$cache/root-$key
	if [ ! -d "$root" ]; then
		say "making a root to boot in $root (some 500 MB)"
		mkdir -p "$cache"
		rm -rf "$root.partial"
		# Neither manuals nor a disk that is waited for.
		mkdir -p "$root.partial/etc/dpkg/dpkg.cfg.d"
		printf '%s\n' force-unsafe-io 'path-exclude=/usr/share/doc/*' \
		    'path-exclude=/usr/share/man/*' \
		    'path-exclude=/usr/share/locale/*' \
		    >"$root.partial/etc/dpkg/dpkg.cfg.d/kenmen-tests"
		# shellcheck disable=SC2086 # lists of words
		debootstrap --variant=minbase --include="$(echo \
		    $system_packages | tr ' ' ,)" "$system_suite" \
		    "$root.partial" "$system_mirror" >"$cache/debootstrap.log" 2>&1 ||
		    die "debootstrap failed, see $cache/debootstrap.log"
		rm -f "$root.partial"/var/cache/apt/archives/*.deb
		rm "$root.partial/etc/dpkg/dpkg.cfg.d/kenmen-tests"
		# No network inside, so nothing to be found there.
		rm -rf "$root.partial"/var/lib/apt/lists/*
		mv "$root.partial" "$root"
	fi
	printf '%s\n' "$root"
}

# ---- packages of this tree ----------------------------------------------

# Are they in $1, and is nothing that they are made of younger?
packages_current()
{
	local package=$1/kenmen_*.deb
	# shellcheck disable=SC2086 # a pattern
	[ -e $package ] && [ -z "$(git -C "$root" ls-files -z --cached --others \
	    --exclude-standard ':!tests' ':!docs/*.md' | (cd "$root" &&
		xargs -0 sh -c 'find "$@" -newer "$0"' $package 2>/dev/null))" ]
}

# system_built DIRECTORY: builds them into it where that is needed.
system_built()
{
	local log=$root/build/test-logs/system-packages.log
	packages_current "$1" && return
	say "building the packages"
	mkdir -p "$root/build/test-logs"
	"$root/packaging/build-deb" "$1" >"$log" 2>&1 || {
		tail -n 40 "$log" >&2
		die "the packages could not be built"
	}
}

# ---- a copy that is thrown away -----------------------------------------

# system_copy ROOT: one in $box/top, with the unit that runs the tests.
system_copy()
{
	box=$(mktemp -d)
	mount -t tmpfs -o mode=755 kenmen-tests "$box"
	mkdir "$box/top" "$box/upper" "$box/work"
	mount -t overlay overlay -o \
	    "lowerdir=$1,upperdir=$box/upper,workdir=$box/work" "$box/top"
	mkdir -p "$box/top/srv"/{tests,packages,older,results} \
	    "$box/top/etc/systemd/system/multi-user.target.wants"
	cp "$root/tests/system/kenmen-tests.service" "$box/top/etc/systemd/system"
	# The host's name is nobody's business.
	echo kenmen-tests >"$box/top/etc/hostname"
}

system_copy_drop()
{
	umount "$box/top" 2>/dev/null || :
	umount "$box" 2>/dev/null || :
	rmdir "$box" 2>/dev/null || :
}

# What cannot be done here.
impossible()
{
	say "not run: $*"
	exit 77
}
