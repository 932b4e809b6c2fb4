"""讲述: the story as it happens, with the clock's time, the real latency and a bar that moves."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from anlan.kernel import clock

STYLES = {"device": "cyan", "platform": "green", "person": "white", "head": "bold", "bad": "bold red"}


class Teller:
    """Prints story lines above a progress bar; without a terminal the bar stays away."""

    def __init__(self, title: str, minutes: float, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.progress = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} 分"),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.bar = self.progress.add_task(title, total=minutes)

    def __enter__(self) -> Teller:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def line(self, text: str, kind: str = "person", latency_ms: float | None = None) -> None:
        at = clock.now().astimezone(clock.BEIJING)
        took = f" [dim]({latency_ms:.0f} ms)[/dim]" if latency_ms is not None else ""
        style = STYLES[kind]
        self.progress.console.print(f"[dim]{at:%m-%d %H:%M:%S}[/dim]  [{style}]{text}[/{style}]{took}")

    def moved(self, start: datetime) -> None:
        self.progress.update(self.bar, completed=(clock.now() - start).total_seconds() / 60)
