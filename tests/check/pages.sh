#!/bin/bash
# The demo's pages, as far as they go without a browser: the 60 minutes, which
# view when, the way to the card, both languages. By node's own test runner.
set -u
. "$(dirname "$0")/common.sh"

out=$(node --test --test-reporter=tap tests/pages/*.test.mjs 2>&1)
while IFS= read -r line; do
	case $line in
	"ok "*) ok "pages: ${line#* - }" ;;
	"not ok "*) fail "pages: ${line#* - }" "see below" ;;
	esac
done <<<"$out"
[ "$failed" = 0 ] && [ "$passed" != 0 ] || printf '%s\n' "$out"
finish
