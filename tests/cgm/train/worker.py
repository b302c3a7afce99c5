"""One of several processes that run cgm-train together, once for each list of arguments in a file.

A list that begins with "copy" names a folder and where a copy of it is to be.
"""

import json
import os
import shutil
import sys
from pathlib import Path

from launch.command import run_command
from launch.train import train_model
from launch.training.settings import register_training


def main() -> int:
    """Run them all; the highest exit code."""
    register_training()
    codes = []
    for arguments in json.loads(Path(sys.argv[1]).read_text()):
        if arguments[0] == "copy":
            if os.environ["RANK"] == "0":
                shutil.copytree(*arguments[1:])
            continue
        sys.argv = ["cgm-train", *arguments]
        codes.append(run_command(train_model, "train"))
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
