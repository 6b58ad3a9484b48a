#!/usr/bin/env bash
# Says whether the checked-out commit is still the tip of its branch, as the output `newest`. To re-run an old run, or to
# approve it late, would else take configs back to what they were then. To go back, revert the commit and merge that.
#
# In: GITHUB_REF, GH_TOKEN. Out: GITHUB_OUTPUT.
set -euo pipefail

status=0
tip="$("$(dirname "${BASH_SOURCE[0]}")/remote-ref.sh" "$GITHUB_REF")" || status=$?
if [[ "$status" != 0 ]]; then
  # Never skip an apply because the network failed, or because the branch was deleted.
  echo "::error::The remote does not say which commit $GITHUB_REF is at (status $status); run this again."
  exit 1
fi

if [[ "$(git rev-parse HEAD)" == "$tip" ]]; then
  echo "newest=true" >>"$GITHUB_OUTPUT"
else
  echo "::notice::Nothing was applied: ${GITHUB_REF#refs/heads/} has moved on to ${tip:0:7}, whose own run applies it."
  echo "newest=false" >>"$GITHUB_OUTPUT"
fi
