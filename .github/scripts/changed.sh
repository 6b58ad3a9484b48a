#!/usr/bin/env bash
# Says whether a pull request touches the configs, as the output `changed`. A filter inside the job and not on the
# trigger, because a required check that never starts keeps a pull request from merging.
# HEAD is GitHub's trial merge: its first parent is the target branch.
#
# In: CONFIGS. Out: GITHUB_OUTPUT.
set -euo pipefail

if git rev-parse --quiet --verify 'HEAD^2' >/dev/null && git diff --quiet 'HEAD^1' HEAD -- "$CONFIGS"; then
  echo "changed=false" >>"$GITHUB_OUTPUT"
else
  echo "changed=true" >>"$GITHUB_OUTPUT"
fi
