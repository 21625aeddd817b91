"""TSSD on plain PyTorch code of your own: forward takes [T, N, C, H, W] and returns [T, N, K].

Trains on the 1,797 digits inside scikit-learn, then tests at T = 1, 2 and 4. No download.
"""

import argparse

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

import tssd


class DigitNet(nn.Module):
    """Two spiking convolutions and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        # TimeFold applies what has no state to all timesteps at once; LIF runs through them.
        self.stage1 = nn.Sequential(
            tssd.TimeFold(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16)), tssd.LIF()
        )
        self.stage2 = nn.Sequential(
            tssd.TimeFold(nn.AvgPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32)),
            tssd.LIF(),
        )
        self.head = tssd.TimeFold(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(32 * 2 * 2, 10))

    def forward(self, x: Tensor) -> Tensor:
        """Logits [T, N, 10] of images [T, N, 1, 8, 8]."""
        return self.head(self.stage2(self.stage1(x)))


def digits() -> list[Tensor]:
    """Images [N, 1, 8, 8] in [0, 1] and labels [N]; a fixed fifth is the test set."""
    grey, labels = load_digits(return_X_y=True)
    x = torch.tensor(grey / 16, dtype=torch.float32).view(-1, 1, 8, 8)
    y = torch.tensor(labels)
    return train_test_split(x, y, test_size=0.2, random_state=0, stratify=labels)


def main(epochs: int = 10, seed: int = 0) -> dict[int, float]:
    """Train, print and return the test accuracy by timesteps."""
    torch.manual_seed(seed)
    train_x, test_x, train_y, test_y = digits()
    images = train_x[:8]
    my_net = DigitNet()

    # --- TSSD, line 1 and 2: name a place to tap, choose T in use (student) and in training.
    net = tssd.adapt(my_net, taps=["stage2"], example=images)
    criterion = tssd.tssd(student=2, teacher=4).connect(net)

    optimizer = torch.optim.Adam([*net.parameters(), *criterion.parameters()], lr=2e-3)
    for epoch in range(epochs):
        for batch in torch.randperm(len(train_x)).split(64):
            images, labels = train_x[batch], train_y[batch]
            loss = criterion.run(net, images, labels).total  # --- TSSD, line 3
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch + 1}: loss {loss.item():.3f}")

    # What ships is my_net: the exit stays behind in the criterion.
    my_net.eval()
    accuracy = {}
    with torch.no_grad():
        for timesteps in (1, 2, 4):
            logits = my_net(tssd.repeat_in_time(test_x, timesteps)).mean(0)
            accuracy[timesteps] = (logits.argmax(-1) == test_y).float().mean().item()
            print(f"T = {timesteps}: test accuracy {accuracy[timesteps]:.1%}")
    return accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
