"""What the demo company sells, through which channels its leads come, and who else is in its market."""

from dataclasses import dataclass

import numpy as np

from dabiao.demo.simulation.arrays import Floats, Ints


@dataclass(frozen=True)
class Product:
    """A product and its list price in yuan, without tax."""

    key: str
    line: str
    list_price: int


LINES = ("new_energy", "cnc", "automation", "inspection", "service")
NEW_ENERGY, CNC, AUTOMATION, INSPECTION, SERVICE = range(5)
PRODUCTS = (
    Product("NE-100", "new_energy", 356_000),
    Product("NE-200", "new_energy", 449_000),
    Product("NE-300", "new_energy", 681_000),
    Product("NE-400", "new_energy", 294_000),
    Product("CN-100", "cnc", 202_000),
    Product("CN-200", "cnc", 418_000),
    Product("CN-300", "cnc", 302_000),
    Product("CN-400", "cnc", 128_000),
    Product("AU-100", "automation", 93_000),
    Product("AU-200", "automation", 182_000),
    Product("AU-300", "automation", 143_000),
    Product("AU-400", "automation", 120_000),
    Product("IN-100", "inspection", 163_000),
    Product("IN-200", "inspection", 248_000),
    Product("IN-300", "inspection", 75_000),
    Product("IN-400", "inspection", 48_000),
    Product("SV-100", "service", 36_000),
    Product("SV-200", "service", 22_000),
    Product("SV-300", "service", 68_000),
    Product("SV-400", "service", 12_000),
)
PER_LINE = 4
SPARE_PARTS = 17  # index of SV-200, which goes along with machines
PRICE: Ints = np.array([product.list_price for product in PRODUCTS])
CYCLE_DAYS: Floats = np.array([62.0, 52.0, 46.0, 38.0, 20.0])
LEAD_TIME_DAYS: Ints = np.array([42, 35, 28, 21, 4])
COST_SHARE: Floats = np.array([0.63, 0.68, 0.64, 0.60, 0.45])
WIN_LOGIT: Floats = np.array([-0.04, 0.0, 0.02, 0.02, 0.10])

CHANNELS = ("content", "event", "referral", "search", "portal", "cold_call")
CONTENT, FAIR, REFERRAL, SEARCH, PORTAL, COLD_CALL = range(6)
CHANNEL_SHARE: Floats = np.array([0.20, 0.17, 0.15, 0.18, 0.19, 0.11])
CHANNEL_VALID: Floats = np.array([0.82, 0.80, 0.93, 0.78, 0.76, 0.74])
CHANNEL_LOGIT: Floats = np.array([0.0, 0.05, 0.22, -0.03, -0.05, -0.12])
CHANNEL_COST: Ints = np.array([9_000, 42_000, 6_000, 30_000, 34_000, 4_000])  # yuan a month for each team
VENDORS = (None, None, None, "vendor-search", "vendor-portal", None)
INVALID_REASONS = ("wrong_number", "no_need", "duplicate", "competitor", "student")

MIX: Floats = np.array(
    [
        [0.56, 0.14, 0.12, 0.10, 0.08],  # shanghai-1
        [0.14, 0.28, 0.26, 0.18, 0.14],  # shanghai-2
        [0.18, 0.26, 0.22, 0.20, 0.14],  # hangzhou
        [0.20, 0.26, 0.22, 0.18, 0.14],  # nanjing
        [0.18, 0.22, 0.28, 0.18, 0.14],  # suzhou
        [0.16, 0.24, 0.22, 0.24, 0.14],  # guangzhou
        [0.18, 0.20, 0.24, 0.26, 0.12],  # shenzhen
        [0.12, 0.34, 0.20, 0.18, 0.16],  # beijing
        [0.12, 0.36, 0.20, 0.16, 0.16],  # qingdao
        [0.26, 0.24, 0.18, 0.18, 0.14],  # chengdu
        [0.20, 0.30, 0.20, 0.16, 0.14],  # chongqing
    ]
)
"""Share of each line in a team's new business."""

COMPETITORS = ("rival-1", "rival-2", "rival-3", "rival-4")
LOST_REASONS = ("price", "competitor", "no_budget", "no_decision", "product_fit")
DEALERS = 12
INDUSTRIES = (
    "battery",
    "solar",
    "auto_parts",
    "electronics",
    "aerospace",
    "construction_machinery",
    "medical",
)
CURRENCIES = ("CNY", "USD", "EUR")
