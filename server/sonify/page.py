"""The report as one page of HTML that asks nothing of the network: words, charts, players, tables."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from . import charts
from .answers import DATA, LATENTS, Answers
from .descriptors import heard_as
from .method import method
from .page_style import STYLE
from .question import BASELINE, Question
from .words import percent, words

MOST_POINTS = 400
MOST_PLAYED_CLASSES, PLAYED_A_CLASS = 12, 2


def page(question: Question, answers: Answers) -> str:
    """HTML of all that `answers` say of `question`; the players find the sounds by relative paths."""
    parts = [
        f"<h1>{escape(question.dataset)}: does the sound tell?</h1>",
        f'<p class="lead">{_what(answers)}</p>',
        *(f'<section class="answer"><h2>{escape(q)}</h2><p>{escape(a)}</p></section>' for q, a in words(answers)),
        _accuracies(answers),
        _listen(question, answers),
        _maps(question, answers),
        _near(answers),
        _links(answers),
        _picture(question.picture),
        _method(question, answers),
    ]
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(question.dataset)}: does the sound tell?</title><style>{STYLE}</style>"
    )
    return f'<!doctype html><html lang="en"><head>{head}</head><body><main>{"".join(parts)}</main></body></html>\n'


def _what(answers: Answers) -> str:
    return (
        f"{answers.items} rows of {answers.columns:,} columns, encoded to {answers.latents} latents, each heard for "
        f"{answers.seconds:.2g} s through {len(answers.couplings)} coupling{'s'[: len(answers.couplings) > 1]}."
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are HTML already."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _accuracies(answers: Answers) -> str:
    told = answers.telling
    if told is None:
        return ""
    kinds = {DATA: "source", LATENTS: "source", BASELINE: "baseline", answers.best: "best"}
    titles = {DATA: f"data ({answers.columns:,} columns)", LATENTS: f"latents ({answers.latents})"}
    titles |= {name: f"sound, {name}" for name in [*answers.couplings, BASELINE]}
    drawn = [
        charts.Bar(titles[name], kinds.get(name, "sound"), one.told.accuracy, one.told.low, one.told.high)
        for name, one in told.all.items()
    ]
    rows = []
    for name, one in told.all.items():
        over = one.over_baseline
        rows.append(
            (
                escape(titles[name]),
                f"{percent(one.told.accuracy)} <small>({percent(one.told.low)} to {percent(one.told.high)})</small>",
                percent(one.told.chance),
                f"{one.p_corrected:.2g}",
                f"{percent(one.told.balanced)} <small>({percent(one.told.balanced_chance)})</small>",
                ""
                if over is None
                else f"{100 * over.difference:+.0f} <small>({100 * over.low:+.0f} to {100 * over.high:+.0f})</small>",
                "" if over is None else f"{over.p:.2g}",
            )
        )
    head = ("", "right (95 %)", "chance", "p", "balanced (chance)", "points over mapping (95 %)", "p")
    return (
        f"<h2>Classes told apart</h2><p>{told.rows} rows of {len(told.classes)} classes, held back in {told.folds} folds.</p>"
        + f'<div class="scroll">{charts.bars(drawn, told.all[answers.best].told.chance)}</div>'
        + _table(head, rows)
        + "<details><summary>Class by class</summary>"
        + _table(
            ("class", "rows", *(titles[name] for name in told.all)),
            (
                (escape(c), str(n), *(percent(one.told.by_class[c]) for one in told.all.values()))
                for c, n in told.classes.items()
            ),
        )
        + "</details>"
    )


def _listen(question: Question, answers: Answers) -> str:
    played = {
        name: s.audio for name, s in question.all_sounds().items() if s.audio and name in (answers.best, BASELINE)
    }
    if not played:
        return ""
    rows = []
    for label in sorted(set(question.labels))[:MOST_PLAYED_CLASSES]:
        members = [index for index, own in enumerate(question.labels) if own == label][:PLAYED_A_CLASS]
        rows += [
            (
                escape(label),
                escape(question.names[index]),
                *(f'<audio controls preload="none" src="{quote(paths[index])}"></audio>' for paths in played.values()),
            )
            for index in members
        ]
    return "<h2>Listen</h2>" + _table(("class", "row", *played), rows)


def _maps(question: Question, answers: Answers) -> str:
    step = max(1, -(-len(question.names) // MOST_POINTS))
    chosen = slice(None, None, step)
    spaces = {
        "latents of the data": question.latents,
        f"sound, {answers.best}": question.sounds[answers.best].descriptors,
    }
    if question.baseline is not None:
        spaces[f"sound, {BASELINE}"] = question.baseline.descriptors
    labels, names = question.labels[chosen], question.names[chosen]
    drawn = "".join(
        charts.scatter(title, charts.embed(space[chosen], question.seed), labels, names)
        for title, space in spaces.items()
    )
    shown = f"{len(names)} of {len(question.names)} rows. " if step > 1 else ""
    return (
        f"<h2>What lies together</h2><p>{shown}Each point is a row; near points are alike. Distances between groups and sizes of "
        f'groups mean nothing (t-SNE).</p><div class="maps">{drawn}</div><p>{charts.legend(question.labels)}</p>'
    )


def _near(answers: Answers) -> str:
    rows = [
        (
            f"{escape(one.first)} → {escape(one.second)}",
            f"{one.likeness.distances:.2f}",
            f"{one.likeness.distances_p:.2g}",
            f"{one.likeness.trustworthiness:.2f} <small>({one.likeness.trustworthiness_chance:.2f})</small>",
            f"{one.likeness.trustworthiness_p:.2g}",
        )
        for one in answers.near
    ]
    if not rows:
        return ""
    return "<h2>What is alike stays alike</h2>" + _table(
        ("from → to", "distances' rank correlation", "p", "trustworthiness (chance)", "p"), rows
    )


def _links(answers: Answers) -> str:
    links = answers.links
    if links is None or not links.strongest:
        return ""
    rows = [
        (
            escape(link.column),
            f"{escape(link.descriptor)} <small>{escape(heard_as(link.descriptor))}</small>",
            f'<span class="rho {"down" if link.rho < 0 else "up"}" style="--size:{abs(link.rho):.3f}">{link.rho:+.2f}</span>',
            f"{link.q:.1g}" + ("" if link.q <= 0.05 else " <small>(not sure)</small>"),
        )
        for link in links.strongest
    ]
    return f"<h2>What is heard as what</h2><p>Through the coupling {escape(answers.best)}.</p>" + _table(
        ("column", "descriptor of the sound", "rank correlation", "q"), rows
    )


def _picture(picture: Path | None) -> str:
    if picture is None:
        return ""
    data = base64.b64encode(picture.read_bytes()).decode()
    return f'<h2>Latents and sound</h2><img alt="Latents over the spectrogram" src="data:image/png;base64,{data}">'


def _method(question: Question, answers: Answers) -> str:
    settings = _table(("setting", ""), ((escape(str(k)), escape(str(v))) for k, v in question.settings.items()))
    listed = "".join(f"<li>{escape(line)}</li>" for line in method(answers))
    return f"<h2>How it was measured</h2><ul>{listed}</ul>{settings if question.settings else ''}"
