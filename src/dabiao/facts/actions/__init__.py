"""Writes of this room, by question: loading, the wizard's steps, connectors, entries by hand."""

from dabiao.facts.actions.cleaning import forget_files
from dabiao.facts.actions.connect import remove_connector, save_connector
from dabiao.facts.actions.correct import correct_activity, correct_figure, entry_of, may_touch, take_back
from dabiao.facts.actions.customers import Activity, UnknownCustomer
from dabiao.facts.actions.entry import file_activity, file_figures
from dabiao.facts.actions.interrupted import close_interrupted
from dabiao.facts.actions.load import Order, hash_of, imports_folder, load, new_key
from dabiao.facts.actions.undo import look_at_undo, undo
from dabiao.facts.actions.wizard import (
    Unanswered,
    answer,
    begin,
    confirm_mapping,
    discard,
    open_questions,
    order_of,
    questions,
    start_loading,
    taken,
    what_is_known,
)
from dabiao.facts.logic.loading.guards import CODES, Stopped, read_codes
from dabiao.facts.logic.loading.publishing import keep_names

__all__ = [
    "CODES",
    "Activity",
    "Order",
    "Stopped",
    "Unanswered",
    "UnknownCustomer",
    "answer",
    "begin",
    "close_interrupted",
    "confirm_mapping",
    "correct_activity",
    "correct_figure",
    "discard",
    "entry_of",
    "file_activity",
    "file_figures",
    "forget_files",
    "hash_of",
    "imports_folder",
    "keep_names",
    "load",
    "look_at_undo",
    "may_touch",
    "new_key",
    "open_questions",
    "order_of",
    "questions",
    "read_codes",
    "remove_connector",
    "save_connector",
    "start_loading",
    "take_back",
    "taken",
    "undo",
    "what_is_known",
]
