"""A strategy asked for its next plans, by costs that were measured of these very plans."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgehone.run.cost_tables import measured_costs, with_table
from edgehone.run.state import RunState
from edgehone.search.cost_table import keys_of_plan
from edgehone.search.history import Proposal, Stop, Tables, Trial
from edgehone.search.strategies._base import Strategy

TIMES = 3
"""How often a strategy is asked again with the costs of what it chose."""


@dataclass(frozen=True)
class Answer:
    """What a strategy said, the tables that it said it by, and the trials as those judge them."""

    said: Proposal | Stop
    tables: Tables
    trials: list[Trial]


def asked(state: RunState, strategy: Strategy, tables: Tables, trials: Sequence[Trial]) -> Answer:
    """The strategy's next plans. A table has costs of some widths, and says the others by those
    around them: whoever looks for what is cheapest finds where it errs. So the layers of what was
    chosen are measured, and the strategy asked again, until it stays with its choice.
    """
    answer = Answer(strategy.ask(tables, trials, state.goal), tables, [*trials])
    for _ in range(TIMES):
        measured = _measured(state, answer)
        if measured is None:
            break
        judged = [_judged(each, measured) for each in answer.trials]
        answer = Answer(strategy.ask(measured, judged, state.goal), measured, judged)
    return answer


def _measured(state: RunState, answer: Answer) -> Tables | None:
    """The tables with what the proposed plans lack; None: they lack nothing."""
    table, said = answer.tables.table, answer.said
    if table is None or isinstance(said, Stop):
        return None
    space = answer.tables.space
    keys = [key for each in said.members for key in keys_of_plan(space, each.plan)]
    lacking = table.lacking(keys)
    if not lacking:
        return None
    with state.context.spent.at("cost table"):
        found = measured_costs(state.context, state.device, state.primary)(lacking)
    return with_table(answer.tables, table.with_measured(found))


def _judged(trial: Trial, tables: Tables) -> Trial:
    return replace(trial, sums=tables.totals(trial.plan))
