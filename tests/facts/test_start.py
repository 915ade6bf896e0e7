"""The guided start: where an empty installation begins, what each file was taken for, and on to the cockpit."""

import re
import zipfile
from decimal import Decimal
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dabiao.core import jobs
from dabiao.core.errors import Malformed
from dabiao.facts import actions
from dabiao.facts.logic.proposing import propose
from dabiao.facts.models import ImportBatch
from dabiao.org.models import Unit, User
from tests.facts import starters

ORDERS = "订单号,订单日期,业务员,金额\nA,2026-01-05,张三,100\nB,2026-01-06,李四,250.5\n"
STRANGE = "Nummer,Datum,Betrag,Wer\nA,2026-01-05,100,Jo\nB,2026-01-06,250,Mia\nC,2026-01-07,50,Jo\n"


@pytest.fixture
def ada(client, db):
    """A browser of the first administrator of an empty installation."""
    client.force_login(User.objects.create(username="ada", role=User.Role.ADMIN))
    return client


def begun(browser, files: dict[str, bytes], **typed) -> str:
    """The page after three files have been dropped."""
    uploads = [SimpleUploadedFile(name, content) for name, content in files.items()]
    answer = browser.post("/facts/start/", {"upload": uploads, **typed})
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def zipped(files: dict[str, bytes], folder: str = "") -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in files.items():
            pack.writestr(folder + name, content)
    return out.getvalue()


class TestArriving:
    def test_at_an_empty_installation_leads_to_the_start(self, ada):
        assert ada.get("/")["Location"] == "/facts/start/"

    def test_leads_whoever_cannot_load_anything_to_the_cockpit(self, client, db):
        client.force_login(User.objects.create(username="rita", role=User.Role.REP))

        assert client.get("/")["Location"] == "/cockpit/"
        assert "/facts/start/" not in client.get("/cockpit/").content.decode()

    def test_leads_to_the_cockpit_once_anything_is_loaded(self, ada, load, folder):
        (folder / "订单.csv").write_text(ORDERS)
        load(folder, propose([folder / "订单.csv"], year=2026).text)

        assert ada.get("/?period=2026-01")["Location"] == "/cockpit/?period=2026-01"

    def test_at_the_empty_cockpit_shows_one_button_to_the_start(self, ada):
        assert 'href="/facts/start/"' in ada.get("/cockpit/").content.decode()

    def test_asks_what_the_company_is_called_only_where_there_is_none(self, ada):
        assert 'name="company"' in ada.get("/facts/start/").content.decode()

        Unit.objects.create(key="hq", name="HQ", kind="company")

        assert 'name="company"' not in ada.get("/facts/start/").content.decode()


class TestThreeFiles:
    def test_lead_to_a_cockpit_with_attainment(self, ada, sql):
        place = begun(ada, starters.files(), company="华星科技")
        page = ada.get(place).content.decode()
        assert "The files tell everything: nothing is asked" in page
        assert all(name in page for name in starters.files())

        checked = ada.post(place, {"answer": "1", "check": "1"})["Location"]
        jobs.run_waiting(timezone.now())
        dry_run = ada.get(checked).content.decode()
        assert "张伟 1001" in dry_run and "130,000.00" in dry_run  # January to March of one
        assert "2026-03" in dry_run and "117,000.00" in dry_run  # March of all

        ada.post(checked + "load/")
        jobs.run_waiting(timezone.now())
        over = ada.get(checked + "status/")
        assert over["HX-Redirect"] == "/?period=2026-03"

        cockpit = ada.get("/cockpit/?period=2026-03").content.decode()
        assert "华星科技" in cockpit
        assert "97.5" in cockpit  # 117,000 of 4 × 30,000
        assert sql("SELECT sum(target) FROM targets WHERE starts_on = DATE '2026-03-01'") == [
            (Decimal(120_000),)
        ]

    def test_in_an_archive_are_the_same(self, ada):
        page = ada.get(begun(ada, {"all.zip": zipped(starters.files(), "资料/")})).content.decode()

        assert all(name in page for name in starters.files())

    def test_stay_on_the_report_where_rows_are_handed_back(self, ada):
        files = starters.files() | {"订单2.csv": ORDERS.replace("250.5", "x").encode()}
        place = begun(ada, files)
        checked = ada.post(place, {"answer": "1", "check": "1"})["Location"]
        jobs.run_waiting(timezone.now())
        ada.post(checked + "load/")
        jobs.run_waiting(timezone.now())

        assert "HX-Redirect" not in ada.get(checked + "status/")
        assert "/?period=2026-03" in ada.get(checked).content.decode()

    def test_of_another_import_do_not_leave_its_report(self, ada):
        place = ada.post("/facts/upload/", {"upload": [SimpleUploadedFile("订单.csv", ORDERS.encode())]})[
            "Location"
        ]
        checked = ada.post(place, {"answer": "1", "check": "1"})["Location"]
        jobs.run_waiting(timezone.now())
        ada.post(checked + "load/")
        jobs.run_waiting(timezone.now())

        assert "HX-Redirect" not in ada.get(checked + "status/")


