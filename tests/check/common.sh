# What the checks in shell share. Sourced by bash.
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
passed=0 failed=0

ok()
{
	passed=$((passed + 1))
	printf 'ok %s\n' "$1"
}

# fail NAME WHY: the why may be several lines.
fail()
{
	failed=$((failed + 1))
	printf 'FAIL %s: %s\n' "$1" "$2"
}

# holds NAME COMMAND...: good when the command succeeds.
holds()
{
	local name=$1 why
	shift
	if why=$("$@" 2>&1); then
		ok "$name"
	else
		fail "$name" "${why:-exit status not 0}"
	fi
}

finish()
{
	printf '%d passed, %d failed\n' "$passed" "$failed"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
	exit
}
