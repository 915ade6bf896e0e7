"""The pages, through the client: upload → columns → check → load → report; and the day filed on a phone."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from dabiao.core import jobs, publishing
from dabiao.core.calendars import fiscal
from dabiao.core.models import AuditLine
from dabiao.facts import actions
from dabiao.facts.models import Connector, ImportBatch
from dabiao.lake import outbox, reading
from dabiao.lake.models import Pending
from dabiao.metrics.query import Query, run_query
from dabiao.org import actions as org
from tests.facts.test_preview import HEAD, MAP

ORDERS = "单号,订单日期,客户名称,业务员,金额(万元)\nA1,2026-01-05,甲,P04,1.5\nA2,2026年1月6日,乙,P04,2\nA3,2026-02-30,丙,P05,3\n合计,,,,6.5\n"

PLAIN = """
schema: dabiao/map/1
system: erp
sources: {orders: orders.csv, rates: rates.csv}
tables:
  - {into: fx_rates, from: rates, columns: {currency: 币种, on: 日期, rate: 汇率}}
  - {into: order_lines, from: orders, key: 单号, columns: {ordered_on: 日期, amount: 金额}}
"""
FOREIGN = PLAIN.replace("amount: 金额", "amount: 金额, currency: 币种")


@pytest.fixture
def web(client, company):
    def sign_in(name):
        from dabiao.org.models import User

        client.force_login(User.objects.get(username=name))
        return client

    return sign_in


def upload(web, text=ORDERS, name="orders.csv", **data):
    file = SimpleUploadedFile(name, text.encode("gb18030"))
    return web.post("/facts/upload/", {"upload": [file], **data})


def run_jobs():
    return jobs.run_waiting(timezone.now())


class TestImportPages:
    def test_from_upload_to_report_and_back_with_the_rejects(self, web, sql):
        otto = web("otto")
        step = upload(otto, system="erp")
        page = otto.get(step.url).content.decode()
        assert step.status_code == 302 and step.url.endswith("/mapping/")
        assert "金额(万元)" in page and "unit: 万" in page

        text = ImportBatch.objects.get().mapping
        checked = otto.post(step.url, {"text": text})
        assert run_jobs() == 1
        page = otto.get(checked.url).content.decode()
        assert "2 rows are ready, 1 would be rejected." in page
        assert "2026-02-30" in page and "is no day of the calendar" in page and reading.current().number == 0

        otto.post(checked.url + "load/")
        assert run_jobs() == 1
        page = otto.get(checked.url).content.decode()
        assert "2 rows loaded, 0 unchanged, 1 rejected" in page and "1 total rows" in page
        assert sql("SELECT count(*), sum(amount) FROM order_lines") == [(2, 35_000)]

        link = re.search(r'href="([^"]+rejects[^"]+)"', page).group(1)
        rejects = b"".join(otto.get(link).streaming_content).decode("utf-8-sig")
        again = upload(otto, rejects.replace("2026-02-30", "2026-02-28"), name="mended.csv")
        batch = ImportBatch.objects.get(key=again.url.split("/")[3])
        otto.post(again.url, {"text": batch.mapping})
        otto.post(f"/facts/imports/{batch.key}/load/")
        run_jobs()
        assert sql("SELECT count(*), sum(amount) FROM order_lines") == [(3, 65_000)]

    def test_what_is_worth_knowing_is_told_in_the_language_of_the_page(self, web):
        """A language may be chosen for a browser alone: what a job finds is told in it all the same."""
        otto = web("otto")
        otto.cookies["django_language"] = "zh-hans"
        step = upload(otto, ORDERS.replace("P04", "X9"), system="erp")

        checked = otto.post(step.url, {"text": ImportBatch.objects.get().mapping})
        run_jobs()
        page = otto.get(checked.url).content.decode()
        assert "业务数据里出现了组织中没有的人" in page and "People in the facts" not in page

        otto.post(checked.url + "load/")
        run_jobs()
        page = otto.get(checked.url).content.decode()
        assert "业务数据里出现了组织中没有的人" in page and "People in the facts" not in page

    def test_a_dry_run_shows_names_and_amounts_as_people_write_them(self, web):
        otto = web("otto")
        otto.cookies["django_language"] = "zh-hans"
        market = "细分市场,期间,市场规模（万元）\n机床,2026-Q1,4.5\n"
        step = upload(otto, market, name="市场规模.csv")

        checked = otto.post(step.url, {"text": ImportBatch.objects.get().mapping})
        run_jobs()
        first = re.search(
            r"facts-preview.*?</table>", otto.get(checked.url).content.decode(), re.DOTALL
        ).group()

        titles = re.findall(r"<th[^>]*>(.*?)</th>", first)
        assert {"市场规模", "细分市场", "期间"} <= set(titles) and not any(
            title.isascii() for title in titles
        ), titles
        assert "<td>45,000</td>" in first

    def test_a_dry_run_calls_metrics_by_their_names(self, web):
        otto = web("otto")
        otto.cookies["django_language"] = "zh-hans"
        step = upload(otto, "工号,月份,销售目标\nP04,2026-05,40000\n", name="销售目标.csv")

        checked = otto.post(step.url, {"text": ImportBatch.objects.get().mapping})
        run_jobs()
        first = re.search(
            r"facts-preview.*?</table>", otto.get(checked.url).content.decode(), re.DOTALL
        ).group()

        assert "<td>销售额</td>" in first and "sales_amount" not in first
        assert "<td>40,000</td>" in first

    def test_what_cannot_be_used_is_told_with_the_mend(self, web):
        otto = web("otto")
        step = upload(otto, "细分市场,期间,市场规模（亿元）\n机床,上季,1\n", name="市场规模.csv")

        said = otto.post(step.url, {"text": ImportBatch.objects.get().mapping})
        page = said.content.decode()

        assert said.status_code == 422
        assert "上季 in 期间 is no period: write 2026, 2026-Q1 or 2026-03" in page
        assert "no tables" not in page

    def test_nothing_but_rows_to_mend_cannot_be_loaded_but_mended(self, web):
        otto = web("otto")
        mapping = SimpleUploadedFile("map.yml", MAP.encode())
        step = upload(otto, HEAD + "A1,2026-02-30,甲,P04,1\n", mapping=mapping)

        checked = otto.post(step.url, {"text": MAP})
        run_jobs()
        page = otto.get(checked.url).content.decode()

        assert "0 rows are ready, 1 would be rejected." in page and "Upload the mended file" in page
        assert "/load/" not in page

    def test_the_first_rows_name_a_currency_only_where_there_is_another(self, web):
        otto = web("otto")
        titles = []
        for currency in ("CNY", "EUR"):
            text = (
                f"币种,日期,汇率\nEUR,2026-01-01,7.85\n订单\n单号,日期,币种,金额\nA,2026-01-05,{currency},1\n"
            )
            rates, orders = text.split("订单\n")
            files = [
                SimpleUploadedFile(name, each.encode())
                for name, each in (("rates.csv", rates), ("orders.csv", orders))
            ]
            mapping = PLAIN.encode() if currency == "CNY" else FOREIGN.encode()
            step = otto.post(
                "/facts/upload/", {"upload": files, "mapping": SimpleUploadedFile("map.yml", mapping)}
            )
            checked = otto.post(step.url, {"text": mapping.decode()})
            run_jobs()
            titles.append("fx_rate</th>" in otto.get(checked.url).content.decode())

        assert titles == [False, True]

    def test_a_mapping_of_ones_own_is_not_called_recognised(self, web):
        otto = web("otto")
        mapping = SimpleUploadedFile("map.yml", MAP.encode())

        page = otto.get(upload(otto, HEAD + "A1,2026-01-05,甲,P04,1\n", mapping=mapping).url).content.decode()

        assert "Read as the mapping says." in page and "Recognised by headers" not in page

    def test_what_has_not_been_checked_has_no_bar_and_hands_nothing_back(self, web):
        otto = web("otto")
        key = upload(otto, system="erp").url.split("/")[3]
        status = otto.get(f"/facts/imports/{key}/status/")

        assert (status.status_code, status["HX-Refresh"]) == (204, "true")
        assert otto.get(f"/facts/imports/{key}/files/rejects.csv").status_code == 404

    def test_old_files_go_and_what_is_waiting_working_or_young_stays(self, web, sql, monkeypatch):
        otto = web("otto")
        done = upload(otto, system="erp").url
        otto.post(done, {"text": ImportBatch.objects.get().mapping})
        run_jobs()
        otto.post(done.replace("mapping/", "load/"))
        run_jobs()
        loaded = ImportBatch.objects.get()
        page = done.replace("mapping/", "")
        link = re.search(r'href="([^"]+rejects[^"]+)"', otto.get(page).content.decode()).group(1)
        waiting = upload(otto, name="other.csv").url.split("/")[3]
        working = upload(otto, name="third.csv").url.split("/")[3]
        ImportBatch.objects.filter(key=working).update(state=ImportBatch.State.LOADING)
        (actions.imports_folder() / "0123456789ab").mkdir()  # a dry run's, or of a page that was killed
        soon, late = (timezone.now() + timedelta(days=days) for days in (89, 91))

        assert actions.forget_files(at=soon) == 0
        monkeypatch.setenv("DABIAO_IMPORT_DAYS", "0")
        assert actions.forget_files(at=late) == 0
        monkeypatch.setenv("DABIAO_IMPORT_DAYS", "90")
        assert otto.get(link).status_code == 200
        assert actions.forget_files(at=late) == 3

        assert [each.name for each in actions.imports_folder().iterdir()] == [working]
        assert set(ImportBatch.objects.values_list("key", flat=True)) == {loaded.key, working}
        assert AuditLine.objects.get(what="facts.import.expired").subject_key == waiting
        assert sql("SELECT count(*) FROM order_lines") == [(2,)]
        assert "rejects-" not in otto.get(page).content.decode() and otto.get(link).status_code == 404

    def test_a_choice_on_the_page_changes_the_mapping(self, web):
        otto = web("otto")
        step = upload(otto)
        batch = ImportBatch.objects.get()
        table = re.search(r'name="c:(\d+):amount"', otto.get(step.url).content.decode()).group(1)

        otto.post(step.url, {f"c:{table}:amount": "", f"new:{table}": "qty", f"from:{table}": "金额(万元)"})

        batch.refresh_from_db()
        assert "qty: 金额(万元)" in batch.mapping and "amount" not in batch.mapping

    def test_a_bad_mapping_is_told_by_line_and_kept_as_typed(self, web):
        otto = web("otto")
        step = upload(otto)

        answer = otto.post(step.url, {"text": "schema: dabiao/map/1\nsytem: x\n"})

        page = answer.content.decode()
        assert answer.status_code == 422 and "line 2" in page and "sytem: x" in page

    def test_what_is_no_table_is_refused_beside_the_form(self, web):
        answer = web("otto").post("/facts/upload/", {"upload": [SimpleUploadedFile("../../x.exe", b"MZ")]})

        assert answer.status_code == 422 and "not a kind of table" in answer.content.decode()
        assert not ImportBatch.objects.exists() and not any(actions.imports_folder().glob("*"))

    def test_a_mapping_can_be_used_again_for_the_next_months_file(self, web, sql):
        otto = web("otto")
        step = upload(otto)
        batch = ImportBatch.objects.get()
        otto.post(step.url, {"text": batch.mapping})
        otto.post(f"/facts/imports/{batch.key}/load/")
        run_jobs()

        second = upload(
            otto, ORDERS.replace("A1", "B1").replace("A2", "B2"), name="orders-february.csv", like=batch.key
        )
        key = second.url.split("/")[3]
        otto.post(second.url, {"text": ImportBatch.objects.get(key=key).mapping})
        otto.post(f"/facts/imports/{key}/load/")
        run_jobs()

        assert sql("SELECT count(*) FROM order_lines") == [(4,)]

    def test_loading_twice_is_refused(self, web):
        otto = web("otto")
        step = upload(otto)
        batch = ImportBatch.objects.get()
        otto.post(step.url, {"text": batch.mapping})
        otto.post(f"/facts/imports/{batch.key}/load/")
        run_jobs()

        assert otto.post(f"/facts/imports/{batch.key}/load/").status_code == 409

    @pytest.mark.parametrize("name", ["rita", "emma", "fin"])
    def test_a_stranger_finds_nothing(self, web, name):
        key = upload(web("otto")).url.split("/")[3]
        stranger = web(name)

        for path in (
            "",
            "upload/",
            f"imports/{key}/",
            f"imports/{key}/mapping/",
            f"imports/{key}/status/",
            f"imports/{key}/files/errors.csv",
        ):
            assert stranger.get(f"/facts/{path}").status_code == 403, path
        assert stranger.post(f"/facts/imports/{key}/load/").status_code == 403

    def test_a_file_beside_the_report_cannot_be_asked_for(self, web):
        otto = web("otto")
        key = upload(otto).url.split("/")[3]

        assert otto.get(f"/facts/imports/{key}/files/..%2f..%2fsecret.key").status_code == 404

    def test_the_data_page_says_what_is_there_and_exports_it(self, web):
        otto = web("otto")
        assert "No facts yet" in otto.get("/facts/").content.decode()

        assert otto.get("/facts/?export=csv").status_code == 200


class TestWhatALoadAsks:
    """Six orders whose running number begins anew in February."""

    @pytest.fixture
    def asked(self, web):
        otto = web("otto")
        keys = []
        for month, first in (("01", 100), ("02", 900)):
            rows = "".join(f"{n},2026-{month}-0{n},甲{n},P04,{first + n}\n" for n in range(1, 7))
            step = upload(otto, HEAD + rows, system="erp")
            key = step.url.split("/")[3]
            otto.post(step.url, {"text": MAP})
            run_jobs()
            if month == "01":
                otto.post(f"/facts/imports/{key}/load/")
                run_jobs()
            keys.append(key)
        return otto, keys[1]

    def test_stands_beside_what_it_will_do_and_has_to_be_said(self, asked, sql):
        otto, key = asked
        page = otto.get(f"/facts/imports/{key}/").content.decode()
        assert "6 of the 6 rows that it changes get another date or person" in page
        assert page.count('name="even_so"') == 2 and "What it will do" in page and "2026-01" in page
        assert otto.get(f"/facts/imports/{key}/?export=csv&table=months").status_code == 200

        refused = otto.post(f"/facts/imports/{key}/load/", {"even_so": "moved"})
        assert refused.status_code == 409 and "shrinks" in refused.content.decode()
        assert otto.post(f"/facts/imports/{key}/load/", {"even_so": ["moved", "shrinks"]}).status_code == 302
        run_jobs()

        assert sql("SELECT min(ordered_on) >= DATE '2026-02-01', count(*) FROM order_lines") == [(True, 6)]
        assert "Said before it was loaded" in otto.get(f"/facts/imports/{key}/").content.decode()

    def test_is_asked_again_when_the_load_finds_what_the_check_did_not(self, asked, sql):
        otto, key = asked
        ImportBatch.objects.filter(key=key).update(state="uploaded", report={})
        assert otto.post(f"/facts/imports/{key}/load/").status_code == 302
        run_jobs()

        page = otto.get(f"/facts/imports/{key}/").content.decode()
        assert ImportBatch.objects.get(key=key).state == "checked" and page.count('name="even_so"') == 2
        assert sql("SELECT max(ordered_on) < DATE '2026-02-01' FROM order_lines") == [(True,)]
        otto.post(f"/facts/imports/{key}/load/", {"even_so": ["moved", "shrinks"]})
        run_jobs()
        assert ImportBatch.objects.get(key=key).state == "done"

    def test_programs_see_it_and_say_it(self, asked, company):
        _otto, key = asked
        _row, secret = org.create_token(name="t", scope="write", days=1, by=company.otto, at=timezone.now())
        program = {"headers": {"Authorization": f"Bearer {secret}"}, "content_type": "application/json"}
        client = Client()

        told = client.get(f"/api/v1/imports/{key}", **program).json()
        assert [finding["code"] for finding in told["findings"]] == ["moved", "shrinks"]
        (change,) = [each for each in told["changes"] if each["into"] == "order_lines"]
        assert (change["new"], change["changed"], change["same"]) == (0, 6, 0)
        assert change["months"][0] == {
            "month": "2026-01", "rows_before": 6, "rows_after": 0, "amount_before": "621", "amount_after": None,
        }  # fmt: skip
        assert client.post(f"/api/v1/imports/{key}/load", "{}", **program).status_code == 409
        said = '{"even_so": ["moved", "shrinks"]}'
        assert client.post(f"/api/v1/imports/{key}/load", said, **program).status_code == 202
        run_jobs()

        seen = client.get(f"/api/v1/imports/{key}/undo/preview", **program).json()
        done = client.post(f"/api/v1/imports/{key}/undo", **program).json()
        assert seen["tables"] == done["tables"] and done["tables"][0]["back"] == 6
        assert client.post(f"/api/v1/imports/{key}/undo", **program).status_code == 409


class TestConnectors:
    def test_only_administrators_and_the_url_is_never_shown(self, web):
        url = "postgresql+psycopg://u:s3cret@db/x"
        assert web("otto").get("/facts/connectors/").status_code == 403
        ada = web("ada")

        ada.post("/facts/connectors/", {"name": "erp", "url": url})

        assert "s3cret" not in ada.get("/facts/connectors/").content.decode()
        assert "s3cret" not in Connector.objects.get().url

    @pytest.mark.parametrize("url", ["[::1/x", "postgresql://[::1/x", "http://\0", "postgresql://u@h:port/x"])
    def test_what_is_no_address_is_refused_in_words(self, web, url):
        answer = web("ada").post("/facts/connectors/", {"name": "x", "url": url})

        assert answer.status_code == 422

    def test_a_file_on_this_machine_is_no_connector(self, web):
        answer = web("ada").post("/facts/connectors/", {"name": "x", "url": "sqlite:////etc/passwd"})

        assert answer.status_code == 422 and "cannot be a connector" in answer.content.decode()


class TestToday:
    def activity(self, web, **more):
        today = timezone.localdate().isoformat()
        return web.post(
            "/facts/today/",
            {
                "person": "P04",
                "day": today,
                "kind": "visit",
                "customer": "甲公司",
                "new_customer": "on",
                "at": "09:30",
                "minutes": "40",
                "with_decision_maker": "on",
                **more,
            },
        )

    def test_what_is_filed_stands_there_at_once_and_is_published_once(self, web, at, sql):
        rita = web("rita")
        answer = self.activity(rita)
        page = rita.get(answer.url.split("#")[0]).content.decode()
        assert answer.status_code == 302 and "甲公司" in page and "published in a moment" in page

        outbox.drain(at=at)

        assert sql(
            "SELECT person, kind, customer, minutes, with_decision_maker, entered_by FROM activities"
        ) == [("P04", "visit", "甲公司", 40, True, None)]
        page = rita.get(answer.url.split("#")[0]).content.decode()
        assert (
            page.count("甲公司") == 2 and "counts" in page
        )  # once in the list, once as a customer to choose

    def test_on_behalf_keeps_both_names(self, web, at, sql):
        assert self.activity(web("sam")).status_code == 302

        outbox.drain(at=at)

        assert sql("SELECT person, entered_by FROM activities") == [("P04", "P03")]

    @pytest.mark.parametrize(
        ("name", "status"), [("rob", 403), ("wes", 403), ("fin", 403), ("emma", 302), ("otto", 302)]
    )
    def test_only_for_oneself_or_ones_own_people(self, web, name, status):
        assert self.activity(web(name)).status_code == status

    def test_figures_replace_those_of_the_day(self, web, at, sql):
        rita = web("rita")
        today = timezone.localdate().isoformat()
        for visits in ("3", "5"):
            rita.post("/facts/today/", {"person": "P04", "day": today, "figures": "1", "f:visits": visits})
            outbox.drain(at=at)

        assert sql("SELECT metric, value FROM daily_figures") == [("visits", 5)]

    def test_figures_count_on_the_persons_own_page_and_in_queries(self, web, at, company):
        rita = web("rita")
        today = timezone.localdate().isoformat()
        filed = {"person": "P04", "day": today, "figures": "1", "f:visits": "5", "f:calls": "31"}
        assert rita.post("/facts/today/", filed).status_code == 302
        publishing.publish_waiting(at)

        page = rita.get("/cockpit/").content.decode()
        asked = Query(("filed_visits", "filed_calls"), by=("person",), period=fiscal().parse(today))
        reply = run_query(
            reading.current(), asked, viewer=company.users["rita"], fiscal=fiscal(), on=timezone.localdate()
        )

        assert "Visits, as filed" in page and "Calls, as filed" in page
        assert reply.rows == [{"person": "P04", "filed_visits": 5, "filed_calls": 31}]

    def test_a_word_is_refused_in_its_place_and_nothing_typed_is_lost(self, web):
        answer = web("rita").post(
            "/facts/today/",
            {
                "person": "P04",
                "day": timezone.localdate().isoformat(),
                "figures": "1",
                "f:visits": "many",
                "f:calls": "7",
            },
        )

        page = answer.content.decode()
        assert answer.status_code == 422 and 'value="many"' in page and 'value="7"' in page
        assert not Pending.objects.exists()

    def test_an_entry_can_be_taken_back_while_it_waits(self, web, at, sql):
        rita = web("rita")
        self.activity(rita)
        key = Pending.objects.get().key

        assert (
            web("rob").post("/facts/today/take-back/", {"table": "activities", "key": key}).status_code == 404
        )
        assert (
            web("rita").post("/facts/today/take-back/", {"table": "activities", "key": key}).status_code
            == 302
        )

        outbox.drain(at=at)
        assert sql("SELECT count(*) FROM activities") == [(0,)]

    def test_a_day_to_come_cannot_be_filed(self, web):
        answer = self.activity(web("rita"), day="2199-01-01")

        assert "has not come yet" in answer.content.decode()


class TestBell:
    @pytest.mark.parametrize(
        ("language", "said"),
        [("en", "orders.csv: 2 rows loaded, 1 to mend"), ("zh-hans", "orders.csv：已导入 2 行，1 行待修改")],
    )
    def test_says_how_ones_own_import_has_ended_in_the_readers_language(self, web, language, said):
        otto = web("otto")
        step = upload(otto, system="erp")
        otto.post(step.url, {"text": ImportBatch.objects.get().mapping})
        run_jobs()
        otto.post(step.url.replace("mapping/", "load/"))
        run_jobs()

        page = otto.get("/facts/", headers={"accept-language": language}).content.decode()
        assert said in page
