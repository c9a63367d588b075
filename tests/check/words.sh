#!/bin/bash
# The tree speaks of the project alone: no path of the machine or the place it
# was written at.
set -u
. "$(dirname "$0")/common.sh"

# Written so that this file does not hold them itself.
words=('/wor[k]/' '/roo[t]/' '/tmp/buil[d]-' 'house[.]md' '(card|browser|machine)-fact[s]')

# absent PATTERN
absent()
{
	! git grep -nIE "$1"
}

for word in "${words[@]}"; do
	holds "no $word" absent "$word"
done
finish
