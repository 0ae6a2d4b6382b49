"""fastnn under the names of other libraries: ``aliases.py`` lets a script import ``keras`` and
``tensorflow.keras`` unchanged (``fastnn run``), ``tensorflow.py`` is for scripts whose import line
is edited. There is no second implementation here: every name is one of fastnn's own.
"""
