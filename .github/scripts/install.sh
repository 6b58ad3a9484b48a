#!/usr/bin/env bash
# Installs reconciler as it stands in this very checkout, so that the action's pinned commit pins the tool as well.
set -euo pipefail

source_dir="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)"
venv="$RUNNER_TEMP/reconciler-venv"

python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check "$source_dir"
echo "$venv/bin" >>"$GITHUB_PATH"
