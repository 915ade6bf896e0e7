"""Sheets of the market, from the file to the figures: recognised, with both ends of every period, or asked, or left out."""

from datetime import date

import pytest
from typer.testing import CliRunner

from dabiao.facts import actions
from dabiao.facts.logic.proposing import propose
from dabiao.site import cli

HEAD = "细分市场,期间,市场规模(万元)\n"


def proposed(folder, text, name="市场规模.csv", **options):
    (folder / name).write_text(text)
    return propose([folder / name], year=2026, **options)


def held(sql):
    return sql("SELECT segment, period, ends_on, size::INT FROM market ORDER BY 1, 2")


def test_labels_of_periods_are_loaded_with_both_ends(folder, load, sql):
    found = proposed(folder, HEAD + "机床,2026-Q1,90\n机床,2026-Q2,95\n激光,2026年3月,7\n")

    load(folder, found.text)

    assert held(sql) == [
        ("机床", date(2026, 1, 1), date(2026, 4, 1), 900_000),
        ("机床", date(2026, 4, 1), date(2026, 7, 1), 950_000),
        ("激光", date(2026, 3, 1), date(2026, 4, 1), 70_000),
    ]


@pytest.mark.parametrize("said", ["26Q3", "2026年7-9月", "2026/7-9", "2026.07-09"])
def test_a_quarter_is_read_as_people_write_it(folder, load, sql, said):
    found = proposed(folder, f"{HEAD}机床,{said},90\n")

    load(folder, found.text)

    assert held(sql) == [("机床", date(2026, 7, 1), date(2026, 10, 1), 900_000)]


@pytest.mark.parametrize(
    ("length", "after"),
    [("month", date(2026, 2, 1)), ("quarter", date(2026, 4, 1)), ("year", date(2027, 1, 1))],
)
def test_days_without_an_end_are_asked_for_and_end_as_somebody_says(folder, load, sql, length, after):
    text = HEAD + "机床,2026-01-01,90\n激光,2026-01-01,7\n"
    assert [question.key for question in proposed(folder, text).open] == ["市场规模.length"]

    load(folder, proposed(folder, text, answers={"市场规模.length": length}).text)

    assert {row[2] for row in held(sql)} == {after}


@pytest.mark.parametrize(
    ("case", "ends", "asked", "after"),
    [
        ("last days", "2026-03-31,2026-06-30", False, date(2026, 4, 1)),
        ("first days", "2026-04-01,2026-07-01", False, date(2026, 4, 1)),
        ("either", "2026-03-15,2026-06-15", True, date(2026, 3, 16)),
    ],
)
def test_the_end_is_the_last_day_or_the_one_after(folder, load, sql, case, ends, asked, after):
    one, two = ends.split(",")
    text = f"细分市场,开始日期,结束日期,市场规模(万元)\n机床,2026-01-01,{one},90\n机床,2026-07-01,{two.replace('2026', '2027')},95\n"

    found = proposed(folder, text)
    assert bool(found.open) is asked, case
    load(folder, proposed(folder, text, answers={"市场规模.ends": "last"} if asked else {}).text)

    assert held(sql)[0][2] == after


def test_a_segment_in_two_regions_is_two_parts_of_the_market(folder, load, sql):
    text = "行业,地区,季度,市场规模(万元)\n机床,华东,2026-Q1,90\n机床,华北,2026-Q1,40\n激光,华东,2026-Q1,9\n"

    load(folder, proposed(folder, text).text)

    assert {row[0] for row in held(sql)} == {"机床|华北", "机床|华东", "激光|华东"}


@pytest.mark.parametrize(
    "header",
    [
        "Product line",
        "Business line",
        "Product category",
        "Product group",
        "Sales region",
        "District",
        "业务线",
        "产品系列",
    ],
)
def test_each_part_of_the_market_is_its_segment_whatever_it_is_called(folder, load, sql, header):
    text = f"Quarter,{header},Market size (m)\n2026-Q1,Pumps,1\n2026-Q1,Valves,2\n2026-Q2,Pumps,3\n"

    report = load(folder, proposed(folder, text, "market size.csv").text)

    assert not report.error_cells
    assert [(row[0], row[3]) for row in held(sql)] == [
        ("Pumps", 1_000_000),
        ("Pumps", 3_000_000),
        ("Valves", 2_000_000),
    ]


