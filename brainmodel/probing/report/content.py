"""The content of a report: sentences, figures and tables, before they are laid out."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from brainmodel.probing.analyses import Section
from brainmodel.probing.drawing import Illustration
from brainmodel.probing.findings import Findings
from brainmodel.probing.report.illustrations import illustrations
from brainmodel.probing.report.page_tables import gain_rows, neurons, summary
from brainmodel.probing.report.words import Verdict, verdicts
from brainmodel.probing.scores import gains_of

Rows = Sequence[Mapping[str, Any]]


class Content(NamedTuple):
    """The content of a report, in the order of its page."""

    title: str
    facts: str  # what was recorded
    shown: str  # how stimuli were shown
    verdicts: Sequence[Verdict]
    gains: Rows  # what learning gained, each area at its best lag
    figures: Mapping[str, Illustration]  # of the scores, by the names of their files
    summary: Rows  # of the scores, each area at its best lag
    sections: Sequence[Section]  # of the analyses
    neurons: Rows  # how many were scored
    scores: Rows  # all of them, for files
    all_gains: Rows  # likewise

    @property
    def all_figures(self) -> dict[str, Illustration]:
        """Those of the scores and of the sections, by the names of their files."""
        found = dict(self.figures)
        for section in self.sections:
            found |= section.figures
        return found

    @property
    def all_tables(self) -> dict[str, Rows]:
        """Scores, gains and the tables of the sections, by the names of their files."""
        found: dict[str, Rows] = {"scores": self.scores, "gains": self.all_gains}
        for section in self.sections:
            found |= section.tables
        return found


def content_of(findings: Findings) -> Content:
    """Findings as sentences, figures and tables."""
    table, recording = findings.scores, findings.recording
    facts = [recording.facts, *(f"not scored: {why}" for why in findings.still)]
    if findings.perturbed:
        facts.append(f"the brains were perturbed: {findings.perturbed}")
    gains = gains_of(table)
    return Content(
        title=recording.source,
        facts="; ".join(facts),
        shown=findings.seen.how,
        verdicts=verdicts(table, gains),
        gains=gain_rows(gains),
        figures=illustrations(findings, gains),
        summary=summary(table),
        sections=list(findings.sections.values()),
        neurons=neurons(table, recording),
        scores=table.rows(),
        all_gains=[gain.as_row() for gain in gains],
    )
