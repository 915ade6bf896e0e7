"""Rows that are not data: empty ones and 合计/小计/总计 ones are taken out and told, never silently dropped."""

from collections.abc import Sequence

import polars as pl

from dabiao.facts.logic.reading.sheet import PROBLEM, ROW, Aside, Options, Sheet

_TOTAL = r"^(?:.{0,20}(?:合\s*计|小\s*计|总\s*计|共\s*计)|(?i:grand\s+total|sub-?\s*total|total))\s*[:：]?$"
_REMARK = (
    r"^(?i)(注|备注|说明|附注|制表|审核|复核|打印|导出|note|remark|prepared by)\s*[\d人日时]*\S?\s*[:：]"
)
_WIDE = 4
_AMOUNT = r"^[^\p{L}]*\d[^\p{L}]*[十百千]?[万亿]?元?$"
_DAY = (
    r"^(?:[0-9]{4}\s*[-/.年]\s*[0-9]{1,2}\s*[-/.月]\s*[0-9]{1,2}(?:\D.*)?|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}"
    r"|(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01]))$"
)
_BLANK = " \t\r\n\u3000\u00a0\ufeff"


def cleaned(frame: pl.DataFrame, sheet: Sheet, options: Options) -> pl.DataFrame:
    """The data rows of a chunk of text; what was left out is added to `sheet.asides`."""
    columns = [name for name in frame.columns if name not in {ROW, PROBLEM}]
    texts = [name for name, kind in frame.schema.items() if kind == pl.String and name not in {ROW, PROBLEM}]
    frame = frame.with_columns(_cell(name, options) for name in texts)
    frame = _without_empty(frame, sheet, columns)
    if options.totals == "skip" and texts:
        frame = _without_totals(frame, sheet, texts)
        frame = _without_remarks(frame, sheet, columns)
    return _filled_down(frame, sheet, options.fill_down) if options.fill_down else frame


def _as_full(frame: pl.DataFrame, texts: Sequence[str], total: pl.Series) -> pl.Series:
    """Rows with a day that leave nothing empty that the data fill: a customer may be called Total, and a total has no day."""
    data = frame.filter(~total)
    always = [name for name in texts if not data[name].null_count()]
    dated = pl.any_horizontal(pl.col(list(texts)).str.contains(_DAY).fill_null(False))
    return frame.select(dated & pl.all_horizontal(pl.col(always).is_not_null())).to_series()


def _cell(name: str, options: Options) -> pl.Expr:
    cell = _unwrapped(pl.col(name)) if options.unwrap else pl.col(name)
    bare = cell.str.strip_chars(_BLANK)
    nothing = bare == ""
    if options.empty:
        nothing = nothing | bare.is_in(list(options.empty))
    return pl.when(nothing).then(None).otherwise(bare if options.trim else cell).alias(name)


def _unwrapped(cell: pl.Expr) -> pl.Expr:
    """As `core.written.unwrapped`: `="007"` and `'007` are 007."""
    inside = cell.str.extract(r'^\s*="(.*)"\s*$').str.replace_all('""', '"', literal=True)
    return pl.coalesce(
        inside, cell.str.replace(r"^\s*'([0-9].*|[A-Za-z][A-Za-z0-9._/-]*[0-9][A-Za-z0-9._/-]*\s*)$", "${1}")
    )


def _without_empty(frame: pl.DataFrame, sheet: Sheet, columns: Sequence[str]) -> pl.DataFrame:
    empty = frame.select(pl.all_horizontal(pl.col(list(columns)).is_null())).to_series()
    empty = empty & frame[PROBLEM].is_null()
    if empty.any():
        sheet.asides += [Aside(row, "empty", "") for row in frame.filter(empty)[ROW].to_list()]
        return frame.filter(~empty)
    return frame


def _filled_down(frame: pl.DataFrame, sheet: Sheet, columns: Sequence[str]) -> pl.DataFrame:
    """What stands above an empty cell stands there too, from one chunk to the next."""
    names = [name for name in columns if name in frame.columns]
    if not names or not frame.height:
        return frame
    above = pl.DataFrame({name: [sheet.above.get(name)] for name in names}, schema=frame.select(names).schema)
    filled = pl.concat([above, frame.select(names)]).select(pl.all().forward_fill()).slice(1)
    sheet.above.update(filled.tail(1).to_dicts()[0])
    return frame.with_columns(filled.get_columns())


def _without_remarks(frame: pl.DataFrame, sheet: Sheet, columns: Sequence[str]) -> pl.DataFrame:
    """A wide table's line whose first cell alone is filled, and says that it is a remark: 注：…, 制表人 …."""
    if len(columns) < _WIDE or frame.schema[columns[0]] != pl.String:
        return frame
    lone = pl.all_horizontal(pl.col(list(columns[1:])).is_null())
    remark = frame.select(lone & pl.col(columns[0]).str.contains(_REMARK).fill_null(False)).to_series()
    if not remark.any():
        return frame
    sheet.asides += [
        Aside(row, "remark", text[:200])
        for row, text in frame.filter(remark).select(ROW, columns[0]).iter_rows()
    ]
    return frame.filter(~remark)


def _without_totals(frame: pl.DataFrame, sheet: Sheet, texts: Sequence[str]) -> pl.DataFrame:
    first = frame.select(pl.coalesce(texts)).to_series()
    total = first.str.contains(_TOTAL).fill_null(False)
    if not total.any():
        return frame
    total = total & ~_as_full(frame, texts, total)
    # A customer may be called 合计 something: a total's row says hardly anything else in words.
    words = frame.select(
        pl.sum_horizontal(
            pl.col(list(texts)).str.contains(r"^[^#]*\p{L}").fill_null(False)
            & ~pl.col(list(texts)).str.contains(_AMOUNT).fill_null(False)
        )
    ).to_series()
    total = total & (words <= max(1, len(texts) // 4))
    if total.any():
        lines = frame.filter(total).select(
            ROW, pl.concat_str(texts, separator=" ", ignore_nulls=True).alias("text")
        )
        sheet.asides += [Aside(row, "total", text[:200]) for row, text in lines.iter_rows()]
    return frame.filter(~total)
