"""PyTorch on the processor, eager, one thread, in blocks; work in place where it can be."""

from __future__ import annotations

import functools

from benchmarks import terms
from benchmarks.peers.numpy_blocks import finish
from benchmarks.programs import Program

VERSIONS = ("torch",)


@functools.cache
def one_thread():
    import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    torch.set_grad_enabled(False)
    return torch


def run(workload, precision, n_paths, block_size):
    torch = one_thread()
    dtype = getattr(torch, precision)
    generator = torch.Generator().manual_seed(1)
    n_blocks = max(n_paths // block_size, 1)
    n_factors = 2 if workload == "W1" else 1
    z = torch.empty((terms.N_MONTHS, n_factors, block_size), dtype=dtype)
    price = torch.empty((terms.N_MONTHS, block_size), dtype=dtype)
    x, y = torch.empty((2, block_size), dtype=dtype)
    scales = torch.tensor(terms.QUANTITY * terms.DISCOUNT_FACTORS)[:, None]
    values = torch.empty(n_blocks * block_size, dtype=torch.float64)
    flows = torch.zeros(terms.N_QUARTERS, dtype=torch.float64)
    if workload == "W1":
        fade, short, cross, own, level = (part.tolist() for part in terms.schwartz_smith_steps())
    else:
        loading, level = terms.brownian_steps()
        loading = torch.tensor(loading, dtype=dtype)[:, None]
    level = torch.tensor(level, dtype=dtype)[:, None]
    for i in range(n_blocks):
        z.normal_(generator=generator)
        if workload == "W1":
            x.zero_()
            y.zero_()
            for t in range(terms.N_MONTHS):
                first, second = z[t]
                x.mul_(fade[t]).add_(first, alpha=short[t])
                y.add_(first, alpha=cross[t]).add_(second, alpha=own[t])
                torch.add(x, y, out=price[t])
        else:
            torch.cumsum(z[:, 0].mul_(loading), dim=0, out=price)
        price.exp_().mul_(level)
        mean = price.view(terms.N_QUARTERS, 3, block_size).mean(dim=1)
        gap = mean.neg_().add_(terms.STRIKE)
        flow = gap.clamp(min=0.0).add_(gap.clamp(max=0.0), alpha=terms.SHARE)
        flow = flow.to(torch.float64).mul_(scales)
        values[i * block_size : (i + 1) * block_size] = flow.sum(dim=0)
        flows += flow.sum(dim=1)
    return finish(values.numpy())


def programs():
    return [
        Program(
            name=f"PyTorch {label}",
            workload=workload,
            run=functools.partial(run, workload, precision),
            choices=tuple({"block_size": size} for size in (1000, 2000, 5000, 20_000, 50_000)),
            least_paths=50_000,
        )
        for workload, precision, label in (
            ("W1", "float64", "f64"),
            ("W1", "float32", "f32"),
            ("W2", "float64", "f64"),
        )
    ]