def test_headers_without_rows_are_refused_with_the_reason(ada):
    file = SimpleUploadedFile("订单.csv", "订单号,订单日期,金额\n".encode())

    answer = ada.post("/facts/start/", {"upload": [file]})

    assert answer.status_code == 422 and "订单.csv: there are headers and no rows." in answer.content.decode()
    assert not ImportBatch.objects.exists()


class TestArchive:
    def test_without_a_table_is_refused(self, ada):
        answer = ada.post("/facts/start/", {"upload": [SimpleUploadedFile("a.zip", zipped({"a.pdf": b"x"}))]})

        assert answer.status_code == 422 and "There is no table in a.zip" in answer.content.decode()
        assert not ImportBatch.objects.exists()

    def test_with_a_path_outside_itself_is_refused(self, ada, home):
        pack = zipped({"../../evil.csv": b"a,b\n1,2\n"})

        answer = ada.post("/facts/start/", {"upload": [SimpleUploadedFile("a.zip", pack)]})

        assert answer.status_code == 422 and not list(home.rglob("evil.csv"))

    def test_of_an_old_program_has_its_names_in_chinese(self, ada):
        pack = zipped({"abcd.csv": ORDERS.encode()}).replace(b"abcd.csv", "订单.csv".encode("gb18030"))

        begun(ada, {"a.zip": pack})

        assert ImportBatch.objects.get().path.endswith("/订单.csv")

    def test_that_is_none_is_refused(self, ada):
        answer = ada.post("/facts/start/", {"upload": [SimpleUploadedFile("a.zip", b"PK and nothing")]})

        assert answer.status_code == 422 and not ImportBatch.objects.exists()

    def test_with_two_files_of_one_name_is_refused(self, ada):
        pack = zipped({"1/orders.csv": ORDERS.encode(), "2/orders.csv": ORDERS.encode()})

        answer = ada.post("/facts/start/", {"upload": [SimpleUploadedFile("a.zip", pack)]})

        assert "Two files are called orders.csv" in answer.content.decode()


class TestWhatEachWasTakenFor:
    def test_is_told_in_rows_days_and_sums(self, folder):
        (folder / "订单.csv").write_text(ORDERS)

        (sheet,) = propose([folder / "订单.csv"], year=2026).taken

        assert (sheet.kind, sheet.rows, sheet.whole) == ("order_lines", 2, True)
        assert (sheet.first, sheet.last) == ("2026-01-05", "2026-01-06")
        assert [(header, Decimal(total)) for header, total in sheet.sums] == [("金额", Decimal("350.5"))]

    @pytest.mark.parametrize(
        ("name", "text", "why"),
        [
            ("x.csv", STRANGE, "its columns are not known: Nummer, Datum, Betrag, Wer"),
            ("提成.csv", ORDERS, "it is called 提成"),
            (
                "y.csv",
                "业务员,金额,客户\n张三,1,华星\n李四,2,远大\n",
                "closest to Order lines, but nothing in it is",
            ),
            ("完成统计.csv", "姓名,1月,2月,3月\n张三,1,2,3\n", "a column for each month of what was reached"),
        ],
    )
    def test_says_why_a_sheet_is_left_out(self, folder, name, text, why):
        (folder / name).write_text(text)

        (sheet,) = propose([folder / name], year=2026).taken

        assert sheet.kind == "" and why in sheet.why

    def test_can_be_corrected_to_any_table_and_asks_for_its_columns(self, folder):
        (folder / "x.csv").write_text(STRANGE)

        found = propose([folder / "x.csv"], answers={"x.kind": "receipts"}, year=2026)

        assert [question.key for question in found.open] == ["x.amount", "x.person", "x.customer"]
        assert any("Datum is the day" in note for note in found.notes)

    def test_is_loaded_as_somebody_says(self, folder, load, sql):
        (folder / "x.csv").write_text(STRANGE)
        answers = {"x.kind": "receipts", "x.amount": "Betrag", "x.person": "Wer", "x.customer": "none"}
        found = propose([folder / "x.csv"], answers=answers, year=2026)

        load(folder, found.text)

        assert sql("SELECT person, sum(amount) FROM receipts GROUP BY 1 ORDER BY 1") == [
            ("Jo", Decimal(150)), ("Mia", Decimal(250)),
        ]  # fmt: skip

    def test_can_be_left_out(self, folder):
        (folder / "订单.csv").write_text(ORDERS)

        found = propose([folder / "订单.csv"], answers={"订单.kind": "nothing"}, year=2026)

        assert "tables: []" in found.text and found.taken[0].why == "left out as you said"

    def test_cannot_be_what_it_has_no_column_for(self, folder):
        (folder / "z.csv").write_text("a,b\nx,y\nv,w\n")

        (sheet,) = propose([folder / "z.csv"], answers={"z.kind": "order_lines"}, year=2026).taken

        assert sheet.why == "it cannot be Order lines: no column could be the day"

    def test_one_column_is_not_two(self, folder):
        (folder / "x.csv").write_text(STRANGE)
        answers = {"x.kind": "receipts", "x.amount": "Betrag", "x.person": "Wer", "x.customer": "Wer"}

        with pytest.raises(Malformed, match="is no answer to"):
            propose([folder / "x.csv"], answers=answers, year=2026)


