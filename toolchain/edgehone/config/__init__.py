"""The project file, budgets and the user's own configuration, parsed and checked once."""

from edgehone.config._fields import Section
from edgehone.config.budgets import BudgetTable
from edgehone.config.data import DataSection
from edgehone.config.loading import (
    Config,
    load,
    load_budgets,
    load_recipes,
    load_waivers,
    restored,
    user_devices,
)
from edgehone.config.partial import Partial, load_partial
from edgehone.config.sections import DevicePlace
from edgehone.config.template import template
from edgehone.config.training import options_of
from edgehone.config.user import add_device, forget_device, user_file

__all__ = [
    "BudgetTable",
    "Config",
    "DataSection",
    "DevicePlace",
    "Partial",
    "Section",
    "add_device",
    "forget_device",
    "load",
    "load_budgets",
    "load_partial",
    "load_recipes",
    "load_waivers",
    "options_of",
    "restored",
    "template",
    "user_devices",
    "user_file",
]
