#!/usr/bin/env bash
# git, with GH_TOKEN for the remote.
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/with-token.sh" git "$@"
