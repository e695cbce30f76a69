"""`replyes replay`: the views rebuilt from the log. Rows are named by their keys; what stands in them is not told."""

from collections.abc import Callable
from contextlib import AbstractContextManager, closing

from adapters.storage.mending import Difference
from adapters.storage.replay import Replay
from entrypoints.logs import mask
from entrypoints.store import Store

Progress = Callable[[int], AbstractContextManager[Callable[[int], None]]]


async def run(store: Store, progress: Progress, tell: Callable[[str], None], *, verify: bool) -> tuple[str, bool]:
    """What was done, in a sentence, and whether something differed. `verify` changes nothing, and tells each row that
    differs in a line."""
    with closing(Replay(store.database, store.commits, store.ledger.wrapping)) as replay:
        with progress(await replay.count()) as has_read:
            await replay.read(has_read)
        done = await replay.compare(lambda one: tell(line(one)) if verify else None, mends=not verify)
    what = "rows differ" if verify else "rows put right"
    return f"{done.facts} facts read, {done.rows} {what}", done.rows > 0


def line(difference: Difference) -> str:
    """Which row differs, and in what."""
    name = f"{difference.view.name} {mask(' '.join(str(part) for part in difference.key))}"
    if difference.found is None:
        return f"{name}: is missing"
    if difference.rebuilt is None:
        return f"{name}: has no facts"
    return f"{name}: {', '.join(difference.columns)}"
