#!/bin/sh
# Installs what building and testing need: Debian packages that are missing, and the npm packages that
# package-lock.json names. Nothing is done, and nothing printed, where all of it is there.
set -eu
cd "$(dirname "$0")/.."

packages='
  gcc make libc6-dev zlib1g-dev libzstd-dev wabt xz-utils libelf-dev bc cpio
  qemu-system-x86 busybox-static e2fsprogs fdisk
  makedumpfile kexec-tools runc grub-pc-bin
  chromium
'

fail() {
  echo "setup: $*" >&2
  exit 1
}

command -v node >/dev/null || fail "Node.js 20 or later is needed, and node is not in PATH"
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' ||
  fail "Node.js 20 or later is needed, this is $(node --version)"

missing=
for package in $packages; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done
if [ -n "$missing" ]; then
  [ "$(id -u)" = 0 ] || fail "run this as root once, or install:$missing"
  echo "setup: installing Debian packages:$missing"
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086
  if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    fail "apt-get failed; the whole of its output is in $log"
  fi
  rm -f "$log"
fi

if ! cmp -s package-lock.json node_modules/.kcrash-lock 2>/dev/null; then
  echo 'setup: installing npm packages'
  # No package here needs a script of its own to be installed.
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
  cp package-lock.json node_modules/.kcrash-lock
fi
