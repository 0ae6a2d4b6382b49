"""The command line, ``fastnn`` or ``python -m fastnn``: one file per command, put together in
``main.py``. It only calls the public library; nothing here trains or reads files by itself.
"""
