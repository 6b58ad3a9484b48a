#!/usr/bin/env bash
# Installs reconciler: as it stands in this very checkout, so that the action's pinned commit pins the tool as well, and
# by the hashes in that commit all that it needs; or, in a repository that `reconciler init` set up, the version that is
# written down beside this script.
#
# With hashes where the files beside this script have them: dependencies.txt, if there is one, locks all but reconciler
# itself, and a requirements.txt with hashes is installed by hashes alone.
#
# In: RUNNER_TEMP. Out: GITHUB_PATH.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
venv="$RUNNER_TEMP/reconciler-venv"

python3 -m venv "$venv"
if [[ -f "$here/requirements.txt" ]]; then
  how=()
  if grep --quiet -e '--hash=' "$here/requirements.txt"; then how+=(--require-hashes); fi
  if [[ -f "$here/dependencies.txt" ]]; then
    "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement "$here/dependencies.txt"
    how+=(--no-deps)
    # Where what builds reconciler is locked too, nothing else may build it.
    if grep --quiet '^hatchling==' "$here/dependencies.txt"; then how+=(--no-build-isolation); fi
  fi
  "$venv/bin/pip" install --quiet --disable-pip-version-check "${how[@]}" --requirement "$here/requirements.txt"
else
  top="$(dirname "$(dirname "$here")")"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
    --requirement "$top/.github/requirements/run.txt"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation "$top"
fi
echo "$venv/bin" >>"$GITHUB_PATH"
