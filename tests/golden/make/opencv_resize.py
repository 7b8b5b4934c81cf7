"""Resizes small images with OpenCV and keeps inputs and outputs as ../resize_opencv.npz.

    python tests/golden/make/opencv_resize.py          needs opencv-python-headless

Then put the printed hash into MANIFEST.toml. Intel's library inside OpenCV is switched off for bytes, where it
does not work in whole numbers as OpenCV itself does.
"""

import hashlib
from pathlib import Path

import cv2
import numpy as np

SHAPES = [((40, 30), (24, 17)), ((20, 20), (33, 47)), ((48, 36), (24, 18)), ((61, 25), (32, 40))]
KERNELS = {"nearest": cv2.INTER_NEAREST, "bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC}


def main() -> None:
    made = {"version": np.array(cv2.__version__)}
    for case, ((h, w), (height, width)) in enumerate(SHAPES):
        i = np.arange(1, 3 * h * w + 1, dtype=np.int64)
        image = (i**2 * 7919 // 64 % 256).reshape(h, w, 3).astype(np.uint8)
        made[f"image_{case}"] = image
        for name, code in KERNELS.items():
            cv2.ipp.setUseIPP(False)
            made[f"bytes_{name}_{case}"] = cv2.resize(image, (width, height), interpolation=code)
            cv2.ipp.setUseIPP(True)
            if name != "nearest" and case != 1:
                made[f"real_{name}_{case}"] = cv2.resize(image / 255, (width, height), interpolation=code)
    target = Path(__file__).resolve().parent.parent / "resize_opencv.npz"
    np.savez_compressed(target, **made)
    print(target.name, hashlib.sha256(target.read_bytes()).hexdigest(), target.stat().st_size)


if __name__ == "__main__":
    main()
