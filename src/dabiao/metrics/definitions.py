"""The definitions of metrics, as people look for them."""

from dabiao.core.sentence import say
from dabiao.lake import dictionary


def find(text: str, language: str) -> list[tuple[str, str]]:
    """(key, label) of metrics whose key, name or alias holds the text, in the order of the dictionary."""
    wanted = text.casefold()
    return [
        (key, say(metric.label, language))
        for key, metric in dictionary.in_force().items()
        if any(
            wanted in name.casefold()
            for name in (key, metric.label.en, metric.label.zh_hans, *metric.aliases)
        )
    ]
