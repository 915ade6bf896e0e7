"""The organisation that tests play in.

company (director: dora)
├── east (manager: emma)
│   ├── shanghai (manager: sam; reps: rita, rob; max until he moved to chengdu on 2026-02-01)
│   └── nanjing (rep: nina)
└── west (manager: wes)
    └── chengdu (reps: cora, and max since 2026-02-01)

Users have the person's name; besides: ada (admin), otto (operations), fin (reader).
"""

from dataclasses import dataclass
from datetime import datetime

from dabiao.core.uploads import SourceRow, numbered
from dabiao.org import imports
from dabiao.org.models import Person, Unit, User

UNITS = """
key       name      kind     parent
company   总公司    company
east      华东大区  region   company
shanghai  上海组    team     east
nanjing   南京组    team     east
west      西部大区  region   company
chengdu   成都组    team     west
"""
PEOPLE = """
key  name
P01  dora
P02  emma
P03  sam
P04  rita
P05  rob
P06  max
P07  nina
P08  wes
P09  cora
"""
POSITIONS = """
key            title     unit
director       总经理    company
east-head      大区经理  east
shanghai-head  主管      shanghai
shanghai-rep1  销售      shanghai
shanghai-rep2  销售      shanghai
shanghai-rep3  销售      shanghai
nanjing-rep1   销售      nanjing
west-head      大区经理  west
chengdu-rep1   销售      chengdu
chengdu-rep2   销售      chengdu
"""
ASSIGNMENTS = """
person  position       starts_on   last_day
P01     director       2024-01-01
P02     east-head      2024-01-01
P03     shanghai-head  2024-01-01
P04     shanghai-rep1  2024-01-01
P05     shanghai-rep2  2025-07-01
P06     shanghai-rep3  2024-01-01  2026-01-31
P06     chengdu-rep2   2026-02-01
P07     nanjing-rep1   2024-01-01
P08     west-head      2024-01-01
P09     chengdu-rep1   2024-01-01
"""
USERS = """
username  role        person
ada       admin
otto      operations
fin       reader
dora      manager     P01
emma      manager     P02
sam       manager     P03
rita      rep         P04
rob       rep         P05
max       rep         P06
nina      rep         P07
wes       manager     P08
cora      rep         P09
"""


def rows(text: str) -> list[SourceRow]:
    """A text table as rows; a column starts where its title starts."""
    lines = text.strip("\n").splitlines()
    titles = lines[0].split()
    return numbered(dict(zip(titles, _cells(line, len(titles)), strict=True)) for line in lines[1:])


def _cells(line: str, width: int) -> list[str]:
    cells = line.split()
    return cells + [""] * (width - len(cells))


@dataclass(frozen=True)
class Company:
    """Rows by key."""

    users: dict[str, User]
    people: dict[str, Person]
    units: dict[str, Unit]

    def __getattr__(self, name: str) -> User:
        try:
            return self.users[name]
        except KeyError:
            raise AttributeError(name) from None


def build(at: datetime) -> Company:
    """Import everything as the program itself would."""
    tables = {
        "units": UNITS,
        "people": PEOPLE,
        "positions": POSITIONS,
        "assignments": ASSIGNMENTS,
        "users": USERS,
    }
    for name, text in tables.items():
        done = imports.import_rows(name, rows(text), by=None, at=at)
        assert not done.errors, done.errors
    users = User.objects.select_related("person")
    return Company(
        {user.username: user for user in users},
        {person.key: person for person in Person.objects.all()},
        {unit.key: unit for unit in Unit.objects.all()},
    )
