import pytest
from typer.testing import CliRunner
from dabiao.site import cli
from dabiao.org.models import Unit
from tests.facts.test_reporting_lines import HEAD
def run(folder,text,*a):
    (folder/"花名册.csv").write_text(text)
    r=CliRunner().invoke(cli.build(["import"]),["import",str(folder/"花名册.csv"),*a])
    return r
S={
"plain":HEAD+"E1,王总,销售部,总经理,,2018-01-01\nE2,赵敏,销售部,经理,王总,2018-01-01\nE3,张三,销售部,代表,赵敏,2019-01-01\nE4,李四,销售部,代表,赵敏,2019-01-01\n",
"company":HEAD+"E1,王总,公司,总经理,,2018-01-01\nE2,赵敏,销售部,经理,王总,2018-01-01\nE3,张三,销售部,代表,赵敏,2019-01-01\n",
"two":"工号,姓名,一级部门,二级部门,岗位,直属上级\nE1,王总,销售部,销售部,总监,\nE2,赵敏,销售部,华东,经理,王总\nE3,张三,销售部,华东,代表,赵敏\n",
"two2":"工号,姓名,部门,上级部门,岗位\nE1,王总,销售部,销售部,总监\nE2,赵敏,华东,销售部,经理\nE3,张三,华东,销售部,代表\n",
"two3":"工号,姓名,公司,部门,岗位\nE1,王总,华星,销售部,总监\nE2,赵敏,华星,销售部,经理\nE3,张三,华星,华东,代表\n",
"name":"工号,姓名,部门,岗位,直属上级\nE1,销售部,销售部,总监,\nE2,赵敏,销售部,经理,销售部\nE3,张三,销售部,代表,赵敏\n",
"path":"工号,姓名,部门,岗位\nE1,王总,公司/销售部,总监\nE2,赵敏,公司/销售部/华东,经理\nE3,张三,公司/销售部/华东,代表\n",
"path2":"工号,姓名,部门,岗位\nE1,王总,公司 > 销售部,总监\nE2,赵敏,公司 > 销售部 > 销售部,经理\nE3,张三,公司 > 销售部 > 华东,代表\n",
"space":"工号,姓名,部门,岗位,上级部门\nE1,王总,销售部,总监,\nE2,赵敏,销售 部,经理,销售部\nE3,张三,华东,代表,销售部\n",
}
@pytest.mark.django_db
@pytest.mark.parametrize("k",list(S))
def test_x(folder,otto,k):
    for a in ((),("--company","销售部")):
        Unit.objects.all()
        r=run(folder,S[k],*a)
        print("##",k,a,r.exit_code, r.output[-300:] if r.exit_code else "")
        for u in Unit.objects.all(): print("   ",u.key,"|",u.name,"|",u.kind,"|",u.parent and u.parent.key)
        break
    assert 0
