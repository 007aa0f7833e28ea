"""The slots of the toy methods, where the registry looks for them."""

from engine.declarations import Slot

_STYLE = Slot("style", "Style", "What to learn from.")
_CONTENT = Slot("content", "Content", "What to paint.", minimum=0)

SLOTS = {
    "toy": (_STYLE, _CONTENT),
    "toy_two": (_STYLE, Slot("content", "Content", "What to paint.")),
}
