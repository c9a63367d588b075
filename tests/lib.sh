# Shared by tests/run and web-demo/run: Debian packages, builds, a network
# namespace. Sourced by bash with -euo pipefail; needs $root, the top of the
# tree. Speaks to the person on stderr.

# What each purpose needs, beyond what every Debian has. Without recommended
# packages, so headers and runtimes are named one by one.
packages_build="gcc libc6-dev meson ninja-build pkg-config libpcsclite-dev
	libsystemd-dev libmicrohttpd-dev libgnutls28-dev libcjson-dev
	libssl-dev libopenjp2-7-dev libpng-dev libseccomp-dev"
packages_card="pcscd iproute2"
packages_tests="$packages_build $packages_card libcmocka-dev
	git clang clang-format libclang-rt-14-dev valgrind openssl curl
	python3 python3-pytest python3-pytest-xdist python3-yaml
	python3-cryptography
	pinentry-curses pinentry-gtk2 pinentry-qt pinentry-tty
	dbus-daemon at-spi2-core libatk-adaptor gir1.2-atspi-2.0 python3-gi
	xvfb xauth openbox xdotool x11-utils
	sway foot wtype grim qtwayland5
	imagemagick fonts-noto-cjk mandoc
	chromium firefox-esr libnss3-tools python3-websocket
	opensc opensc-pkcs11 apparmor
	debhelper dh-apparmor debootstrap dpkg-dev lintian rpm systemd systemd-container
	qemu-system-x86 e2fsprogs"
# Node from elsewhere brings npm along, and conflicts with Debian's.
command -v npm >/dev/null || packages_tests="$packages_tests nodejs npm"

say()
{
	printf '%s\n' "$*" >&2
}

die()
{
	say "$*"
	exit 1
}

# packages_missing PACKAGE...: those of them that are not installed.
packages_missing()
{
	local package
	for package; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" \
		    2>/dev/null || :)" = installed ] || printf '%s ' "$package"
	done
}

# Runs a command as root: directly, or by sudo where that is usable (without
# a password, or with a person at a terminal to type one). 127: neither.
as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null &&
	    { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
		sudo "$@"
	else
		return 127
	fi
}

# packages_install PACKAGE...: installs what is missing, or says what to
# install and exits.
packages_install()
{
	local missing
	missing=$(packages_missing "$@")
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null ||
	    die "missing, and there is no apt-get here: $missing"
	say "installing Debian packages: $missing"
	# shellcheck disable=SC2086 # a list of words
	if as_root apt-get update -qq >&2 &&
	    as_root env DEBIAN_FRONTEND=noninteractive apt-get install \
		-y -qq --no-install-recommends $missing >&2; then
		return 0
	fi
	say "These packages are missing and could not be installed from here:"
	die "  sudo apt-get install --no-install-recommends $missing"
}

# The virtual reader's driver, as a path on stdout. The Debian package would
# also give the machine's own pcscd a reader that listens on all addresses:
# where it is not installed already, it is only unpacked, under build/.
vpcd_driver()
{
	local driver=usr/lib/pcsc/drivers/serial/libifdvpcd.so
	local unpacked=$root/build/vpcd
	if [ -e "/$driver" ]; then
		printf '/%s\n' "$driver"
		return
	fi
	driver=$driver.0.8 # the package's link is made by ldconfig
	if [ ! -e "$unpacked/$driver" ]; then
		say "fetching the virtual reader (vsmartcard-vpcd) into build/vpcd"
		mkdir -p "$unpacked"
		(cd "$unpacked" && rm -f ./*.deb &&
			{ apt-get download -qq vsmartcard-vpcd 2>/dev/null ||
			    { as_root apt-get update -qq &&
				apt-get download -qq vsmartcard-vpcd; }; } &&
			dpkg-deb -x vsmartcard-vpcd_*.deb .) >&2 ||
		    die "vsmartcard-vpcd could not be fetched:" \
			"sudo apt-get install vsmartcard-vpcd"
	fi
	printf '%s\n' "$unpacked/$driver"
}

# pytest_run DIRECTORY [PYTEST OPTION...]: runs (exec) the tests there in a
# network namespace of their own, since the virtual reader listens on all
# addresses. The build directory is $KENMEN_BUILD, by default build/.
pytest_run()
{
	local directory=$1
	shift
	KENMEN_BUILD=$(realpath "${KENMEN_BUILD:-$root/build}")
	KENMEN_VPCD=$(vpcd_driver)
	export KENMEN_BUILD KENMEN_VPCD PYTHONDONTWRITEBYTECODE=1
	cd "$directory"
	set -- /usr/bin/python3 -m pytest --strict-markers \
	    -p no:cacheprovider "$@"
	if netns_possible; then
		netns_run "$@"
	fi
	say "no network namespace can be had here: for the length of the" \
	    "tests virtual card readers listen on all addresses of this machine"
	exec "$@"
}

# npm_packages FROM TO: what FROM's lock file lists, installed in build/TO.
# That directory on stdout, with FROM's own files.
npm_packages()
{
	local from=$root/$1 to=$root/build/$2
	if ! cmp -s "$from/package-lock.json" "$to/package-lock.json" ||
	    [ ! -d "$to/node_modules" ]; then
		say "fetching what $1 needs (npm ci) into build/$2"
		rm -rf "$to"
		mkdir -p "$to"
		cp "$from"/package*.json "$to"
		if ! (cd "$to" && npm ci --ignore-scripts --no-audit \
		    --no-fund --loglevel=error) >&2; then
			say "npm ci failed: tests that need it will too"
			rm -f "$to/package-lock.json"
			return 1
		fi
	fi
	find "$from" -maxdepth 1 -type f -exec cp {} "$to" \;
	printf '%s\n' "$to"
}

# Independent judges, of signatures (jose) and of pages (axe).
node_judge()
{
	npm_packages tests/e2e/node tests-node
}

# build_setup DIR [MESON OPTION...]: configures once, again when it failed.
build_setup()
{
	local dir=$1
	shift
	if [ ! -f "$dir/build.ninja" ]; then
		rm -rf "$dir/meson-private" "$dir/meson-info"
		meson setup "$dir" "$root" "$@"
	fi
}

# Can this user have a network namespace of its own here?
netns_possible()
{
	(netns_run true) 2>/dev/null
}

# netns_run COMMAND...: runs it (exec: no process stays between) where there
# is nothing but a loopback, and an empty /run/pcscd for pcscd's own files.
# As root plainly; else in a user namespace, as the same user, with all
# capabilities dropped again.
netns_run()
{
	local how=(unshare --net --mount)
	local drop='--'
	if [ "$(id -u)" != 0 ]; then
		how+=(--map-current-user --keep-caps)
		drop='--inh-caps=-all --ambient-caps=-all --'
	fi
	# shellcheck disable=SC2086
	exec "${how[@]}" sh -c "
	    export PATH=\"\$PATH:/usr/sbin:/sbin\"
	    ip link set lo up &&
	    { [ -d /run/pcscd ] ||
		{ mount -t tmpfs -o mode=755 tmpfs /run &&
		    mkdir /run/pcscd; }; } &&
	    mount -t tmpfs -o mode=755 tmpfs /run/pcscd &&
	    exec setpriv $drop \"\$@\"" netns "$@"
}
