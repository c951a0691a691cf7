"""What an artifact is built for: a processor architecture and a Python version of Lambda."""

from __future__ import annotations

from dataclasses import dataclass

from layers.errors import BuildError

# Lambda's Python 3.12 and later run on Amazon Linux 2023 (glibc 2.34). Earlier ones run on Amazon Linux 2
# (glibc 2.26), where libonnxruntime, built for manylinux_2_28, does not load.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
PYTHONS = ("3.12", "3.13", "3.14")
PLATFORMS = {"x86_64": "x86_64-manylinux_2_28", "arm64": "aarch64-manylinux_2_28"}


@dataclass(frozen=True, slots=True)
class Target:
    """`arch` in Lambda's words, `python` as major.minor."""

    arch: str
    python: str

    def __post_init__(self) -> None:
        if self.arch not in PLATFORMS:
            raise BuildError(f"{self.arch!r} is none of {', '.join(PLATFORMS)}", where="--arch")
        if self.python not in PYTHONS:
            raise BuildError(
                f"{self.python!r} is none of {', '.join(PYTHONS)}, the Python versions whose Lambda runtime "
                "has the glibc (2.28 or later) that ONNX Runtime needs",
                where="--python",
            )

    @property
    def platform(self) -> str:
        """The wheels' platform, as uv names it."""
        return PLATFORMS[self.arch]

    def __str__(self) -> str:
        return f"{self.arch}, Python {self.python}"
