"""coals against other libraries, each in a process of its own. `python -m bench.peers --help` says how to run it."""
