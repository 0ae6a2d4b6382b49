"""fastnn against its peers, or against an earlier revision of itself: fresh processes that take
turns, with the same data, initial weights, permutations, batches, epochs and threads.

    python -m bench.compare --json OUT.json --plot OUT.png
    python -m bench.compare --data mnist --peers torch,jax
    python -m bench.compare --baseline HEAD~10 --workloads A,B
    python -m bench.compare --time-to-accuracy 98 --peers torch,keras

``README.md`` has the protocol. What each library runs is in ``peers/``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import baseline, chart, inputs, machine, processes, report, roofline
from bench.peers.job import Job
from bench.probe import ProbeUnavailable, peaks
from bench.results import BASELINE, OTHER, Race, Results, Row
from bench.tasks import DEFAULT, TASKS, Task

PEERS = ("torch", "jax", "keras", "sklearn", "numpy")
BACKENDS = ("numba", "numpy")
RACE = "B"  # the recipe of the race to an accuracy
RACE_EPOCHS = 40  # after which it is given up


@dataclass(frozen=True)
class Participant:
    """A library, or a fastnn, and how to run it."""

    peer: str
    module: str
    python: str
    package: str
    variants: dict[str, list[str]]

    def job(self, variant: str, **fields: object) -> Job:
        """A job for a process of this participant."""
        return Job(peer=self.module, variant=variant, package=self.package, **fields)  # type: ignore[arg-type]


def say(text: str) -> None:
    """Progress goes to standard error."""
    print(text, file=sys.stderr, flush=True)


def names(text: str, known: tuple[str, ...], what: str) -> list[str]:
    """A comma-separated choice."""
    chosen = [name for name in text.split(",") if name]
    if unknown := [name for name in chosen if name not in known]:
        raise SystemExit(f"unknown {what} {', '.join(unknown)}; there are: {', '.join(known)}.")
    return chosen


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    made.add_argument("--workloads", default="", help=f"of {','.join(TASKS)} (default all but A0)")
    made.add_argument("--peers", help=f"of {','.join(PEERS)} (default: those installed)")
    made.add_argument("--backends", default="", help="further ones of fastnn: numba,numpy")
    made.add_argument("--peer-python", metavar="PATH", default=sys.executable, help="their Python")
    made.add_argument("--threads", type=int, default=0, help="default: all processors")
    made.add_argument("--repeats", type=int, default=5, help="processes per variant (default 5)")
    made.add_argument("--epochs", type=int, default=5, help="timed epochs per process (default 5)")
    made.add_argument("--warm-up", type=int, default=1, help="epochs before them (default 1)")
    made.add_argument("--samples", type=int, default=0, help="rows of training, to try it out")
    made.add_argument("--data", choices=("random", "mnist"), default="random")
    made.add_argument("--baseline", metavar="GIT_REV", help="alternate with this revision's wheel")
    made.add_argument("--time-to-accuracy", metavar="PERCENT", type=float, default=0.0)
    made.add_argument("--json", metavar="OUT", help="write all measurements")
    made.add_argument("--plot", metavar="OUT.png", help="draw a bar chart (needs matplotlib)")
    return made


def participants(options: argparse.Namespace, folder: Path, results: Results) -> list[Participant]:
    """fastnn, the baseline, and those of the chosen peers that are installed."""
    own = processes.package_folder()
    wanted = [("fastnn", "fastnn", sys.executable, own)]
    if options.baseline:
        say(f"building {options.baseline} …")
        python, site = baseline.build(options.baseline, folder / "baseline")
        wanted.append((BASELINE, "fastnn", python, site))
    default = "" if options.baseline else ",".join(PEERS)
    for name in names(default if options.peers is None else options.peers, PEERS, "peer"):
        wanted.append((name, name, options.peer_python, ""))
    found = []
    for peer, module, python, package in wanted:
        try:
            answer = processes.run(Job("versions", module, package=package), python)
        except processes.PeerFailed as error:
            if peer in ("fastnn", BASELINE) or options.peers is not None:
                raise SystemExit(f"{peer} cannot be run by {python}: {error}") from error
            say(f"{peer} is left out: {error}")
            continue
        results.versions[peer] = answer["versions"]
        if peer == BASELINE:
            results.versions[peer]["commit"] = baseline.commit(options.baseline)
        found.append(Participant(peer, module, python, package, answer["variants"]))
        for backend in names(options.backends, BACKENDS, "backend") if peer == "fastnn" else []:
            own_variants = {kind: [backend] for kind in answer["variants"]}
            found.append(Participant(f"{OTHER}{backend}", module, python, package, own_variants))
    return found


def entries(found: list[Participant], kind: str) -> list[tuple[Participant, str]]:
    """Every participant with each of its variants."""
    return [(who, variant) for who in found for variant in who.variants.get(kind, [])]


def turns(found: list[tuple[Participant, str]], repeat: int) -> list[tuple[Participant, str]]:
    """The order of one round: each begins with another, and every second one runs backwards."""
    shift = repeat % max(1, len(found))
    order = found[shift:] + found[:shift]
    return order[::-1] if repeat % 2 else order


def measure(
    name: str, found: list[Participant], options: argparse.Namespace, folder: Path, results: Results
) -> None:
    """All repeats of one task."""
    task = TASKS[name]
    who = entries([one for one in found if task.written_for(one.peer)], task.kind)
    threads = 1 if task.one_thread else options.threads
    inputs.write(folder, task, options.data, options.samples)
    rows = {(p.peer, variant): Row(name, p.peer, variant) for p, variant in who}
    for repeat in range(options.repeats):
        inputs.write_weights(folder, task.network, repeat)
        for participant, variant in turns(who, repeat):
            job = participant.job(
                variant,
                kind=task.kind,
                workload=task.workload,
                folder=str(folder),
                threads=threads,
                processors=processes.bound_to(threads),
                epochs=options.epochs * task.timed,
                warm_up=options.warm_up,
                seed=repeat,
                entry=task.entry,
            )
            row = rows[participant.peer, variant]
            try:
                answer = processes.run(job, participant.python)
            except processes.PeerFailed as error:
                if participant.module == "fastnn":
                    raise
                say(f"{name} {row.name} failed: {error}")
                continue
            scale = answer["samples"] if task.kind == "train" else 1
            row.seconds += [value / scale for value in answer["seconds"]]
            row.losses.append(statistics.fmean(answer["losses"][-len(answer["seconds"]) :]))
            row.finals.append(answer["losses"][-1])
            say(f"{name} {repeat + 1}/{options.repeats} {row.name}: {1e6 * row.seconds[-1]:.3f} us")
    results.rows += [row for row in rows.values() if row.seconds]
    results.judge(name)
    _add_share(results, task, name, threads)


def _add_share(results: Results, task: Task, name: str, threads: int) -> None:
    """The share of the roofline that fastnn reaches, where the machine can be probed."""
    try:
        found = peaks(threads)
    except ProbeUnavailable as error:
        say(f"no share of the roofline: {error}")
        return
    results.peaks[str(threads)] = asdict(found)
    if task.kind == "train":
        least = roofline.training(task.network, found)
    else:
        least = roofline.inference(task.network, task.rows, found)
    for row in results.of(name):
        row.share = least.seconds / row.median


def race(
    found: list[Participant], options: argparse.Namespace, folder: Path, results: Results
) -> None:
    """Seconds to a test accuracy on MNIST, with workload B's recipe."""
    task = TASKS[RACE]
    results.protocol.update(accuracy=options.time_to_accuracy, race=task.title)
    inputs.write(folder, task, "mnist", options.samples)
    who = entries(found, "accuracy")
    table = {(p.peer, variant): Race(p.peer, variant) for p, variant in who}
    for repeat in range(options.repeats):
        inputs.write_weights(folder, task.network, repeat)
        for participant, variant in turns(who, repeat):
            job = participant.job(
                variant,
                kind="accuracy",
                workload=task.workload,
                folder=str(folder),
                threads=options.threads,
                processors=processes.bound_to(options.threads),
                epochs=RACE_EPOCHS,
                seed=repeat,
                accuracy=options.time_to_accuracy / 100,
            )
            answer = processes.run(job, participant.python)
            reached = answer["accuracies"][-1] >= job.accuracy
            entry = table[participant.peer, variant]
            entry.seconds.append(answer["seconds"][-1] if reached else None)
            entry.accuracies.append(answer["accuracies"])
            say(f"race {repeat + 1}/{options.repeats} {entry.peer}: {answer['seconds'][-1]:.2f} s")
    results.races += table.values()


def main(argv: list[str] | None = None) -> None:
    """Measure, print, write."""
    options = parser().parse_args(argv)
    options.threads = options.threads or len(machine.processors(1 << 20)) or 1
    chosen = names(options.workloads, tuple(TASKS), "workload") or list(DEFAULT)
    if options.time_to_accuracy and not options.workloads:
        chosen = []
    results = Results({**vars(options)}, machine.facts())
    if warning := machine.load_warning():
        say(warning)
    with tempfile.TemporaryDirectory(prefix="fastnn-compare-") as temporary:
        folder = Path(temporary)
        found = participants(options, folder, results)
        for number, name in enumerate(chosen):
            if inputs.fits(TASKS[name], options.data):
                measure(name, found, options, folder / str(number), results)
            else:
                say(f"{name} is left out: its inputs are not MNIST's")
        if options.time_to_accuracy:
            race(found, options, folder / "race", results)
    print(report.text(results))
    if options.json:
        results.write(options.json)
    if options.plot and results.rows:
        chart.draw(results, options.plot)


if __name__ == "__main__":
    main()
