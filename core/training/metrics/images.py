"""How near a predicted image comes to the wanted one."""

from __future__ import annotations

from functools import partial

from core.training.metrics._kind import MetricKind
from core.training.metrics.labels import mean_of

KINDS = (
    MetricKind(
        "psnr",
        "PSNR",
        "Peak signal-to-noise ratio in decibels, averaged over the images: 30 is good, 100 stands for equal images.",
        ("number",),
        "signal",
        partial(mean_of, index=1),
        "higher",
        "mean 10·log₁₀(span² / mean squared error)",
        "Huynh-Thu and Ghanbari, Scope of validity of PSNR, 2008",
        meanings=("image",),
    ),
    MetricKind(
        "ssim",
        "SSIM",
        "Structural similarity: brightness, contrast and structure of small windows compared; 1 is the same image.",
        ("number",),
        "similarity",
        partial(mean_of, index=1),
        "higher",
        "(2·x̄·ȳ + c₁)(2·σ_xy + c₂) / ((x̄² + ȳ² + c₁)(σ_x² + σ_y² + c₂))",
        "Wang et al., Image quality assessment: from error visibility to structural similarity, 2004",
        meanings=("image",),
    ),
)
