"""The answers in sentences that a researcher can quote, honest where nothing is shown."""

from __future__ import annotations

from .answers import DATA, LATENTS, Answers, Near, Telling, Told
from .descriptors import heard_as
from .question import BASELINE

SURE = 0.05
HARD_SPACE = "\u00a0"


def words(answers: Answers) -> list[tuple[str, str]]:
    """Questions, and the answers to them, the most important first."""
    found = [("Does the sound still tell the classes apart?", _apart(answers))]
    if answers.telling:
        found.append(("Does it tell more than plain parameter mapping?", _over_baseline(answers.telling, answers)))
        if len(answers.couplings) > 1:
            found.append(("Which coupling is best?", _couplings(answers.telling, answers)))
        found.append(("Where is it lost?", _lost(answers.telling, answers)))
    found.append(("Does what is alike sound alike?", _alike(answers)))
    found.append(("What is heard as what?", _links(answers)))
    found.append(("How far does this go?", _limits(answers)))
    return found


def percent(share: float) -> str:
    return f"{100 * share:.0f}{HARD_SPACE}%"


def p_words(p: float) -> str:
    return f"p = {p:.2g}".replace(" ", HARD_SPACE)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _apart(answers: Answers) -> str:
    told = answers.telling
    if told is None:
        counts = ", ".join(f"{name or '(none)'}: {count}" for name, count in answers.left_out.items())
        many = counts if len(counts) < 200 else f"{len(answers.left_out)} classes"
        return f"Cannot be asked: fewer than two classes have enough rows ({many})."
    best = told.all[answers.best]
    a = best.told
    verdict = "Yes" if best.p_corrected <= SURE else "Not shown"
    return (
        f"{verdict}: from the sound alone (coupling {answers.best}), {percent(a.accuracy)} of {told.rows} rows are put into the "
        f"right one of {len(told.classes)} classes, 95{HARD_SPACE}% interval {percent(a.low)} to {percent(a.high)}, where "
        f"chance gives {percent(a.chance)} ({p_words(best.p_corrected)}{_corrected(answers)}). The data itself gives "
        f"{percent(told.all[DATA].told.accuracy)}, its {answers.latents} latents {percent(told.all[LATENTS].told.accuracy)}."
    )


def _corrected(answers: Answers) -> str:
    return f", corrected for {len(answers.couplings)} couplings" if len(answers.couplings) > 1 else ""


def _over_baseline(told: Telling, answers: Answers) -> str:
    best, baseline = told.all[answers.best], told.all.get(BASELINE)
    if baseline is None or best.over_baseline is None:
        return "Not measured: there is no parameter mapping to compare with."
    over = best.over_baseline
    figures = (
        f"{percent(best.told.accuracy)} against {percent(baseline.told.accuracy)}, a difference of "
        f"{100 * over.difference:+.0f} points, 95{HARD_SPACE}% interval {100 * over.low:+.0f} to {100 * over.high:+.0f} "
        f"({p_words(over.p)}{_corrected(answers)})"
    )
    figures += "."
    if (answers.best in answers.knew_classes) > (BASELINE in answers.knew_classes):
        figures += f" But {answers.best} was fitted to the classes of other rows, and the parameter mapping was not."
    if over.p <= SURE and over.low > 0:
        return f"Yes: {figures}"
    if over.p <= SURE and over.high < 0:
        return f"No, less: {figures} Three components played plainly keep more of the classes than this sound does."
    width = (over.high - over.low) / 2
    return (
        f"Not shown: {figures} With {told.rows} rows only differences beyond about {100 * width:.0f} points "
        "can be seen; either more rows or a larger effect would be needed."
    )


