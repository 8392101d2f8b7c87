#!/bin/sh
# translations.sh update PYTHON   collects what is to be translated, and compiles what is
# translations.sh check PYTHON    fails if a string in the sources has no French translation,
#                                 or a compiled file is not what its source says
set -eu

mode=$1
python=$(realpath -s "$2")
export DEBUG=1

collect() {
    # Modules that need both kinds import gettext_lazy as lazy, which Django's list does not name.
    "$python" -c '
from django.core.management import execute_from_command_line
from django.core.management.commands.makemessages import Command
Command.xgettext_options.append("--keyword=lazy")
execute_from_command_line()' makemessages --settings config.settings --locale fr --no-wrap --add-location file --verbosity 0 \
        --ignore '.venv*' --ignore tests --ignore benchmarks --ignore tools --ignore var --ignore build
}

if [ "$mode" = update ]; then
    mkdir -p locale leaddistrib/locale
    collect
    for po in locale/*/LC_MESSAGES/*.po leaddistrib/locale/*/LC_MESSAGES/*.po; do
        [ ! -e "$po" ] || msgfmt --check -o "${po%.po}.mo" "$po"
    done
    exit 0
fi

# In a copy, so that checking changes nothing.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
tar -cf - --exclude='.venv*' --exclude=.git --exclude=var --exclude='*cache*' . | tar -xf - -C "$copy"
cd "$copy"
mkdir -p locale leaddistrib/locale

failed=0
complain() { printf '%s\n' "$1"; failed=1; }

for po in locale/*/LC_MESSAGES/*.po leaddistrib/locale/*/LC_MESSAGES/*.po; do
    [ -e "$po" ] || continue
    msgfmt --check -o "$copy/compiled.mo" "$po"
    msgunfmt "$copy/compiled.mo" >"$copy/is"
    msgunfmt "${po%.po}.mo" >"$copy/was" 2>/dev/null || true
    cmp -s "$copy/is" "$copy/was" || complain "${po%.po}.mo is out of date: run make messages"
done

collect
for po in locale/*/LC_MESSAGES/*.po leaddistrib/locale/*/LC_MESSAGES/*.po; do
    [ -e "$po" ] || continue
    # The first paragraph of either list is the file's header.
    open=$(for kind in --untranslated --only-fuzzy; do
        msgattrib --no-obsolete "$kind" "$po" | sed '1,/^$/d'
    done)
    [ -z "$open" ] || complain "$po is not translated in full:
$open"
done
[ "$failed" = 1 ] || echo "Every text has its French translation."
exit "$failed"
