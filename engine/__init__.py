"""Tessera's engine: everything that computes, nothing that draws a window.

Import the module you need (`engine.session`, `engine.method`, ...): this package itself imports nothing, so that a
splash screen can be shown before torch is loaded. `PUBLIC` names the modules that a window or a script may use.
"""

PUBLIC = (
    "box",
    "colour",
    "device",
    "download",
    "errors",
    "export",
    "formats",
    "frames",
    "journal",
    "masks",
    "messages",
    "method",
    "painters",
    "preflight",
    "print_sizes",
    "printing",
    "profiles",
    "project",
    "provenance",
    "render",
    "session",
    "settings",
    "snapshots",
    "unfinished",
)
