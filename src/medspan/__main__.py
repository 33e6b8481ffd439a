"""`python -m medspan` is `medspan`."""

from medspan.cli.app import main

if __name__ == "__main__":
    main()
