"""The door: `python train.py fit --config configs/default.yaml`."""

from brainmodel.cli import main

if __name__ == "__main__":
    main()
