"""The WSGI application that granian serves, warmed up beside the first requests."""

import gc
import logging
import os
import threading

from django.core.wsgi import get_wsgi_application

from dabiao.site import warming
from dabiao.site.parent import leave_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dabiao.settings")
application = get_wsgi_application()


def _warm() -> None:
    """Load what the first cockpit would wait a second for: the compiler, the snapshot, the compiled questions."""
    from django.db import connection
    from django.utils import timezone

    from dabiao.rooms import ROOMS

    try:
        for room in ROOMS:
            if room.warm:
                room.warm(timezone.localdate())
    except Exception:
        # A cold start is only slow. What is broken will be told to whoever asks for it.
        logging.getLogger(__name__).warning("The warm-up failed.", exc_info=True)
    finally:
        warming.end()
        connection.close()
        # What is loaded by now stays loaded: the collector need not look at it again while somebody waits.
        gc.collect()
        gc.freeze()


leave_with_parent(lambda: os._exit(0))
warming.begin()
threading.Thread(target=_warm, name="warm-up", daemon=True).start()
