#!/bin/bash
# Every C file is as clang-format leaves it.
set -u
. "$(dirname "$0")/common.sh"

while read -r file; do
	holds "format of $file" clang-format -n --Werror "$file"
done < <(find lib daemon tests web-demo -name '*.[ch]' | sort)
finish
