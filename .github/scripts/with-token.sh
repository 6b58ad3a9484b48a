#!/usr/bin/env bash
# Runs a command whose git may use GH_TOKEN for the remote: the checkout keeps no credentials, so that no other step
# has them. The token travels by the environment and not by arguments, because other processes can read those.
set -euo pipefail

if [[ -n "${GH_TOKEN:-}" ]]; then
  export GIT_CONFIG_COUNT=1
  export GIT_CONFIG_KEY_0="http.${GITHUB_SERVER_URL:-https://github.com}/.extraheader"
  GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$GH_TOKEN" | base64 | tr -d '\n')"
  export GIT_CONFIG_VALUE_0
  unset GH_TOKEN
fi

exec "$@"
