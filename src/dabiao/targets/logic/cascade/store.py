"""The lake's table of cascade cells: one file a save, sorted by scope node, so that a team is read without the rest.

A file holds amounts of scope nodes in leaf columns under one token. Tokens are named by `CascadeVersion` in the
app database, written last; what a killed writer left has a token that nobody names, so it is never read.
"""

import shutil
import uuid
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from dabiao.engine.allocation.axis import Ints
from dabiao.engine.allocation.rounding import Flags
from dabiao.engine.number import MONEY_SCALE
from dabiao.lake import home, installation
from dabiao.lake.store import Store, StoreMoved
from dabiao.targets.logic.cascade.cells import column_names, scope_names
from dabiao.targets.logic.cascade.request import Prepared

TABLE: Final = "target_cells"
SCHEMA: Final = pa.schema(
    [
        ("token", pa.string()),
        ("node", pa.int32()),
        ("column", pa.int32()),
        ("kind", pa.string()),
        ("scope", pa.string()),
        ("period", pa.string()),
        ("product", pa.string()),
        ("value", pa.decimal128(18, MONEY_SCALE)),
    ]
)
_FILE: Final = "cells.parquet"
_GROUP: Final = 65_536
_TRIES: Final = 5


def save(prepared: Prepared, nodes: Ints, columns: Ints, amounts: Ints, null: Flags) -> tuple[str, int]:
    """Write amounts (null where there is no target) beside their scope node and leaf column, sorted by node.

    Returns the token and the version of the table.
    """
    installation.claim()
    token, store = uuid.uuid4().hex, Store(home.lake())
    version = _latest(store)
    file = store.folder(TABLE) / token / _FILE
    file.parent.mkdir()
    rows = _rows(prepared, token, nodes, columns, _decimals(amounts, prepared.digits, null))
    texts = [field.name for field in SCHEMA if pa.types.is_string(field.type)]
    pq.write_table(
        rows, file, row_group_size=_GROUP, use_dictionary=texts, write_statistics=["node"], compression="lz4"
    )
    for _ in range(_TRIES):
        try:
            return token, store.commit(TABLE, on=version, drop=[], add=[file], token=token)
        except StoreMoved:
            version = _latest(store)
    raise StoreMoved(f"{TABLE}: {_TRIES} other writers were faster")


def load(tokens: Sequence[str], nodes: range, width: int, digits: int) -> tuple[Ints, Flags]:
    """Amounts of neighbouring scope nodes × leaf columns, and where they are null; later tokens win."""
    amounts = np.zeros((len(nodes), width), dtype=np.int64)
    null = np.ones((len(nodes), width), dtype=bool)
    folder = Store(home.lake()).folder(TABLE)
    inside = [("node", ">=", nodes.start), ("node", "<", nodes.stop)]
    for token in tokens:
        rows = pq.read_table(folder / token / _FILE, columns=["node", "column", "value"], filters=inside)
        at = (rows["node"].to_numpy() - nodes.start, rows["column"].to_numpy())
        amounts[at], null[at] = (
            _whole(rows["value"].combine_chunks(), digits),
            rows["value"].is_null().to_numpy(),
        )
    return amounts, null


def forget(*, keep: Collection[str], before: datetime) -> int:
    """Drop the saves written before a moment whose token is not in `keep`, first from the table, then from disk."""
    store = Store(home.lake())
    folder = store.folder(TABLE)
    if not folder.is_dir():
        return 0
    gone = [
        each for each in folder.iterdir() if _is_save(each) and each.name not in keep and _made(each) < before
    ]
    if not gone:
        return 0
    version = _latest(store)
    known = {Path(file).parent.name: file for file in store.files(TABLE, version)}
    if drop := [known[each.name] for each in gone if each.name in known]:
        store.commit(TABLE, on=version, drop=drop, add=[], token=uuid.uuid4().hex)
    for each in gone:
        shutil.rmtree(each, ignore_errors=True)
    return len(gone)


def _is_save(folder: Path) -> bool:
    return folder.is_dir() and len(folder.name) == len(uuid.uuid4().hex) and folder.name.isalnum()


def _made(folder: Path) -> datetime:
    return datetime.fromtimestamp(folder.stat().st_mtime, UTC)


def _latest(store: Store) -> int:
    """The table's newest version; an empty table is made first."""
    folder = store.folder(TABLE)
    if not folder.is_dir():
        DeltaTable.create(str(folder), SCHEMA, mode="ignore")
    return int(DeltaTable(str(folder)).version())


def _rows(prepared: Prepared, token: str, nodes: Ints, columns: Ints, values: pa.Array) -> pa.Table:
    names, holders = scope_names(prepared), prepared.org.holders
    keys = prepared.order.scope.keys
    periods, products = zip(*column_names(prepared), strict=True)
    return pa.table(
        {
            "token": _named(np.zeros(len(nodes), dtype=np.int64), [token]),
            "node": nodes.astype(np.int32),
            "column": columns.astype(np.int32),
            "kind": _named(nodes, [holders[key].kind for key in keys]),
            "scope": _named(nodes, [names[key] for key in keys]),
            "period": _named(columns, periods),
            "product": _named(columns, products),
            "value": values,
        }
    )


def _named(positions: Ints, names: Sequence[str]) -> pa.Array:
    """Names by position, each stored once."""
    return pa.DictionaryArray.from_arrays(pa.array(positions.astype(np.int32)), pa.array(names, pa.string()))


def _decimals(amounts: Ints, digits: int, null: Flags) -> pa.Array:
    """Whole units of 10^-digits as decimal(18, 4): two 64-bit words each, the low one and the sign."""
    words = np.empty((len(amounts), 2), dtype=np.int64)
    np.multiply(amounts, 10 ** (MONEY_SCALE - digits), out=words[:, 0])
    np.right_shift(words[:, 0], 63, out=words[:, 1])
    valid = pa.array(~null).buffers()[1] if null.any() else None
    return pa.Array.from_buffers(pa.decimal128(18, MONEY_SCALE), len(amounts), [valid, pa.py_buffer(words)])


def _whole(values: pa.Array, digits: int) -> Ints:
    """The way back; null is 0 (and told apart by the caller)."""
    words = np.frombuffer(values.buffers()[1], dtype=np.int64).reshape(-1, 2)
    low = words[values.offset : values.offset + len(values), 0] // 10 ** (MONEY_SCALE - digits)
    return np.where(values.is_null().to_numpy(zero_copy_only=False), 0, low)