@pytest.mark.parametrize(
    ("case", "text", "why"),
    [
        ("a share alone", "Segment,Year,Market share\nPumps,2026,12%\n", "no column of figures is its size"),
        ("no period", "Segment,Market size (bn)\nPumps,1.2\nPumps,1.3\n", "add a column 期间 or period"),
        (
            "a period of no calendar",
            "Segment,Period,Market size (bn)\nPumps,soon,1.2\n",
            "soon in Period is no period",
        ),
        (
            "texts for sizes",
            "Segment,Period,Market size (bn)\nPumps,2026,large\n",
            "not every cell of Market size (bn)",
        ),
        ("days in a month", "Segment,Date,Market size\nPumps,2026-01-15,1\n", "nothing says when they end"),
    ],
)
def test_is_left_out_and_says_why(folder, case, text, why):
    (sheet,) = proposed(folder, text, "market size.csv").taken

    assert (sheet.kind, why in sheet.why) == ("", True), sheet


@pytest.mark.parametrize("said", ["USD", "USD bn", "亿美元"])
def test_another_currency_is_asked_for(folder, said):
    text = f"Segment,Year,Market size ({said})\nPumps,2026,1200\nValves,2026,300\n"
    name = "market size.csv"

    (question,) = proposed(folder, text, name).open
    other = proposed(folder, text, name, answers={"market_size.currency": "other"})

    assert question.key == "market_size.currency"
    assert "another currency" in other.taken[0].why


def test_what_was_taken_for_the_market_is_told_with_its_sum(folder):
    (sheet,) = proposed(folder, HEAD + "机床,2026-Q1,90\n激光,2026-Q1,7\n").taken

    assert (sheet.kind, [total for _header, total in sheet.sums]) == ("market", ["97.0000"])


SEGMENTS = "细分市场,{0}\n机床,120,130\n激光,60,65\n"


@pytest.mark.parametrize("label", ["Q1 2026", "2026Q1", "2026年一季度", "2026-Q1", "1Q26", "FY2026 Q1"])
def test_a_quarter_may_be_written_in_any_way(folder, load, sql, label):
    load(folder, proposed(folder, HEAD + f"机床,{label},90\n").text)

    assert held(sql) == [("机床", date(2026, 1, 1), date(2026, 4, 1), 900_000)]


