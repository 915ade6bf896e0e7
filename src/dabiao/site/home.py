"""Where somebody arrives: at the cockpit, or where nothing is loaded yet at the start."""

from django.urls import reverse
from django.views.generic import RedirectView

from dabiao.facts import queries as facts
from dabiao.lake import reading
from dabiao.org.access import User, may
from dabiao.org.can import Can


class Home(RedirectView):
    """The root of the site. Whoever can load something is led to that first; the address's own query goes along."""

    def get_redirect_url(self, *args: object, **kwargs: object) -> str:
        viewer = self.request.user
        begins = (
            isinstance(viewer, User) and may(viewer, Can.OPERATE) and not facts.has_facts(reading.current())
        )
        self.pattern_name = "facts:start" if begins else "performance:cockpit"
        return super().get_redirect_url(*args, **kwargs) or reverse(self.pattern_name)
