"""A picture of the page Custom Scalars that TensorBoard shows of a run, by a browser.

Needs Chromium or Chrome on the path (no window opens); trains nothing.

    python train.py fit --config default
    python -m benchmarks.tensorboard_page --run runs/default --out docs/images/tensorboard.png
"""

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PAGE = "custom_scalars"
PATIENCE = 60.0  # seconds until TensorBoard answers, or the page is drawn


@contextmanager
def shown(run: Path) -> Iterator[str]:
    """The address of a TensorBoard that shows a folder.

    Raises:
        TimeoutError: if it does not answer.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(run), "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as board:
        try:
            end = time.monotonic() + PATIENCE
            while not _answers(f"{address}/data/plugin/custom_scalars/layout"):
                if time.monotonic() > end:
                    raise TimeoutError(f"TensorBoard of {run} did not answer")
                time.sleep(0.5)
            yield address
        finally:
            board.terminate()


def _answers(address: str) -> bool:
    """Whether the layout has been read."""
    try:
        with urllib.request.urlopen(address) as reply:
            return b"category" in reply.read()
    except (urllib.error.URLError, ConnectionError):
        return False


def picture(address: str, out: Path, width: int, height: int) -> None:
    """A picture of the page, in pixels.

    Raises:
        FileNotFoundError: if there is no browser.
    """
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise FileNotFoundError(f"none of {', '.join(BROWSERS)} is on the path; install one")
    command = [browser, "--headless", "--no-sandbox", "--hide-scrollbars"]
    command += [f"--window-size={width},{height}", f"--virtual-time-budget={int(500 * PATIENCE)}"]
    command += [f"--screenshot={out.resolve()}", f"{address}/#{PAGE}"]
    subprocess.run(command, check=True, capture_output=True, timeout=2 * PATIENCE)


def main() -> None:
    """Take it."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0], allow_abbrev=False)
    parser.add_argument("--run", type=Path, required=True, help="folder of a training")
    parser.add_argument("--out", type=Path, required=True, help="the picture, .png")
    parser.add_argument("--size", type=int, nargs=2, default=(1500, 900), help="width and height")
    chosen = parser.parse_args()
    with shown(chosen.run) as address:
        picture(address, chosen.out, *chosen.size)


if __name__ == "__main__":
    main()
