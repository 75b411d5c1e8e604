"""What a section of the page about a run is: a title, a place, and HTML made of the run."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from edgehone.documents.run.document import RunDocument
from edgehone.report.rows import Row


class Section(ABC):
    """A part of the page. A variant is one public file in this folder, or a class of the user's
    that `[report] sections` names as "python:module:Class" or that is passed to `page.render`.

    title: its heading. order: sections with less come first; those of this folder have 10 to 120.
    """

    title: ClassVar[str]
    order: ClassVar[int] = 1000

    def applies(self, document: RunDocument) -> bool:
        """Whether the run has anything to show here."""
        return True

    def note(self, document: RunDocument) -> str:
        """What the section shows, in a sentence or two below the title."""
        return ""

    @abstractmethod
    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """The section's HTML: a `markupsafe.Markup`, such as `markup.table_html` makes; any other
        text is escaped. "": nothing to show after all, and the section is left out.

        rows: the run's measured models, the float32 baseline first.
        """
