# SPDX-License-Identifier: GPL-2.0-only
"""Runs a benchmark: its variants by turns, every run to a file, then a table and a picture.

A benchmark is a file in tests/bench with a docstring (the first line is its title),
VARIANTS, METRICS and run(kernel, variant, quick), which returns a value for each
metric. Optional are KERNELS; TOGETHER = True: the variants of a run then run at the same
time, for what does not measure speed; BASE and COMPARED: what is divided by what, where it
is not ours by the stock driver; ALONG: metric to a number, and AXES, two texts: then the
picture has a line for each variant over those numbers instead of bars.
"""

import math
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

from .measure import INTREE, NATIVE, NONE, OURS, STOCK, busy_share, is_native, is_ours
from .proc import must, say
from .tests import load

BENCHES = Path(__file__).resolve().parent.parent / "bench"
BUSY = 0.15
Values = dict[str, float]


@dataclass(frozen=True)
class Metric:
    """A column.

    most, ratio_least and ratio_most are what ours has to reach; none_ratio_most the same
    against a guest without a balloon; native_most and native_ratio_most are for the
    native engine, where it has to be better.
    """

    name: str
    text: str
    unit: str = ""
    plot: bool = False
    digits: int = 2
    most: float | None = None
    ratio_least: float | None = None
    ratio_most: float | None = None
    none_ratio_most: float | None = None
    native_most: float | None = None
    native_ratio_most: float | None = None

    def of(self, variant: str) -> "Metric":
        """The same, with the targets of that variant."""
        if not is_native(variant):
            return self
        return replace(
            self, most=self.most if self.native_most is None else self.native_most,
            ratio_most=self.ratio_most if self.native_ratio_most is None
            else self.native_ratio_most)

    def missed(self, values: Sequence[float], ratios: Sequence[float],
               to_none: Sequence[float]) -> str:
        """The target that the medians miss, or an empty text."""
        ratio, without = (statistics.median(each) if each else math.nan
                          for each in (ratios, to_none))
        # A comparison with nothing is not a target reached.
        if self.most is not None and statistics.median(values) > self.most:
            return f"more than {self.most:g}"
        if self.ratio_least is not None and not ratio >= self.ratio_least:
            return f"ratio {ratio:.3f}"
        if self.ratio_most is not None and not ratio <= self.ratio_most:
            return f"ratio {ratio:.3f}"
        if self.none_ratio_most is not None and not without <= self.none_ratio_most:
            return f"{without:.4f} times no balloon"
        return ""

    def target(self) -> str:
        """The target in words, empty when there is none."""
        parts = [f"{sign} {value:g}" for sign, value in (
            ("<=", self.most), ("ratio >=", self.ratio_least), ("ratio <=", self.ratio_most),
            ("to none <=", self.none_ratio_most))
            if value is not None]
        return ", ".join(parts)


