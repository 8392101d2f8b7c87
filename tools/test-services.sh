#!/bin/sh
# Makes sure that the servers and programs which the tests start are installed.
# As root on Debian or Ubuntu it installs what is missing; elsewhere it says what to install.
set -eu

missing=""
need() { missing="$missing $1"; }
has() { command -v "$1" >/dev/null 2>&1; }

if [ -z "${DATABASE_URL:-}" ] && ! has postgres && ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then
    need postgresql
fi
[ -n "${REDIS_URL:-}" ] || has redis-server || need redis-server
has "${CHROMIUM:-chromium}" || has chromium-browser || has google-chrome || need chromium
has msgfmt || need gettext

[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && has apt-get; then
    echo "Installing:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    # Word splitting is meant: one argument for each package.
    # shellcheck disable=SC2086
    exec apt-get -qq install -y --no-install-recommends $missing
fi

echo "The tests need:$missing"
echo "On Debian and Ubuntu: sudo apt install$missing"
echo "Or name servers that are running already: DATABASE_URL=postgresql://… REDIS_URL=redis://…"
echo "(the database user must be allowed to create databases), and a browser: CHROMIUM=/path"
exit 1
