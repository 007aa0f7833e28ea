#!/bin/sh
# Puts Tessera into the menu of applications and on the command line, for this user: `sh install.sh`.
# `sh install.sh --remove` takes that back. Nothing is copied: run it again after you moved this folder.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=${XDG_DATA_HOME:-$HOME/.local/share}
command=$HOME/.local/bin/tessera
entry=$data/applications/tessera.desktop
icon=$data/icons/hicolor/256x256/apps/tessera.png
kind=$data/mime/packages/tessera.xml

known() {
    command -v "$1" >/dev/null && "$@" >/dev/null 2>&1 || true
}

if [ "${1:-}" = --remove ]; then
    rm -f "$command" "$entry" "$icon" "$kind"
    said="Tessera is no longer in the menu. Your projects are untouched, and so is $here, which you may delete."
else
    mkdir -p "${command%/*}" "${entry%/*}" "${icon%/*}" "${kind%/*}"
    ln -sf "$here/tessera" "$command"
    cp "$here/tessera.png" "$icon"
    # as the freedesktop's specification wants a path written
    path=$(printf %s "$here/tessera" | sed 's/[\\"$`]/\\\\&/g; s/%/%%/g')
    cat >"$entry" <<END
[Desktop Entry]
Type=Application
Name=Tessera
Comment=Mosaics, collages and styles of your own images
Exec="$path" %F
Icon=tessera
Categories=Graphics;
MimeType=application/x-tessera;image/jpeg;image/png;image/tiff;image/webp;
StartupWMClass=tessera
END
    cat >"$kind" <<END
<?xml version="1.0" encoding="UTF-8"?>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="application/x-tessera">
    <comment>Tessera project</comment>
    <glob pattern="*.tessera"/>
  </mime-type>
</mime-info>
END
    said="Tessera is in the menu of applications, and on the command line as $command."
fi
known update-desktop-database "$data/applications"
known update-mime-database "$data/mime"
echo "$said"
