"""The slots of the toy method, where the registry looks for them."""

from engine.method import Slot

SLOTS = {
    "toy": (Slot("style", "Style", "What to learn from."), Slot("content", "Content", "What to paint.", minimum=0)),
}
