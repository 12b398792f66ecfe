#!/bin/sh
# usage: collect-root.sh ROOT PROGRAM…
#
# Copies programs of this machine to ROOT/usr/bin, each with the shared libraries and the interpreter it needs
# at their own paths, and makes the folders that a container's file systems are mounted on: a read-only image
# gives the container runtime no chance to make them.
set -eu

[ $# -ge 2 ] || { echo 'usage: collect-root.sh ROOT PROGRAM…' >&2; exit 2; }
root=$1
shift
PATH=$PATH:/usr/sbin:/sbin

# Copies a file to a path below the root, following links: the image holds the file itself.
copy() {
  mkdir -p "$root${2%/*}"
  cp -L "$1" "$root$2"
}

for program in "$@"; do
  path=$(command -v "$program") || { echo "collect-root.sh: $program is not installed" >&2; exit 1; }
  copy "$path" "/usr/bin/$program"
  # ldd prints `name => /path (address)` for a library and `/path (address)` for the interpreter; of a static
  # program it says so and fails.
  needed=$(ldd "$path" 2>&1) || needed=
  case $needed in *'not found'*)
    echo "collect-root.sh: $program lacks a library:" >&2
    echo "$needed" >&2
    exit 1
    ;;
  esac
  for library in $(echo "$needed" | sed -n 's/^.*[[:space:]]\(\/[^[:space:]]*\) (0x[0-9a-f]*)$/\1/p'); do
    copy "$library" "$library"
  done
done
for folder in dev proc sys tmp persist; do mkdir -p "$root/$folder"; done
