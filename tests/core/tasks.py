"""Nothing: a module outside the package, to show that its functions are no tasks."""


def outside(work):
    """Not a task."""
