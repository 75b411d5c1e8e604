"""How much memory can be had, and the refusal of what would take too much of it."""

from collections.abc import Iterator
from pathlib import Path

from edgehone.system.bounds import MEMORY_SHARE, BeyondBoundsError, bytes_text


def free_memory() -> int:
    """Bytes that can be had now, within the limits of this process and its container."""
    return min([_available(), *_limits()])


def require_memory(size: int, what: str) -> None:
    """Refuse so many bytes when they take more than `MEMORY_SHARE` of the memory that is free.

    what: begins the sentence, as "it unpacks to". Raises BeyondBoundsError.
    """
    free = free_memory()
    if size > MEMORY_SHARE * free:
        raise BeyondBoundsError(
            f"{what} {bytes_text(size)}, and of {bytes_text(free)} of free memory "
            f"{MEMORY_SHARE:.0%} are used at most"
        )


def _available() -> int:
    import psutil  # 20 ms that --help need not pay

    return int(psutil.virtual_memory().available)


def _limits() -> Iterator[int]:
    """What is left of what this process (ulimit -v) and its container may have."""
    try:
        import resource
    except ImportError:
        return
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft != resource.RLIM_INFINITY:
        import psutil

        yield max(0, soft - psutil.Process().memory_info().vms)
    if limit := _number("/sys/fs/cgroup/memory.max"):
        kept = _number("/sys/fs/cgroup/memory.stat", "inactive_file")  # given back when asked for
        yield max(0, limit - _number("/sys/fs/cgroup/memory.current") + kept)


def _number(file: str, key: str = "") -> int:
    """The first number in a file of the system, or the one after a word; 0 when there is none."""
    try:
        words = Path(file).read_text(encoding="ascii").split()
        return int(words[words.index(key) + 1 if key else 0])
    except (OSError, ValueError, IndexError):
        return 0
