# SPDX-License-Identifier: GPL-2.0-only
"""Runs a benchmark with interleaved variants, and writes raw data, a table and a picture.

A benchmark is a file in tests/bench. The first line of its docstring is its title. It has
VARIANTS, METRICS and run(kernel, variant, quick), which returns a value for each metric.
Optional are:

KERNELS: the kernels it runs on
TOGETHER = True: the variants of a run execute in parallel, if no speed is measured
BASE and COMPARED: the two variants of the ratio; the default is ours / the stock driver
ALONG (metric to a number) and AXES (two texts): the picture has a line for each variant over
    these numbers, and no bars
"""

import importlib.util
import math
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

from ..proc import must, say
from .measure import NATIVE, NONE, OURS, PAGE_REPORTING, STOCK, busy_share, is_native, is_ours

BENCHES = Path(__file__).resolve().parent.parent.parent / "bench"
BUSY = 0.15
Values = dict[str, float]


@dataclass(frozen=True)
class Metric:
    """A column.

    most, ratio_least and ratio_most are targets for ours, none_ratio_most is one against a guest
    without a balloon. native_most and native_ratio_most are tighter targets for the native
    engine.
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
        """The same metric with the targets of this variant."""
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
        # Without a base the ratio is NaN, and the target is missed.
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
    """A benchmark on one kernel and its results so far."""

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
        """The compared variants: ours, with both engines if the kernel has them."""
        if compared := getattr(self.module, "COMPARED", None):
            return (compared,)
        return tuple(filter(is_ours, self.variants))

    @property
    def judged(self) -> tuple[str, ...]:
        """The variants with targets: the native engine, if there is one, else ours."""
        return tuple(filter(is_native, self.ours)) or self.ours

    @property
    def variants(self) -> list[str]:
        """The variants on this kernel."""
        if self.kernel != "bench":
            return [each for each in self.module.VARIANTS if not is_native(each)]
        return [each for variant in self.module.VARIANTS
                for each in ((PAGE_REPORTING, NATIVE) if variant == OURS else (variant,))]

    @property
    def base(self) -> str:
        """The variant to compare with."""
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
        """Run every variant once, in alternating order."""
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
            except Exception as error:  # raised in the main thread
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

    @property
    def runs(self) -> int:
        """The number of runs so far."""
        return len({number for number, *_ in self.rows})

    def cells(self) -> list[list[str]]:
        """Medians with (min..max), the paired ratio, and the targets. The first row is the head."""
        rows = [["", *self.variants, *(f"{who}/{self.base}" for who in self.ours), "target"]]
        for metric in self.module.METRICS:
            cells = [spread(self.values(metric.name, who), metric.digits)
                     for who in self.variants]
            ratios = [self.ratios(metric.name, who) for who in self.ours]
            label = f"{metric.text}, {metric.unit}" if metric.unit else metric.text
            rows.append([label, *cells, *(spread(each, 3) for each in ratios),
                         self._verdicts(metric)])
        return rows

    def table(self) -> str:
        """The table as text."""
        rows = self.cells()
        widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                 for row in rows]
        head = (f"{self.title}\nkernel {self.kernel}, {self.runs} run(s), "
                f"{time.strftime('%Y-%m-%d')}, median (min..max)")
        return "\n".join([head, "", *lines]) + "\n"

    def _verdicts(self, metric: Metric) -> str:
        """The target, and whether the medians of each variant reach it."""
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
        """Write the table and the picture. Returns the table."""
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
        """A line for each variant over the numbers of ALONG."""
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
    """Draw a picture with gnuplot. The keyword arguments are the variables of the template."""
    quoted = {name: str(value).replace("'", "''") for name, value in variables.items()}
    settings = [f"{name}={value}" if isinstance(value, (int, float))
                else f"{name}='{quoted[name]}'" for name, value in variables.items()]
    must(["gnuplot", "-e", "; ".join(settings), str(template)])


def spread(values: Sequence[float], digits: int) -> str:
    """A median with minimum and maximum."""
    if not values:
        return "-"
    middle = f"{statistics.median(values):.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):.{digits}f}..{max(values):.{digits}f})"


def warn_busy() -> float:
    """The share of CPU time that other work uses, with a warning if it is large."""
    share = busy_share()
    if share > BUSY:
        load_average = Path("/proc/loadavg").read_text().split()[0]
        say(f"warning: other programs use {share:.0%} of the processors "
            f"(load {load_average}): times are not to be trusted")
    return share


def _load(path: Path) -> ModuleType:
    """Import the file of a benchmark."""
    spec = importlib.util.spec_from_file_location(f"bench_{path.stem}", path)
    if not spec or not spec.loader:
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def every() -> dict[str, ModuleType]:
    """The benchmarks, by name."""
    return {path.stem: _load(path) for path in sorted(BENCHES.glob("*.py"))}
