#!/bin/sh
# Runs the tests once on the newest Django we allow, with the newest Python that is installed, on
# SQLite: `make test` runs all of them on PostgreSQL.
set -eu

python=""
for version in 3.13 3.12; do
    for candidate in "python$version" "$HOME/.pyenv/versions/$version".*/bin/python; do
        if "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then
            python=$candidate
            break 2
        fi
    done
done
if [ -z "$python" ]; then
    echo "Neither Python 3.13 nor 3.12 is installed here: the newest Django was not tried."
    exit 0
fi

venv=.venv-newest
bin=$venv/bin
if [ ! -e $venv/dev ] || [ requirements.txt -nt $venv/dev ] || [ requirements-dev.txt -nt $venv/dev ]; then
    "$python" -m venv $venv
    $bin/python -m pip install --quiet -r requirements-dev.txt
    $bin/python -m pip install --quiet --upgrade 'django>=6,<6.2'
    touch $venv/dev
fi
tools/test-services.sh
$bin/python -c 'import django, sys; print("Django", django.get_version(), "on Python", sys.version.split()[0])'
[ $# -gt 0 ] || $bin/python -m pytest -n auto tests/engine
# Locks and browsers are the same on every Django: they are tried with the oldest.
ALONE="tests/ws" exec tools/test.sh "$bin/python" sqlite "$@"
