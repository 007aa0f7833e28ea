"""Trainers on the first card, brought some steps on."""

from collections.abc import Iterator

import torch

from engine import device as devices
from engine.job import Job
from engine.messages.events import Event
from engine.method import method_class
from engine.training.trainer import Trainer

CUDA = torch.device("cuda:0")


def begun(job: Job, steps: int = 0) -> Trainer:
    made = Trainer(method_class(job.method)(job, CUDA), job, devices.choose("cuda:0"))
    while made.step < steps:
        exhaust(made.advance())
    return made


def exhaust(events: Iterator[Event]) -> list[Event]:
    return list(events)
