#!/bin/bash
# Every header can be included alone, by both compilers; the public one by
# C++ too.
set -u
. "$(dirname "$0")/common.sh"

flags="-D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only
	-Ilib -Idaemon -Idaemon/reader -Idaemon/prompt -Iweb-demo/server
	-Itests -Itests/sim
	$(pkg-config --cflags libpcsclite libsystemd libmicrohttpd gnutls \
	    libcjson)"

# alone HEADER COMPILER LANGUAGE STANDARD
alone()
{
	# shellcheck disable=SC2086 # a list of words
	printf '#include "%s"\n#include "%s"\n' "$1" "$1" |
	    "$2" $flags -I. -x "$3" "-std=$4" -
}

while read -r header; do
	for compiler in gcc clang; do
		holds "$header alone, $compiler" \
		    alone "$header" "$compiler" c gnu11
	done
done < <(find lib daemon web-demo/server tests/sim -name '*.h' | sort)
holds "lib/kenmen.h in C++" alone lib/kenmen.h clang c++ c++17
finish