@dataclass
class Bench:
    """A benchmark on one kernel and what came out so far."""

    module: ModuleType
    name: str
    kernel: str
    out: Path
    rows: list[tuple[int, str, float, Values]] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The first line of the file's docstring."""
        return (self.module.__doc__ or self.name).splitlines()[0]

    @property
    def ours(self) -> tuple[str, ...]:
        """What is compared: ours, both engines where the kernel has them."""
        if compared := getattr(self.module, "COMPARED", None):
            return (compared,)
        return tuple(filter(is_ours, self.variants))

    @property
    def judged(self) -> tuple[str, ...]:
        """What has to reach the targets: the native engine where there is one."""
        return tuple(filter(is_native, self.ours)) or self.ours

    @property
    def variants(self) -> list[str]:
        """The variants on this kernel."""
        if self.kernel != "bench":
            return [each for each in self.module.VARIANTS if not is_native(each)]
        return [each for variant in self.module.VARIANTS
                for each in ((INTREE, NATIVE) if variant == OURS else (variant,))]

    @property
    def base(self) -> str:
        """What it is compared to."""
        return str(getattr(self.module, "BASE", STOCK))

    def _note(self, number: int, variant: str, busy: float, values: Values) -> None:
        self.rows.append((number, variant, busy, values))
        shown = ", ".join(f"{m.name} {values[m.name]:.{m.digits}f}"
                          for m in self.module.METRICS if m.name in values)
        say(f"{self.name} {self.kernel} run {number} {variant}: {shown}")
        self._write_raw()

    def _write_raw(self) -> None:
        names = [metric.name for metric in self.module.METRICS]
        lines = ["\t".join(["kernel", "run", "variant", "others_busy", *names])]
        for number, variant, busy, values in self.rows:
            cells = [f"{values[name]:.6g}" if name in values else "" for name in names]
            lines.append("\t".join([self.kernel, str(number), variant, f"{busy:.2f}", *cells]))
        (self.out / f"{self.name}.tsv").write_text("\n".join(lines) + "\n")

    def _one(self, number: int, variant: str, busy: float, quick: bool) -> None:
        self._note(number, variant, busy, self.module.run(self.kernel, variant, quick))

    def run_once(self, number: int, quick: bool) -> None:
        """Every variant once; which one begins alternates."""
        order = self.variants
        if number % 2 == 0:
            order.reverse()
        if getattr(self.module, "TOGETHER", False):
            self._together(number, order, quick)
            return
        for variant in order:
            self._one(number, variant, warn_busy(), quick)

    def _together(self, number: int, order: Sequence[str], quick: bool) -> None:
        busy = warn_busy()
        errors: list[Exception] = []

        def body(variant: str) -> None:
            try:
                self._one(number, variant, busy, quick)
            except Exception as error:  # told to whoever waits for the threads
                errors.append(error)

        threads = [threading.Thread(target=body, args=(variant,), daemon=True)
                   for variant in order]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]

    def values(self, name: str, variant: str) -> list[float]:
        """A metric of a variant, one value for each run."""
        return [values[name] for _, who, _, values in self.rows
                if who == variant and name in values]

    def ratios(self, name: str, ours: str, base: str = "") -> list[float]:
        """A variant divided by another one, run by run."""
        base = base or self.base
        pairs: dict[int, Values] = {}
        for number, variant, _, values in self.rows:
            if name in values:
                pairs.setdefault(number, {})[variant] = values[name]
        return [pair[ours] / pair[base] for pair in pairs.values()
                if pair.get(base) and ours in pair]

    def table(self) -> str:
        """Medians with (min..max), the paired ratio, and the targets."""
        rows = [["", *self.variants, *(f"{who}/{self.base}" for who in self.ours), "target"]]
        for metric in self.module.METRICS:
            cells = [spread(self.values(metric.name, who), metric.digits)
                     for who in self.variants]
            ratios = [self.ratios(metric.name, who) for who in self.ours]
            label = f"{metric.text}, {metric.unit}" if metric.unit else metric.text
            rows.append([label, *cells, *(spread(each, 3) for each in ratios),
                         self._verdicts(metric)])
        widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                 for row in rows]
        runs = len({number for number, *_ in self.rows})
        head = (f"{self.title}\nkernel {self.kernel}, {runs} run(s), "
                f"{time.strftime('%Y-%m-%d')}, median (min..max)")
        return "\n".join([head, "", *lines]) + "\n"

    def _verdicts(self, metric: Metric) -> str:
        """The target and who reaches it; medians are judged."""
        metric = metric.of(self.judged[0])
        said = [self._verdict(metric, who) for who in self.judged
                if self.values(metric.name, who)]
        return f"{metric.target()}: {'; '.join(said)}" if metric.target() and said else ""

    def _verdict(self, metric: Metric, who: str) -> str:
        missed = metric.missed(self.values(metric.name, who), self.ratios(metric.name, who),
                               self.ratios(metric.name, who, NONE))
        name = f"{who} " if len(self.judged) > 1 else ""
        return name + (f"missed, {missed}" if missed else "met")

    def finish(self) -> str:
        """Write the table and the picture; the table."""
        text = self.table()
        (self.out / f"{self.name}.txt").write_text(text)
        self._plot()
        return text

    def _plot(self) -> None:
        if hasattr(self.module, "ALONG"):
            self._plot_along()
        else:
            self._plot_bars()

    def _plot_along(self) -> None:
        """A line for each variant, over what the metrics differ in."""
        blocks = []
        for variant in self.variants:
            rows = [f'"{variant}"']
            for name, at in self.module.ALONG.items():
                if values := self.values(name, variant):
                    rows.append(f"{at}\t{statistics.median(values):.6g}\t{min(values):.6g}\t"
                                f"{max(values):.6g}")
            blocks.append("\n".join(rows))
        across, up = self.module.AXES
        self._draw("lines.gp", blocks, across=across, up=up)

    def _draw(self, template: str, blocks: list[str], **variables: str | int) -> None:
        data = self.out / f"{self.name}.plot"
        data.write_text("\n\n\n".join(blocks) + "\n")
        plot(BENCHES / template, data=data, out=self.out / f"{self.name}.png",
             title=f"{self.title} (kernel {self.kernel})", variants=len(self.variants),
             **variables)
        data.unlink()

    def _plot_bars(self) -> None:
        shown = [metric for metric in self.module.METRICS if metric.plot and
                 any(self.values(metric.name, who) for who in self.variants)]
        blocks = []
        for metric in shown:
            lines = []
            for at, variant in enumerate(self.variants):
                if values := self.values(metric.name, variant):
                    lines.append(f'{at}\t"{variant}"\t{statistics.median(values):.6g}\t'
                                 f"{min(values):.6g}\t{max(values):.6g}")
            label = f"{metric.text} ({metric.unit})" if metric.unit else metric.text
            blocks.append("\n".join([f'"{label}"', *lines]))
        self._draw("bars.gp", blocks, panels=len(shown))


def plot(template: Path, **variables: Path | str | int | float) -> None:
    """Draw a picture with gnuplot; the template's variables are these."""
    quoted = {name: str(value).replace("'", "''") for name, value in variables.items()}
    settings = [f"{name}={value}" if isinstance(value, (int, float))
                else f"{name}='{quoted[name]}'" for name, value in variables.items()]
    must(["gnuplot", "-e", "; ".join(settings), str(template)])


def spread(values: Sequence[float], digits: int) -> str:
    """A median with its extremes."""
    if not values:
        return "-"
    middle = f"{statistics.median(values):.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):.{digits}f}..{max(values):.{digits}f})"


def warn_busy() -> float:
    """The share of the machine that others use, with a warning when it is much."""
    share = busy_share()
    if share > BUSY:
        load_average = Path("/proc/loadavg").read_text().split()[0]
        say(f"warning: other programs use {share:.0%} of the processors "
            f"(load {load_average}): times are not to be trusted")
    return share


def every() -> dict[str, ModuleType]:
    """The benchmarks, by name."""
    return {path.stem: load(path) for path in sorted(BENCHES.glob("*.py"))}