def _couplings(told: Telling, answers: Answers) -> str:
    order = sorted(answers.couplings, key=lambda name: told.all[name].told.accuracy, reverse=True)
    first = told.all[order[0]].told
    listed = _listed([f"{name} {percent(told.all[name].told.accuracy)}" for name in order])
    close = [name for name in order[1:] if told.all[name].told.high >= first.accuracy]
    note = f" As good within its interval: {_listed(close)}." if close else ""
    return f"{listed[:1].upper()}{listed[1:]}.{note}"


def _kept(one: Told, data: Told) -> str:
    above = data.told.accuracy - data.told.chance
    return percent((one.told.accuracy - one.told.chance) / above) if above > 0.02 else "none"


def _lost(told: Telling, answers: Answers) -> str:
    data, latents, best = told.all[DATA], told.all[LATENTS], told.all[answers.best]
    if data.told.p > SURE:
        return f"The data itself does not tell its classes apart ({p_words(data.told.p)}), so there is nothing to keep."
    worst = sorted(best.told.by_class.items(), key=lambda pair: pair[1])
    return (
        f"Of what the data is above chance, the latents keep {_kept(latents, data)} and the sound {_kept(best, data)}. "
        f"Told best by the sound: {worst[-1][0]} ({percent(worst[-1][1])}); worst: {worst[0][0]} ({percent(worst[0][1])})."
    )


def _alike(answers: Answers) -> str:
    near = {(one.first, one.second): one for one in answers.near}
    if not near:
        return f"Cannot be asked of {answers.items} rows: too few pairs."
    data, latents = near[DATA, answers.best], near[LATENTS, answers.best]
    verdict = "Yes" if data.likeness.distances_p <= SURE and data.likeness.trustworthiness_p <= SURE else "Not shown"
    if verdict == "Yes" and data.likeness.distances < 0.2:
        verdict = "A little"
    return (
        f"{verdict}: distances between rows and between their sounds correlate by {data.likeness.distances:.2f} "
        f"({p_words(data.likeness.distances_p)}), and the {data.likeness.neighbours} nearest by sound are near in the data with a "
        f"trustworthiness of {data.likeness.trustworthiness:.2f} (chance {data.likeness.trustworthiness_chance:.2f}). "
        f"Measured from the latents they are {_two(latents)}; the latents "
        f"themselves keep {_two(near[DATA, LATENTS])} of the data"
        + (f"; parameter mapping {_two(near[DATA, BASELINE])}." if (DATA, BASELINE) in near else ".")
    )


def _two(near: Near) -> str:
    return f"{near.likeness.distances:.2f} and {near.likeness.trustworthiness:.2f}"


def _links(answers: Answers) -> str:
    links = answers.links
    if links is None or not links.strongest:
        return f"Cannot be asked of {answers.items} rows: too few, or nothing moves."
    first = links.strongest[0]
    return (
        f"{links.found:,} of {links.pairs:,} pairs of a column and one of {links.descriptors} descriptors go together at a false "
        f"discovery rate of 5 % (with rows shuffled: {links.found_by_chance:.1f}). The strongest: {first.column} and "
        f"{first.descriptor} ({heard_as(first.descriptor)}), rank correlation {first.rho:+.2f}."
    )


def _limits(answers: Answers) -> str:
    if answers.held_out is None:
        seen = "Whether the encoder learned from these rows is not known."
    elif answers.held_out == answers.items:
        seen = f"None of the {answers.items} rows was seen when the encoder was trained."
    else:
        seen = (
            f"{answers.items - answers.held_out} of the {answers.items} rows were among those that the encoder was trained on, "
            "without their classes."
        )
    parts = [seen]
    if answers.telling and answers.telling.left_out:
        left = answers.telling.left_out
        parts.append(
            f"{len(left)} classes of fewer than {answers.telling.minimum} rows, or of one clip alone, are left out: "
            + ", ".join(f"{name or '(no class)'} ({count})" for name, count in left.items())
            + "."
        )
    parts.append(
        "A classifier hears what descriptors measure; that is what a sound makes available, not yet what a listener can name."
    )
    return " ".join(parts)
