"""What went wrong, in a sentence that an artist can act on.

Every error that may reach a person is a `TesseraError`; its text says what happened, to which file or setting, and
what to do. Anything else that is raised is a defect of the program.
"""


class TesseraError(Exception):
    """Base of all errors whose text is shown as it is."""


class BadImageError(TesseraError):
    """A file could not be used as a picture."""


class BadSettingError(TesseraError):
    """A setting has a value that it can not have; names the setting, the value and what is allowed."""


class BadProjectError(TesseraError):
    """A project or snapshot could not be read."""


class BadPlanError(TesseraError):
    """A plan of several trainings could not be read, or something in it can not be had."""


class MissingSourcesError(TesseraError):
    """A method was given fewer (or more) images than it needs."""


class NoRoomError(TesseraError):
    """A file could not be written: full disk, read-only folder."""


class BadCanvasError(TesseraError):
    """A canvas file that was begun can not be gone on with: damaged, or of another picture."""


class OutOfMemoryError(TesseraError):
    """The device has too little memory even for the smallest piece of work."""


class DeviceError(TesseraError):
    """A device that is there can not be used now: another program has it, or its driver does not answer."""


class NotLocalError(TesseraError):
    """A network's output depends on its whole input, so tiles of it would disagree."""


class ClusterError(TesseraError):
    """Other machines can not paint: no scheduler, no workers, or workers that lack something."""


class DivergedError(TesseraError):
    """Training produced values that are not numbers."""


class CancelledError(TesseraError):
    """The artist stopped a long job; nothing is wrong."""


class UsageError(TesseraError):
    """A command was given an argument that it can not have; names the argument, the value and what is allowed."""


class MissingWeightsError(TesseraError):
    """A network's file is not on this machine, and could not be fetched."""


class BadWeightsError(TesseraError):
    """A file of weights is damaged, or belongs to another network."""
