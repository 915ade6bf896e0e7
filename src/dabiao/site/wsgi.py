"""The WSGI application that granian serves, warmed up beside the first requests."""

import gc
import logging
import os
import threading

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dabiao.settings")
application = get_wsgi_application()


def _warm() -> None:
    """Load what the first cockpit would wait a second for: the compiler, the snapshot, the compiled questions."""
    from django.db import connection
    from django.utils import timezone

    from dabiao.core.calendars import fiscal
    from dabiao.lake import reading
    from dabiao.metrics.frame import Frame
    from dabiao.org.queries import home_scope, operator
    from dabiao.performance.queries import cockpit

    try:
        today, calendar, viewer = timezone.localdate(), fiscal(), operator()
        month = calendar.containing(calendar.monthly, today)
        cockpit.cockpit(Frame(reading.current(), viewer, home_scope(viewer, today), month, today, "en"))
    except Exception:
        # A cold start is only slow. What is broken will be told to whoever asks for it.
        logging.getLogger(__name__).warning("The warm-up failed.", exc_info=True)
    finally:
        connection.close()
        # What is loaded by now stays loaded: the collector need not look at it again while somebody waits.
        gc.collect()
        gc.freeze()


threading.Thread(target=_warm, name="warm-up", daemon=True).start()
