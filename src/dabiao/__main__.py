"""`python -m dabiao` is `dabiao`."""

from dabiao.site.cli import main

if __name__ == "__main__":
    main()
