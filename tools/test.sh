#!/bin/sh
# test.sh PYTHON DATABASE [pytest's arguments]
# Runs the tests on one database: most side by side on all cores, and then one after another those
# that bring processes, sockets or browsers of their own. ALONE names their folders; ALONE="" leaves
# them out. LEAVE_OUT names more folders that are left out on SQLite: those that were tried there
# already, with the newest Django.
set -eu

python=$1
database=$2
shift 2
if [ "$database" = sqlite ]; then
    own_ways="tests/races tests/ws"
    # The one needs no database, the other runs on PostgreSQL.
    elsewhere="tests/engine tests/browser ${LEAVE_OUT-}"
else
    own_ways="tests/browser tests/races tests/ws"
    elsewhere=""
fi
alone=""
for folder in ${ALONE-$own_ways}; do
    case " $elsewhere " in
        *" $folder "*) ;;
        *) alone="$alone $folder" ;;
    esac
done

run() {
    "$python" -m pytest --database="$database" "$@" || code=$?
    # With arguments that choose tests, one of the two runs may have none.
    [ "${code:-0}" = 0 ] || { [ "${code:-0}" = 5 ] && [ -n "$arguments" ]; } || exit "$code"
    code=0
}

arguments=$*
ignored=""
for folder in $own_ways $elsewhere; do
    ignored="$ignored --ignore=$folder"
done
# shellcheck disable=SC2086 # lists of folders, without blanks in them
run -n auto $ignored "$@"
# shellcheck disable=SC2086
[ -z "$alone" ] || run $alone "$@"
