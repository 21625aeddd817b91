"""What the mirror image adds: test accuracy of a run's network on images, and on both of each.

    python experiments/two_looks.py RUN

The logits of an image and of its mirror image are added, each from a run of its own over T_s
timesteps: twice the cost of use. As trainings of ANNs in minutes are often measured (Jordan 2024,
arXiv:2404.00498), so that figures compare. RUN is of images, as `tssd train` leaves it.
"""

import argparse

import torch

from tssd.reopened.open_run import load_parts
from tssd.time import repeat_in_time


def main() -> None:
    """Evaluate and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", metavar="RUN", help="its folder")
    parts = load_parts(parser.parse_args().run, [])
    net, student = parts.net.eval(), parts.criterion.timesteps.student
    once, twice, count = 0, 0, 0
    with torch.no_grad():
        for x, y in parts.data.test_dataloader():
            images = repeat_in_time(x, student) if x.dim() == 4 else x[:student]
            one = net(images).logits.mean(0)
            both = one + net(images.flip(-1)).logits.mean(0)
            once += int((one.argmax(-1) == y).sum())
            twice += int((both.argmax(-1) == y).sum())
            count += len(y)
    print(f"T = {student}, {count} test images: {100 * once / count:.2f} %")
    print(f"with the mirror image of each: {100 * twice / count:.2f} %")


if __name__ == "__main__":
    main()
