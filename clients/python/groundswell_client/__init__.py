"""A client of Groundswell: `Recorder` sends events, each once; `Reader` reads counts and lists."""

from groundswell_client.buffer import ClosedError
from groundswell_client.event import Event
from groundswell_client.problem import Problem
from groundswell_client.reader import Reader
from groundswell_client.recorder import Recorder

__all__ = ["ClosedError", "Event", "Problem", "Reader", "Recorder"]
