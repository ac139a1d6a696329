#!/usr/bin/env bash
# Prints the path of a tool that some gate needs and that is no npm package: `ci-packages.sh promtool`. Where the
# machine lacks it, Debian's package is unpacked into node_modules/.cache; nothing is installed into the system.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1-} in
promtool) package=prometheus program=usr/bin/promtool ;;
*)
  echo "ci-packages.sh promtool" >&2
  exit 3
  ;;
esac

if command -v "$(basename "$program")"; then exit 0; fi

folder=$PWD/node_modules/.cache/ci-packages/$package
if [[ ! -x $folder/$program ]]; then
  echo "Unpacking Debian's package $package." >&2
  mkdir -p "$folder"
  # A fresh machine has no package lists yet; only root can fetch them.
  if ! apt-cache show "$package" >/dev/null 2>&1; then apt-get update >&2; fi
  (cd "$folder" && apt-get download "$package" >&2 && dpkg-deb -x ./*.deb . && rm -f ./*.deb)
fi
echo "$folder/$program"
