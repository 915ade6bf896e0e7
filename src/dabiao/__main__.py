"""`python -m dabiao` is `dabiao`."""

from dabiao.cli import main

if __name__ == "__main__":
    main()
