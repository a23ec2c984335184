"""Pictures whose files bear the names of the stimuli stand in the order of the stimuli.

A folder is listed in the order of its names, which is that of the stimuli only where both are
sorted alike: not those of an array, in the order in which it was saved, nor "cat 2.png" beside
"cat.png", nor contrasts from -1 to 1.
"""

import unicodedata
from pathlib import PurePath

from brainmodel.probing.recordings.readers.conditions import as_numbers, as_text, as_written
from brainmodel.probing.recordings.recording import Labels
from brainmodel.probing.recordings.stimuli import SUFFIXES, Stimuli


def in_order_of(stimuli: Labels, shown: Stimuli) -> Stimuli:
    """What was shown, each beside the stimulus that its file is named like.

    As it is where the frames are no files, or their names are not those of the stimuli.

    Args:
        stimuli: [stimulus] identifiers of the recording.
        shown: stills or movies, with the names of their files.
    """
    wanted = [_bare(as_text(name)) for name in stimuli]
    place = {_bare(name): k for k, name in enumerate(shown.names)}
    several = len(place) == len(shown.names) == len(set(wanted)) == len(wanted)
    if not several or set(wanted) != set(place):
        return shown
    order = [place[name] for name in wanted]
    if order == sorted(order):
        return shown
    return shown.keep(order)


def _bare(name: str) -> str:
    """A name without folder and suffix, in one of the ways to write its accents; 1.0 as 1."""
    file = PurePath(name.strip().replace("\\", "/")).name
    stem = file[: -len(PurePath(file).suffix)] if file.lower().endswith(SUFFIXES) else file
    return (
        as_written(stem) if as_numbers([stem]) is not None else unicodedata.normalize("NFC", stem)
    )
