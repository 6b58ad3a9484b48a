#!/usr/bin/env bash
# Installs reconciler: as it stands in this very checkout, so that the action's pinned commit pins the tool as well; or,
# in a repository that `reconciler init` set up, the version that is written down beside this script.
set -euo pipefail

source_dir="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)"
venv="$RUNNER_TEMP/reconciler-venv"

python3 -m venv "$venv"
requirements="$source_dir/.github/scripts/requirements.txt"
if [[ -f "$requirements" ]]; then
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
else
  "$venv/bin/pip" install --quiet --disable-pip-version-check "$source_dir"
fi
echo "$venv/bin" >>"$GITHUB_PATH"
