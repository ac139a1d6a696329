#!/usr/bin/env bash
# Prints the path of a tool that some gate or test needs and that is no npm package: `ci-packages.sh promtool`. Where the
# machine lacks it, Debian's packages are unpacked into node_modules/.cache; nothing is installed into the system.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1-} in
promtool) packages=(prometheus) program=usr/bin/promtool ;;
pgbouncer) packages=(pgbouncer libc-ares2 libevent-2.1-7) program=usr/sbin/pgbouncer ;;
plpgsql_check) packages=(postgresql-15-plpgsql-check) program=usr/lib/postgresql/15/lib/plpgsql_check.so ;;
pg_cron) packages=(postgresql-15-cron) program=usr/lib/postgresql/15/lib/pg_cron.so ;;
*)
  echo "ci-packages.sh promtool | pgbouncer | plpgsql_check | pg_cron" >&2
  exit 3
  ;;
esac

if command -v "$(basename "$program")"; then exit 0; fi

folder=$PWD/node_modules/.cache/ci-packages/${packages[0]}
if [[ ! -x $folder/$program ]]; then
  echo "Unpacking Debian's ${packages[*]}." >&2
  mkdir -p "$folder"
  # A fresh machine has no package lists yet; only root can fetch them.
  if ! apt-cache show "${packages[0]}" >/dev/null 2>&1; then apt-get update >&2; fi
  (cd "$folder" && apt-get download "${packages[@]}" >&2 && for deb in ./*.deb; do dpkg-deb -x "$deb" .; done && rm -f ./*.deb)
fi
echo "$folder/$program"
