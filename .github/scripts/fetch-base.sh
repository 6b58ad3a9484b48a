#!/usr/bin/env bash
# Fetches what was applied last, the base of a three-way plan, and hands its ref on as the output `base`.
# Before the first apply the remote has no such ref; then `base` is empty, and the plan has two sides only.
#
# In: RECORD, GH_TOKEN. Out: GITHUB_OUTPUT.
set -euo pipefail

here="$(dirname "${BASH_SOURCE[0]}")"

status=0
"$here/remote-ref.sh" "$RECORD" >/dev/null || status=$?

case "$status" in
  0)
    "$here/git-with-token.sh" fetch --quiet --no-tags --depth=1 origin "+$RECORD:$RECORD"
    echo "base=$RECORD" >>"$GITHUB_OUTPUT"
    ;;
  2)
    echo "Nothing was applied from here before: $RECORD does not exist yet."
    echo "base=" >>"$GITHUB_OUTPUT"
    ;;
  *)
    # Never plan without a base because the network failed: nobody could tell console edits from our own any more.
    echo "::error::The remote cannot be asked for $RECORD (git ls-remote: $status)."
    exit 1
    ;;
esac
