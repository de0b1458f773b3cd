"""``python -m coals``"""

from coals.cli import main

if __name__ == "__main__":
    main()
