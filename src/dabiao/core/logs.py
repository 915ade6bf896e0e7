"""Structured logs: one JSON object a line, or readable lines on a console."""

import logging.config
from typing import Any

import structlog


def configure(settings: dict[str, Any]) -> None:
    """Send Django's, the libraries' and our own logs through one formatter."""
    renderer: Any = (
        structlog.dev.ConsoleRenderer()
        if settings["format"] == "console"
        else structlog.processors.JSONRenderer()
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processor": renderer,
                    "foreign_pre_chain": shared,
                }
            },
            "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["err"], "level": "WARNING"},
            "loggers": {
                "dabiao": {"level": "INFO"},
                "django.request": {"level": "ERROR"},
                "axes": {"level": "WARNING"},
            },
        }
    )