class TestPageOfQuestions:
    @pytest.fixture
    def place(self, ada) -> str:
        return begun(ada, {"x.csv": STRANGE.encode()})

    def test_has_nothing_to_check_where_nothing_is_recognised(self, ada, place):
        page = ada.get(place).content.decode()

        assert "Nothing of this can be loaded yet" in page and 'name="check"' not in page

    def test_takes_a_sheet_for_what_is_chosen_and_asks(self, ada, place):
        ada.post(place, {"answer": "1", "take": "1", "q:x.kind": "receipts"})

        page = ada.get(place).content.decode()
        assert 'name="q:x.amount"' in page and "Betrag" in page

    def test_of_what_a_sheet_is_are_changed_above_once_answered(self, ada):
        place = begun(ada, {"记录.csv": "日期,金额\n2026-01-05,1\n2026-01-06,2\n".encode()})
        assert 'type="radio"' in ada.get(place).content.decode()

        ada.post(place, {"answer": "1", "q:记录.kind": "receipts"})
        page = ada.get(place).content.decode()

        assert 'name="q:记录.kind" value' not in page
        assert '<option value="receipts" selected>' in page

    def test_takes_the_programs_own_guess_for_an_answer(self, ada):
        place = begun(ada, {"记录.csv": "日期,金额\n2026-01-05,1\n2026-01-06,2\n".encode()})
        (guess,) = (sheet.kind for sheet in actions.taken(ImportBatch.objects.get()))

        ada.post(place, {"answer": "1", "q:记录.kind": guess})

        assert actions.open_questions(ImportBatch.objects.get()) == []

    def test_goes_on_to_the_check_once_all_is_answered(self, ada, place):
        ada.post(place, {"answer": "1", "take": "1", "q:x.kind": "receipts"})
        some = ada.post(place, {"answer": "1", "check": "1", "q:x.amount": "Betrag"})
        assert some["Location"] == place and not ImportBatch.objects.get().job

        rest = {"q:x.person": "Wer", "q:x.customer": "none", "q:x.kind": "receipts"}
        done = ada.post(place, {"answer": "1", "check": "1", **rest})

        assert done["Location"] == place.replace("mapping/", "") and ImportBatch.objects.get().job

    def test_keeps_what_was_chosen_where_an_answer_is_refused(self, ada, place):
        ada.post(place, {"answer": "1", "take": "1", "q:x.kind": "receipts"})

        said = {"q:x.amount": "Betrag", "q:x.person": "Wer", "q:x.customer": "Wer"}
        page = ada.post(place, {"answer": "1", "check": "1", **said})

        assert page.status_code == 422
        assert len(re.findall(r"checked\s*>", page.content.decode())) == 3


class TestManagersOfTeams:
    TEAMS = "Sales agent,Manager,Regional office\nJo,Kim,West\nMia,Kim,West\nAda,Lou,West\nEve,Max,East\n"

    def test_lead_a_team_each_below_their_unit(self, folder):
        (folder / "teams.csv").write_text(self.TEAMS)

        text = propose([folder / "teams.csv"], year=2026).text

        assert "unit: Manager" in text and "parent: Regional office" in text

    def test_lead_only_those_who_report_to_them_where_some_are_among_the_people(self, folder):
        (folder / "teams.csv").write_text(self.TEAMS + "Kim,Zoe,West\n")

        asked = propose([folder / "teams.csv"], year=2026)
        answers = {question.key: "none" for question in asked.open}
        found = propose([folder / "teams.csv"], year=2026, answers=answers)

        assert set(answers) == {f"teams.manager_{name}" for name in ("Lou", "Max", "Zoe")}
        assert "unit: Manager" not in found.text and "West|Kim: Kim" in found.text
        assert any("Lou, Max, Zoe in Manager are none of its people" in note for note in found.notes)
