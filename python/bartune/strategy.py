"""What strategies in Python are given and may return.

>>> from bartune.strategy import Signals
>>> signals = Signals(position=[0, 1, 1, 0], stop_loss=2.5)

See `docs/python-strategies.md`.
"""

from bartune._worker import Bars, Signals

__all__ = ["Bars", "Signals"]