@pytest.mark.parametrize(
    ("label", "first", "after"),
    [
        ("2026H1", date(2026, 1, 1), date(2026, 7, 1)),
        ("2026年下半年", date(2026, 7, 1), date(2027, 1, 1)),
        ("FY2026", date(2026, 1, 1), date(2027, 1, 1)),
        ("2026年", date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_so_may_a_half_and_a_year(folder, load, sql, label, first, after):
    load(folder, proposed(folder, HEAD + f"机床,{label},90\n").text)

    assert held(sql) == [("机床", first, after, 900_000)]


@pytest.mark.parametrize(
    ("headers", "name", "starts"),
    [
        ("2025Q4,2026Q1", "市场规模（亿元）.csv", [(2025, 10), (2026, 1)]),
        ("一季度,二季度", "2026年市场规模（亿元）.csv", [(2026, 1), (2026, 4)]),
        ("2025年市场规模（亿元）,2026年市场规模（亿元）", "行业.csv", [(2025, 1), (2026, 1)]),
        ("2026年1月,2026年2月", "市场容量(亿元).csv", [(2026, 1), (2026, 2)]),
        ("2025,2026E", "市场空间（亿元）.csv", [(2025, 1), (2026, 1)]),
    ],
)
def test_a_column_for_each_period_is_turned_into_rows(folder, load, sql, headers, name, starts):
    found = proposed(folder, SEGMENTS.format(headers), name)

    assert not found.open, found.open
    load(folder, found.text)

    rows = sql("SELECT segment, period, size::BIGINT FROM market ORDER BY 1, 2")
    assert rows == [
        (segment, date(*start, 1), size * 100_000_000)
        for segment, sizes in (("机床", (120, 130)), ("激光", (60, 65)))
        for start, size in zip(starts, sizes, strict=True)
    ]


def test_months_beside_their_quarters_count_once(folder, load, sql):
    text = "细分市场,1月,2月,3月,一季度\n机床,1,2,3,6\n"
    load(folder, proposed(folder, text, "2026年市场规模（亿元）.csv").text)

    assert sql("SELECT count(*), sum(size)::BIGINT FROM market") == [(3, 600_000_000)]


def test_a_year_and_its_quarter_may_stand_apart(folder, load, sql):
    text = "年份,季度,细分市场,市场规模(万元)\n2026,1,机床,90\n2026,2,机床,95\n"
    load(folder, proposed(folder, text).text)

    assert [row[1:3] for row in held(sql)] == [
        (date(2026, 1, 1), date(2026, 4, 1)),
        (date(2026, 4, 1), date(2026, 7, 1)),
    ]


def test_the_name_of_the_file_may_say_of_when_the_figures_are(folder, load, sql):
    found = proposed(folder, "细分市场,规模\n机床,90\n激光,7\n", "2026Q1市场规模（万元）.csv")
    load(folder, found.text)

    assert any("2026-Q1, as it is called" in note for note in found.notes)
    assert held(sql) == [
        ("机床", date(2026, 1, 1), date(2026, 4, 1), 900_000),
        ("激光", date(2026, 1, 1), date(2026, 4, 1), 70_000),
    ]


@pytest.mark.parametrize(
    ("said", "size"),
    [
        ("亿元", 12 * 10**8),
        ("万亿元", 12 * 10**12),
        ("千亿元", 12 * 10**11),
        ("USD bn", 12 * 10**9),
        ("百万元", 12 * 10**6),
    ],
)
def test_what_figures_are_counted_in_is_read(folder, load, sql, said, size):
    found = proposed(
        folder, f"细分市场,期间,市场规模({said})\n机床,2026,12\n", answers=OWN if "USD" in said else {}
    )
    load(folder, found.text)

    assert sql("SELECT size::BIGINT FROM market") == [(size,)]


OWN = {"市场规模.currency": "own"}


@pytest.mark.parametrize(("answer", "size"), [("亿", 12 * 10**8), ("one", 12)])
def test_figures_that_are_small_and_of_no_unit_are_asked_for(folder, load, sql, answer, size):
    text = "细分市场,期间,市场规模\n机床,2026,12\n"
    (question,) = proposed(folder, text).open
    load(folder, proposed(folder, text, answers={question.key: answer}).text)

    assert question.key == "市场规模.unit"
    assert sql("SELECT size::BIGINT FROM market") == [(size,)]


def test_a_lone_sheet_that_cannot_be_used_is_told_with_the_mend(folder, otto):
    (folder / "市场规模.csv").write_text("细分市场,期间,市场规模（亿元）\n机床,上季,1\n")

    done = CliRunner().invoke(cli.build(["import"]), ["import", str(folder / "市场规模.csv")])

    assert done.exit_code != 0
    assert "上季 in 期间 is no period: write 2026, 2026-Q1 or 2026-03" in str(done.exception) + done.output
    assert "no tables" not in str(done.exception) + done.output


class TestDividedTwice:
    """By region beside by line: added, it is twice of one market."""

    BY_LINE = "细分市场,期间,市场规模(万元)\n机床,2026-Q1,90\n激光,2026-Q1,60\n"
    BY_REGION = "地区,期间,市场规模(万元)\n华东,2026-Q1,100\n华北,2026-Q1,50\n"

    def both(self, folder, one=BY_LINE, other=BY_REGION, **answers):
        (folder / "市场规模.csv").write_text(one)
        (folder / "市场规模按地区.csv").write_text(other)
        files = sorted(folder.glob("*.csv"))
        return propose(files, year=2026, answers=answers)

    def test_is_asked_with_both_sums(self, folder):
        (question,) = self.both(folder).open

        assert question.key == "市场规模按地区.beside"
        assert "机床, 激光 = 150" in question.evidence and "华东, 华北 = 150" in question.evidence

    @pytest.mark.parametrize(("said", "segments"), [("cut", 2), ("parts", 4)])
    def test_is_loaded_as_somebody_says(self, folder, load, sql, said, segments):
        found = self.both(folder, **{"市场规模按地区.beside": said})

        load(folder, found.text)

        assert len(held(sql)) == segments
        left = [sheet for sheet in found.taken if not sheet.kind]
        assert [sheet.why for sheet in left] == (["left out as you said"] if said == "cut" else [])

    @pytest.mark.parametrize(
        ("case", "other"),
        [
            ("another year", BY_REGION.replace("2026", "2027")),
            ("a segment in common", BY_REGION.replace("华东", "机床").replace("2026-Q1", "2026-Q2")),
        ],
    )
    def test_is_not_asked_where_nothing_counts_twice(self, folder, case, other):
        assert not self.both(folder, other=other).open, case

    def test_a_load_beside_what_is_there_stops_and_asks(self, folder, load, sql):
        one, other = folder / "one", folder / "other"
        for place in (one, other):
            place.mkdir()
        load(one, proposed(one, self.BY_LINE).text)
        by_region = proposed(other, self.BY_REGION, "市场规模按地区.csv").text

        with pytest.raises(actions.Stopped, match="of other segments") as stop:
            load(other, by_region)

        assert stop.value.codes == ("cuts",)
        assert stop.value.findings[0].examples == ("机床, 激光: 1,500,000.00", "华东, 华北: 1,500,000.00")
        assert len(held(sql)) == 2
        load(other, by_region, even_so=["cuts"])
        assert len(held(sql)) == 4
        assert load(other, by_region).findings == ()  # what is there already is not asked again

    @pytest.mark.parametrize(
        ("case", "text"),
        [
            ("one segment more of the same sheet", BY_LINE + "水刀,2026-Q1,5\n"),
            ("other years", BY_REGION.replace("2026", "2027")),
        ],
    )
    def test_more_of_the_same_market_is_not_asked(self, folder, load, case, text):
        load(folder, proposed(folder, self.BY_LINE).text)

        assert load(folder, proposed(folder, text).text, dry_run=True).findings == (), case


class TestChosenByHand:
    """A sheet that nothing calls one of the market is one where somebody says so."""

    @pytest.mark.parametrize(
        ("case", "text", "answers", "sizes"),
        [
            ("a column for each period", "细分,2026Q1,2026Q2\n机床,90,95\n", {}, [("机床", 900_000), ("机床", 950_000)]),
            ("a row for each", "时间,品类,数\n2026Q1,机床,90\n2026Q2,机床,95\n", {}, [("机床", 900_000), ("机床", 950_000)]),
            (
                "a column for each segment", "季度,机床,激光,合计\n2026Q1,90,60,150\n", {"数据.size": "each"},
                [("机床", 900_000), ("激光", 600_000)],
            ),
            (
                "columns that nobody knows", "什么时候,哪块,多少,几家\n2026Q1,机床,90,3\n2026Q2,机床,95,4\n",
                {"数据.size": "多少", "数据.segment": "哪块"}, [("机床", 900_000), ("机床", 950_000)],
            ),
            ("no segments at all", "期间,多少\n2026Q1,90\n2026Q2,95\n", {}, [(None, 900_000), (None, 950_000)]),
        ],
    )  # fmt: skip
    def test_by_example(self, folder, load, sql, case, text, answers, sizes):
        said = {"数据.kind": "market", "数据.unit": "万", **answers}

        found = proposed(folder, text, "数据.csv", answers=said)
        load(folder, found.text)

        assert not found.open, case
        assert [(segment, size) for segment, _first, _after, size in held(sql)] == sizes, case

    def test_what_lacks_is_said(self, folder):
        found = proposed(folder, "品类,说明\n机床,好\n", "数据.csv", answers={"数据.kind": "market"})

        assert "the period" in found.taken[0].why

    def test_a_wide_sheet_of_nobody_may_be_one(self, folder):
        questions = proposed(folder, "细分,2026Q1,2026Q2\n机床,90,95\n", "数据.csv").questions

        assert [choice.value for choice in questions[0].choices] == ["targets", "nothing", "market"]


def test_a_row_that_is_all_of_the_others_counts_once(folder, load, sql):
    text = "地区,期间,市场规模(万元)\n华东,2026-Q1,100\n华北,2026-Q1,50\n全国,2026-Q1,150\n"

    load(folder, proposed(folder, text).text)

    assert {row[0] for row in held(sql)} == {"华东", "华北"}
