"""Photographs: real natural scenes seen through simulated eye movements (the default data)."""

from collections.abc import Callable, Sequence
from typing import Unpack

import torch
from torch import Tensor

from brainmodel.data.checks import LARGEST, require_channels, require_number, require_whole
from brainmodel.data.eye_movements import EyeMovements, moved_frames
from brainmodel.data.photograph_files import FREE, load_photograph, photograph_file, soften
from brainmodel.data.photograph_streams import OVERSAMPLING, PhotographStream
from brainmodel.data.stream_module import StreamModule, StreamOptions
from brainmodel.data.streams import Part, Share, Stream
from brainmodel.data.window import Label, Window
from brainmodel.memory import require_memory

TRAINING = ("astronaut.png", "brick.png", "chelsea.png", "coins.png", "grass.png", "rocket.jpg")
HELD_OUT = ("camera.png", "coffee.png", "gravel.png")
SLOW = 0.5  # pixels per step
USUAL_MOVEMENTS = EyeMovements()


class Photographs(StreamModule):
    """Photographs seen through simulated eye movements: drift with inertia, saccades, zoom.

    Each episode shows one photograph of those inside scikit-image's wheel that are stated to be
    free; they are loaded when the first stream is built. Training shows astronaut, brick, chelsea,
    coins, grass and rocket, validation and test show camera, coffee and gravel.

    Inputs of a window:
        eye: [time, batch, channels, size, size] float32 in [0, 1].
        motion: [time, batch, 3], only if asked for: the efference copy, how the eye moved from
            the step before to this one (dx, dy in pixels, change of the logarithm of zoom), or
            how it will move `lead` steps later.

    Labels: photograph [time, batch], its number within its part; motion [time, batch, 3]; saccade
    [time, batch] bool, whether one brought the eye here from the step before.

    Args:
        size: height and width of the eye's image in pixels.
        channels: 1 for gray, 3 for RGB.
        field: how much of a photograph's short side the eye covers at zoom 0, as a fraction.
        blur: width of the eye's optical blur (sigma of a Gaussian) in pixels.
        frames_per_second: steps per second; speeds and rates of `movements` are per second.
        motion: whether to give the efference copy as an input.
        lead: steps by which the efference copy comes before the movement (corollary discharge);
            with 0 it comes with what is seen after it.
        twin_distance: pixels that lie between two eyes which move as one, streams 2k and
            2k + 1: two views of one scene; 0 gives each stream a scene of its own.
        movements: how the eye moves.
        photographs: files of scikit-image's wheel to train on.
        held_out: files for validation and test; none of those trained on.
        options: see `StreamModule`.

    Raises:
        ValueError: if a number is out of range, twins do not come in pairs, a photograph is
            not one of the free ones, or one is in both parts.
    """

    def __init__(
        self,
        size: int = 32,
        channels: int = 1,
        field: float = 0.25,
        blur: float = 1.0,
        frames_per_second: float = 30.0,
        motion: bool = False,
        lead: int = 0,
        twin_distance: float = 0.0,
        movements: EyeMovements = USUAL_MOVEMENTS,
        photographs: Sequence[str] = TRAINING,
        held_out: Sequence[str] = HELD_OUT,
        **options: Unpack[StreamOptions],
    ) -> None:
        require_whole("size", size, 4, LARGEST)
        require_channels(channels)
        require_number("field", field, 0.02, 0.7, "a fraction of the photograph's short side")
        require_number("blur", blur, 0, 10, "the width of the blur in pixels")
        require_number("frames_per_second", frames_per_second, 1, 1000, "frames per second")
        require_whole("lead", lead, 0, LARGEST)
        require_number("twin_distance", twin_distance, 0, size, "pixels, at most the eye's size")
        _check_split(photographs, held_out)
        self._require_room(len(photographs) * channels, size, field)
        eye = {"eye": [channels, size, size]}
        super().__init__(
            shapes=eye | ({"motion": [3]} if motion else {}),
            label_names=["motion", "photograph", "saccade"],
            frames_per_second=frames_per_second,
            **options,
        )
        if twin_distance > 0 and self.batch_size % 2:
            raise ValueError(f"batch_size is {self.batch_size}: give an even number, as for twins.")
        self.size = size
        self.channels = channels
        self.field = field
        self.blur = blur
        self.motion = motion
        self.lead = lead
        self.twin_distance = twin_distance
        self.movements = movements
        self.photographs = tuple(photographs)
        self.held_out = tuple(held_out)

    @staticmethod
    def _require_room(pictures: int, size: int, field: float) -> None:
        """Refuse photographs that are too large to be kept."""
        samples = pictures * round(size / field * OVERSAMPLING) ** 2
        require_memory("field", field, samples, "look at more of each photograph, or smaller")

    @property
    def label_kinds(self) -> dict[str, Label]:
        """See `StreamModule.label_kinds`."""
        number = max(len(self.photographs), len(self.held_out))
        return {
            "photograph": Label((0, number - 1)),
            "motion": Label(shape=(3,)),
            "saccade": Label((0, 1)),
        }

    @property
    def paired(self) -> bool:
        """See `StreamModule.paired`."""
        return self.twin_distance > 0

    def splits(self, window: Window, last: Window | None) -> dict[str, Tensor]:
        """Steps to which a saccade led, of drift, and of drift below `SLOW` the step before.

        How fast the eye was is known before a step is predicted. In steps chosen by how little the
        eye moves in them repeating wins by the choice alone: the last motion, which was mostly
        faster, carries too far.
        """
        saccade = window.labels["saccade"].bool()
        known = torch.cat([_at_end(last, window, lambda w: ~w.reset), ~window.reset[:-1]])
        speed = lambda w: w.labels["motion"][..., :2].norm(dim=-1)  # noqa: E731
        before = torch.cat([_at_end(last, window, speed), speed(window)[:-1]])
        slow = known & (before < SLOW)
        return {"drift": ~saccade & ~slow, "slow drift": ~saccade & slow, "saccades": saccade}

    def foreseen(self, window: Window, last: Window | None) -> dict[str, dict[str, Tensor]]:
        """The last frame moved as the eye moved last, and as it truly moves."""
        eye, motion = window.inputs["eye"], window.labels["motion"]
        frames = torch.cat([_at_end(last, window, lambda w: w.inputs["eye"]), eye[:-1]])
        known = _at_end(last, window, lambda w: w.labels["motion"])
        paths = {"last motion": torch.cat([known, motion[:-1]]), "true motion": motion}
        return {
            name: {"eye": moved_frames(*(x.flatten(0, 1) for x in (frames, path))).view_as(eye)}
            for name, path in paths.items()
        }

    def stream(self, share: Share) -> Stream:
        """Load the photographs of a part and let eyes wander over them."""
        names = self.photographs if share.part is Part.TRAINING else self.held_out
        short_side = round(self.size / self.field * OVERSAMPLING)
        pictures = [
            soften(
                load_photograph(photograph_file(name), self.channels, short_side),
                self.blur * OVERSAMPLING,
            )
            for name in names
        ]
        return PhotographStream(
            share,
            pictures,
            self.size,
            self.movements,
            self.frames_per_second,
            self.motion,
            self.lead,
            self.twin_distance,
        )


def _at_end(last: Window | None, window: Window, of: Callable[[Window], Tensor]) -> Tensor:
    """What was at the end of the last window, [1, batch, ...]; without one, at this one's begin."""
    return of(window)[:1] if last is None else of(last)[-1:]


def _check_split(photographs: Sequence[str], held_out: Sequence[str]) -> None:
    """Refuse unknown photographs, an empty part, and a photograph in both parts."""
    for field, names in (("photographs", photographs), ("held_out", held_out)):
        if not names:
            raise ValueError(f"{field} is empty: name at least one of {', '.join(FREE)}.")
        for name in names:
            if name not in FREE:
                raise ValueError(f"{field} has {name!r}: choose from {', '.join(FREE)}.")
    both = sorted(set(photographs) & set(held_out))
    if both:
        raise ValueError(f"held_out has {both[0]!r}, which is trained on: name another one.")
