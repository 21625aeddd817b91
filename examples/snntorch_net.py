"""TSSD on a snnTorch network that is called once a timestep, with hidden state in its neurons.

Trains on the 1,797 digits inside scikit-learn, then tests at T = 1, 2 and 4. No download.
"""

import argparse

import snntorch
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

import tssd


class DigitNet(nn.Module):
    """Two spiking convolutions and a linear layer; the neurons remember the last call."""

    def __init__(self) -> None:
        super().__init__()
        self.stage1 = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            snntorch.Leaky(beta=0.5, init_hidden=True),
        )
        self.stage2 = nn.Sequential(
            nn.AvgPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            snntorch.Leaky(beta=0.5, init_hidden=True),
        )
        self.head = nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(32 * 2 * 2, 10))

    def forward(self, x_t: Tensor) -> Tensor:
        """Logits [N, 10] of one timestep x_t [N, 1, 8, 8]."""
        return self.head(self.stage2(self.stage1(x_t)))


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
    net = tssd.adapt(my_net, taps=["stage2"], example=images, layout="stepped")
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

    # net loops over time and resets my_net's neurons before every call. What ships is my_net.
    net.eval()
    accuracy = {}
    with torch.no_grad():
        for timesteps in (1, 2, 4):
            logits = net(tssd.repeat_in_time(test_x, timesteps)).logits.mean(0)
            accuracy[timesteps] = (logits.argmax(-1) == test_y).float().mean().item()
            print(f"T = {timesteps}: test accuracy {accuracy[timesteps]:.1%}")
    return accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
