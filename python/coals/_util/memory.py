"""The memory that there is, and errors that say what needs more of it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["NotEnoughMemory", "available_bytes", "out_of_memory", "readable"]


class NotEnoughMemory(MemoryError):
    """A MemoryError that says what would need the memory, and what to do."""


def available_bytes() -> int | None:
    """Bytes that this process can still take: of the machine, of its cgroups and of its address space. None: unknown.

    On Linux memory that is free or can be freed, with swap; elsewhere all that the machine has.
    """
    found = [_of_machine(), *_of_cgroups(), _of_address_space()]
    known = [size for size in found if size is not None]
    return max(0, min(known)) if known else None


def readable(size: float) -> str:
    """Bytes for people.

    >>> readable(160_000_800_004), readable(5_000_000)
    ('149.0 GiB', '4.8 MiB')
    """
    unit, name = (1 << 30, "GiB") if size >= 1 << 30 else (1 << 20, "MiB")
    return f"{size / unit:,.1f} {name}"


def out_of_memory(error: MemoryError, what: str, shape: tuple[int, int]) -> MemoryError:
    """The error itself if it is in words of our own, else one that is."""
    if isinstance(error, NotEnoughMemory):
        return error
    return NotEnoughMemory(
        f"{what} ran out of memory with {shape[0]:,} users x {shape[1]:,} items: leave out rare items and users "
        "(min_item_users=, min_user_items=), or take a smaller model; coals.estimate_memory says what a fit takes"
    )


def _of_machine() -> int | None:
    with suppress(OSError, ValueError, KeyError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        sizes = {name: int(rest.split()[0]) << 10 for name, _, rest in (line.partition(":") for line in lines)}
        return sizes["MemAvailable"] + sizes.get("SwapFree", 0)
    with suppress(AttributeError, OSError, ValueError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _of_cgroups() -> list[int]:
    """What is left in each of the groups that the process is in, of version 2 or 1."""
    found: list[int] = []
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers not in ("", "memory"):
                continue
            root = Path("/sys/fs/cgroup") / ("" if controllers == "" else "memory")
            names = ("memory.max", "memory.current") if controllers == "" else (
                "memory.limit_in_bytes", "memory.usage_in_bytes"
            )  # fmt: skip
            inner = root / path.lstrip("/")
            for folder in (inner, *(parent for parent in inner.parents if parent.is_relative_to(root))):
                with suppress(OSError, ValueError):
                    limit, used = (int((folder / name).read_text()) for name in names)
                    found.append(limit - used + _cached(folder))
    return found


def _cached(folder: Path) -> int:
    """Bytes of files that a group keeps in memory, and would give back."""
    for line in (folder / "memory.stat").read_text().splitlines():
        name, size = line.split()
        if name in ("inactive_file", "total_inactive_file"):
            return int(size)
    return 0


def _of_address_space() -> int | None:
    with suppress(ImportError, OSError, ValueError, AttributeError):
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            return limit - int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    return None
